package zookeeper_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	client "github.com/go-zookeeper/zk"

	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

func TestServerRestarts(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{})
	conn := mustDial(t, configFor(s.Address))
	first, err := zk.EnsureCluster(t.Context(), conn, "/a/ledgers")
	if err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	if _, err := zk.EnsureCluster(t.Context(), conn, "/a/ledgers"); !errors.Is(err, zk.ErrConnectionLost) {
		t.Errorf("while the server is down: error %v, want %v", err, zk.ErrConnectionLost)
	}
	s.Restart(t)
	checkGoesOn(t, conn, "/a/ledgers", first)
}

// checkGoesOn checks that the same Conn comes to answer again, and finds the same cluster.
func checkGoesOn(t *testing.T, conn *zk.Conn, root string, first zk.Outcome) {
	t.Helper()
	var second zk.Outcome
	var err error
	eventually(t, "an answer on the same Conn", func() bool {
		second, err = zk.EnsureCluster(t.Context(), conn, root)
		return !errors.Is(err, zk.ErrConnectionLost) || errors.Is(err, zk.ErrClosed)
	})
	if want := (zk.Outcome{Result: zk.AlreadyThere, InstanceID: first.InstanceID}); err != nil || second != want {
		t.Errorf("outcome %v, error %v; want %v", second, err, want)
	}
}

func TestServerIsPaused(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{})
	config := configFor(s.Address)
	config.RequestTimeout = 500 * time.Millisecond
	conn := mustDial(t, config)
	s.Pause(t)
	_, err := zk.EnsureCluster(t.Context(), conn, "/ledgers")
	if !errors.Is(err, zk.ErrConnectionLost) || !errors.Is(err, zk.ErrClosed) {
		t.Errorf("error %v, want %v and %v", err, zk.ErrConnectionLost, zk.ErrClosed)
	}
	s.Continue(t)
	mustCreateCluster(t, configFor(s.Address), "/ledgers")
}

// Killed again and again, the server has one whole cluster in the end, and the callers
// agree on which.
func TestServerIsKilledMeanwhile(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{})
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			r := startRace(t, configFor(s.Address), fmt.Sprintf("/killed-%d", i))
			moment.await(r)
			s.Restart(t)
			id := r.finish()
			checkWhole(t, raw(t, s.Address), r.root, id)
		})
	}
}

// names is a resolver: the addresses of each name, which a test may change.
type names struct {
	mu        sync.Mutex
	addresses map[string][]string
}

func (n *names) LookupHost(_ context.Context, host string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
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

// The server comes back with its disk at another address, under the same name, as a pod
// does. (With an empty disk it would refuse a client that has seen more than it holds.)
func TestServerMoves(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{})
	resolver := &names{addresses: map[string][]string{"zk-0.zk": {s.Host.IP}}}
	config := configFor("zk-0.zk:2181")
	config.Resolver = resolver
	conn := mustDial(t, config)
	first, err := zk.EnsureCluster(t.Context(), conn, "/ledgers")
	if err != nil {
		t.Fatal(err)
	}
	old := s.Address
	s.Move(t)
	if s.Address == old {
		t.Fatalf("the server is still at %s", old)
	}
	resolver.set("zk-0.zk", s.Host.IP)
	checkGoesOn(t, conn, "/ledgers", first)
}

// A session that is silent for longer than its timeout is expired by the server, and the
// Conn says so instead of going on with another one.
func TestSessionExpires(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{})
	for name, expire := range map[string]func(t *testing.T, session int64){
		"for silence": func(t *testing.T, _ int64) {
			s.Host.Isolate(t)
			eventually(t, "the server counts no session", func() bool {
				metrics, err := s.Metrics(t.Context())
				return err == nil && metrics["zk_global_sessions"] == "0"
			})
			s.Host.Rejoin(t)
		},
		"by hand": func(t *testing.T, session int64) { s.ExpireSession(t, session) },
	} {
		t.Run(name, func(t *testing.T) {
			config := configFor(s.Address)
			config.SessionTimeout, config.DialTimeout = time.Second, 500*time.Millisecond
			conn := mustDial(t, config)
			expire(t, sessionOf(t, s))
			eventually(t, "the Conn knows it", func() bool {
				return errors.Is(conn.Sync(t.Context(), "/"), zk.ErrSessionExpired)
			})
		})
	}
}

// An expired session's ephemeral znodes are gone when ExpireSession returns: so is a
// bookie's registration.
func TestExpiredSessionLosesItsEphemerals(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{})
	owner := raw(t, s.Address)
	if _, err := owner.Create("/bookie", nil, client.FlagEphemeral, world); err != nil {
		t.Fatal(err)
	}
	_, stat, err := owner.Exists("/bookie")
	if err != nil {
		t.Fatal(err)
	}
	other := raw(t, s.Address)
	s.ExpireSession(t, stat.EphemeralOwner)
	checkNothing(t, other, "/bookie")
}
