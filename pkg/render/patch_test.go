package render

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// small is a stanza with which little but the bookies is rendered: patching is slow.
const small = "networkPolicy: {enabled: false}\n"

func smallCluster(t testing.TB, patches string, files fstest.MapFS) spec.Cluster {
	t.Helper()
	return decode(t, spec.Options{}, source(minimal(spec.Hardened, small+"patches:\n"+patches, "autoRecovery: false"), files))
}

// changed are the names of objects that differ between two renders, and of those that
// only one of them has.
func changed(before, after []manifest.Object) []string {
	text := map[string]string{}
	for _, o := range before {
		text[o.FileName()] = string(o.AppendYAML(nil))
	}
	list := []string{}
	for _, o := range after {
		if text[o.FileName()] != string(o.AppendYAML(nil)) {
			list = append(list, o.FileName())
		}
		delete(text, o.FileName())
	}
	for _, o := range before {
		if _, gone := text[o.FileName()]; gone {
			list = append(list, "no "+o.FileName())
		}
	}
	return list
}

// Every way to write a patch, one object and field each.
func TestPatchForms(t *testing.T) {
	const label = "- {op: add, path: /metadata/labels/patched, value: \"yes\"}"
	const set = "60-statefulset-bk-bookie.yaml"
	for name, c := range map[string]struct {
		patches string
		want    []string
	}{
		"strategic merge with a namespace": {`
- patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: bk-bookie, namespace: storage, labels: {patched: "yes"}}
`, []string{set}},
		"strategic merge without a namespace": {`
- patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: bk-bookie, labels: {patched: "yes"}}
`, []string{set}},
		"strategic merge with a target, whose own name does not count": {`
- target: {kind: StatefulSet}
  patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: any, labels: {patched: "yes"}}
`, []string{set}},
		"strategic merge of two documents": {`
- patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: bk-bookie, namespace: storage, labels: {patched: "yes"}}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: bk-bookie-headless, namespace: storage, labels: {patched: "yes"}}
`, []string{"30-service-bk-bookie-headless.yaml", set}},
		"JSON 6902 by kind":                {"- target: {kind: StatefulSet}\n  patch: |\n    " + label + "\n", []string{set}},
		"JSON 6902 by name":                {"- target: {name: bk-bookie-headless}\n  patch: |\n    " + label + "\n", []string{"30-service-bk-bookie-headless.yaml"}},
		"JSON 6902 by a pattern of a name": {"- target: {kind: Stateful.*, name: bk-.*}\n  patch: |\n    " + label + "\n", []string{set}},
		"JSON 6902 by group and version":   {"- target: {group: apps, version: v1}\n  patch: |\n    " + label + "\n", []string{set}},
		"JSON 6902 by namespace":           {"- target: {kind: Service, namespace: storage}\n  patch: |\n    " + label + "\n", []string{"30-service-bk-bookie-headless.yaml"}},
		"JSON 6902 by label":               {"- target: {labelSelector: component=bookie}\n  patch: |\n    " + label + "\n", []string{"10-serviceaccount-bk-bookie.yaml", "30-service-bk-bookie-headless.yaml", "40-poddisruptionbudget-bk-bookie.yaml", set}},
		"JSON 6902 by annotation":          {"- target: {annotationSelector: bookkeeper.version=4.17.4}\n  patch: |\n    " + label + "\n", []string{set}},
		"JSON 6902 as JSON": {`
- target: {kind: StatefulSet}
  patch: '[{"op": "add", "path": "/metadata/labels/patched", "value": "yes"}]'
`, []string{set}},
		"a file": {"- {path: patches/label.yaml, target: {kind: StatefulSet}}\n", []string{set}},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := smallCluster(t, strings.TrimPrefix(c.patches, "\n"), fstest.MapFS{"patches/label.yaml": {Data: []byte(label)}})
			got := rendered(t, cluster)
			if diff := cmp.Diff(c.want, changed(unpatched(t, cluster), got)); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
			for _, o := range got {
				want := any(nil)
				for _, file := range c.want {
					if o.FileName() == file {
						want = "yes"
					}
				}
				if seen := at(o, "metadata", "labels", "patched"); seen != want {
					t.Errorf("%s: the label is %v, want %v", o.Key(), seen, want)
				}
			}
		})
	}
}

