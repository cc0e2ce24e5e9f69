package zookeeper_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// What is created is, to the last byte and permission, what BookKeeper's own command
// leaves; and that command, like a bookie, takes what is created for a cluster.
func TestClusterIsAsBookKeeperMakesIt(t *testing.T) {
	t.Parallel()
	s := zookeeper.Start(t, zookeeper.Options{})
	conn := raw(t, s.Address)
	mustCreate(t, conn, "/theirs", world)
	if out, err := bookkeeper.Shell(t, bookkeeper.MetadataURI([]string{s.Address}, "/theirs/ledgers"), "initnewcluster"); err != nil {
		t.Fatalf("initnewcluster: %v\n%s", err, out)
	}
	ours := mustCreateCluster(t, configFor(s.Address), "/ours/ledgers")
	if diff := cmp.Diff(dumpAnonymous(t, s, "/theirs/ledgers"), dumpAnonymous(t, s, "/ours/ledgers")); diff != "" {
		t.Errorf("znodes (-BookKeeper's +ours):\n%s", diff)
	}
	if out, err := bookkeeper.Shell(t, bookkeeper.MetadataURI([]string{s.Address}, "/ours/ledgers"), "whatisinstanceid"); err != nil || !strings.Contains(out, ours.InstanceID) {
		t.Errorf("whatisinstanceid: %v, want %s in\n%s", err, ours.InstanceID, out)
	}
	if out, err := bookkeeper.Shell(t, bookkeeper.MetadataURI([]string{s.Address}, "/ours/ledgers"), "initnewcluster"); err == nil {
		t.Errorf("initnewcluster takes our cluster for none:\n%s", out)
	}
	theirs, err := ensure(t, configFor(s.Address), "/theirs/ledgers")
	if err != nil || theirs.Result != zk.AlreadyThere {
		t.Errorf("BookKeeper's own: outcome %v, error %v; want already there", theirs, err)
	}
	if out, err := bookkeeper.Shell(t, bookkeeper.MetadataURI([]string{s.Address}, "/ours/ledgers"), "nukeexistingcluster", "-zkledgersrootpath", "/ours/ledgers", "-instanceid", ours.InstanceID); err != nil {
		t.Errorf("nukeexistingcluster: %v\n%s", err, out)
	}
	checkNothing(t, conn, "/ours/ledgers")
}

// dumpAnonymous is dump with the one thing left out in which two clusters differ.
func dumpAnonymous(t *testing.T, s *zookeeper.Server, root string) map[string]znode {
	t.Helper()
	all := dump(t, raw(t, s.Address), root)
	identity := all["/INSTANCEID"]
	if len(identity.Data) != 36 {
		t.Errorf("INSTANCEID at %s is %q, want a bare UUID", root, identity.Data)
	}
	identity.Data = "a UUID"
	all["/INSTANCEID"] = identity
	return all
}
