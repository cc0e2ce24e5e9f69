package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const clusters = 1000

// sets are the inputs of the tools, below dir:
//
//	specs/one.yaml        the cluster's spec
//	specs/json.yaml       the same with a JSON 6902 patch (which says what the spec says)
//	specs/strategic.yaml  the same with a strategic merge patch
//	specs/many/           the spec for each of the clusters, each in its own namespace
//	specs/many-patched/   as many as overlays, with the JSON 6902 patch
//	rendered/             what bkgen makes of the first, and of one of the many
//	kustomize/            a base, overlays and trees of overlays: see writeKustomize
//	chart/                the objects as templates, and the values
type sets struct {
	dir                    string
	bkgen, kustomize, helm string
}

func newSets(o options) sets {
	return sets{
		dir:       o.dir,
		bkgen:     o.bkgen,
		kustomize: filepath.Join(o.dir, "bin", "kustomize"),
		helm:      filepath.Join(o.dir, "bin", "helm"),
	}
}

// The spec's cluster, and what differs between the many clusters.
const (
	clusterName = "bookkeeper"
	namespace   = "storage"
)

func manyNamespace(i int) string { return fmt.Sprintf("team-%04d", i) }

func (s sets) write(ctx context.Context, spec string) error {
	for _, name := range []string{"specs", "rendered", "kustomize", "chart", "out", "home"} {
		if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
			return err
		}
	}
	if err := s.writeSpecs(spec); err != nil {
		return err
	}
	if _, err := s.capture(ctx, s.bkgen, "-o", "rendered/one", "specs/one.yaml"); err != nil {
		return err
	}
	objects, err := s.readObjects("rendered/one")
	if err != nil {
		return err
	}
	if err := s.writeKustomize(objects); err != nil {
		return err
	}
	return s.writeChart(objects)
}

func (s sets) writeSpecs(spec string) error {
	for _, line := range []string{namespaceLine, gitopsLine, "\n  name: " + clusterName + "\n"} {
		if strings.Count(spec, line) != 1 {
			return fmt.Errorf("the spec has not exactly one line %q", strings.TrimSpace(line))
		}
	}
	patched := strings.Replace(spec, gitopsLine, gitopsLine+indent(jsonPatches, "    "), 1)
	files := map[string]string{
		"specs/one.yaml":       spec,
		"specs/json.yaml":      patched,
		"specs/strategic.yaml": strings.Replace(spec, gitopsLine, gitopsLine+indent(strategicPatches, "    "), 1),
	}
	for i := range clusters {
		name := manyNamespace(i)
		files["specs/many/"+name+".yaml"] = inNamespace(spec, name)
		if i < maxOverlays {
			files["specs/many-patched/"+name+".yaml"] = inNamespace(patched, name)
		}
	}
	for name, text := range files {
		if err := s.file(name, text); err != nil {
			return err
		}
	}
	return nil
}

const (
	namespaceLine = "\n  namespace: " + namespace + "\n"
	gitopsLine    = "\n  gitops:\n"
)

func inNamespace(spec, name string) string {
	return strings.Replace(spec, namespaceLine, "\n  namespace: "+name+"\n", 1)
}

// indent puts a prefix before each line.
func indent(text, prefix string) string {
	return prefix + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+prefix) + "\n"
}

// object is one rendered file.
type object struct{ name, text string }

// readObjects reads the objects of a directory that bkgen wrote, in the order of their names.
func (s sets) readObjects(dir string) ([]object, error) {
	names, err := filepath.Glob(filepath.Join(s.dir, dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var objects []object
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if filepath.Base(name) == "kustomization.yaml" {
			continue
		}
		objects = append(objects, object{filepath.Base(name), withoutComments(string(text))})
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("no object in %s", dir)
	}
	return objects, nil
}

// withoutComments drops the comment lines at the start of a document.
func withoutComments(text string) string {
	for strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// file writes a file below dir, and the directories on its way.
func (s sets) file(name, text string) error {
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// capture runs a command to its end and returns what it printed.
func (s sets) capture(ctx context.Context, argv ...string) (string, error) {
	cmd := s.process(ctx, argv)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, errOut.String())
	}
	return out.String(), nil
}

// process is a command in dir with an environment that is the same everywhere.
func (s sets) process(ctx context.Context, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = s.dir
	cmd.Env = []string{"HOME=" + filepath.Join(s.dir, "home"), "PATH=" + filepath.Dir(s.helm)}
	return cmd
}