// unpatched renders a cluster without its patches.
func unpatched(t testing.TB, c spec.Cluster) []manifest.Object {
	t.Helper()
	b := *c.(*spec.BookKeeper)
	b.Spec.GitOps.Patches = nil
	return rendered(t, &b)
}

func TestPatchesAreAppliedInOrder(t *testing.T) {
	c := smallCluster(t, `
- target: {kind: StatefulSet}
  patch: |
    - {op: add, path: /spec/template/spec/priorityClassName, value: first}
- target: {kind: StatefulSet}
  patch: |
    - {op: test, path: /spec/template/spec/priorityClassName, value: first}
    - {op: replace, path: /spec/template/spec/priorityClassName, value: second}
- patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: bk-bookie}
    spec: {template: {spec: {nodeSelector: {a: b}}}}
`[1:], nil)
	pod := typed[appsv1.StatefulSet](t, rendered(t, c), "StatefulSet", "bk-bookie").Spec.Template.Spec
	if pod.PriorityClassName != "second" || pod.NodeSelector["a"] != "b" {
		t.Errorf("priorityClassName %q, nodeSelector %v", pod.PriorityClassName, pod.NodeSelector)
	}
}

// A field of every kind that is rendered can be reached, and the others stay as they are.
func TestEveryKindCanBePatched(t *testing.T) {
	fields := map[string]string{
		"ServiceAccount":      "- {op: add, path: /imagePullSecrets, value: [{name: a}]}",
		"ConfigMap":           "- {op: add, path: /metadata/labels, value: {a: b}}",
		"Service":             "- {op: add, path: /spec/sessionAffinity, value: ClientIP}",
		"PodDisruptionBudget": "- {op: add, path: /spec/unhealthyPodEvictionPolicy, value: AlwaysAllow}",
		"NetworkPolicy":       "- {op: add, path: /spec/policyTypes/-, value: Egress}\n- {op: add, path: /spec/egress, value: [{ports: [{port: 2181}]}]}",
		"StatefulSet":         "- {op: replace, path: /spec/template/spec/containers/0/livenessProbe/timeoutSeconds, value: 33}",
		"Deployment":          "- {op: add, path: /spec/progressDeadlineSeconds, value: 99}",
		"PodMonitor":          "- {op: add, path: /spec/podMetricsEndpoints/0/honorLabels, value: true}",
	}
	reached := map[string]bool{}
	for _, name := range []string{"bookkeeper-everything", "bookkeeper-operator-everything"} {
		c := goldenCluster(t, name, spec.EngineArgoCD)
		c.Stanza().Patches = nil
		before := rendered(t, c)
		want := []string{}
		for _, o := range before {
			if kind := o.Key().Kind; !reached[kind] {
				reached[kind] = true
				want = append(want, o.FileName())
				c.Stanza().Patches = append(c.Stanza().Patches, spec.Patch{Patch: fields[kind], Target: &spec.PatchTarget{Kind: kind, Name: o.Key().Name}})
			}
		}
		if diff := cmp.Diff(want, changed(before, rendered(t, c))); diff != "" {
			t.Errorf("%s: changed (-want +got):\n%s", name, diff)
		}
	}
	for kind := range fields {
		if !reached[kind] {
			t.Errorf("no %s was rendered", kind)
		}
	}
}

func TestPatchRemovesAnOptionalObject(t *testing.T) {
	c := decode(t, spec.Options{}, source(minimal(spec.Hardened, `
podMonitor: {enabled: true}
patches:
- patch: |
    $patch: delete
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: bk-bookie}
- target: {kind: PodMonitor}
  patch: |
    $patch: delete
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata: {name: any}
`[1:], "autoRecovery: false"), nil))
	want := []string{"no 45-networkpolicy-bk-bookie.yaml", "no 80-podmonitor-bk-bookie.yaml"}
	if diff := cmp.Diff(want, changed(unpatched(t, c), rendered(t, c))); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
}

