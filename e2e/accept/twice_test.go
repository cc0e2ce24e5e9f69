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
		if diff := cmp.Diff(before[i], after); diff != "" {
			t.Errorf("%s was changed by applying it again (-before +after):\n%s", name(object), diff)
		}
		if diff := cmp.Diff(after, dryRun[name(object)]); diff != "" {
			t.Errorf("%s would be changed, by a dry run (-live +dry run):\n%s", name(object), diff)
		}
	}
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
