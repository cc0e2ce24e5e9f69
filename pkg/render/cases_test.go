package render

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// forEachRender runs a test with every render that the goldens and the parity cases are.
// Each is made once for all tests, which must not change it.
func forEachRender(t *testing.T, test func(*testing.T, spec.Cluster, []manifest.Object)) {
	t.Helper()
	for _, r := range allRenders(t) {
		t.Run(r.name, func(t *testing.T) { test(t, r.cluster, r.objects) })
	}
}

type oneRender struct {
	name    string
	cluster spec.Cluster
	objects []manifest.Object
}

var renders []oneRender

func allRenders(t *testing.T) []oneRender {
	t.Helper()
	if renders != nil {
		return renders
	}
	var all []oneRender
	add := func(name string, engine spec.Engine, c spec.Cluster) {
		all = append(all, oneRender{name + "/" + string(engine), c, rendered(t, c)})
	}
	for _, name := range folders(t, goldenDir) {
		for _, engine := range enginesOf(name) {
			add(name, engine, goldenCluster(t, name, engine))
		}
	}
	for _, name := range folders(t, parityDir) {
		for _, engine := range spec.Engines {
			add(name, engine, parityCluster(t, name, engine))
		}
	}
	renders = all
	return all
}

// renderOf is the render of a case for an engine.
func renderOf(t *testing.T, name string, engine spec.Engine) []manifest.Object {
	t.Helper()
	for _, r := range allRenders(t) {
		if r.name == name+"/"+string(engine) {
			return r.objects
		}
	}
	t.Fatalf("no case %s for %s", name, engine)
	return nil
}

// podSet is what makes pods of one template.
type podSet struct {
	key      manifest.Key
	selector *metav1.LabelSelector
	template corev1.PodTemplateSpec
	claims   []string
}

// podSets are the workloads among objects; each cluster has one at least.
func podSets(t testing.TB, objects []manifest.Object) []podSet {
	t.Helper()
	set, err := typedSet(objects)
	if err != nil {
		t.Fatal(err)
	}
	var sets []podSet
	for _, o := range set {
		switch w := o.typed.(type) {
		case *appsv1.StatefulSet:
			sets = append(sets, podSet{o.key, w.Spec.Selector, w.Spec.Template, claimNames(w.Spec.VolumeClaimTemplates)})
		case *appsv1.Deployment:
			sets = append(sets, podSet{o.key, w.Spec.Selector, w.Spec.Template, nil})
		}
	}
	if len(sets) == 0 {
		t.Fatal("no workload among the objects")
	}
	return sets
}

func containersOf(pod corev1.PodSpec) []corev1.Container {
	return append(append([]corev1.Container{}, pod.InitContainers...), pod.Containers...)
}
