package accept

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const root = "../.."

// set is what one spec renders to, for one delivery engine.
type set struct {
	// name is of the spec and the engine, usable in a namespace's name.
	name string
	// engine is argocd, flux or none.
	engine string
	// hardened is that the spec has that profile.
	hardened bool
	objects  []*unstructured.Unstructured
}

// in returns the set in another namespace.
func (s set) in(namespace string) []*unstructured.Unstructured {
	moved := make([]*unstructured.Unstructured, len(s.objects))
	for i, object := range s.objects {
		moved[i] = object.DeepCopy()
		moved[i].SetNamespace(namespace)
	}
	return moved
}

// kind are the set's objects of that kind.
func (s set) kind(kind string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, object := range s.objects {
		if object.GetKind() == kind {
			found = append(found, object)
		}
	}
	return found
}

// allSets are all goldens, for each engine that they are kept for, and all examples.
func allSets(t *testing.T) []set {
	t.Helper()
	var sets []set
	for _, dir := range glob(t, root+"/testdata/render/*/want/*") {
		spec := filepath.Dir(filepath.Dir(dir))
		sets = append(sets, readSet(t, filepath.Join(spec, "cluster.yaml"), dir))
	}
	goldens := len(sets)
	bkgen := buildBkgen(t)
	for _, spec := range glob(t, root+"/examples/*/cluster*.yaml") {
		for _, engine := range []string{"argocd", "flux", "none"} {
			dir := filepath.Join(t.TempDir(), engine)
			output, err := exec.CommandContext(t.Context(), bkgen, "--gitops", engine, "-o", dir, spec).CombinedOutput()
			if err != nil {
				t.Fatalf("rendering %s: %v\n%s", spec, err, output)
			}
			sets = append(sets, readSet(t, spec, dir))
		}
	}
	if goldens < 10 || len(sets) < goldens+12 {
		t.Fatalf("found %d goldens and %d examples, want 10 and 12 at least", goldens, len(sets)-goldens)
	}
	return sets
}

// buildBkgen builds it as make build does, out of the same build cache.
func buildBkgen(t *testing.T) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "bkgen")
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, "./cmd/bkgen")
	command.Dir, command.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("building bkgen: %v\n%s", err, output)
	}
	return binary
}

func readSet(t *testing.T, spec, dir string) set {
	t.Helper()
	// The spec's name is its directory's; a file that is not called cluster.yaml adds its own.
	name := filepath.Base(filepath.Dir(spec)) + strings.TrimPrefix(strings.TrimSuffix(filepath.Base(spec), ".yaml"), "cluster")
	s := set{engine: filepath.Base(dir), hardened: profileOf(t, spec) == "Hardened"}
	s.name = name + "-" + s.engine
	for _, file := range glob(t, dir+"/*.yaml") {
		object := &unstructured.Unstructured{}
		readYAML(t, file, &object.Object)
		if object.GetKind() == "Kustomization" {
			continue // a list of the others, for kustomize
		}
		s.objects = append(s.objects, object)
	}
	return s
}

// profileOf is the spec's profile; Hardened is the default.
func profileOf(t *testing.T, spec string) string {
	t.Helper()
	var document struct {
		Spec struct {
			GitOps struct{ Profile string } `json:"gitops"`
		}
	}
	document.Spec.GitOps.Profile = "Hardened"
	readYAML(t, spec, &document)
	return document.Spec.GitOps.Profile
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: found nothing, error %v", pattern, err)
	}
	return found
}
