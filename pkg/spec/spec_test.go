package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// named is the base document with another name.
func named(name string) string {
	return strings.Replace(clusterText(Hardened, "replicas: 4"), "name: bk", "name: "+name, 1)
}

func TestDecodeKeepsTheOrderOfClusters(t *testing.T) {
	clusters, problems := Decode([]Source{
		{Name: "b", Data: []byte(named("z") + "---\n" + named("w"))}, {Name: "a", Data: []byte(named("x"))},
	}, Options{})
	var names []string
	for _, c := range clusters {
		names = append(names, c.ClusterNamespace()+"/"+c.ClusterName())
	}
	if diff := cmp.Diff([]string{"ns/z", "ns/w", "ns/x"}, names); diff != "" || len(problems) > 0 {
		t.Errorf("problems %q, clusters (-want +got):\n%s", texts(problems), diff)
	}
}

func TestDecodeReportsAllOfAllDocuments(t *testing.T) {
	one := clusterText(Hardened, "replica: 4\nversion: latest\noptions: {bookieId: x}")
	two := strings.Replace(clusterText(Operator, "zookeeperUri: ','\nupgradeTimeout: -1"), "name: bk", "name: B", 1)
	_, problems := Decode([]Source{
		{Name: "f", Data: []byte(one + "---\nkind: [\n---\n" + two)}, {Name: "g", Data: []byte("a: 1\x00")}, {Name: "h", Data: []byte("- a\n---\nkind: Pod\n")},
	}, Options{})
	want := []string{
		"f:15: did not find expected node content",
		`f:11:3: spec.replica: unknown field (did you mean "replicas"?)`,
		`f:12:12: spec.version: "latest" is not in the format X.Y.Z, with an optional v before and any suffix after`,
		"f:12:12: spec.version: bkgen does not know which BookKeeper is behind apache/bookkeeper:latest",
		"f:13:23: spec.options.bookieId: the setting is bkgen's own",
		`f:19:18: metadata.name: "B" is not lower-case letters, digits and -`,
		"f:28:19: spec.upgradeTimeout: -1 is less than 1",
	}
	got := texts(problems)
	for _, text := range append(want, `f:27:18: spec.zookeeperUri: names no host; allowed: host:port, several separated by commas, and an optional /chroot`,
		"g:1:5: not text: byte 0x00 at offset 4", `h:1:1: seen a list, allowed a mapping`, `h:3:7: kind: "Pod" is not a cluster kind; allowed: BookkeeperCluster`) {
		if !strings.Contains(strings.Join(got, "\n")+"\n", text+"\n") {
			t.Errorf("%s is not reported", text)
		}
	}
	if len(got) != len(want)+4 {
		t.Errorf("%d problems, want %d:\n%s", len(got), len(want)+4, strings.Join(got, "\n"))
	}
}

func TestDecodeOfOtherKinds(t *testing.T) {
	const none = "f: no cluster in the input; allowed: documents of kind BookkeeperCluster"
	const hint = "name the file that holds the cluster, or keep other manifests in another directory"
	for name, test := range map[string]struct{ text, want, hint string }{
		"nothing":                          {"", none, ""},
		"comments":                         {"# a\n---\n# b\n", none, ""},
		"no kind":                          {"metadata: {name: a}\n", "f:1:1: the document has no kind; allowed: kind BookkeeperCluster, apiVersion bookkeeper.pravega.io/v1alpha1", ""},
		"another version":                  {"kind: BookkeeperCluster\napiVersion: bookkeeper.pravega.io/v1beta1\n", `f:2:13: apiVersion: seen "bookkeeper.pravega.io/v1beta1", allowed "bookkeeper.pravega.io/v1alpha1"`, ""},
		"no version":                       {"kind: BookkeeperCluster\n", `f:1:1: apiVersion: seen "", allowed "bookkeeper.pravega.io/v1alpha1"`, ""},
		"a kind that comes later":          {"kind: ZookeeperCluster\napiVersion: zookeeper.pravega.io/v1beta1\n", "f:1:7: kind: ZookeeperCluster is not supported yet; allowed: BookkeeperCluster", ""},
		"a kind that is near one":          {"kind: BookKeeperCluster\napiVersion: a\n", `f:1:7: kind: "BookKeeperCluster" is not a cluster kind; allowed: BookkeeperCluster (did you mean "BookkeeperCluster"?)`, hint},
		"another kind":                     {"kind: Service\napiVersion: v1\n", `f:1:7: kind: "Service" is not a cluster kind; allowed: BookkeeperCluster`, hint},
		"a ConfigMap of another API group": {"kind: ConfigMap\napiVersion: v2\n", `f:1:7: kind: "ConfigMap" is not a cluster kind; allowed: BookkeeperCluster`, hint},
	} {
		t.Run(name, func(t *testing.T) {
			clusters, problems := decodeText(test.text)
			if diff := cmp.Diff([]string{test.want}, texts(problems)); diff != "" || len(clusters) > 0 {
				t.Errorf("%d clusters, problems (-want +got):\n%s", len(clusters), diff)
			}
			if len(problems) == 1 && problems[0].Hint != test.hint {
				t.Errorf("hint %q, want %q", problems[0].Hint, test.hint)
			}
		})
	}
}

