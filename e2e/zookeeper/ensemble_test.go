package zookeeper_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// Each of these leaves the ensemble whole.
func TestEnsemble(t *testing.T) {
	t.Parallel()
	start := time.Now()
	e := zookeeper.StartEnsemble(t, 3, zookeeper.Options{})
	t.Logf("three servers serve after %s", time.Since(start).Round(10*time.Millisecond))
	for name, test := range map[string]func(*testing.T, *zookeeper.Ensemble){
		"twenty at once, over all servers":  testRaceOverAll,
		"the leader is killed meanwhile":    testLeaderIsKilled,
		"a server that loses the quorum":    testClientIsMoved,
		"a leader that loses it meanwhile":  testLeaderIsCutOffMeanwhile,
		"no quorum, but all servers answer": testNoQuorum,
		"no quorum is left while one asks":  testQuorumIsLost,
		"a server is paused":                testServerIsPaused,
		"a session is expired":              testSessionExpires,
	} {
		t.Run(name, func(t *testing.T) {
			defer e.AwaitWhole(t)
			test(t, e)
		})
	}
}

func testRaceOverAll(t *testing.T, e *zookeeper.Ensemble) {
	for round := range 5 {
		root := fmt.Sprintf("/race-%d/a/b/ledgers", round)
		id := checkRace(t, configFor(e.Addresses()...), root)
		checkEverywhere(t, e, root, id)
	}
}

// checkEverywhere checks that each server, asked by itself, holds the same whole cluster.
func checkEverywhere(t *testing.T, e *zookeeper.Ensemble, root, id string) {
	t.Helper()
	for _, s := range e.Servers {
		checkWhole(t, raw(t, s.Address), root, id)
	}
}

func leaderOf(t *testing.T, e *zookeeper.Ensemble) *zookeeper.Server {
	t.Helper()
	leader, err := e.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return leader
}

func testLeaderIsKilled(t *testing.T, e *zookeeper.Ensemble) {
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			leader := leaderOf(t, e)
			r := startRace(t, configFor(e.Addresses()...), fmt.Sprintf("/leader-killed-%d", i))
			moment.await(r)
			leader.Kill(t)
			id := r.finish() // without the third
			leader.Restart(t)
			e.AwaitWhole(t)
			checkEverywhere(t, e, r.root, id)
		})
	}
}

// dialTo dials until the session is with the server that is wanted.
func dialTo(t *testing.T, e *zookeeper.Ensemble, wanted *zookeeper.Server) *zk.Conn {
	t.Helper()
	for {
		conn := mustDial(t, configFor(e.Addresses()...))
		sessions, err := wanted.Sessions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(sessions) == 1 {
			return conn
		}
		conn.Close()
	}
}

// A server that is cut off from the others sends its clients away, and they take their
// session with them.
func testClientIsMoved(t *testing.T, e *zookeeper.Ensemble) {
	for name, pick := range map[string]func(leader *zookeeper.Server) *zookeeper.Server{
		"the leader": func(leader *zookeeper.Server) *zookeeper.Server { return leader },
		"a follower": func(leader *zookeeper.Server) *zookeeper.Server { return e.Others(leader)[0] },
	} {
		t.Run(name, func(t *testing.T) {
			s := pick(leaderOf(t, e))
			conn := dialTo(t, e, s)
			session := sessionOf(t, s)
			root := "/moved/from " + string(name[0]) + "/ledgers"
			first, err := zk.EnsureCluster(t.Context(), conn, root)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			e.Partition(t, s)
			s.AwaitNotServing(t)
			gone := time.Since(start)
			checkGoesOn(t, conn, root, first)
			t.Logf("%s knows after %s, its client is moved after %s", name, gone.Round(10*time.Millisecond), time.Since(start).Round(10*time.Millisecond))
			if got := sessionOf(t, e.Others(s)...); got != session {
				t.Errorf("session %#x, want still %#x", got, session)
			}
			conn.Close()
			e.Heal(t, s)
			e.AwaitWhole(t)
		})
	}
}

