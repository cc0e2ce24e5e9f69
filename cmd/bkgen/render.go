package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"runtime/debug"
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
	namespace, name string
	// named are the files that the spec names.
	named []spec.File
	// files are the manifests; Path is the file's name.
	files []outFile
}

func renderCommand(ctx context.Context, args []string, o renderOptions, s streams) error {
	if err := o.validate(args); err != nil {
		return err
	}
	sources, err := readInputs(ctx, args, s.in)
	if err != nil {
		return err
	}
	defer spareMemory(sources)()
	clusters, err := renderAll(ctx, sources, o, s)
	if err != nil {
		return err
	}
	if o.output == "" {
		return writeStream(clusters, s)
	}
	return writeDirectory(ctx, clusters, sources, o, s)
}

// renderAll decodes and renders everything; nothing has been written when it fails. Each
// cluster is rendered as soon as it is read, so that only text is kept of a thousand.
func renderAll(ctx context.Context, sources []spec.Source, o renderOptions, s streams) ([]rendered, error) {
	var out []rendered
	var problems []spec.Problem
	found := spec.DecodeEach(sources, spec.Options{Namespace: o.namespace, Engine: spec.Engine(o.gitops)}, func(c spec.Cluster) {
		if ctx.Err() != nil {
			return
		}
		objects, broken := render.Render(c)
		problems = append(problems, broken...)
		out = append(out, rendered{namespace: c.ClusterNamespace(), name: c.ClusterName(), named: namedFiles(c), files: encode(objects)})
	})
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	problems = append(found, problems...)
	reportProblems(s.err, problems)
	if spec.Failed(problems) {
		return nil, errReported
	}
	return out, nil
}

// largeInput is the size in bytes from which on memory counts more than time.
const largeInput = 256 << 10

// spareMemory lets garbage be a fifth of what is in use and not as much again, where the
// input is large: most of what is in use is the output, which is all kept until it is
// complete. It returns what puts things back.
func spareMemory(sources []spec.Source) func() {
	size := 0
	for _, source := range sources {
		size += len(source.Data)
	}
	if size < largeInput {
		return func() {}
	}
	before := debug.SetGCPercent(20)
	return func() { debug.SetGCPercent(before) }
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
	w := bufio.NewWriterSize(s.out, 1<<16)
	w.WriteString(generatedHeader + "\n")
	for _, cluster := range clusters {
		for _, file := range cluster.files {
			w.WriteString("---\n")
			w.Write(file.Data[len(generatedHeader)+1:])
		}
	}
	// The writer keeps its first error.
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing to standard output: %w", cause(err))
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
		return checkTree(plan, refused, s)
	}
	if refused != nil {
		return &exitError{code: refused.exitCode(), err: refused}
	}
	return plan.apply(ctx)
}

func checkTree(plan treePlan, refused *refusedError, s streams) error {
	if !plan.changed() {
		return nil
	}
	if err := writeDiff(s.out, plan); err != nil {
		return err
	}
	err := fmt.Errorf("%s is not what the spec renders", plan.dir)
	if refused != nil {
		return &exitError{code: exitNo, err: fmt.Errorf("%w\n%w", refused, err)}
	}
	return &exitError{exitNo, err, "run bkgen without --check, and commit what it writes"}
}

// layout puts one cluster's files side by side, several clusters' in a directory each.
func layout(clusters []rendered) []outFile {
	var files []outFile
	for _, c := range clusters {
		dir := ""
		if len(clusters) > 1 {
			dir = path.Join(c.namespace, c.name)
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
	inventory := manifest.Inventory{Inputs: inputsOf(clusters, sources, o.output), Flags: o.flags()}
	for _, file := range files {
		inventory.Files = append(inventory.Files, manifest.Digest{Path: file.Path, SHA256: manifest.Sum(file.Data)})
	}
	return inventory
}

// inputsOf lists each file that was read once, in the order of reading. What came without
// a name is one input, "-", however many streams it were: their texts one after the other.
func inputsOf(clusters []rendered, sources []spec.Source, dir string) []manifest.Digest {
	var inputs []manifest.Digest
	var unnamed []byte
	index := map[string]int{}
	add := func(name string, data []byte) {
		name = relativeTo(dir, name)
		if name == "-" {
			unnamed = append(unnamed, data...)
			data = unnamed
		}
		i, known := index[name]
		if !known {
			i = len(inputs)
			index[name] = i
			inputs = append(inputs, manifest.Digest{Path: name})
		}
		inputs[i].SHA256 = manifest.Sum(data)
	}
	for _, source := range sources {
		add(source.Name, source.Data)
	}
	for _, c := range clusters {
		for _, file := range c.named {
			add(path.Join(filepath.ToSlash(filepath.Dir(file.Source)), file.Path), file.Data)
		}
	}
	return inputs
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
	from, err1 := realPath(dir)
	to, err2 := realPath(filepath.Dir(name))
	to = filepath.Join(to, filepath.Base(name))
	if relative, err := filepath.Rel(from, to); err1 == nil && err2 == nil && err == nil {
		return filepath.ToSlash(relative)
	}
	return filepath.ToSlash(name)
}

// realPath is the absolute path of a directory without symbolic links, as far as it
// exists: a directory that two ways lead to has one path.
func realPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	rest := ""
	for at := abs; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest), nil
		}
		if at == filepath.Dir(at) {
			return abs, nil
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}
