package metadata_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// A leader that is cut off from its followers still answers a sync, and what is read from it then may
// be old. It cannot commit, so CheckQuorum has no answer.
func TestALeaderByItselfHasNoQuorum(t *testing.T) {
	t.Parallel()
	e := zookeeper.StartEnsemble(t, 3, zookeeper.Options{})
	leader, err := e.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, m := connect(t, root, leader.Address)
	if _, err := zk.EnsureCluster(t.Context(), conn, root); err != nil {
		t.Fatal(err)
	}
	before, err := conn.Stat(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.CheckQuorum(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	if after, err := conn.Stat(t.Context(), root); err != nil || after != before {
		t.Errorf("after CheckQuorum %+v, error %v; want %+v", after, err, before)
	}
	if err := conn.CheckQuorum(t.Context(), "/nothing"); !errors.Is(err, zk.ErrNoNode) {
		t.Errorf("at a znode that is not there: error %v, want %v", err, zk.ErrNoNode)
	}
	if err := conn.Delete(t.Context(), root+"/LAYOUT", zk.OwnedVersion); !errors.Is(err, zk.ErrChanged) {
		t.Errorf("deleting what has another version: error %v, want %v", err, zk.ErrChanged)
	}
	membership, err := conn.Membership(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ensemble, err := zk.ParseEnsemble(membership); err != nil || len(ensemble.Servers) != 3 || ensemble.Majority() != 2 {
		t.Errorf("ensemble %+v of %q, error %v; want three servers", ensemble, membership, err)
	}
	e.Partition(t, leader)
	syncErr := conn.Sync(t.Context(), root)
	_, readErr := m.InstanceID(t.Context())
	t.Logf("cut off, the leader answers a sync: %v; a read: %v", syncErr, readErr)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := conn.CheckQuorum(ctx, root); !errors.Is(err, zk.ErrConnectionLost) {
		t.Errorf("error %v, want %v", err, zk.ErrConnectionLost)
	}
	e.Heal(t, leader)
	conn, _ = connect(t, root, e.Addresses()...)
	if err := conn.CheckQuorum(t.Context(), root); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}
