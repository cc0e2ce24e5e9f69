package zk

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// quick is a configuration for tests: short where something is to run out.
func quick(hosts ...string) Config {
	return Config{Hosts: hosts, SessionTimeout: 3 * time.Second, DialTimeout: 200 * time.Millisecond, RequestTimeout: 300 * time.Millisecond}
}

func mustDial(t *testing.T, config Config) *Conn {
	t.Helper()
	conn, err := Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// deadAddress is one that refuses connections.
func deadAddress(t *testing.T) string {
	t.Helper()
	listener, err := loopback()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestDialFindsTheServerThatServes(t *testing.T) {
	for name, change := range map[string]func(*server){
		"the other one refuses connections":   func(s *server) { _ = s.listener.Close() },
		"the other one closes connections":    func(s *server) { s.set(func() { s.rude = true }) },
		"the other one never gives a session": func(s *server) { s.set(func() { s.deaf = true }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 3 { // the order is random
				good, bad := startServer(t, loopback, answerAll), startServer(t, loopback, answerAll)
				change(bad)
				conn := mustDial(t, quick(bad.address(), good.address()))
				if err := conn.Sync(t.Context(), "/a"); err != nil {
					t.Error(err)
				}
				if good.sessionCount() != 1 {
					t.Errorf("%d sessions, want 1", good.sessionCount())
				}
			}
		})
	}
}

func TestDialThatFindsNoServer(t *testing.T) {
	dead, deaf := deadAddress(t), startServer(t, loopback, answerAll)
	deaf.set(func() { deaf.deaf = true })
	var mu sync.Mutex
	told := map[string]bool{}
	both := make(chan struct{})
	config := quick(dead, deaf.address(), "nowhere.invalid:2181")
	config.OnDialError = func(host string, _ error) {
		mu.Lock()
		defer mu.Unlock()
		if told[host] = true; len(told) == 3 {
			select {
			case <-both:
			default:
				close(both)
			}
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go func() {
		<-both
		cancel(enough)
	}()
	_, err := Dial(ctx, config)
	unreachable := (*UnreachableError)(nil)
	if !errors.As(err, &unreachable) || !errors.Is(err, enough) {
		t.Fatalf("error %v, want an UnreachableError for the context's cause", err)
	}
	for host, want := range map[string]string{dead: "connection refused", deaf.address(): errNoSession.Error(), "nowhere.invalid:2181": "nowhere.invalid"} {
		if got := unreachable.Failures[host]; got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("%s failed with %v, want %q", host, got, want)
		}
		if !strings.Contains(err.Error(), host+": ") {
			t.Errorf("error %q does not name %s", err, host)
		}
	}
}

func TestDialThatHasNoTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dead := deadAddress(t)
	_, err := Dial(ctx, quick(dead))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), dead) {
		t.Errorf("error %v, want one that names %s and wraps %v", err, dead, context.Canceled)
	}
}

