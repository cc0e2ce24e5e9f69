package accept

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// testTwice applies all sets by kubectl, then once more, which must change nothing, then as
// a dry run, which must see no difference.
func (s *suite) testTwice(t *testing.T, how string, flags ...string) {
	dir := t.TempDir()
	var objects []*unstructured.Unstructured
	for _, set := range s.sets {
		namespace := how + "-" + set.name
		s.place(t, set.in(namespace), set.hardened)
		for _, object := range set.in(namespace) {
			objects = append(objects, object)
			writeObject(t, filepath.Join(dir, fmt.Sprintf("%04d.json", len(objects))), object)
		}
	}
	apply := append([]string{"apply", "--validate=strict", "-f", dir}, flags...)
	s.kubectl(t, apply...)
	before := s.settle(t, objects)
	s.kubectl(t, apply...)
	dryRun := byName(t, s.kubectl(t, append(apply, "--dry-run=server", "--show-managed-fields", "-o", "json")...))
	for i, object := range objects {
		after, err := s.client.get(t.Context(), object)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, "applied again", before[i], after)
		wantSame(t, "applied as a dry run", after, dryRun[name(object)])
	}
}

// wantSame fails if an object is not the same to the last field, resource version and times
// included. Where a controller has written its status meanwhile, that and what comes of it
// is left out.
func wantSame(t *testing.T, when string, before, after *unstructured.Unstructured) {
	t.Helper()
	if after == nil {
		t.Errorf("%s is gone when %s", name(before), when)
		return
	}
	if !cmp.Equal(before.Object["status"], after.Object["status"]) {
		before, after = withoutStatus(before), withoutStatus(after)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("%s is another when %s (-before +after):\n%s", name(before), when, diff)
	}
}

func withoutStatus(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	delete(o.Object, "status")
	o.SetResourceVersion("")
	o.SetManagedFields(nil)
	return o
}

// kubectl fails the test if there was a warning.
func (s *suite) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	output, err := s.Kubectl(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "Warning:") {
			t.Errorf("kubectl %q: %s", args, line)
		}
	}
	return output
}

func writeObject(t *testing.T, path string, object *unstructured.Unstructured) {
	t.Helper()
	text, err := json.Marshal(object)
	if err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func byName(t *testing.T, list string) map[string]*unstructured.Unstructured {
	t.Helper()
	var found unstructured.UnstructuredList
	if err := json.Unmarshal([]byte(list), &found); err != nil {
		t.Fatalf("reading kubectl's list: %v\n%.1000s", err, list)
	}
	all := map[string]*unstructured.Unstructured{}
	for _, object := range found.Items {
		all[name(&object)] = &object
	}
	return all
}
