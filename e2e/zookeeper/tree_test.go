package zookeeper_test

import (
	"path"
	"strings"
	"testing"

	client "github.com/go-zookeeper/zk"
)

// znode is all that is to be known of a znode, apart from times and transactions.
type znode struct {
	Data     string
	ACL      []client.ACL
	Owner    int64
	Version  int32
	Children int32
}

// dump is all that is at a root and below it, by path from there.
func dump(t *testing.T, conn *client.Conn, root string) map[string]znode {
	t.Helper()
	if _, err := conn.Sync(root); err != nil {
		t.Fatalf("syncing %s: %v", root, err)
	}
	all := map[string]znode{}
	dumpInto(t, conn, root, root, all)
	return all
}

func dumpInto(t *testing.T, conn *client.Conn, root, at string, into map[string]znode) {
	t.Helper()
	data, stat, err := conn.Get(at)
	if err != nil {
		t.Fatalf("reading %s: %v", at, err)
	}
	acl, _, err := conn.GetACL(at)
	if err != nil {
		t.Fatalf("reading who may use %s: %v", at, err)
	}
	into[strings.TrimPrefix(at, root)] = znode{string(data), acl, stat.EphemeralOwner, stat.Version, stat.NumChildren}
	children, _, err := conn.Children(at)
	if err != nil {
		t.Fatalf("listing %s: %v", at, err)
	}
	for _, child := range children {
		dumpInto(t, conn, root, path.Join(at, child), into)
	}
}

// checkWhole checks that a root holds a cluster without bookies, of that identity.
func checkWhole(t *testing.T, conn *client.Conn, root, instanceID string) {
	t.Helper()
	all := dump(t, conn, root)
	if len(all) != 5 || all["/INSTANCEID"].Data != instanceID || all["/LAYOUT"].Data == "" {
		t.Errorf("%s holds %v, want five znodes and instance %s", root, all, instanceID)
	}
}

// checkNothing checks that nothing is at a path.
func checkNothing(t *testing.T, conn *client.Conn, node string) {
	t.Helper()
	if _, err := conn.Sync(node); err != nil {
		t.Fatalf("syncing %s: %v", node, err)
	}
	if there, _, err := conn.Exists(node); err != nil || there {
		t.Errorf("%s: there %v, error %v; want nothing", node, there, err)
	}
}
