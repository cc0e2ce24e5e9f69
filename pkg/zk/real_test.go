//go:build e2e

package zk

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	client "github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"
)

// These tests need a Java runtime and Debian's package zookeeper, and the comparison with
// BookKeeper its jars too: BOOKKEEPER_LIB names the directory that holds them.
//
//	apt-get install -y --no-install-recommends zookeeper
//	go test -tags e2e -race ./pkg/zk
//
// The manifest of zookeeper.jar names the other jars but those of Netty that TLS needs.
const zooKeeperClasses = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar:/usr/share/java/netty-all.jar:/usr/share/java/netty-codec.jar:/usr/share/java/netty-handler.jar"

// missing skips a test for want of a real part, or fails it where all must be there.
func missing(t *testing.T, part string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("not to be had here: %s", part)
	}
	t.Skipf("not to be had here: %s", part)
}

// realServer is a ZooKeeper server: a process of its own, killed when the test ends.
type realServer struct {
	address, dir string
	// extra are further lines of its configuration.
	extra   string
	process *exec.Cmd
}

// startReal starts a server on its own.
func startReal(t *testing.T, address string) *realServer {
	t.Helper()
	return startRealWith(t, address, "")
}

func startRealWith(t *testing.T, address, extra string) *realServer {
	t.Helper()
	if _, err := os.Stat("/usr/share/java/zookeeper.jar"); err != nil {
		missing(t, "ZooKeeper (Debian's package zookeeper)")
	}
	s := &realServer{address: address, dir: t.TempDir(), extra: extra}
	s.configure(t)
	s.start(t)
	t.Cleanup(func() { s.kill(t) })
	return s
}

