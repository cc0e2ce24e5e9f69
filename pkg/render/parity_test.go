package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

const parityDir = "../../testdata/parity/bookkeeper"

// operatorStanza makes a document that has no stanza one of profile Operator.
const operatorStanza = "\n  gitops: {profile: Operator}\n"

// parityCluster is the cluster of a case under profile Operator.
func parityCluster(t testing.TB, name string, engine spec.Engine) spec.Cluster {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parityDir, name, "cluster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, spec.Options{Namespace: "default", Engine: engine}, source(withOperator(string(text)), nil))
}

// byMeaning compares objects as testdata/parity/README.md says.
var byMeaning = cmp.Options{
	cmp.Comparer(func(a, b resource.Quantity) bool { return a.Cmp(b) == 0 }),
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreTypes(metav1.Time{}, appsv1.StatefulSetStatus{}, corev1.ServiceStatus{}, policyv1.PodDisruptionBudgetStatus{}),
	cmpopts.IgnoreFields(metav1.ObjectMeta{}, "OwnerReferences"),
	cmp.FilterPath(ownAnnotations, cmp.Ignore()),
	cmp.FilterPath(claimAdditions, cmp.Ignore()),
	cmp.Comparer(sameProtocol),
}

// ownAnnotations are those of the object itself, where the delivery engine's stand.
func ownAnnotations(p cmp.Path) bool { return p.String() == "ObjectMeta.Annotations" }

// claimAdditions are what may be added to a claim template.
func claimAdditions(p cmp.Path) bool {
	switch p.String() {
	case "Spec.VolumeClaimTemplates.TypeMeta", "Spec.VolumeClaimTemplates.Spec.VolumeMode", "Spec.VolumeClaimTemplates.Status":
		return true
	}
	return false
}

func sameProtocol(a, b corev1.Protocol) bool {
	tcp := func(p corev1.Protocol) bool { return p == "" || p == corev1.ProtocolTCP }
	return a == b || tcp(a) && tcp(b)
}

func TestOperatorProfileIsEqualToTheOperator(t *testing.T) {
	for _, name := range folders(t, parityDir) {
		text, err := os.ReadFile(filepath.Join(parityDir, name, "operator.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		recorded, err := manifest.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		want, err := typedSet(recorded)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(want) != 4 {
			t.Fatalf("%s: the operator made %d objects, want 4", name, len(want))
		}
		for _, engine := range spec.Engines {
			t.Run(name+"/"+string(engine), func(t *testing.T) {
				got, err := typedSet(renderOf(t, name, engine))
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range want {
					g := got.find(w.key)
					if g == nil {
						t.Errorf("%s is not rendered", w.key)
						continue
					}
					if diff := cmp.Diff(w.typed, g, byMeaning); diff != "" {
						t.Errorf("%s (-operator +bkgen):\n%s", w.key, diff)
					}
					for key, value := range w.typed.(metav1.Object).GetAnnotations() {
						if seen := annotationOf(g, key); seen != value {
							t.Errorf("%s: annotation %s is %q, the operator's %q", w.key, key, seen, value)
						}
					}
				}
			})
		}
	}
}

// The comparison itself must see a difference: a template's annotation, a claim's size.
func TestParityComparisonSeesDifferences(t *testing.T) {
	objects := rendered(t, parityCluster(t, "sized", spec.EngineNone))
	changes := map[string]func(*appsv1.StatefulSet){
		"an annotation of the template": func(s *appsv1.StatefulSet) { s.Spec.Template.Annotations["a"] = "b" },
		"a claim's size": func(s *appsv1.StatefulSet) {
			s.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests["storage"] = resource.MustParse("1Gi")
		},
		"a port's protocol": func(s *appsv1.StatefulSet) { s.Spec.Template.Spec.Containers[0].Ports[0].Protocol = corev1.ProtocolUDP },
		"an argument":       func(s *appsv1.StatefulSet) { s.Spec.Template.Spec.Containers[0].Args = []string{"x"} },
		"a label":           func(s *appsv1.StatefulSet) { s.Labels["a"] = "b" },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			a := typed[appsv1.StatefulSet](t, objects, "StatefulSet", "events-bookie")
			b := a.DeepCopy()
			change(b)
			if cmp.Equal(a, b, byMeaning) {
				t.Error("not seen")
			}
		})
	}
}

// withOperator adds the stanza to the spec of a document, which may be empty or missing.
func withOperator(text string) string {
	switch {
	case strings.Contains(text, "\nspec: {}"):
		return strings.Replace(text, "\nspec: {}", "\nspec:"+operatorStanza, 1)
	case strings.Contains(text, "\nspec:\n"):
		return strings.Replace(text, "\nspec:\n", "\nspec:"+operatorStanza, 1)
	}
	return text + "spec:" + operatorStanza
}
