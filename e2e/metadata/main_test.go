package metadata_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	client "github.com/go-zookeeper/zk"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/sandbox"
	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }

const root = "/ledgers"

// setting is a cluster, and a session that reads its metadata.
type setting struct {
	*bookkeeper.Cluster
	server *zookeeper.Server
	conn   *zk.Conn
	*zk.Metadata
}

func start(t *testing.T, bookies int) setting {
	t.Helper()
	server := zookeeper.Start(t, zookeeper.Options{})
	c := bookkeeper.Start(t, bookkeeper.Options{ZooKeeper: []string{server.Address}, Bookies: bookies})
	conn, m := connect(t, root, server.Address)
	return setting{c, server, conn, m}
}

func connect(t testing.TB, root string, hosts ...string) (*zk.Conn, *zk.Metadata) {
	t.Helper()
	conn, err := zk.Dial(t.Context(), zk.Config{Hosts: hosts, RequestTimeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	m, err := zk.NewMetadata(conn, root)
	if err != nil {
		t.Fatal(err)
	}
	return conn, m
}

// ask makes ZooKeeper's server catch up and asks it.
func ask[T any](t *testing.T, s setting, question func(context.Context) (T, error)) T {
	t.Helper()
	if err := s.conn.Sync(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	answer, err := question(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// eventually waits for a condition, for much longer than it should take.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within two minutes: %s", what)
		}
	}
}

// shell runs a command of BookKeeper's shell and returns what it printed.
func (s setting) shell(t *testing.T, args ...string) string {
	t.Helper()
	out, err := bookkeeper.Shell(t, s.Cluster.Metadata, args...)
	if err != nil {
		t.Fatalf("bookkeeper shell %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// shellCommand is the shell with settings of its own, not started.
func (s setting) shellCommand(t *testing.T, ctx context.Context, settings string, args ...string) *exec.Cmd {
	t.Helper()
	home, err := parts.JDK(t.Context())
	sandbox.Need(t, err)
	jars, err := parts.Jars(t.Context())
	sandbox.Need(t, err)
	config := filepath.Join(t.TempDir(), "bk.conf")
	text := fmt.Sprintf("metadataServiceUri=%s\nzkTimeout=10000\n%s\n", s.Cluster.Metadata, settings)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(ctx, filepath.Join(home, "bin", "java"), append([]string{
		"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx160m", "-XX:MaxDirectMemorySize=96m", "-Djava.net.preferIPv4Stack=true",
		"--add-opens=java.base/java.io=ALL-UNNAMED", "--add-opens=java.base/java.nio=ALL-UNNAMED",
		"-cp", jars + "/*", "org.apache.bookkeeper.bookie.BookieShell", "-conf", config}, args...)...)
}

// put changes something at a process's HTTP server.
func put(t *testing.T, p *bookkeeper.Process, path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+net.JoinHostPort(p.Host.IP, "8080")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		return p.Host.Dial(ctx, address)
	}}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("putting %s: %s", path, response.Status)
	}
}

// raw is the client library itself, to write what BookKeeper cannot be made to write.
func raw(t testing.TB, host string) *client.Conn {
	t.Helper()
	conn, _, err := client.Connect([]string{host}, 30*time.Second, client.WithLogger(silent{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

type silent struct{}

func (silent) Printf(string, ...any) {}

var world = client.WorldACL(client.PermAll)
