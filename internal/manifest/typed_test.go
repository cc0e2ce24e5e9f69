package manifest

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	yaml2 "sigs.k8s.io/yaml"
)

// TestZeroValues has every kind that bkgen renders, as empty as the type allows: what the
// types of k8s.io/api write for a field that nobody set must not come out.
func TestZeroValues(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "bk"}
	pod := corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "c"}},
		Volumes:    []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
	}}
	const wantPod = "  template:\n    spec:\n      containers:\n      - name: c\n      volumes:\n      - emptyDir: {}\n        name: v\n"
	for _, test := range []struct {
		kind string
		in   runtime.Object
		want string
	}{
		{
			"apps/v1 StatefulSet", &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{
				Template: pod, ServiceName: "s", VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{ObjectMeta: meta}, {}},
			}},
			"metadata:\n  name: bk\nspec:\n  serviceName: s\n" + wantPod + "  volumeClaimTemplates:\n  - metadata:\n      name: bk\n    spec: {}\n  - spec: {}\n",
		},
		{"apps/v1 Deployment", &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Template: pod}}, "metadata:\n  name: bk\nspec:\n" + wantPod},
		{
			"v1 Service", &corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 3181}}}},
			"metadata:\n  name: bk\nspec:\n  ports:\n  - port: 3181\n",
		},
		{"policy/v1 PodDisruptionBudget", &policyv1.PodDisruptionBudget{ObjectMeta: meta}, "metadata:\n  name: bk\nspec: {}\n"},
		{
			"networking.k8s.io/v1 NetworkPolicy", &networkingv1.NetworkPolicy{ObjectMeta: meta, Spec: networkingv1.NetworkPolicySpec{
				Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}}, {}},
			}},
			"metadata:\n  name: bk\nspec:\n  ingress:\n  - from:\n    - namespaceSelector: {}\n  - {}\n  podSelector: {}\n",
		},
		{"v1 ConfigMap", &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"empty": ""}}, "data:\n  empty: \"\"\nmetadata:\n  name: bk\n"},
		{"v1 ServiceAccount", &corev1.ServiceAccount{ObjectMeta: meta}, "metadata:\n  name: bk\n"},
		{"v1 Secret", &corev1.Secret{ObjectMeta: meta}, "metadata:\n  name: bk\n"},
		{"rbac.authorization.k8s.io/v1 Role", &rbacv1.Role{ObjectMeta: meta}, "metadata:\n  name: bk\n"},
		{
			"rbac.authorization.k8s.io/v1 RoleBinding", &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: "g", Kind: "Role", Name: "r"}},
			"metadata:\n  name: bk\nroleRef:\n  apiGroup: g\n  kind: Role\n  name: r\n",
		},
		{"batch/v1 Job", &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{Template: pod}}, "metadata:\n  name: bk\nspec:\n" + wantPod},
		{"coordination.k8s.io/v1 Lease", &coordinationv1.Lease{ObjectMeta: meta}, "metadata:\n  name: bk\nspec: {}\n"},
	} {
		t.Run(test.kind, func(t *testing.T) {
			gvk := strings.Fields(test.kind)
			test.in.GetObjectKind().SetGroupVersionKind(schema.FromAPIVersionAndKind(gvk[0], gvk[1]))
			o, err := FromTyped(test.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := o.Key(); got != (Key{APIVersion: gvk[0], Kind: gvk[1], Name: "bk"}) {
				t.Errorf("got %v", got)
			}
			delete(o.Data, "apiVersion")
			delete(o.Data, "kind")
			if diff := cmp.Diff(test.want, string(o.AppendYAML(nil))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFromTypedMap(t *testing.T) {
	for _, test := range []struct {
		name string
		in   map[string]any
		want map[string]any
	}{
		{"null goes wherever it stands", map[string]any{"a": nil, "b": []any{nil, map[string]any{"c": nil}}}, map[string]any{"b": []any{map[string]any{}}}},
		{
			"what was empty but for null goes too, under the keys of typed structs",
			map[string]any{"spec": map[string]any{
				"template": map[string]any{"metadata": map[string]any{"creationTimestamp": nil}}, "updateStrategy": map[string]any{"rollingUpdate": nil},
			}},
			map[string]any{"spec": map[string]any{"template": map[string]any{}}},
		},
		{
			"every other empty value stays",
			map[string]any{"emptyDir": map[string]any{}, "ingress": []any{}, "strategy": []any{}, "resources": "", "value": "", "port": 0, "on": false},
			map[string]any{"emptyDir": map[string]any{}, "ingress": []any{}, "strategy": []any{}, "resources": "", "value": "", "port": int64(0), "on": false},
		},
		{
			"status goes only at the top and in claim templates",
			map[string]any{
				"status": map[string]any{"replicas": 3},
				"spec": map[string]any{
					"status":               "kept",
					"volumeClaimTemplates": []any{map[string]any{"status": map[string]any{"phase": "Pending"}, "spec": map[string]any{"status": "kept"}}},
				},
			},
			map[string]any{"spec": map[string]any{
				"status": "kept", "volumeClaimTemplates": []any{map[string]any{"spec": map[string]any{"status": "kept"}}},
			}},
		},
		{
			"numbers keep their text",
			map[string]any{"a": int64(math.MinInt64), "b": uint64(math.MaxUint64), "c": 0.25, "d": json.Number("1.50"), "e": float64(7), "f": json.Number("-0")},
			map[string]any{"a": int64(math.MinInt64), "b": json.Number("18446744073709551615"), "c": json.Number("0.25"), "d": json.Number("1.50"), "e": int64(7), "f": int64(0)},
		},
		{
			"text keeps its characters",
			map[string]any{"<&>": "a\\b\"c\"\n\t\r\b\f\x00\u2028 é 😀 </script>", "raw": json.RawMessage(`"\/ \u00e9 \ud83d\ude00 \ud83d \ude00\u0041 \ud83d\ud83d\ude00"`)},
			map[string]any{"<&>": "a\\b\"c\"\n\t\r\b\f\x00\u2028 é 😀 </script>", "raw": "/ é 😀 \ufffd \ufffdA \ufffd😀"},
		},
		{
			"a port of 0 is none only where the API server says so",
			map[string]any{"ports": []any{map[string]any{"targetPort": 0}, map[string]any{"targetPort": "http"}, map[string]any{"targetPort": "0"}}},
			map[string]any{"ports": []any{map[string]any{}, map[string]any{"targetPort": "http"}, map[string]any{"targetPort": "0"}}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, data := range []map[string]any{test.in, test.want} {
				data["apiVersion"], data["kind"], data["metadata"] = "v1", "K", map[string]any{"name": "bk"}
			}
			o, err := FromTyped(test.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, o.Data); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFromTypedErrors(t *testing.T) {
	for _, test := range []struct {
		name string
		in   any
		want string
	}{
		{"no JSON", map[string]any{"f": math.NaN()}, "encoding map[string]interface {}: json: unsupported value: NaN"},
		{"no object", []string{"a"}, `encoding []string: not an object but "[\"a\"]"`},
		{"nothing", nil, `encoding <nil>: not an object but "null"`},
		{"a number beyond float64", map[string]any{"n": json.Number("1e400")}, "number 1e400: more than a float64 holds"},
		{"no type", &corev1.ConfigMap{}, "encoding *v1.ConfigMap: apiVersion: missing or not text"},
		{"no kind", map[string]any{"apiVersion": "v1"}, `kind: missing or not text, required in every object (seen: "v1  ")`},
		{"no name", map[string]any{"apiVersion": "v1", "kind": "Service"}, "metadata.name: missing or not text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := FromTyped(test.in)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestTypedRoundTrip reads the rendered object back into its type, strictly, as the API server would.
func TestTypedRoundTrip(t *testing.T) {
	want := bookies()
	o, err := FromTyped(want)
	if err != nil {
		t.Fatal(err)
	}
	var got appsv1.StatefulSet
	if err := yaml2.UnmarshalStrict(o.AppendYAML(nil), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkFromTyped(b *testing.B) {
	sts := bookies()
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FromTyped(sts); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json.Marshal alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(sts); err != nil {
				b.Fatal(err)
			}
		}
	})
}
