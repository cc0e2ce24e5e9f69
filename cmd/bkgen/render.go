package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/render"
	"github.com/bkgen/bkgen/pkg/spec"
)

// renderOptions are the flags of the command that renders.
type renderOptions struct {
	output    string
	gitops    string
	namespace string
	check     bool
	force     bool
}

func (o *renderOptions) bind(flags *pflag.FlagSet) {
	flags.StringVarP(&o.output, "output", "o", "", "write into directory `DIR`, one object a file")
	flags.StringVar(&o.gitops, "gitops", "", "delivery `ENGINE`: argocd, flux or none; overrides spec.gitops.engine")
	flags.StringVarP(&o.namespace, "namespace", "n", "", "namespace of documents that name none")
	flags.BoolVar(&o.check, "check", false, "write nothing; exit 1 with a diff if the directory is not what the spec renders")
	flags.BoolVar(&o.force, "force", false, "overwrite files of bkgen's that were edited by hand")
}

func (o *renderOptions) validate(args []string) error {
	usage := func(hint, format string, a ...any) error {
		return &exitError{exitCouldNotSay, fmt.Errorf(format, a...), hint}
	}
	switch {
	case len(args) == 0:
		return usage("bkgen cluster.yaml, or bkgen --help", "no input; allowed: files, directories, globs, - for standard input")
	case o.gitops != "" && !slices.Contains(spec.Engines, spec.Engine(o.gitops)):
		return usage("", "--gitops: seen %q, allowed argocd, flux, none", o.gitops)
	case o.output == "" && o.check:
		return usage("name the directory with -o", "--check compares with a directory, and none is named")
	case o.output == "" && o.force:
		return usage("name the directory with -o", "--force is about a directory, and none is named")
	case o.check && o.force:
		return usage("", "--check writes nothing, so --force has nothing to do")
	}
	return nil
}

// flags are those that change the output, for the inventory.
func (o *renderOptions) flags() []string {
	var flags []string
	if o.gitops != "" {
		flags = append(flags, "--gitops="+o.gitops)
	}
	if o.namespace != "" {
		flags = append(flags, "--namespace="+o.namespace)
	}
	return flags
}

// rendered is one cluster's objects as text.
type rendered struct {
	cluster spec.Cluster
	files   []outFile // Path is the file's name
}

func renderCommand(ctx context.Context, args []string, o renderOptions, s streams) error {
	if err := o.validate(args); err != nil {
		return err
	}
	sources, err := readInputs(ctx, args, s.in)
	if err != nil {
		return err
	}
	clusters, err := renderAll(ctx, sources, o, s)
	if err != nil {
		return err
	}
	if o.output == "" {
		return writeStream(clusters, s)
	}
	return writeDirectory(ctx, clusters, sources, o, s)
}

// renderAll decodes and renders everything; nothing has been written when it fails.
func renderAll(ctx context.Context, sources []spec.Source, o renderOptions, s streams) ([]rendered, error) {
	clusters, problems := spec.Decode(sources, spec.Options{Namespace: o.namespace, Engine: spec.Engine(o.gitops)})
	reportProblems(s.err, problems)
	failed := spec.Failed(problems)
	out := make([]rendered, 0, len(clusters))
	for _, cluster := range clusters {
		if failed {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("rendering: %w", err)
		}
		objects, problems := render.Render(cluster)
		reportProblems(s.err, problems)
		if spec.Failed(problems) {
			return nil, errReported
		}
		out = append(out, rendered{cluster: cluster, files: encode(objects)})
	}
	if failed {
		return nil, errReported
	}
	return out, nil
}

// encode writes each object as a document with its header.
func encode(objects []manifest.Object) []outFile {
	files := make([]outFile, 0, len(objects))
	var buffer []byte
	for _, object := range objects {
		buffer = append(buffer[:0], generatedHeader+"\n"...)
		buffer = object.AppendYAML(buffer)
		files = append(files, outFile{Path: object.FileName(), Data: slices.Clone(buffer)})
	}
	return files
}

