package zookeeper_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	client "github.com/go-zookeeper/zk"

	"github.com/bkgen/bkgen/e2e/sandbox"
	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

func TestEnsureCluster(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{})
	config, conn := configFor(s.Address), raw(t, s.Address)

	t.Run("twenty at once, a session each", func(t *testing.T) {
		for round := range 10 {
			root := fmt.Sprintf("/race-%d/a/b/ledgers", round)
			checkWhole(t, conn, root, checkRace(t, config, root))
		}
	})
	t.Run("below a chroot", func(t *testing.T) {
		mustCreate(t, conn, "/shared", world)
		below := config
		below.Chroot = "/shared"
		first := mustCreateCluster(t, below, "/teams/logs/ledgers")
		second, err := ensure(t, config, "/shared/teams/logs/ledgers")
		if want := (zk.Outcome{Result: zk.AlreadyThere, InstanceID: first.InstanceID}); err != nil || second != want {
			t.Errorf("by its whole path: outcome %v, error %v; want %v", second, err, want)
		}
	})
	t.Run("below a chroot that is not there", func(t *testing.T) {
		below := config
		below.Chroot = "/nothing"
		if outcome, err := ensure(t, below, "/ledgers"); !errors.Is(err, zk.ErrNoNode) {
			t.Errorf("outcome %v, error %v; want %v", outcome, err, zk.ErrNoNode)
		}
		checkNothing(t, conn, "/nothing")
	})
	t.Run("where only the lower parent is open to it", func(t *testing.T) {
		mustCreate(t, conn, "/upper", world)
		mustCreate(t, conn, "/upper/open", world)
		if _, err := conn.SetACL("/upper", client.WorldACL(client.PermRead), -1); err != nil {
			t.Fatal(err)
		}
		mustCreateCluster(t, config, "/upper/open/bk/ledgers")
	})
	t.Run("half there", func(t *testing.T) {
		mustCreateCluster(t, config, "/half")
		mustDelete(t, conn, "/half/LAYOUT")
		_, err := ensure(t, config, "/half")
		half := (*zk.HalfThereError)(nil)
		if !errors.As(err, &half) || !slices.Equal(half.Missing, []string{"LAYOUT"}) {
			t.Errorf("error %v, want LAYOUT to be missing", err)
		}
	})
	t.Run("the first hosts are dead, deaf, cut off or unknown", func(t *testing.T) {
		away := sandbox.NewHost(t, "away")
		away.Isolate(t)
		others := config
		others.Hosts = []string{deadAddress, deafAddress(t), net.JoinHostPort(away.IP, "2181"), "nowhere.invalid:2181", s.Address}
		others.DialTimeout = 300 * time.Millisecond
		mustCreateCluster(t, others, "/after-others")
	})
}

// deadAddress refuses connections: nothing listens there.
const deadAddress = sandbox.Gateway + ":1"

// deafAddress takes connections and never answers.
func deafAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes them
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// A digest is what an access control list asks for, and the superuser needs none.
func TestDigest(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{Super: "super:secret"})
	conn := raw(t, s.Address)
	only := []client.ACL{{Perms: client.PermAll, Scheme: "digest", ID: zookeeper.Digest("admin:secret")}}
	mustCreate(t, conn, "/closed", only)
	config := configFor(s.Address)
	for _, digest := range []string{"", "admin:wrong", "super:wrong"} {
		config.Digest = digest
		if outcome, err := ensure(t, config, "/closed/bk/ledgers"); !errors.Is(err, zk.ErrNotAllowed) {
			t.Errorf("as %q: outcome %v, error %v; want %v", digest, outcome, err, zk.ErrNotAllowed)
		}
	}
	for digest, root := range map[string]string{"admin:secret": "/closed/bk/ledgers", "super:secret": "/closed/ledgers"} {
		config.Digest = digest
		mustCreateCluster(t, config, root)
	}
}
