package accept

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bkgen/bkgen/e2e/cluster"
)

// settle waits until the controllers have done with each object what they can without a
// node, and returns the live objects.
func (s *suite) settle(t *testing.T, objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	lives := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		err := cluster.Await(ctx, name(object)+" to settle", func(ctx context.Context) (err error) {
			if lives[i], err = s.client.get(ctx, object); err != nil {
				return err
			}
			return unsettled(lives[i])
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return lives
}

// unsettled says what its controller has still to do with an object: nothing, for kinds
// whose status nobody writes.
func unsettled(live *unstructured.Unstructured) error {
	var asked string // the field of the status that tells how much of it is there
	want := number(live, "spec", "replicas")
	switch live.GetKind() {
	case "StatefulSet":
		asked = "replicas"
	case "Deployment":
		asked = "unavailableReplicas"
	case "PodDisruptionBudget":
		asked, want = "expectedPods", max(1, number(live, "status", "expectedPods"))
	default:
		return nil
	}
	if seen := number(live, "status", "observedGeneration"); seen != live.GetGeneration() {
		return fmt.Errorf("generation %d is seen, want %d", seen, live.GetGeneration())
	}
	if is := number(live, "status", asked); is != want {
		return fmt.Errorf("status.%s is %d, want %d", asked, is, want)
	}
	return nil
}

// number is 0 where the field is not there.
func number(object *unstructured.Unstructured, path ...string) int64 {
	n, _, _ := unstructured.NestedInt64(object.Object, path...)
	return n
}