// A leader that is cut off still takes what is to be created, for a while, and writes it
// to its own disk. That comes to nothing: what the others agree on is what is there.
func testLeaderIsCutOffMeanwhile(t *testing.T, e *zookeeper.Ensemble) {
	leader := leaderOf(t, e)
	conn := dialTo(t, e, leader)
	e.Partition(t, leader)
	outcome, err := zk.EnsureCluster(t.Context(), conn, "/cut-off")
	if errors.Is(err, zk.ErrConnectionLost) {
		outcome = ensureThrough(t, configFor(e.Addresses()...), "/cut-off")
	} else if err != nil || outcome.Result != zk.Created {
		t.Errorf("outcome %v, error %v; want created, or the connection lost", outcome, err)
	}
	e.Heal(t, leader)
	e.AwaitWhole(t)
	checkEverywhere(t, e, "/cut-off", outcome.InstanceID)
}

// The servers take connections, and give no session.
func testNoQuorum(t *testing.T, e *zookeeper.Ensemble) {
	e.Partition(t, e.Servers...)
	defer e.Heal(t, e.Servers...)
	for _, s := range e.Servers {
		s.AwaitNotServing(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := zk.Dial(ctx, configFor(e.Addresses()...))
	unreachable := (*zk.UnreachableError)(nil)
	if !errors.As(err, &unreachable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v, want an UnreachableError for the deadline", err)
	}
	for _, address := range e.Addresses() {
		if failure := unreachable.Failures[address]; failure == nil || !strings.Contains(failure.Error(), "has no quorum") {
			t.Errorf("%s failed with %v, want that it has no quorum", address, failure)
		}
	}
}

// testQuorumIsLost has a session when the quorum goes, and asks at once.
func testQuorumIsLost(t *testing.T, e *zookeeper.Ensemble) {
	config := configFor(e.Addresses()...)
	config.RequestTimeout = 3 * time.Second
	conn := mustDial(t, config)
	e.Partition(t, e.Servers...)
	if outcome, err := zk.EnsureCluster(t.Context(), conn, "/no-quorum"); !errors.Is(err, zk.ErrConnectionLost) {
		t.Errorf("outcome %v, error %v; want %v", outcome, err, zk.ErrConnectionLost)
	}
	conn.Close()
	e.Heal(t, e.Servers...)
	e.AwaitWhole(t)
	// One server alone may have taken the multi to its disk, and may lead the others now.
	// So there is all of it or nothing, and the next is told which.
	outcome := ensureThrough(t, configFor(e.Addresses()...), "/no-quorum")
	checkEverywhere(t, e, "/no-quorum", outcome.InstanceID)
}

// A paused server takes connections and is silent; the next one is tried.
func testServerIsPaused(t *testing.T, e *zookeeper.Ensemble) {
	leader := leaderOf(t, e)
	for name, s := range map[string]*zookeeper.Server{"a follower": e.Others(leader)[0], "the leader": leader} {
		t.Run(name, func(t *testing.T) {
			defer e.AwaitWhole(t)
			s.Pause(t)
			defer s.Continue(t)
			config := configFor(e.Addresses()...)
			config.DialTimeout = 500 * time.Millisecond
			for i := range 5 { // the order of the hosts is random
				mustCreateCluster(t, config, fmt.Sprintf("/%s-%d", strings.ReplaceAll(name, " ", "-"), i))
			}
		})
	}
}

// A session can be expired through any server, also one that its client is not connected to.
func testSessionExpires(t *testing.T, e *zookeeper.Ensemble) {
	config := configFor(e.Servers[0].Address)
	config.SessionTimeout = time.Second
	conn := mustDial(t, config)
	e.Servers[1].ExpireSession(t, sessionOf(t, e.Servers...))
	eventually(t, "the Conn knows it", func() bool {
		return errors.Is(conn.Sync(t.Context(), "/"), zk.ErrSessionExpired)
	})
}
