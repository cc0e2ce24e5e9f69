package accept

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bkgen/bkgen/e2e/judge"
)

// testNoDrift syncs the sets that are for the engine or for none, as the engine does, and
// lets the controllers do their part. Then no way of comparing finds drift, and to sync
// again changes nothing.
func (s *suite) testNoDrift(t *testing.T, m judge.Method) {
	var objects []*unstructured.Unstructured
	for _, set := range s.sets {
		if set.engine != "none" && !strings.HasPrefix(string(m), set.engine) {
			continue
		}
		namespace := shortOf(m) + "-" + set.name
		s.place(t, set.in(namespace), set.hardened)
		objects = append(objects, set.in(namespace)...)
	}
	s.sync(t, m, objects)
	before := s.settle(t, objects)
	s.wantClean(t, m, objects)
	for _, v := range s.sync(t, m, objects) {
		if m == judge.Flux && v.Changed {
			t.Errorf("%s: %s at the second sync", v.Object, v.Way)
		}
	}
	for i, after := range s.settle(t, objects) {
		wantSame(t, "synced again", before[i], after)
	}
}

// wantClean fails for each object that any way of comparing finds changed.
func (s *suite) wantClean(t *testing.T, m judge.Method, objects []*unstructured.Unstructured) {
	t.Helper()
	verdicts, err := s.engines.Diff(t.Context(), m, objects)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(objects) * len(waysOf(m)); len(verdicts) != want {
		t.Errorf("%d verdicts, want %d", len(verdicts), want)
	}
	for _, v := range verdicts {
		if v.Changed || v.Error != "" {
			t.Error(v)
		}
		// Without nodes nothing is ready, and Argo CD sees it.
		if m != judge.Flux && strings.HasPrefix(v.Object, "StatefulSet/") && v.Health != "Progressing" {
			t.Errorf("%s: Argo CD says that it is %q", v.Object, v.Health)
		}
	}
}

func (s *suite) sync(t *testing.T, m judge.Method, objects []*unstructured.Unstructured) []judge.Verdict {
	t.Helper()
	done, err := s.engines.Sync(t.Context(), m, objects)
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != len(objects) {
		t.Fatalf("%s: %d objects were synced, want %d", m, len(done), len(objects))
	}
	return done
}

// testClaimKind shows what bkgen's claim templates with apiVersion and kind are for: the
// server adds them where they are missing, and Argo CD's structured merge would for ever
// take them away again. It also shows that this way of comparing sees what the others do not.
func (s *suite) testClaimKind(t *testing.T) {
	bookies := s.bookies(t, "claim-kind")
	claims, _, err := unstructured.NestedSlice(bookies.Object, "spec", "volumeClaimTemplates")
	if err != nil || len(claims) == 0 {
		t.Fatalf("%d claim templates, error %v", len(claims), err)
	}
	for _, claim := range claims {
		delete(claim.(map[string]any), "apiVersion")
		delete(claim.(map[string]any), "kind")
	}
	setField(t, bookies, claims, "spec", "volumeClaimTemplates")
	all := []*unstructured.Unstructured{bookies}
	s.sync(t, judge.ArgoCDServerSide, all)
	s.sync(t, judge.ArgoCDServerSide, all)
	want := map[judge.Way]bool{judge.ThreeWay: false, judge.StructuredMerge: true, judge.ServerSide: false}
	if diff := cmp.Diff(want, s.found(t, judge.ArgoCDServerSide, all)[name(bookies)]); diff != "" {
		t.Errorf("found by (-want +got):\n%s", diff)
	}
}

// waysOf are the ways in which the method's engine compares.
func waysOf(m judge.Method) []judge.Way {
	if m == judge.Flux {
		return []judge.Way{judge.DryRun}
	}
	return []judge.Way{judge.ThreeWay, judge.StructuredMerge, judge.ServerSide}
}

// shortOf begins the names of namespaces.
func shortOf(m judge.Method) string {
	return map[judge.Method]string{judge.ArgoCDClientSide: "argo", judge.ArgoCDServerSide: "argo-ssa", judge.Flux: "flux"}[m]
}
