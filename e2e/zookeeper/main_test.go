package zookeeper_test

import (
	"os"
	"testing"
	"time"

	client "github.com/go-zookeeper/zk"

	"github.com/bkgen/bkgen/e2e/sandbox"
	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }

// eventually waits for a condition, for much longer than it should take.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// configFor is a patient client's configuration.
func configFor(hosts ...string) zk.Config {
	return zk.Config{Hosts: hosts, RequestTimeout: 20 * time.Second}
}

func mustDial(t *testing.T, config zk.Config) *zk.Conn {
	t.Helper()
	conn, err := zk.Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// ensure calls EnsureCluster in a session of its own.
func ensure(t *testing.T, config zk.Config, root string) (zk.Outcome, error) {
	t.Helper()
	conn := mustDial(t, config)
	defer conn.Close()
	return zk.EnsureCluster(t.Context(), conn, root)
}

// mustCreateCluster is ensure where there is no cluster.
func mustCreateCluster(t *testing.T, config zk.Config, root string) zk.Outcome {
	t.Helper()
	outcome, err := ensure(t, config, root)
	if err != nil || outcome.Result != zk.Created {
		t.Fatalf("outcome %v, error %v; want created", outcome, err)
	}
	return outcome
}

// raw is the client library itself, to prepare and to look at what was done.
func raw(t *testing.T, hosts ...string) *client.Conn {
	t.Helper()
	conn, _, err := client.Connect(hosts, 10*time.Second, client.WithLogger(silent{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

type silent struct{}

func (silent) Printf(string, ...any) {}

var world = client.WorldACL(client.PermAll)

func mustCreate(t *testing.T, conn *client.Conn, node string, acl []client.ACL) {
	t.Helper()
	if _, err := conn.Create(node, nil, 0, acl); err != nil {
		t.Fatalf("creating %s: %v", node, err)
	}
}

func mustDelete(t *testing.T, conn *client.Conn, node string) {
	t.Helper()
	if err := conn.Delete(node, -1); err != nil {
		t.Fatalf("deleting %s: %v", node, err)
	}
}

// sessionOf is the one session that the servers have between them. What others have closed
// may be there a moment longer.
func sessionOf(t *testing.T, servers ...*zookeeper.Server) (session int64) {
	t.Helper()
	eventually(t, "there is one session", func() bool {
		var all []int64
		for _, s := range servers {
			sessions, err := s.Sessions(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, sessions...)
		}
		if len(all) == 1 {
			session = all[0]
		}
		return len(all) == 1
	})
	return session
}
