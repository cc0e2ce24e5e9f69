package spec

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const explainHeader = "apiVersion: bookkeeper.pravega.io/v1alpha1\nkind: BookkeeperCluster\nmetadata:\n  name: bk\n"

// explained is the only explanation of the sources, whose specs must be right.
func explained(t *testing.T, o Options, sources ...Source) Explanation {
	t.Helper()
	explanations, problems := Explain(sources, o)
	if Failed(problems) || len(explanations) != 1 {
		t.Fatalf("%d explanations, problems %q; want one, and no errors", len(explanations), problems)
	}
	return explanations[0]
}

func TestExplainSaysWhereValuesComeFrom(t *testing.T) {
	const hardened = explainHeader + "  namespace: storage\nspec:\n  version: 0.11.0\n"
	const operator = explainHeader + "spec:\n  gitops: {profile: Operator}\n"
	env := Source{Name: "env.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: env, namespace: storage}\ndata:\n  BK_journalMaxSizeMB: \"64\"\n")}
	patches := fstest.MapFS{"tune.yaml": {Data: []byte("kind: StatefulSet")}}
	for name, test := range map[string]struct {
		options Options
		spec    string
		others  []Source
		want    []Field
	}{
		"a field that nobody writes": {spec: hardened, want: []Field{
			{"spec.replicas", int64(3), SourceDefault}, {"spec.autoRecovery", true, SourceDefault}, {"spec.envVars", nil, SourceDefault},
		}},
		"a field that is written as its default": {spec: hardened + "  replicas: 3\n", want: []Field{{"spec.replicas", int64(3), "bk.yaml:8"}}},
		"null is not written":                    {spec: hardened + "  replicas: null\n", want: []Field{{"spec.replicas", int64(3), SourceDefault}}},
		"an empty text that the default replaces": {spec: hardened + "  zookeeperUri: \"\"\n", want: []Field{
			{"spec.zookeeperUri", "zookeeper-client:2181", SourceDefault},
		}},
		"an empty text that stays": {spec: hardened + "  serviceAccountName: \"\"\n", want: []Field{{"spec.serviceAccountName", "", "bk.yaml:8"}}},
		"an alias, where it stands": {spec: hardened + "  labels: {a: &x team}\n  annotations:\n    b: *x\n", want: []Field{
			{"spec.labels.a", "team", "bk.yaml:8"}, {"spec.annotations.b", "team", "bk.yaml:10"},
		}},
		"half a claim, filled in": {spec: hardened + "  storage:\n    ledgerVolumeClaimTemplate:\n      storageClassName: fast\n", want: []Field{
			{"spec.storage.ledgerVolumeClaimTemplate.storageClassName", "fast", "bk.yaml:10"},
			{"spec.storage.ledgerVolumeClaimTemplate.resources.requests.storage", "10Gi", SourceDefault},
		}},
		"half a claim, which the operator's default replaces": {
			spec: operator + "  storage:\n    ledgerVolumeClaimTemplate:\n      accessModes: [ReadWriteOncePod]\n",
			want: []Field{{"spec.storage.ledgerVolumeClaimTemplate.accessModes[0]", "ReadWriteOnce", SourceDefault}},
		},
		"half a probe, which the operator leaves": {spec: operator + "  probes: {livenessProbe: {periodSeconds: 30}}\n", want: []Field{
			{"spec.probes.livenessProbe.periodSeconds", int64(30), "bk.yaml:7"},
			{"spec.probes.livenessProbe.timeoutSeconds", nil, SourceDefault},
		}},
		"a quantity, as it is rendered": {spec: hardened + "  resources: {limits: {memory: 4096Mi}}\n", want: []Field{{"spec.resources.limits.memory", "4Gi", "bk.yaml:8"}}},
		"keys with dots":                {spec: hardened + "  annotations: {a.b/c: d}\n", want: []Field{{`spec.annotations["a.b/c"]`, "d", "bk.yaml:8"}}},
		"lists and what is empty in them": {
			spec: hardened + "  tolerations: []\n  gitops:\n    pod:\n      volumes:\n      - {name: scratch, emptyDir: {}}\n      env:\n      - {name: A, value: \"\"}\n",
			want: []Field{
				{"spec.tolerations", []any{}, "bk.yaml:8"},
				{"spec.gitops.pod.volumes[0].name", "scratch", "bk.yaml:12"},
				{"spec.gitops.pod.volumes[0].emptyDir", map[string]any{}, "bk.yaml:12"},
				{"spec.gitops.pod.env[0].value", "", "bk.yaml:14"},
			},
		},
		"an integer or a string": {
			spec: hardened + "  initContainers:\n  - name: wait\n    image: busybox\n    livenessProbe: {httpGet: {port: 80}}\n",
			want: []Field{{"spec.initContainers[0].livenessProbe.httpGet.port", float64(80), "bk.yaml:11"}},
		},
		"the flags": {options: Options{Namespace: "other", Engine: EngineFlux}, spec: explainHeader + "spec:\n  version: 0.11.0\n  gitops: {engine: argocd}\n", want: []Field{
			{"metadata.namespace", "other", SourceNamespace}, {"spec.gitops.engine", "flux", SourceEngine},
		}},
		"a namespace that is written, and the flag": {options: Options{Namespace: "other"}, spec: hardened, want: []Field{{"metadata.namespace", "storage", "bk.yaml:5"}}},
		"no namespace, which Operator allows":       {spec: operator, want: []Field{{"metadata.namespace", nil, SourceDefault}}},
		"what the image is": {spec: hardened + "  gitops: {image: {javaVersion: 21}}\n", want: []Field{
			{"spec.gitops.image.contract", "pravega", SourceInferred}, {"spec.gitops.image.bookkeeperVersion", "4.14.1", SourceInferred},
			{"spec.gitops.image.ledgersRoot", "/pravega/pravega-cluster/bookkeeper/ledgers", SourceInferred},
			{"spec.gitops.image.runAsUser", int64(1000), SourceInferred}, {"spec.gitops.image.javaVersion", int64(21), "bk.yaml:8"},
			{"spec.gitops.image.digest", nil, SourceDefault},
		}},
		"an option from the ConfigMap of spec.envVars": {
			spec: hardened + "  envVars: env\n  options: {journalMaxBackups: \"1\"}\n", others: []Source{env},
			want: []Field{
				{"spec.options.journalMaxBackups", "1", "bk.yaml:9"}, {"spec.options.journalMaxSizeMB", "64", "env.yaml:5"},
			},
		},
		"a patch in a file, whose text is not shown": {spec: hardened + "  gitops: {patches: [{path: tune.yaml}]}\n", want: []Field{
			{"spec.gitops.patches[0].path", "tune.yaml", "bk.yaml:8"}, {"spec.gitops.patches[0].patch", nil, SourceDefault},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			source := Source{Name: "bk.yaml", Data: []byte(test.spec), Dir: patches}
			fields := map[string]Field{}
			for _, f := range explained(t, test.options, append(test.others, source)...).Fields {
				if _, twice := fields[f.Path]; twice {
					t.Errorf("%s is listed twice", f.Path)
				}
				fields[f.Path] = f
			}
			for _, want := range test.want {
				if diff := cmp.Diff(want, fields[want.Path]); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// Every leaf of a document is a field of its explanation, with its own line.
func TestExplainLeavesNothingOut(t *testing.T) {
	for _, name := range clusterFiles(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name, "parity") { // what the operator's users wrote
			text = bytes.Replace(text, []byte("\nspec:\n"), []byte("\nspec:\n  gitops: {profile: Operator}\n"), 1)
		}
		explanations, problems := Explain([]Source{{Name: name, Data: text, Dir: os.DirFS(filepath.Dir(name))}}, Options{Namespace: "storage"})
		if Failed(problems) {
			t.Errorf("%s: problems %q", name, problems)
			continue
		}
		for _, e := range explanations {
			listed := map[string]string{}
			for _, f := range e.Fields {
				listed[f.Path] = f.Source
			}
			for path, position := range writtenLeaves(t, name, text) {
				if strings.HasPrefix(path, "spec.") && listed[path] != position {
					t.Errorf("%s is at %s, explained as %q", path, position, listed[path])
				}
			}
		}
	}
}

// writtenLeaves are the field paths of the scalars of a source's clusters and their lines.
func writtenLeaves(t *testing.T, name string, text []byte) map[string]string {
	t.Helper()
	leaves := map[string]string{}
	documents, _ := documents(Source{Name: name, Data: text})
	for _, doc := range documents {
		if _, kind, _, _ := doc.header(); kind != bookKeeperKind {
			continue
		}
		var visit func(path string, value any)
		visit = func(path string, value any) {
			switch v := value.(type) {
			case map[string]any:
				for key := range v {
					visit(joinPath(path, key), v[key])
				}
			case []any:
				for i := range v {
					visit(fmt.Sprintf("%s[%d]", path, i), v[i])
				}
			default:
				leaves[path] = lineOnly(doc.at(path))
			}
		}
		visit("", freeformOf(doc))
	}
	return leaves
}

func TestExplainKeepsTheOrderOfTheClusters(t *testing.T) {
	const spec = "spec: {gitops: {profile: Operator}}\n"
	list := "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(explainHeader+spec, "\n", "\n  ")
	explanations, problems := Explain([]Source{
		{Name: "a.yaml", Data: []byte("# nothing\n---\n" + explainHeader + "  namespace: one\n" + spec)},
		{Name: "b.yaml", Data: []byte(list)},
	}, Options{Namespace: "two"})
	if Failed(problems) {
		t.Fatalf("problems %q", problems)
	}
	var got []string
	for _, e := range explanations {
		got = append(got, e.Namespace+"/"+e.Name+" "+e.Source)
	}
	if diff := cmp.Diff([]string{"one/bk a.yaml:3", "two/bk b.yaml:4"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplainRefusesWhatDecodeRefuses(t *testing.T) {
	source := Source{Name: "bk.yaml", Data: []byte(explainHeader + "spec: {replica: 3}\n")}
	_, want := Decode([]Source{source}, Options{})
	explanations, got := Explain([]Source{source}, Options{})
	if diff := cmp.Diff(want, got); diff != "" || len(explanations) > 0 {
		t.Errorf("%d explanations, problems (-want +got):\n%s", len(explanations), diff)
	}
}

func TestExplainDerives(t *testing.T) {
	const gi = 1 << 30
	for name, test := range map[string]struct {
		spec string
		want Derived
	}{
		"Hardened": {
			spec: "  version: 4.17.4\n  replicas: 5\n  image: {imageSpec: {repository: apache/bookkeeper}}\n  resources: {limits: {memory: 4Gi}}\n" +
				"  options: {diskUsageThreshold: \"0.9\"}\n  storage: {ledgerVolumeClaimTemplate: {resources: {requests: {storage: 100Gi}}}}\n" +
				"  gitops: {durability: {ensembleSize: 3, writeQuorum: 2, ackQuorum: 2}}\n",
			want: Derived{
				Image: "apache/bookkeeper:4.17.4", BookKeeperVersion: "4.17.4", Java: 17,
				MetadataServiceURI: "zk://zookeeper-client:2181/bookkeeper/storage/bk/ledgers",
				BookieIDs: &BookieIDs{
					First: "bk-bookie-0.bk-bookie-headless.storage.svc.cluster.local:3181",
					Last:  "bk-bookie-4.bk-bookie-headless.storage.svc.cluster.local:3181",
				},
				Memory:    &MemoryPlan{Limit: 4 * gi, Heap: gi, Direct: 1638 * mebi, Overhead: 256 * mebi, Total: gi + 1638*mebi + 256*mebi},
				Capacity:  &Capacity{Bookies: 5, LedgerVolume: 100 * gi, DiskUsageThreshold: 0.9, WriteQuorum: 2, Usable: 225 * gi},
				Tolerance: Tolerance{NewLedgers: 2, Ensemble: 0, DataLosses: 1},
			},
		},
		"Operator, of which less is known": {
			spec: "  replicas: 2\n  envVars: elsewhere\n  image: {imageSpec: {repository: example.com/other}}\n  resources: {}\n" +
				"  options: {diskUsageThreshold: \"95\"}\n  gitops: {profile: Operator}\n",
			want: Derived{
				Image: "example.com/other:0.11.0", Tolerance: Tolerance{NewLedgers: -1, Ensemble: 1, DataLosses: 1},
			},
		},
		"Operator with Pravega's image": {
			spec: "  gitops: {profile: Operator}\n",
			want: Derived{
				Image: "pravega/bookkeeper:0.11.0", BookKeeperVersion: "4.14.1", Java: 11,
				MetadataServiceURI: "zk://zookeeper-client:2181/pravega/pravega-cluster/bookkeeper/ledgers",
				Memory:             &MemoryPlan{Limit: 2 * gi, Heap: gi, Direct: 2 * gi, Overhead: 512 * mebi, Total: 3*gi + 512*mebi},
				Capacity:           &Capacity{Bookies: 3, LedgerVolume: 10 * gi, DiskUsageThreshold: 0.95, WriteQuorum: 3, Usable: 10200547328},
				Tolerance:          Tolerance{NewLedgers: 0, Ensemble: 1, DataLosses: 1},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := Source{Name: "bk.yaml", Data: []byte(explainHeader + "  namespace: storage\nspec:\n" + test.spec)}
			if diff := cmp.Diff(test.want, explained(t, Options{}, source).Derived); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