// configure writes the server's configuration file, for its present address.
func (s *realServer) configure(t *testing.T) {
	t.Helper()
	host, port, _ := net.SplitHostPort(s.address)
	config := fmt.Sprintf("tickTime=500\ndataDir=%s/data\nclientPort=%s\nclientPortAddress=%s\nmaxClientCnxns=0\nadmin.enableServer=false\n4lw.commands.whitelist=*\n%s", s.dir, port, host, s.extra)
	if err := os.WriteFile(filepath.Join(s.dir, "zoo.cfg"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	return deadAddress(t)
}

func (s *realServer) start(t *testing.T) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.process = exec.Command("java", "-XX:+UseSerialGC", "-Xmx256m", "-cp", zooKeeperClasses,
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dzookeeper.jmx.log4j.disable=true",
		"org.apache.zookeeper.server.quorum.QuorumPeerMain", filepath.Join(s.dir, "zoo.cfg"))
	s.process.Stdout, s.process.Stderr = log, log
	// It ends with the test even where the test is killed.
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		missing(t, "Java: "+err.Error())
	}
	deadline := time.Now().Add(60 * time.Second)
	for !strings.Contains(s.command("mntr"), "zk_server_state") {
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(filepath.Join(s.dir, "server.log"))
			t.Fatalf("ZooKeeper at %s does not serve:\n%s", s.address, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// command asks one of ZooKeeper's four-letter questions; "" if there is no answer.
func (s *realServer) command(word string) string {
	conn, err := net.DialTimeout("tcp", s.address, time.Second)
	if err != nil {
		return ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(conn, word); err != nil {
		return ""
	}
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

func (s *realServer) kill(t *testing.T) {
	t.Helper()
	if s.process.ProcessState != nil {
		return
	}
	if err := s.process.Process.Kill(); err != nil {
		t.Errorf("killing ZooKeeper: %v", err)
	}
	_ = s.process.Wait() // killed, which is what was asked for
}

func (s *realServer) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

func realConfig(hosts ...string) Config {
	return Config{Hosts: hosts, RequestTimeout: 20 * time.Second}
}

// rawClient is the library itself, to prepare and to look at what was done.
func rawClient(t *testing.T, address, digest string) *client.Conn {
	t.Helper()
	conn, _, err := client.Connect([]string{address}, 10*time.Second, client.WithLogger(silent{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if digest != "" {
		if err := conn.AddAuth("digest", []byte(digest)); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

func mustCreate(t *testing.T, conn *client.Conn, node string, acl []client.ACL) {
	t.Helper()
	if _, err := conn.Create(node, nil, 0, acl); err != nil {
		t.Fatalf("creating %s: %v", node, err)
	}
}

// znode is all that is to be known of a znode, apart from times and transactions.
type znode struct {
	Data     string
	ACL      []client.ACL
	Owner    int64
	Version  int32
	Children int32
}

func dump(t *testing.T, conn *client.Conn, root, at string, into map[string]znode) {
	t.Helper()
	data, stat, err := conn.Get(at)
	if err != nil {
		t.Fatalf("reading %s: %v", at, err)
	}
	acl, _, err := conn.GetACL(at)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(at, root)
	if name == "/INSTANCEID" {
		if len(data) != 36 {
			t.Errorf("%s is %q, want a bare UUID", at, data)
		}
		data = []byte("an instance ID")
	}
	into[name] = znode{string(data), acl, stat.EphemeralOwner, stat.Version, stat.NumChildren}
	children, _, err := conn.Children(at)
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range children {
		dump(t, conn, root, path.Join(at, child), into)
	}
}

func dumpAll(t *testing.T, conn *client.Conn, root string) map[string]znode {
	t.Helper()
	all := map[string]znode{}
	dump(t, conn, root, root, all)
	return all
}

func TestRealEnsureCluster(t *testing.T) {
	s := startReal(t, freeAddress(t))
	raw := rawClient(t, s.address, "")
	ensure := func(t *testing.T, config Config, root string) (Outcome, error) {
		t.Helper()
		conn := mustDial(t, config)
		return EnsureCluster(t.Context(), conn, root)
	}

	t.Run("twenty at once, a session each", func(t *testing.T) {
		for round := range 10 {
			root := fmt.Sprintf("/race-%d/a/b/ledgers", round)
			conns := make(chan *Conn, 20)
			for range cap(conns) {
				conns <- mustDial(t, realConfig(s.address))
			}
			checkRace(t, func() (Outcome, error) { return EnsureCluster(t.Context(), <-conns, root) })
			if got := len(dumpAll(t, raw, root)); got != 5 {
				t.Errorf("%d znodes, want 5", got)
			}
		}
	})
	t.Run("below a chroot", func(t *testing.T) {
		mustCreate(t, raw, "/shared", client.WorldACL(client.PermAll))
		config := realConfig(s.address)
		config.Chroot = "/shared"
		first, err := ensure(t, config, "/teams/logs/ledgers")
		if err != nil || first.Result != Created {
			t.Fatalf("outcome %v, error %v; want created", first, err)
		}
		second, err := ensure(t, realConfig(s.address), "/shared/teams/logs/ledgers")
		if want := (Outcome{AlreadyThere, first.InstanceID}); err != nil || second != want {
			t.Errorf("by its whole path: outcome %v, error %v; want %v", second, err, want)
		}
	})
	t.Run("below a chroot that is not there", func(t *testing.T) {
		config := realConfig(s.address)
		config.Chroot = "/nothing"
		if outcome, err := ensure(t, config, "/ledgers"); !errors.Is(err, ErrNoNode) {
			t.Errorf("outcome %v, error %v; want %v", outcome, err, ErrNoNode)
		}
	})
	t.Run("where a digest is needed", func(t *testing.T) {
		sum := sha1.Sum([]byte("admin:secret"))
		only := []client.ACL{{Perms: client.PermAll, Scheme: "digest", ID: "admin:" + base64.StdEncoding.EncodeToString(sum[:])}}
		mustCreate(t, raw, "/closed", only)
		for digest, want := range map[string]error{"": ErrNotAllowed, "admin:wrong": ErrNotAllowed} {
			config := realConfig(s.address)
			config.Digest = digest
			if outcome, err := ensure(t, config, "/closed/bk/ledgers"); !errors.Is(err, want) {
				t.Errorf("as %q: outcome %v, error %v; want %v", digest, outcome, err, want)
			}
		}
		config := realConfig(s.address)
		config.Digest = "admin:secret"
		if outcome, err := ensure(t, config, "/closed/bk/ledgers"); err != nil || outcome.Result != Created {
			t.Errorf("outcome %v, error %v; want created", outcome, err)
		}
	})
	t.Run("where only the lower parent is open to it", func(t *testing.T) {
		mustCreate(t, raw, "/upper", client.WorldACL(client.PermAll))
		mustCreate(t, raw, "/upper/open", client.WorldACL(client.PermAll))
		if _, err := raw.SetACL("/upper", client.WorldACL(client.PermRead), -1); err != nil {
			t.Fatal(err)
		}
		if outcome, err := ensure(t, realConfig(s.address), "/upper/open/bk/ledgers"); err != nil || outcome.Result != Created {
			t.Errorf("outcome %v, error %v; want created", outcome, err)
		}
	})
	t.Run("half there", func(t *testing.T) {
		if _, err := ensure(t, realConfig(s.address), "/half"); err != nil {
			t.Fatal(err)
		}
		if err := raw.Delete("/half/LAYOUT", -1); err != nil {
			t.Fatal(err)
		}
		_, err := ensure(t, realConfig(s.address), "/half")
		half := (*HalfThereError)(nil)
		if !errors.As(err, &half) || !slices.Equal(half.Missing, []string{"LAYOUT"}) {
			t.Errorf("error %v, want LAYOUT to be missing", err)
		}
	})
	t.Run("the first hosts are dead, deaf or unknown", func(t *testing.T) {
		deaf := startServer(t, loopback, answerAll)
		deaf.set(func() { deaf.deaf = true })
		config := realConfig(deadAddress(t), deaf.address(), "nowhere.invalid:2181", s.address)
		config.DialTimeout = 300 * time.Millisecond
		if outcome, err := ensure(t, config, "/after-others"); err != nil || outcome.Result != Created {
			t.Errorf("outcome %v, error %v; want created", outcome, err)
		}
	})
}

func TestRealServerRestarts(t *testing.T) {
	s := startReal(t, freeAddress(t))
	conn := mustDial(t, realConfig(s.address))
	first, err := EnsureCluster(t.Context(), conn, "/a/ledgers")
	if err != nil {
		t.Fatal(err)
	}
	s.kill(t)
	if _, err := EnsureCluster(t.Context(), conn, "/a/ledgers"); !errors.Is(err, ErrConnectionLost) {
		t.Errorf("while the server is down: error %v, want %v", err, ErrConnectionLost)
	}
	s.start(t)
	var second Outcome
	eventually(t, "an answer on the same Conn", func() bool {
		second, err = EnsureCluster(t.Context(), conn, "/a/ledgers")
		return !errors.Is(err, ErrConnectionLost)
	})
	if want := (Outcome{AlreadyThere, first.InstanceID}); err != nil || second != want {
		t.Errorf("outcome %v, error %v; want %v", second, err, want)
	}
}

func TestRealServerStops(t *testing.T) {
	s := startReal(t, freeAddress(t))
	config := realConfig(s.address)
	config.RequestTimeout = 500 * time.Millisecond
	conn := mustDial(t, config)
	s.signal(t, syscall.SIGSTOP)
	_, err := EnsureCluster(t.Context(), conn, "/ledgers")
	if !errors.Is(err, ErrConnectionLost) || !errors.Is(err, ErrClosed) {
		t.Errorf("error %v, want %v and %v", err, ErrConnectionLost, ErrClosed)
	}
	s.signal(t, syscall.SIGCONT)
	if outcome, err := EnsureCluster(t.Context(), mustDial(t, realConfig(s.address)), "/ledgers"); err != nil || outcome.Result != Created {
		t.Errorf("afterwards: outcome %v, error %v; want created", outcome, err)
	}
}

// A session that is silent for longer than its timeout is expired by the server, and the
// Conn says so instead of going on with another one.
func TestRealSessionExpires(t *testing.T) {
	s := startReal(t, freeAddress(t))
	gate := startGate(t, s.address)
	config := realConfig(gate.address())
	config.SessionTimeout = time.Second
	conn := mustDial(t, config)
	gate.shut()
	raw := rawClient(t, s.address, "")
	eventually(t, "the server counts one session, ours is gone", func() bool {
		_, _, err := raw.Get("/")
		return err == nil && strings.Contains(s.command("mntr"), "zk_global_sessions\t1\n")
	})
	gate.open(t)
	eventually(t, "the Conn knows it", func() bool {
		return errors.Is(conn.Sync(t.Context(), "/"), ErrSessionExpired)
	})
}

// The server comes back with its disk at another address, under the same name, as a pod
// does. (With an empty disk it would refuse a client that has seen more than it holds.)
func TestRealServerMoves(t *testing.T) {
	_, port, _ := net.SplitHostPort(freeAddress(t))
	resolver := &names{addresses: map[string][]string{"zk-0.zk": {"127.0.0.1"}}}
	s := startReal(t, "127.0.0.1:"+port)
	config := realConfig("zk-0.zk:" + port)
	config.Resolver = resolver
	conn := mustDial(t, config)
	first, err := EnsureCluster(t.Context(), conn, "/ledgers")
	if err != nil {
		t.Fatal(err)
	}
	s.kill(t)
	s.address = "127.0.0.2:" + port
	s.configure(t)
	s.start(t)
	resolver.set("zk-0.zk", "127.0.0.2")
	var second Outcome
	eventually(t, "an answer from the new address", func() bool {
		second, err = EnsureCluster(t.Context(), conn, "/ledgers")
		return !errors.Is(err, ErrConnectionLost)
	})
	if want := (Outcome{AlreadyThere, first.InstanceID}); err != nil || second != want {
		t.Errorf("outcome %v, error %v; want %v", second, err, want)
	}
}

// TLS with certificates on both sides, which is what ZooKeeper asks for.
func TestRealTLS(t *testing.T) {
	dir, secure := t.TempDir(), freeAddress(t)
	certificate, pool := newCertificate(t, "zk-0.zk")
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for name, data := range map[string][]byte{"key.pem": slices.Concat(private, public), "trust.pem": public} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, port, _ := net.SplitHostPort(secure)
	startRealWith(t, freeAddress(t), fmt.Sprintf("serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory\n"+
		"secureClientPort=%s\nsecureClientPortAddress=127.0.0.1\nssl.keyStore.location=%[2]s/key.pem\nssl.trustStore.location=%[2]s/trust.pem\n", port, dir))

	config := realConfig("zk-0.zk:" + port)
	config.Resolver = &names{addresses: map[string][]string{"zk-0.zk": {"127.0.0.1"}}}
	config.TLS = &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{certificate}}
	if outcome, err := EnsureCluster(t.Context(), mustDial(t, config), "/ledgers"); err != nil || outcome.Result != Created {
		t.Errorf("outcome %v, error %v; want created", outcome, err)
	}
	for name, wrong := range map[string]*tls.Config{
		"without a certificate": {RootCAs: pool},
		"speaking plainly":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			config := config
			config.TLS = wrong
			config.OnDialError = func(string, error) { cancel() }
			conn, err := Dial(ctx, config)
			if err == nil {
				conn.Close()
				t.Fatal("there is a session, want none")
			}
			t.Log(err)
		})
	}
}

// Killed again and again, the server has one whole cluster in the end, and the callers
// agree on which.
func TestRealServerIsKilledMeanwhile(t *testing.T) {
	s := startReal(t, freeAddress(t))
	const rounds = 5
	for round := range rounds {
		root := fmt.Sprintf("/round-%d/ledgers", round)
		var group sync.WaitGroup
		outcomes := make([]Outcome, 8)
		started := make(chan struct{}, len(outcomes))
		for i := range outcomes {
			group.Go(func() {
				started <- struct{}{}
				outcomes[i] = ensureThrough(t, s.address, root)
			})
		}
		<-started
		time.Sleep(time.Duration(round*7) * time.Millisecond) // at another moment each round
		s.kill(t)
		s.start(t)
		group.Wait()
		created := 0
		for _, outcome := range outcomes {
			if outcome.Result == Created {
				created++
			}
			if outcome.InstanceID != outcomes[0].InstanceID {
				t.Errorf("round %d: two identities, %v", round, outcomes)
			}
		}
		// None may know that it was the one, if its session broke with the answer.
		if created > 1 {
			t.Errorf("round %d: %d created, want at most 1", round, created)
		}
		if got := len(dumpAll(t, rawClient(t, s.address, ""), root)); got != 5 {
			t.Errorf("round %d: %d znodes, want 5", round, got)
		}
	}
}

// ensureThrough tries until there is an answer, with a new session each time.
func ensureThrough(t *testing.T, address, root string) Outcome {
	for {
		conn, err := Dial(t.Context(), realConfig(address))
		if err != nil {
			t.Error(err)
			return Outcome{}
		}
		outcome, err := EnsureCluster(t.Context(), conn, root)
		conn.Close()
		if err == nil {
			return outcome
		}
		if !errors.Is(err, ErrConnectionLost) && !errors.Is(err, ErrSessionExpired) {
			t.Error(err)
			return Outcome{}
		}
	}
}

// What is created is, to the last byte and permission, what BookKeeper's own command
// leaves; and that command, like a bookie, takes what is created for a cluster.
func TestRealClusterIsAsBookKeeperMakesIt(t *testing.T) {
	lib := os.Getenv("BOOKKEEPER_LIB")
	if lib == "" {
		missing(t, "BookKeeper (BOOKKEEPER_LIB names no directory of its jars)")
	}
	s := startReal(t, freeAddress(t))
	raw := rawClient(t, s.address, "")
	mustCreate(t, raw, "/theirs", client.WorldACL(client.PermAll))
	if out, err := bookieShell(t, lib, s.address, "/theirs/ledgers", "initnewcluster"); err != nil {
		t.Fatalf("initnewcluster: %v\n%s", err, out)
	}
	outcome, err := EnsureCluster(t.Context(), mustDial(t, realConfig(s.address)), "/ours/ledgers")
	if err != nil || outcome.Result != Created {
		t.Fatalf("outcome %v, error %v; want created", outcome, err)
	}
	theirs, ours := dumpAll(t, raw, "/theirs/ledgers"), dumpAll(t, raw, "/ours/ledgers")
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("znodes (-BookKeeper's +ours):\n%s", diff)
	}
	if out, err := bookieShell(t, lib, s.address, "/ours/ledgers", "whatisinstanceid"); err != nil || !strings.Contains(out, outcome.InstanceID) {
		t.Errorf("whatisinstanceid: %v, want %s in\n%s", err, outcome.InstanceID, out)
	}
	if out, err := bookieShell(t, lib, s.address, "/ours/ledgers", "initnewcluster"); err == nil {
		t.Errorf("initnewcluster takes our cluster for none:\n%s", out)
	}
	again, err := EnsureCluster(t.Context(), mustDial(t, realConfig(s.address)), "/theirs/ledgers")
	if err != nil || again.Result != AlreadyThere {
		t.Errorf("BookKeeper's own: outcome %v, error %v; want already there", again, err)
	}
	if out, err := bookieShell(t, lib, s.address, "/ours/ledgers", "nukeexistingcluster", "-zkledgersrootpath", "/ours/ledgers", "-instanceid", outcome.InstanceID); err != nil {
		t.Errorf("nukeexistingcluster: %v\n%s", err, out)
	}
	if there, _, err := raw.Exists("/ours/ledgers"); err != nil || there {
		t.Errorf("nukeexistingcluster left our cluster: %v, error %v", there, err)
	}
}

func bookieShell(t *testing.T, lib, address, root string, args ...string) (string, error) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "bk.conf")
	text := fmt.Sprintf("metadataServiceUri=zk://%s%s\nzkTimeout=5000\n", address, root)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "java", append([]string{"-XX:+UseSerialGC", "-Xmx160m",
		"-Djava.net.preferIPv4Stack=true", "--add-opens=java.base/java.io=ALL-UNNAMED", "--add-opens=java.base/java.nio=ALL-UNNAMED",
		"-cp", lib + "/*", "org.apache.bookkeeper.bookie.BookieShell", "-conf", config}, args...)...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// gate is a way to a server that can be shut: connections break, and new ones are refused.
type gate struct {
	listener net.Listener
	at, to   string
	mu       sync.Mutex
	conns    []net.Conn
	closed   bool
}

func startGate(t *testing.T, to string) *gate {
	t.Helper()
	g := &gate{at: freeAddress(t), to: to}
	g.open(t)
	t.Cleanup(g.shut)
	return g
}

func (g *gate) address() string { return g.at }

func (g *gate) open(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", g.at)
	if err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	g.listener, g.closed = listener, false
	g.mu.Unlock()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", g.to)
			if err != nil {
				_ = near.Close()
				continue
			}
			g.join(near, far)
		}
	}()
}

func (g *gate) join(near, far net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		_, _ = near.Close(), far.Close()
		return
	}
	g.conns = append(g.conns, near, far)
	for from, to := range map[net.Conn]net.Conn{near: far, far: near} {
		go func() {
			_, _ = io.Copy(to, from)
			_, _ = to.Close(), from.Close()
		}()
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	_ = g.listener.Close()
	for _, conn := range g.conns {
		_ = conn.Close()
	}
	g.conns = nil
}