func TestDialRefusesBadConfigurations(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   string
	}{
		"no host":                 {Config{}, "no ZooKeeper host given"},
		"a host without a port":   {Config{Hosts: []string{"zk"}}, `ZooKeeper host "zk": not host:port`},
		"a chroot not absolute":   {Config{Hosts: []string{"zk:1"}, Chroot: "a"}, `chroot "a": not an absolute path without a slash at its end`},
		"a chroot that ends in /": {Config{Hosts: []string{"zk:1"}, Chroot: "/"}, `chroot "/": not an absolute path without a slash at its end`},
		"a digest without colon":  {Config{Hosts: []string{"zk:1"}, Digest: "secret"}, "digest: not user:password"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Dial(t.Context(), test.config); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// names is a Resolver: the addresses of each name, which a test may change.
type names struct {
	mu        sync.Mutex
	addresses map[string][]string
	asked     int
}

func (n *names) LookupHost(_ context.Context, host string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	if found := n.addresses[host]; found != nil {
		return slices.Clone(found), nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (n *names) set(host string, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses[host] = addresses
}

func TestNamesAreLookedUpAnew(t *testing.T) {
	listenOn := func(address string) func() (net.Listener, error) {
		return func() (net.Listener, error) { return net.Listen("tcp", address) }
	}
	old := startServer(t, loopback, answerAll)
	_, port, err := net.SplitHostPort(old.address())
	if err != nil {
		t.Fatal(err)
	}
	resolver := &names{addresses: map[string][]string{}}
	config := quick("zk-0.zk:" + port)
	config.Resolver = resolver
	unknown := make(chan struct{})
	var once sync.Once
	config.OnDialError = func(string, error) { once.Do(func() { close(unknown) }) }
	go func() { // the name comes to be while it is dialed
		<-unknown
		resolver.set("zk-0.zk", "127.0.0.1")
	}()
	conn := mustDial(t, config)
	other := startServer(t, listenOn("127.0.0.2:"+port), answerAll)
	resolver.set("zk-0.zk", "127.0.0.2")
	_ = old.listener.Close()
	old.dropAll()
	eventually(t, "a session at the new address", func() bool { return other.sessionCount() == 1 })
	eventually(t, "an answer from there", func() bool { return conn.Sync(t.Context(), "/a") == nil })

	// Of several addresses behind one name the one that serves is found.
	resolver.set("zk-0.zk", "127.0.0.3", "127.0.0.1", "127.0.0.2")
	second := mustDial(t, config)
	if err := second.Sync(t.Context(), "/a"); err != nil {
		t.Error(err)
	}
}

func TestTLSVerifiesTheName(t *testing.T) {
	certificate, pool := newCertificate(t, "zk-0.zk")
	secure := func() (net.Listener, error) {
		return tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	s := startServer(t, secure, answerAll)
	plain := startServer(t, loopback, answerAll)
	_, port, _ := net.SplitHostPort(s.address())
	_, plainPort, _ := net.SplitHostPort(plain.address())
	resolver := &names{addresses: map[string][]string{"zk-0.zk": {"127.0.0.1"}, "zk-0.zk.": {"127.0.0.1"}, "zk-1.zk": {"127.0.0.1"}}}
	for name, test := range map[string]struct {
		host string
		tls  *tls.Config
		want string
	}{
		"the name of the certificate":      {"zk-0.zk:" + port, &tls.Config{RootCAs: pool}, ""},
		"the name with its final dot":      {"zk-0.zk.:" + port, &tls.Config{RootCAs: pool}, ""},
		"another name":                     {"zk-1.zk:" + port, &tls.Config{RootCAs: pool}, "certificate is valid for zk-0.zk, not zk-1.zk"},
		"an authority that is not trusted": {"zk-0.zk:" + port, &tls.Config{RootCAs: x509.NewCertPool()}, "unknown authority"},
		"a server that speaks plainly":     {"zk-0.zk:" + plainPort, &tls.Config{RootCAs: pool}, "TLS with 127.0.0.1:"},
		"a client that speaks plainly":     {"zk-0.zk:" + port, nil, "one side speaks TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			config := quick(test.host)
			config.TLS, config.Resolver = test.tls, resolver
			config.OnDialError = func(string, error) { cancel() }
			conn, err := Dial(ctx, config)
			if err == nil {
				defer conn.Close()
				err = conn.Sync(t.Context(), "/a")
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func newCertificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestRequestWithoutAnAnswerEndsTheConn(t *testing.T) {
	s := startServer(t, loopback, func(int32) reaction { return silence })
	conn := mustDial(t, quick(s.address()))
	err := conn.Sync(t.Context(), "/a")
	if !errors.Is(err, ErrConnectionLost) || !errors.Is(err, ErrClosed) || !errors.Is(err, errNoAnswer) {
		t.Errorf("error %v, want %v and %v", err, ErrConnectionLost, ErrClosed)
	}
	if !strings.HasPrefix(err.Error(), "syncing /a: ") {
		t.Errorf("error %q does not say what was asked", err)
	}
	if err := conn.Sync(t.Context(), "/a"); !errors.Is(err, ErrClosed) || len(s.operations()) != 1 {
		t.Errorf("the next request: error %v, %d operations; want %v and 1", err, len(s.operations()), ErrClosed)
	}
}

func TestRequestEndsWithItsContext(t *testing.T) {
	s := startServer(t, loopback, func(int32) reaction { return silence })
	config := quick(s.address())
	config.RequestTimeout = time.Hour
	conn := mustDial(t, config)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go func() {
		eventually(t, "the request is under way", func() bool { return len(s.operations()) == 1 })
		cancel(enough)
	}()
	if err := conn.CreateAll(ctx, []Node{{Path: "/a"}}); !errors.Is(err, ErrConnectionLost) || !errors.Is(err, enough) {
		t.Errorf("error %v, want %v and the context's cause", err, ErrConnectionLost)
	}
}

func TestConnGoesOnAfterALostConnection(t *testing.T) {
	var mu sync.Mutex
	reactions := []reaction{hangUp}
	s := startServer(t, loopback, func(int32) reaction {
		mu.Lock()
		defer mu.Unlock()
		if len(reactions) == 0 {
			return answer
		}
		next := reactions[0]
		reactions = reactions[1:]
		return next
	})
	conn := mustDial(t, quick(s.address()))
	if err := conn.Sync(t.Context(), "/a"); !errors.Is(err, ErrConnectionLost) || errors.Is(err, ErrClosed) {
		t.Errorf("error %v, want %v and not %v", err, ErrConnectionLost, ErrClosed)
	}
	eventually(t, "an answer on a new connection", func() bool { return conn.Sync(t.Context(), "/a") == nil })
}

func TestExpiredSessionEndsTheConn(t *testing.T) {
	s := startServer(t, loopback, answerAll)
	conn := mustDial(t, quick(s.address()))
	s.set(func() { s.expired = true })
	s.dropAll()
	eventually(t, "the session is known to be expired", func() bool {
		return errors.Is(conn.Sync(t.Context(), "/a"), ErrSessionExpired)
	})
	s.set(func() { s.expired = false })
	if err := conn.Sync(t.Context(), "/a"); !errors.Is(err, ErrSessionExpired) {
		t.Errorf("error %v, want %v for ever", err, ErrSessionExpired)
	}
}

func TestClosedConn(t *testing.T) {
	s := startServer(t, loopback, answerAll)
	conn := mustDial(t, quick(s.address()))
	conn.Close()
	conn.Close()
	if err := conn.Sync(t.Context(), "/a"); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v, want %v", err, ErrClosed)
	}
}

func TestVerdictOfTheServer(t *testing.T) {
	s := startServer(t, loopback, func(int32) reaction { return forbid })
	conn := mustDial(t, quick(s.address()))
	err := conn.CreateAll(t.Context(), []Node{{Path: "/a"}})
	if !errors.Is(err, ErrNotAllowed) || errors.Is(err, ErrConnectionLost) {
		t.Errorf("error %v, want %v", err, ErrNotAllowed)
	}
	if err := conn.CreateAll(t.Context(), nil); err != nil {
		t.Errorf("creating nothing: %v", err)
	}
	if diff := cmp.Diff([]int32{opMulti}, s.operations()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

func TestDigestIsSaidToEachServer(t *testing.T) {
	s := startServer(t, loopback, answerAll)
	config := quick(s.address())
	config.Digest = "bookie:secret"
	conn := mustDial(t, config)
	s.dropAll()
	eventually(t, "an answer on a new connection", func() bool { return conn.Sync(t.Context(), "/a") == nil })
	seen := slices.DeleteFunc(s.operations(), func(operation int32) bool { return operation != opAuth })
	if len(seen) != s.sessionCount() || len(seen) < 2 {
		t.Errorf("%d connections and %d times authenticated, want the same and at least 2", s.sessionCount(), len(seen))
	}
}

func TestHostsPauseAfterEachRound(t *testing.T) {
	h := new(hosts)
	if err := h.Init([]string{"a:1", "b:1"}); err != nil || h.Len() != 2 {
		t.Fatalf("error %v, %d hosts", err, h.Len())
	}
	type next struct {
		Host  string
		Pause bool
	}
	var got []next
	take := func() {
		host, pause := h.Next()
		got = append(got, next{host, pause})
	}
	for range 5 {
		take()
	}
	h.Connected()
	take()
	want := []next{{"a:1", false}, {"b:1", false}, {"a:1", true}, {"b:1", false}, {"a:1", true}, {"b:1", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}
