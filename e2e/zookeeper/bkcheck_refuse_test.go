package zookeeper_test

import (
	"strings"
	"testing"

	client "github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/e2e/zookeeper"
)

// What is neither free nor a cluster's is refused, and left as it is.
func (b bkcheck) testHalfThere(t *testing.T) {
	all := []string{"INSTANCEID", "LAYOUT", "available/readonly", "available"}
	for name, test := range map[string]struct{ remove, add, want string }{
		"no LAYOUT":                 {"LAYOUT", "", "holds INSTANCEID, available, and lacks LAYOUT"},
		"no INSTANCEID":             {"INSTANCEID", "", "holds LAYOUT, available, and lacks INSTANCEID"},
		"cookies and no INSTANCEID": {"INSTANCEID", "cookies cookies/bk-0:3181", "holds LAYOUT, available, cookies, and lacks INSTANCEID"},
		"nothing but cookies":       {strings.Join(all, " "), "cookies cookies/bk-0:3181", "holds cookies, and lacks INSTANCEID, LAYOUT, available"},
		"an empty root":             {strings.Join(all, " "), "", "is there with nothing below it, and lacks INSTANCEID, LAYOUT, available"},
	} {
		t.Run(name, func(t *testing.T) {
			root := "/" + strings.ReplaceAll(name, " ", "-")
			mustCreateCluster(t, configFor(b.Addresses()...), root)
			for _, node := range strings.Fields(test.remove) {
				mustDelete(t, b.conn, root+"/"+node)
			}
			for _, node := range strings.Fields(test.add) {
				mustCreate(t, b.conn, root+"/"+node, world)
			}
			before := dump(t, b.conn, root)
			b.run(t, b.args(root)...).check(t, 1, `bkcheck: metadata at "`+root+`" is half there: it `+test.want+"\n", "bkcheck: hint: ")
			if diff := cmp.Diff(before, dump(t, b.conn, root)); diff != "" {
				t.Errorf("znodes (-before +after):\n%s", diff)
			}
		})
	}
}

func (b bkcheck) testCouldNotAnswer(t *testing.T) {
	closed := []client.ACL{{Perms: client.PermAll, Scheme: "digest", ID: zookeeper.Digest("admin:secret")}}
	mustCreate(t, b.conn, "/closed", closed)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no URI":                     {[]string{"ensure-cluster"}, "--metadata-service-uri is missing"},
		"a flag that is none":        {b.args("/x", "--no-such-flag"), "unknown flag"},
		"no file of certificates":    {b.args("/x", "--tls-ca=/nowhere"), "--tls-ca: "},
		"not allowed by the parent":  {b.args("/closed/ledgers"), "not allowed by the znode's access control list"},
		"a URI of another scheme":    {[]string{"ensure-cluster", "--metadata-service-uri=etcd://x/ledgers"}, "--metadata-service-uri"},
		"no time to wait for anyone": {b.args("/x", "--timeout=0s"), "--timeout"},
	} {
		t.Run(name, func(t *testing.T) { b.run(t, test.args...).check(t, 2, test.want) })
	}
	checkNothing(t, b.conn, "/x")
}