// writeStream writes all documents, with the header once.
func writeStream(clusters []rendered, s streams) error {
	if _, err := fmt.Fprintln(s.out, generatedHeader); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	for _, cluster := range clusters {
		for _, file := range cluster.files {
			document := append([]byte("---\n"), file.Data[len(generatedHeader)+1:]...)
			if _, err := s.out.Write(document); err != nil {
				return fmt.Errorf("writing to standard output: %w", err)
			}
		}
	}
	return nil
}

// writeDirectory writes the tree, or with --check says how it differs.
func writeDirectory(ctx context.Context, clusters []rendered, sources []spec.Source, o renderOptions, s streams) error {
	files := layout(clusters)
	plan, err := planTree(o.output, files, inventoryOf(clusters, sources, files, o), o.force)
	refused := (*refusedError)(nil)
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	if o.check {
		return checkTree(plan, s)
	}
	if refused != nil {
		return &exitError{code: exitNo, err: refused}
	}
	return plan.apply(ctx)
}

func checkTree(plan treePlan, s streams) error {
	if !plan.changed() {
		return nil
	}
	if err := writeDiff(s.out, plan); err != nil {
		return err
	}
	return &exitError{exitNo, fmt.Errorf("%s is not what the spec renders", plan.dir), "run bkgen without --check, and commit what it writes"}
}

// layout puts one cluster's files side by side, several clusters' in a directory each.
func layout(clusters []rendered) []outFile {
	var files []outFile
	for _, c := range clusters {
		dir := ""
		if len(clusters) > 1 {
			dir = path.Join(c.cluster.ClusterNamespace(), c.cluster.ClusterName())
		}
		names := make([]string, 0, len(c.files))
		for _, file := range c.files {
			names = append(names, file.Path)
			files = append(files, outFile{Path: path.Join(dir, file.Path), Data: file.Data})
		}
		kustomization := append([]byte(generatedHeader+"\n"), manifest.Kustomization(names)...)
		files = append(files, outFile{Path: path.Join(dir, "kustomization.yaml"), Data: kustomization})
	}
	return files
}

// inventoryOf records what was read and what is written.
func inventoryOf(clusters []rendered, sources []spec.Source, files []outFile, o renderOptions) manifest.Inventory {
	inventory := manifest.Inventory{Flags: o.flags()}
	for _, source := range sources {
		inventory.Inputs = append(inventory.Inputs, manifest.Digest{Path: relativeTo(o.output, source.Name), SHA256: manifest.Sum(source.Data)})
	}
	for _, c := range clusters {
		for _, file := range namedFiles(c.cluster) {
			name := path.Join(filepath.ToSlash(filepath.Dir(file.Source)), file.Path)
			inventory.Inputs = append(inventory.Inputs, manifest.Digest{Path: relativeTo(o.output, name), SHA256: manifest.Sum(file.Data)})
		}
	}
	inventory.Inputs = slices.CompactFunc(inventory.Inputs, func(a, b manifest.Digest) bool { return a == b })
	for _, file := range files {
		inventory.Files = append(inventory.Files, manifest.Digest{Path: file.Path, SHA256: manifest.Sum(file.Data)})
	}
	return inventory
}

// namedFiles are the files that a spec names, its patches.
func namedFiles(c spec.Cluster) []spec.File {
	if b, ok := c.(*spec.BookKeeper); ok {
		return b.Facts.Files
	}
	return nil
}

// relativeTo writes an input's path as seen from the directory, so that the inventory is
// the same wherever the repository is checked out and bkgen is started.
func relativeTo(dir, name string) string {
	if name == "-" || strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, "/proc/") {
		return "-"
	}
	from, err1 := filepath.Abs(dir)
	to, err2 := filepath.Abs(name)
	if relative, err := filepath.Rel(from, to); err1 == nil && err2 == nil && err == nil {
		return filepath.ToSlash(relative)
	}
	return filepath.ToSlash(name)
}
