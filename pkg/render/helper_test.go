package render

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// decode decodes sources that must hold exactly one valid cluster.
func decode(t testing.TB, o spec.Options, sources ...spec.Source) spec.Cluster {
	t.Helper()
	clusters, problems := spec.Decode(sources, o)
	for _, p := range problems {
		if p.Severity == spec.Error {
			t.Errorf("decoding: %s", p)
		}
	}
	if t.Failed() || len(clusters) != 1 {
		t.Fatalf("decoding: %d clusters, want 1", len(clusters))
	}
	return clusters[0]
}

// source is text as an input, beside the given files.
func source(text string, files fs.FS) spec.Source {
	return spec.Source{Name: "cluster.yaml", Data: []byte(text), Dir: files}
}

// rendered renders a cluster in which no problem must be found.
func rendered(t testing.TB, c spec.Cluster) []manifest.Object {
	t.Helper()
	objects, problems := Render(c)
	for _, p := range problems {
		t.Errorf("rendering: %s", p)
	}
	if len(problems) > 0 {
		t.FailNow()
	}
	return objects
}

// minimal is a cluster with nothing but what it needs; stanza is YAML for spec.gitops, and
// fields are further lines of spec.
func minimal(profile spec.Profile, stanza string, fields ...string) string {
	text := `apiVersion: bookkeeper.pravega.io/v1alpha1
kind: BookkeeperCluster
metadata: {name: bk, namespace: storage}
spec:
  version: 4.17.4
  zookeeperUri: zk:2181
  replicas: 4
  image: {imageSpec: {repository: apache/bookkeeper}}
`
	for _, field := range fields {
		text += "  " + strings.ReplaceAll(field, "\n", "\n  ") + "\n"
	}
	return text + "  gitops:\n    profile: " + string(profile) + "\n" + indent(4, stanza)
}

// indent moves text to the right; an empty line stays empty.
func indent(by int, text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			out.WriteString(strings.Repeat(" ", by))
		}
		out.WriteString(line)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		out.WriteByte('\n')
	}
	return out.String()
}

// yamlOf is the stream of the objects.
func yamlOf(objects []manifest.Object) string {
	var text []byte
	for _, o := range objects {
		text = append(text, "---\n"...)
		text = o.AppendYAML(text)
	}
	return string(text)
}

// object is the one of a kind and name.
func object(t testing.TB, objects []manifest.Object, kind, name string) manifest.Object {
	t.Helper()
	for _, o := range objects {
		if k := o.Key(); k.Kind == kind && k.Name == name {
			return o
		}
	}
	t.Fatalf("no %s %s among %s", kind, name, names(objects))
	return manifest.Object{}
}

// typed is an object as the API server reads it.
func typed[T any](t testing.TB, objects []manifest.Object, kind, name string) *T {
	t.Helper()
	value, err := strictTyped(object(t, objects, kind, name))
	if err != nil {
		t.Fatalf("%s %s: %v", kind, name, err)
	}
	as, ok := value.(*T)
	if !ok {
		t.Fatalf("%s %s is a %T", kind, name, value)
	}
	return as
}

// at is the value at a path of keys and indexes, nil where there is none.
func at(o manifest.Object, path ...any) any {
	var value any = o.Data
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := value.(map[string]any)
			value = m[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

// jsonOf is a value as JSON, for comparing what came from YAML with what did not.
func jsonOf(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// folders are the folders below a directory, by name.
func folders(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, e.Name())
		}
	}
	if len(list) == 0 {
		t.Fatalf("%s holds no case", dir)
	}
	return list
}

// sourcesIn are the YAML files that stand in a directory, not below it.
func sourcesIn(t testing.TB, dir string) []spec.Source {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var sources []spec.Source
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, spec.Source{Name: filepath.Base(file), Data: text, Dir: os.DirFS(dir)})
	}
	return sources
}
