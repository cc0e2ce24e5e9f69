package render

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

var update = flag.Bool("update", false, "rewrite the expected files in testdata/render")

const goldenDir = "../../testdata/render"

func TestMain(m *testing.M) {
	flag.Parse()
	if *update && os.Getenv("CI") == "true" {
		fmt.Fprintln(os.Stderr, "-update is not for CI: it would make every result the expected one")
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// allEngines are the cases that are kept for every engine; the others are kept for Argo CD.
var allEngines = map[string]bool{"bookkeeper-minimal": true, "bookkeeper-operator-sample": true}

func enginesOf(name string) []spec.Engine {
	if allEngines[name] {
		return spec.Engines
	}
	return []spec.Engine{spec.EngineArgoCD}
}

func goldenCluster(t testing.TB, name string, engine spec.Engine) spec.Cluster {
	t.Helper()
	return decode(t, spec.Options{Engine: engine}, sourcesIn(t, filepath.Join(goldenDir, name))...)
}

// filesOf are the files that the objects are written as.
func filesOf(t testing.TB, objects []manifest.Object) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, o := range objects {
		if _, twice := files[o.FileName()]; twice {
			t.Fatalf("two objects in one file: %s", o.FileName())
		}
		files[o.FileName()] = string(o.AppendYAML(nil))
	}
	return files
}

func TestGolden(t *testing.T) {
	for _, name := range folders(t, goldenDir) {
		for _, engine := range enginesOf(name) {
			t.Run(name+"/"+string(engine), func(t *testing.T) {
				got := filesOf(t, renderOf(t, name, engine))
				dir := filepath.Join(goldenDir, name, "want", string(engine))
				if *update {
					writeFiles(t, dir, got)
				}
				if diff := cmp.Diff(readFiles(t, dir), got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", dir, diff)
				}
			})
		}
	}
}

func readFiles(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

// writeFiles makes a directory hold exactly the files.
func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