// What a patch brings is made as canonical and complete as the rest.
func TestPatchedObjectsAreCanonical(t *testing.T) {
	c := smallCluster(t, `
- patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: bk-bookie, creationTimestamp: null}
    spec:
      template:
        spec:
          tolerations: []
          containers:
          - name: bookie
            resources: {limits: {cpu: 2000m, memory: 8192Mi}, requests: {cpu: "0.5", memory: 1.5Gi}}
          - name: more
            image: example.com/more:1
            ports: [{containerPort: 1234}]
      volumeClaimTemplates:
      - {metadata: {name: journal}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 20480Mi}}}}
      - {metadata: {name: ledger}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Gi}}}}
      - {metadata: {name: index}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10240Mi}}}}
- target: {kind: Service}
  patch: |
    - {op: add, path: /spec/ports/-, value: {name: more, port: 1234}}
    - {op: add, path: /status, value: {loadBalancer: {}}}
`[1:], nil)
	objects := rendered(t, c)
	for _, o := range objects {
		for _, fault := range append(faults(o.Data), portsWithoutProtocol(o.Data)...) {
			t.Errorf("%s: %s", o.Key(), fault)
		}
	}
	if _, there := object(t, objects, "Service", "bk-bookie-headless").Data["status"]; there {
		t.Error("the Service has a status")
	}
	set := object(t, objects, "StatefulSet", "bk-bookie")
	containers := at(set, "spec", "template", "spec", "containers").([]any)
	for i, c := range containers {
		if c.(map[string]any)["name"] != "bookie" {
			continue
		}
		want := `{"limits":{"cpu":"2","memory":"8Gi"},"requests":{"cpu":"500m","memory":"1536Mi"}}`
		if got := jsonOf(t, at(set, "spec", "template", "spec", "containers", i, "resources")); got != want {
			t.Errorf("resources are %s, want %s", got, want)
		}
	}
	for i, want := range []string{"20Gi", "1Ti", "10Gi"} {
		claim := manifest.Object{Data: at(set, "spec", "volumeClaimTemplates", i).(map[string]any)}
		if got := at(claim, "spec", "resources", "requests", "storage"); got != want {
			t.Errorf("claim %d requests %v, want %s", i, got, want)
		}
		if k := claim.Key(); k.APIVersion != "v1" || k.Kind != "PersistentVolumeClaim" || at(claim, "spec", "volumeMode") != "Filesystem" {
			t.Errorf("claim %d is not complete: %s", i, jsonOf(t, claim.Data))
		}
	}
}

// wicked are texts that one or the other YAML parser or printer takes for something else.
var wicked = []string{
	"on", "Off", "y", "N", "yes", "null", "~", "", " ", "0x1f", "0o17", "017", "1_000", "12:30:45", "1e3", ".5", "+1", "-0", "0b1", ".inf", ".NaN",
	"2026-01-31", "2026-01-31T12:00:00Z", "=", "<<", "---", "- a", "a: b", "a #b", "# a", "%a", "@a", "`a", "!a", "&a", "*a", "{a}", "[a]", "'a", `"a`, "|", ">",
	" lead", "trail ", "tab\tinside", "\tlead", "two\nlines", "two\nlines\n", "\n", "a\n\n\nb\n\n", "  deep\nless\n", "cr\r\nlf", "ü€😀", "\u0085\u2028\ufeff", "${FLUX}", "$(POD)", `back\slash`,
	strings.Repeat("long words ", 30), strings.Repeat("x", 300),
}

// A patch elsewhere leaves every text as it was.
func TestPatchingElsewhereChangesNoText(t *testing.T) {
	b := smallCluster(t, "- {target: {kind: ServiceAccount}, patch: '- {op: add, path: /metadata/labels/a, value: b}'}\n", nil).(*spec.BookKeeper)
	for i, text := range wicked {
		b.Spec.GitOps.Pod.Env = append(b.Spec.GitOps.Pod.Env, corev1.EnvVar{Name: "V" + string(rune('A'+i/26)) + string(rune('A'+i%26)), Value: text})
	}
	got := rendered(t, b)
	if diff := cmp.Diff([]string{"10-serviceaccount-bk-bookie.yaml"}, changed(unpatched(t, b), got)); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	env := typed[appsv1.StatefulSet](t, got, "StatefulSet", "bk-bookie").Spec.Template.Spec.Containers[0].Env
	for i, text := range wicked {
		if got := env[len(env)-len(wicked)+i].Value; got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
