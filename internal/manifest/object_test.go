package manifest

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// object makes the smallest object that says which one it is.
func object(apiVersion, kind, namespace, name string) Object {
	meta := map[string]any{"name": name}
	if namespace != "" {
		meta["namespace"] = namespace
	}
	return Object{Data: map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": meta}}
}

func TestKey(t *testing.T) {
	for _, test := range []struct {
		name string
		in   Object
		want string
	}{
		{"in a namespace", object("apps/v1", "StatefulSet", "storage", "bookkeeper-bookie"), "apps/v1 StatefulSet storage/bookkeeper-bookie"},
		{"without one", object("v1", "Namespace", "", "storage"), "v1 Namespace storage"},
		{"no data", Object{}, "  "},
		{"parts that are no text", Object{Data: map[string]any{"apiVersion": int64(1), "kind": nil, "metadata": []any{}}}, "  "},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.in.Key().String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	for _, test := range []struct{ kind, name, want string }{
		{"ServiceAccount", "bk", "10-serviceaccount-bk.yaml"},
		{"Role", "bk", "15-role-bk.yaml"},
		{"RoleBinding", "bk", "20-rolebinding-bk.yaml"},
		{"ConfigMap", "bk", "25-configmap-bk.yaml"},
		{"Secret", "bk", "26-secret-bk.yaml"},
		{"Lease", "bk", "27-lease-bk.yaml"},
		{"Service", "bk", "30-service-bk.yaml"},
		{"PodDisruptionBudget", "bk", "40-poddisruptionbudget-bk.yaml"},
		{"NetworkPolicy", "bk", "45-networkpolicy-bk.yaml"},
		{"StatefulSet", "bookkeeper-bookie", "60-statefulset-bookkeeper-bookie.yaml"},
		{"Deployment", "bk", "70-deployment-bk.yaml"},
		{"Job", "bk", "75-job-bk.yaml"},
		{"PodMonitor", "bk", "80-podmonitor-bk.yaml"},
		{"PrometheusRule", "bk", "85-prometheusrule-bk.yaml"},
		{"ZookeeperCluster", "v1.bk", "90-zookeepercluster-v1.bk.yaml"},
		{"Role", "system:bk", "15-role-system_bk.yaml"},
		{"Role", "../../etc/passwd", "15-role-.._.._etc_passwd.yaml"},
		{"A/B", `c\é`, "90-a_b-c__.yaml"},
	} {
		t.Run(test.want, func(t *testing.T) {
			if got := object("v1", test.kind, "", test.name).FileName(); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestSort(t *testing.T) {
	want := []Object{
		object("v1", "ServiceAccount", "a", "z"),
		object("v1", "Service", "a", "b"),
		object("v1", "Service", "a", "c"),
		object("v1", "Service", "b", "a"),
		object("apps/v1", "StatefulSet", "a", "a"),
		object("batch/v1", "Job", "a", "a"),
		object("v1", "Namespace", "", "a"),
		object("x/v1", "Other", "", "a"),
		object("y/v1", "Other", "", "a"),
	}
	for range 10 {
		got := append([]Object(nil), want...)
		rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}
