package accept

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/bkgen/bkgen/e2e/judge"
)

// edit is one change to the bookies' StatefulSet, in the committed files or in the cluster.
type edit struct {
	name string
	// committed changes what is committed, as kustomize edit does.
	committed func(t *testing.T, desired *unstructured.Unstructured)
	// live is a JSON patch by a person with kubectl.
	live []operation
	// removed is that the committed files are silent about what was synced from them.
	removed bool
	// added is that the committed files are silent about what a person has added.
	added bool
}

// missed is that by its nature a way of comparing does not find the edit: where the files
// are silent, only memory of what was applied tells drift from what is others' business.
// A person's additions are in nobody's memory. What was synced and is no longer committed is
// in the annotation of the last apply, which only the three-way comparison reads, or in the
// server's field managers, which remember no client-side apply.
func (e edit) missed(m judge.Method, way judge.Way) bool {
	return e.added || e.removed && m == judge.ArgoCDClientSide && way == judge.ServerSide
}

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

const (
	firstContainer = "/spec/template/spec/containers/0"
	version        = "bookkeeper.version"
)

var edits = []edit{
	{name: "image tag", committed: func(t *testing.T, o *unstructured.Unstructured) {
		containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
		if err != nil {
			t.Fatal(err)
		}
		containers[0].(map[string]any)["image"] = "apache/bookkeeper:4.17.5"
		setField(t, o, containers, "spec", "template", "spec", "containers")
	}},
	{name: "replicas", committed: func(t *testing.T, o *unstructured.Unstructured) {
		setField(t, o, int64(9), "spec", "replicas")
	}},
	{name: "label added", committed: func(t *testing.T, o *unstructured.Unstructured) {
		setField(t, o, "data", "metadata", "labels", "team")
	}},
	{name: "annotation removed", removed: true, committed: func(_ *testing.T, o *unstructured.Unstructured) {
		unstructured.RemoveNestedField(o.Object, "metadata", "annotations", version)
	}},
	{name: "env value by hand", live: []operation{{"replace", firstContainer + "/env/1/value", "/elsewhere"}}},
	{name: "image by hand", live: []operation{{"replace", firstContainer + "/image", "apache/bookkeeper:4.16.6"}}},
	{name: "replicas by hand", live: []operation{{"replace", "/spec/replicas", 1}}},
	{name: "label by hand", live: []operation{{"replace", "/metadata/labels/component", "other"}}},
	{name: "annotation removed by hand", live: []operation{{"remove", "/metadata/annotations/" + version, nil}}},
	{name: "setting by hand", live: []operation{{"replace", "/spec/template/metadata/annotations/bkgen.io~1bk-server-conf", "bookiePort=3181\n"}}},
	{name: "env entry added by hand", added: true, live: []operation{{"add", firstContainer + "/env/-", map[string]any{"name": "X", "value": "y"}}}},
	{name: "label added by hand", added: true, live: []operation{{"add", "/metadata/labels/x", "y"}}},
}

// testEdits syncs a StatefulSet for each edit, edits it, and asks each way of comparing
// whether it finds it. Then it syncs again, which puts right what was edited.
func (s *suite) testEdits(t *testing.T, m judge.Method) {
	desired := make([]*unstructured.Unstructured, len(edits))
	for i, e := range edits {
		desired[i] = s.bookies(t, shortOf(m)+"-"+strings.ReplaceAll(e.name, " ", "-"))
	}
	s.sync(t, m, desired)
	before := s.settle(t, desired)
	for i, e := range edits {
		if e.committed != nil {
			e.committed(t, desired[i])
		} else if err := s.client.patch(t.Context(), desired[i], types.JSONPatchType, e.live); err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
	}
	found := s.found(t, m, desired)
	for i, e := range edits {
		for _, way := range inUse(m) {
			if seen, want := found[name(desired[i])][way], !e.missed(m, way); seen != want {
				t.Errorf("%s: found by %s: %v, want %v", e.name, way, seen, want)
			}
		}
	}
	s.sync(t, m, desired)
	after := s.settle(t, desired)
	s.wantClean(t, m, desired)
	for i, e := range edits {
		// Flux takes back what kubectl has written, Argo CD only what is committed otherwise.
		want := e.committed == nil && (!e.added || m == judge.Flux)
		if undone := cmp.Equal(content(before[i]), content(after[i])); undone != want {
			t.Errorf("%s: undone by the next sync: %v, want %v", e.name, undone, want)
		}
	}
}

// inUse are the ways of comparing that the engine can be made to use after such a sync: with
// server-side apply, Argo CD compares by structured merge in place of its default.
func inUse(m judge.Method) []judge.Way {
	switch m {
	case judge.ArgoCDClientSide:
		return []judge.Way{judge.ThreeWay, judge.ServerSide}
	case judge.ArgoCDServerSide:
		return []judge.Way{judge.StructuredMerge, judge.ServerSide}
	}
	return waysOf(m)
}

// content is all of an object that people and engines write.
func content(o *unstructured.Unstructured) map[string]any {
	return map[string]any{"labels": o.GetLabels(), "annotations": o.GetAnnotations(), "spec": o.Object["spec"]}
}

// found says which ways find which object changed.
func (s *suite) found(t *testing.T, m judge.Method, objects []*unstructured.Unstructured) map[string]map[judge.Way]bool {
	t.Helper()
	verdicts, err := s.engines.Diff(t.Context(), m, objects)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]map[judge.Way]bool{}
	for _, v := range verdicts {
		if v.Error != "" {
			t.Error(v)
		}
		if found[v.Object] == nil {
			found[v.Object] = map[judge.Way]bool{}
		}
		found[v.Object][v.Way] = v.Changed
	}
	return found
}

// bookies returns the StatefulSet of the smallest golden, in a new namespace.
func (s *suite) bookies(t *testing.T, namespace string) *unstructured.Unstructured {
	t.Helper()
	for _, set := range s.sets {
		if set.name != "bookkeeper-minimal-argocd" {
			continue
		}
		for _, object := range set.kind("StatefulSet") {
			object = object.DeepCopy()
			object.SetNamespace(namespace)
			s.place(t, []*unstructured.Unstructured{object}, set.hardened)
			return object
		}
	}
	t.Fatal("the golden bookkeeper-minimal has no StatefulSet")
	return nil
}

func setField(t *testing.T, o *unstructured.Unstructured, value any, path ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}
