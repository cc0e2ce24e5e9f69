package spec

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// clusterFiles are the specs of the examples and of the recorded operator's clusters.
func clusterFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, root := range []string{"../../examples", "../../testdata/parity/bookkeeper"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if ok, _ := filepath.Match("cluster*.yaml", filepath.Base(name)); ok {
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(names) < 10 {
		t.Fatalf("%d specs found", len(names))
	}
	return names
}

// freeformOf is a document as a validator sees it.
func freeformOf(doc *document) any {
	value, _ := (&decoder{doc: doc}).freeform(place{node: doc.root})
	return value
}

func TestSchemaTakesEverySpecOfTheRepository(t *testing.T) {
	v := newValidator(t)
	for _, name := range clusterFiles(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		documents, problems := documents(Source{Name: name, Data: text})
		if len(problems) > 0 {
			t.Fatalf("problems %q", problems)
		}
		for _, doc := range documents {
			if _, kind, _, _ := doc.header(); kind != bookKeeperKind {
				continue
			}
			for _, p := range v.validate(v.root, freeformOf(doc), "") {
				t.Errorf("%s: %s", name, p)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	const base = "apiVersion: bookkeeper.pravega.io/v1alpha1\nkind: BookkeeperCluster\nmetadata: {name: bk}\n"
	for name, test := range map[string]struct{ data, at string }{
		"no name":                          {"apiVersion: bookkeeper.pravega.io/v1alpha1\nkind: BookkeeperCluster\nmetadata: {}\n", "metadata"},
		"no kind":                          {"apiVersion: bookkeeper.pravega.io/v1alpha1\nmetadata: {name: bk}\n", ""},
		"another kind":                     {strings.Replace(base, "BookkeeperCluster", "Kafkacluster", 1), "kind"},
		"an unknown field":                 {base + "spec: {replica: 3}\n", "spec"},
		"an unknown field beside spec":     {base + "specs: {}\n", ""},
		"an unknown field of the metadata": {base + "metadata: {name: bk, label: {}}\n", "metadata"},
		"an unknown field of the stanza":   {base + "spec: {gitops: {rollout: {soak: 3}}}\n", "spec.gitops.rollout"},
		"an unknown field of Kubernetes'":  {base + "spec: {initContainers: [{name: a, imag: b}]}\n", "spec.initContainers[0]"},
		"a string for an integer":          {base + "spec: {replicas: three}\n", "spec.replicas"},
		"a number that is no integer":      {base + "spec: {replicas: 2.5}\n", "spec.replicas"},
		"an integer for a string":          {base + "spec: {options: {a: 1}}\n", "spec.options.a"},
		"a boolean for a string":           {base + "spec: {labels: {a: true}}\n", "spec.labels.a"},
		"a list for a mapping":             {base + "spec: {gitops: []}\n", "spec.gitops"},
		"a mapping for a list":             {base + "spec: {tolerations: {}}\n", "spec.tolerations"},
		"a value that is not enumerated":   {base + "spec: {gitops: {engine: helm}}\n", "spec.gitops.engine"},
		"too small a number":               {base + "spec: {replicas: 0}\n", "spec.replicas"},
		"no version":                       {base + "spec: {version: latest}\n", "spec.version"},
		"no quantity":                      {base + "spec: {resources: {limits: {memory: 10GB}}}\n", "spec.resources.limits.memory"},
		"no integer and no string":         {base + "spec: {initContainers: [{name: a, livenessProbe: {httpGet: {port: 1.5}}}]}\n", "spec.initContainers[0].livenessProbe.httpGet.port"},
		"a container without a name":       {base + "spec: {initContainers: [{image: b}]}\n", "spec.initContainers[0]"},
		"an image without a repository":    {base + "spec: {image: {imageSpec: {pullPolicy: Always}}}\n", "spec.image.imageSpec"},
		"a patch in two places":            {base + "spec: {gitops: {patches: [{path: a, patch: b}]}}\n", "spec.gitops.patches[0]"},
		"a patch of nothing":               {base + "spec: {gitops: {patches: [{target: {kind: Service}}]}}\n", "spec.gitops.patches[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newValidator(t)
			data := test.data
			if strings.Count(data, "metadata:") > 1 {
				data = strings.Replace(data, "metadata: {name: bk}\n", "", 1)
			}
			problems := v.validate(v.root, freeformOf(parsed(t, data)), "")
			if len(problems) == 0 {
				t.Fatal("the schema takes it")
			}
			for _, p := range problems {
				if !strings.HasPrefix(p, test.at+": ") {
					t.Errorf("problem %q, want only problems at %q", p, test.at)
				}
			}
		})
	}
}

// problemsAt are Decode's errors at a field path where the field holds a value, without
// those of rules that look at more than the field.
func problemsAt(path, value string) []string {
	data, indent := "apiVersion: bookkeeper.pravega.io/v1alpha1\nkind: BookkeeperCluster\n", ""
	if path != "metadata.name" {
		data += "metadata:\n  name: bk\n"
	}
	keys := strings.Split(path, ".")
	if path == "metadata.namespace" {
		keys, indent = []string{"namespace"}, "  "
	}
	for i, key := range keys {
		data += indent + key + ":"
		indent += "  "
		if i < len(keys)-1 {
			data += "\n"
		}
	}
	_, problems := Decode([]Source{{Name: "bk.yaml", Data: []byte(data + " " + value + "\n")}}, Options{Namespace: "storage"})
	var messages []string
	for _, p := range problems {
		if p.Severity == Error && p.Path == path && !slices.ContainsFunc(widerRules, func(s string) bool { return strings.Contains(p.Message, s) }) {
			messages = append(messages, p.Message)
		}
	}
	return messages
}

// widerRules are in the messages of rules that no schema of one field can hold.
var widerRules = []string{
	"not supported yet", "cannot hold an ensemble", "is not among the inputs", "is no image that bkgen knows",
	"does not know which BookKeeper", "is too old for",
}

func TestSchemaEnumeratesWhatDecodeAllows(t *testing.T) {
	for path, values := range schemaEnums {
		got := strings.Join(problemsAt(path, "zzzzzzzz"), "\n")
		if want := fmt.Sprintf("seen %q, allowed %s", "zzzzzzzz", strings.Join(values, ", ")); got != want {
			t.Errorf("%s: Decode says %q, the schema's values make %q", path, got, want)
		}
	}
}

func TestSchemaMinimumsAreDecodes(t *testing.T) {
	for path, least := range schemaMinimums {
		if got := problemsAt(path, fmt.Sprint(*least-1)); len(got) == 0 {
			t.Errorf("%s: Decode takes %d, the schema's minimum is %d", path, *least-1, *least)
		}
		if got := problemsAt(path, fmt.Sprint(*least)); len(got) > 0 {
			t.Errorf("%s: Decode says %q of the schema's minimum, %d", path, got, *least)
		}
	}
}

func TestSchemaPatternsAgreeWithDecode(t *testing.T) {
	samples := map[string]struct{ good, bad []string }{
		"metadata.name":                       {[]string{"a", "bk-1"}, []string{"1a", "-a", "a-", "A", "a.b", "a_b"}},
		"metadata.namespace":                  {[]string{"a", "1-a"}, []string{"a.b", "A", "-a", strings.Repeat("a", 64)}},
		"spec.version":                        {[]string{"0.5.0", "v0.11.0", "0.13.0-2252.b6f6512"}, []string{"latest", "4.17", "x4.17.4"}},
		"spec.image.imageSpec.repository":     {[]string{"apache/bookkeeper", "h:5000/apache/bookkeeper"}, []string{"a b", "apache/bookkeeper@sha256", "a/B"}},
		"spec.serviceAccountName":             {[]string{"a", "a.b-c"}, []string{"A", "a_b", "a..b"}},
		"spec.envVars":                        {[]string{"a", "a.b-c"}, []string{"A", "a_b", "a..b"}},
		"spec.gitops.kubeVersion":             {[]string{"\"1.33\"", "v1.30"}, []string{"1.33.2", "\"2.0\"", "new"}},
		"spec.gitops.clusterDomain":           {[]string{"cluster.local", "k8s"}, []string{"a_b", ".local"}},
		"spec.gitops.image.digest":            {[]string{"sha256:" + strings.Repeat("0a", 32)}, []string{"sha256:0a", strings.Repeat("0a", 32), "sha256:" + strings.Repeat("0A", 32)}},
		"spec.gitops.image.bookkeeperVersion": {[]string{"4.17.4"}, []string{"four", "\"4.17\""}},
		"spec.gitops.pod.priorityClassName":   {[]string{"a", "a.b-c"}, []string{"A", "a_b", "a..b"}},
		"spec.gitops.argocd.version":          {[]string{"\"3.3\"", "v3.3.1"}, []string{"\"3\"", "new"}},
		"spec.gitops.argocd.application":      {[]string{"argocd/bookkeeper"}, []string{"bookkeeper", "a/b/c", "A/b"}},
	}
	for path, pattern := range schemaPatterns {
		sample, ok := samples[path]
		if !ok {
			t.Errorf("%s has no samples", path)
		}
		check := func(value string, want bool) {
			taken, problems := regexp.MustCompile(pattern).MatchString(strings.Trim(value, `"`)), problemsAt(path, value)
			if taken != want || (len(problems) == 0) != want {
				t.Errorf("%s: %s: the schema takes it: %v; Decode says %q", path, value, taken, problems)
			}
		}
		for _, value := range sample.good {
			check(value, true)
		}
		for _, value := range sample.bad {
			check(value, false)
		}
	}
}

func TestSchemaIsDescribed(t *testing.T) {
	v := newValidator(t)
	for path, want := range map[string]string{
		"spec.replicas":                    "replicas is the number of bookies.",
		"spec.annotations":                 "labels and annotations are added to the Service, the StatefulSet and its pods.",
		"spec.gitops.profile":              "profile says which objects a spec becomes.",
		"spec.gitops.image.fsGroup":        "runAsUser, runAsGroup and fsGroup are the ids of the process and of its files.",
		"spec.gitops.argocd":               "argocd describes the Argo CD that delivers the output.",
		"spec.gitops.durability.ackQuorum": "Durability is how the cluster's clients write: each entry goes to writeQuorum of ensembleSize bookies and is acknowledged by ackQuorum of them.",
	} {
		at := v.root
		for key := range strings.SplitSeq(path, ".") {
			at = at["properties"].(map[string]any)[key].(map[string]any)
		}
		if at["description"] != want {
			t.Errorf("%s: %q, want %q", path, at["description"], want)
		}
	}
	container := v.root["definitions"].(map[string]any)["core.v1.Container"].(map[string]any)
	if text, _ := container["description"].(string); !strings.Contains(text, "container") {
		t.Errorf("core.v1.Container is described as %q", text)
	}
}

func TestSchemaShowsDefaults(t *testing.T) {
	defaults := schemaDefaults()
	for path, want := range map[string]any{
		"spec.replicas": 3.0, "spec.autoRecovery": true, "spec.version": "0.11.0", "spec.gitops.testMode": false,
		"spec.probes.livenessProbe.periodSeconds": 30.0, "spec.probes.readinessProbe.initialDelaySeconds": 0.0,
	} {
		if defaults[path] != want {
			t.Errorf("%s: %v, want %v", path, defaults[path], want)
		}
	}
	if affinity, ok := defaults["spec.affinity"]; ok {
		t.Errorf("spec.affinity: %v, which depends on the cluster's name", affinity)
	}
}

func TestSchemaIsTheSameEachTime(t *testing.T) {
	if !bytes.Equal(Schema(), Schema()) {
		t.Error("two calls differ")
	}
}