func TestNamesOfClusters(t *testing.T) {
	for name, test := range map[string]struct {
		name, want, hint string
	}{
		"the longest":         {strings.Repeat("a", 45), "", ""},
		"one letter too long": {strings.Repeat("a", 46), `StatefulSet name "` + strings.Repeat("a", 46) + `-bookie" is 53 characters long, allowed 52`, "pods carry the name and a revision hash in a label of at most 63 characters; shorten metadata.name by 1"},
		"a digit at first":    {"1a", `"1a" begins with no letter, which the Service "1a-bookie-headless" needs`, ""},
		"a dot":               {"a.b", `"a.b" is not lower-case letters, digits and -`, ""},
		"a capital":           {"Bk", `"Bk" is not lower-case letters, digits and -`, ""},
		"no name":             {"''", "required: every object is named after it", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := decodeText(named(test.name))
			if test.want == "" {
				if len(problems) > 0 {
					t.Errorf("problems %q, want none", texts(problems))
				}
				return
			}
			want := "f:3:18: metadata.name: " + test.want
			if len(problems) == 0 || problems[0].String() != want || problems[0].Hint != test.hint {
				t.Errorf("problems %+v, want %q with hint %q", problems, want, test.hint)
			}
		})
	}
}

func TestANamespaceThatIsNone(t *testing.T) {
	_, problems := decodeText(strings.Replace(clusterText(Hardened, "replicas: 4"), "namespace: ns", "namespace: a.b", 1))
	want := []string{`f:3:33: metadata.namespace: "a.b" is not lower-case letters, digits and -, at most 63`}
	if diff := cmp.Diff(want, texts(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestNamelessClustersAreNotComparedByName(t *testing.T) {
	text := named("''")
	_, problems := Decode([]Source{{Name: "f", Data: []byte(text)}, {Name: "g", Data: []byte(strings.Replace(text, "replicas: 4", "zookeeperUri: other", 1))}}, Options{})
	for _, p := range problems {
		if strings.Contains(p.Message, "renders") {
			t.Errorf("problem %q", p)
		}
	}
}

// TestWhatKubectlPrintsIsRead: metadata and status that the API server adds.
func TestWhatKubectlPrintsIsRead(t *testing.T) {
	text := strings.Replace(clusterText(Hardened, "replicas: 4"), "metadata: {name: bk, namespace: ns}", `metadata: {name: bk, namespace: ns, uid: a, resourceVersion: "1", generation: 3, creationTimestamp: "2026-01-31T12:00:00Z", finalizers: [cleanUpZookeeper], managedFields: [{manager: a, fieldsV1: {f:spec: {}}}]}`, 1)
	b := decoded(t, text+"status: {readyReplicas: 3, conditions: [{type: PodsReady, anything: 1}]}\n")
	if b.Status != nil {
		t.Errorf("status %v, want it dropped", b.Status)
	}
}

// FuzzDecodeCluster: whatever the text, each problem has a place and says something, and
// what is accepted gives rise to a configuration and a command.
func FuzzDecodeCluster(f *testing.F) {
	for _, spec := range []string{
		"replicas: 3", "replicas: 0\noptions: {ledgerDirectories: ',', configMapVolumeMounts: 'a:b=/c', '': x}", "jvmOptions: {memoryOpts: ['-Xmx', '-XX:Foo', '-XX:MaxRAMPercentage=x']}",
		"gitops: {durability: {ensembleSize: -1}, patches: [{path: a}], pod: {volumes: [{}], env: [{}]}}", "storage: {ledgerVolumeClaimTemplate: {}}\nprobes: {}\naffinity: {}\nresources: {}", "image: {}\nzookeeperUri: '[::1]'",
	} {
		f.Add([]byte(clusterText(Hardened, spec)))
		f.Add([]byte(clusterText(Operator, spec)))
	}
	f.Add([]byte(withEnv(Hardened, "  BK_a: \"b\\n\"\n  '': c\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		clusters, problems := decodeText(string(data))
		for _, p := range problems {
			if p.Position.Source != "f" || p.Message == "" || p.Severity != Error && p.Severity != Warning {
				t.Errorf("problem %+v", p)
			}
			checkInside(t, data, p.Position)
		}
		if Failed(problems) {
			return
		}
		for _, c := range clusters {
			b := c.(*BookKeeper)
			b.OperatorSettings()
			if b.Spec.GitOps.Profile == Hardened {
				config := b.BookieConfig() + b.AutorecoveryConfig()
				if strings.ContainsAny(config, "\r\x00") || len(b.BookieCommand()) < 10 || len(b.AutorecoveryCommand()) < 10 {
					t.Errorf("configuration %q", config)
				}
			}
		}
	})
}

func TestProblemsAreInTheirOrder(t *testing.T) {
	text := clusterText(Hardened, `options: {zkTimeout: "", acme: a, bookieId: b}
replica: 4
annotations: {"a b": c}`)
	_, problems := decodeText(text + "---\nkind: Other\n---\n: :\n")
	last := 0
	for _, p := range problems {
		if p.Position.Line < last {
			t.Errorf("%s comes after line %d", p, last)
		}
		last = p.Position.Line
	}
	if len(problems) < 6 {
		t.Errorf("%d problems, want at least 6: %q", len(problems), texts(problems))
	}
}
