package spec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rootCluster is a cluster in one line of fields; each stands in a source of its own,
// named after it, where metadata.name is at 3:18.
type rootCluster struct{ namespace, name, uri, root string }

func (r rootCluster) source() Source {
	text := fmt.Sprintf("apiVersion: bookkeeper.pravega.io/v1alpha1\nkind: BookkeeperCluster\nmetadata: {name: %s, namespace: %s}\nspec:\n  zookeeperUri: %q\n  gitops: {image: {ledgersRoot: %q}}\n", r.name, r.namespace, r.uri, r.root)
	return Source{Name: r.name, Data: []byte(text)}
}

// conflictsOf are the errors of a run over clusters.
func conflictsOf(clusters ...rootCluster) []string {
	var sources []Source
	for _, c := range clusters {
		sources = append(sources, c.source())
	}
	_, problems := Decode(sources, Options{})
	var errs []string
	for _, p := range problems {
		if p.Severity == Error {
			errs = append(errs, p.String())
		}
	}
	return errs
}

func TestClustersAtOneRoot(t *testing.T) {
	same := func(root string) []string {
		return []string{fmt.Sprintf(`b:3:18: metadata.name: cluster "b" has its ZooKeeper metadata at %s, as the cluster "a" at a:3:18 has`, root)}
	}
	for name, test := range map[string]struct {
		one, two rootCluster
		want     []string
	}{
		"one address":                        {rootCluster{"x", "a", "zk:2181", "/r"}, rootCluster{"x", "b", "zk:2181", "/r"}, same("/r")},
		"one address, with and without port": {rootCluster{"x", "a", "zk", "/r"}, rootCluster{"x", "b", "zk:2181", "/r"}, same("/r")},
		"short and with the namespace":       {rootCluster{"x", "a", "zk", "/r"}, rootCluster{"w", "b", "zk.x", "/r"}, same("/r")},
		"short and with svc":                 {rootCluster{"x", "a", "zk", "/r"}, rootCluster{"w", "b", "zk.x.svc", "/r"}, same("/r")},
		"short and fully qualified":          {rootCluster{"x", "a", "zk", "/r"}, rootCluster{"w", "b", "ZK.x.svc.cluster.local.", "/r"}, same("/r")},
		"with a scheme":                      {rootCluster{"x", "a", "zk+hierarchical://zk", "/r"}, rootCluster{"x", "b", "zk://zk", "/r"}, same("/r")},
		"hosts in another order":             {rootCluster{"x", "a", "zk-0.zk,zk-1.zk,zk-2.zk", "/r"}, rootCluster{"x", "b", "zk-2.zk;zk-0.zk;zk-1.zk", "/r"}, same("/r")},
		"one host in common":                 {rootCluster{"x", "a", "zk-0.zk,zk-1.zk", "/r"}, rootCluster{"x", "b", "zk-1.zk", "/r"}, same("/r")},
		"pods short and fully qualified":     {rootCluster{"x", "a", "zk-0.zk", "/r"}, rootCluster{"w", "b", "zk-0.zk.x.svc.cluster.local", "/r"}, same("/r")},
		"an IPv4 address":                    {rootCluster{"x", "a", "10.0.0.5", "/r"}, rootCluster{"w", "b", "10.0.0.5", "/r"}, same("/r")},
		"an IPv6 address":                    {rootCluster{"x", "a", "[fd00::1]", "/r"}, rootCluster{"w", "b", "[fd00::1]", "/r"}, same("/r")},
		"a chroot and a longer root":         {rootCluster{"x", "a", "zk/a", "/b/r"}, rootCluster{"x", "b", "zk", "/a/b/r"}, same("/a/b/r")},
		"the second inside the first": {rootCluster{"x", "a", "zk", "/r"}, rootCluster{"x", "b", "zk/r", "/s"}, []string{
			`b:3:18: metadata.name: cluster "b" has its ZooKeeper metadata at /r/s, inside that of cluster "a" at a:3:18: /r`,
		}},
		"the first inside the second": {rootCluster{"x", "a", "zk", "/r/s/t"}, rootCluster{"x", "b", "zk", "/r"}, []string{
			`a:3:18: metadata.name: cluster "a" has its ZooKeeper metadata at /r/s/t, inside that of cluster "b" at b:3:18: /r`,
		}},
		"short names of two namespaces":     {rootCluster{"x", "a", "zk", "/r"}, rootCluster{"w", "b", "zk", "/r"}, nil},
		"short pods of two namespaces":      {rootCluster{"x", "a", "zk-0.zk,zk-1.zk", "/r"}, rootCluster{"w", "b", "zk-0.zk,zk-1.zk", "/r"}, same("/r")},
		"a Service that looks like a pod":   {rootCluster{"x", "a", "zk-1.infra", "/r"}, rootCluster{"w", "b", "zk-1.infra", "/r"}, same("/r")},
		"a namespace that ends in a number": {rootCluster{"x", "a", "zk.team-1", "/r"}, rootCluster{"w", "b", "zk.team-1.svc", "/r"}, same("/r")},
		"two ports":                         {rootCluster{"x", "a", "zk:2181", "/r"}, rootCluster{"x", "b", "zk:2182", "/r"}, nil},
		"two chroots":                       {rootCluster{"x", "a", "zk/a", "/r"}, rootCluster{"x", "b", "zk/b", "/r"}, nil},
		"two roots that begin alike":        {rootCluster{"x", "a", "zk", "/r"}, rootCluster{"x", "b", "zk", "/r2"}, nil},
		"a name in another domain":          {rootCluster{"x", "a", "zk", "/r"}, rootCluster{"x", "b", "zk.example.com", "/r"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, conflictsOf(test.one, test.two)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachPairOfClustersIsReportedOnce(t *testing.T) {
	got := conflictsOf(rootCluster{"x", "a", "zk-0.zk,zk-1.zk", "/r"}, rootCluster{"x", "b", "zk-0.zk,zk-1.zk", "/r"}, rootCluster{"x", "c", "zk-1.zk", "/r/s"})
	want := []string{
		`b:3:18: metadata.name: cluster "b" has its ZooKeeper metadata at /r, as the cluster "a" at a:3:18 has`,
		`c:3:18: metadata.name: cluster "c" has its ZooKeeper metadata at /r/s, inside that of cluster "a" at a:3:18: /r`,
		`c:3:18: metadata.name: cluster "c" has its ZooKeeper metadata at /r/s, inside that of cluster "b" at b:3:18: /r`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// TestDefaultRootsAreEachTheirOwn: Pravega's image has one default for all, apache's has
// one for each cluster.
func TestDefaultRootsAreEachTheirOwn(t *testing.T) {
	two := func(repository, version string) []string {
		var sources []Source
		for _, name := range []string{"a", "b"} {
			text := clusterText(Hardened, "image: {imageSpec: {repository: "+repository+"}}\nversion: "+version)
			sources = append(sources, Source{Name: name, Data: []byte(strings.Replace(text, "name: bk", "name: "+name, 1))})
		}
		_, problems := Decode(sources, Options{})
		return texts(problems)
	}
	if got := two("apache/bookkeeper", "4.17.4"); len(got) > 0 {
		t.Errorf("apache: problems %q", got)
	}
	want := []string{`b:3:18: metadata.name: cluster "b" has its ZooKeeper metadata at /pravega/pravega-cluster/bookkeeper/ledgers, as the cluster "a" at a:3:18 has`}
	if diff := cmp.Diff(want, two("pravega/bookkeeper", "0.13.0")); diff != "" {
		t.Errorf("pravega: problems (-want +got):\n%s", diff)
	}
}

func TestClustersThatRenderOneObject(t *testing.T) {
	cluster := func(source, namespace, name, spec string) Source {
		text := strings.Replace(clusterText(Hardened, spec), "{name: bk, namespace: ns}", "{name: "+name+", namespace: "+namespace+"}", 1)
		return Source{Name: source, Data: []byte(text)}
	}
	for name, test := range map[string]struct {
		one, two Source
		want     []string
	}{
		"one name": {cluster("f", "ns", "a", "zookeeperUri: zk/1"), cluster("g", "ns", "a", "zookeeperUri: zk/2"), []string{
			`g:3:18: metadata.name: cluster "a" renders StatefulSet ns/a-bookie, which the cluster "a" at f:3:18 renders too`,
		}},
		"one Service": {cluster("f", "ns", "a", "headlessSvcNameSuffix: b-s"), cluster("g", "ns", "a-b", "headlessSvcNameSuffix: s"), []string{
			`g:3:18: metadata.name: cluster "a-b" renders Service ns/a-b-s, which the cluster "a" at f:3:18 renders too`,
		}},
		"one name in two namespaces": {cluster("f", "ns", "a", "replicas: 4"), cluster("g", "ns2", "a", "replicas: 4"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Decode([]Source{test.one, test.two}, Options{})
			if diff := cmp.Diff(test.want, texts(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
