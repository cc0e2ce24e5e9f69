package main

import (
	"bufio"
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/render"
	"github.com/bkgen/bkgen/pkg/spec"
)

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

// spareMemory lets garbage be a seventh of what is in use and not as much again, where the
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
	before := debug.SetGCPercent(15)
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
