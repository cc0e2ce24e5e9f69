package accept

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bkgen/bkgen/e2e/judge"
)

// testNoDrift syncs the sets that are for the engine or for none, as the engine does,
// and lets the controllers do their part.
// Then no way of comparing finds drift, and Flux finds nothing to apply again.
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
		if was, is := before[i].GetResourceVersion(), after.GetResourceVersion(); was != is {
			t.Errorf("%s has resource version %s after the second sync, was %s", name(after), is, was)
		}
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
