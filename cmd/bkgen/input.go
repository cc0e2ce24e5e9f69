package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bkgen/bkgen/pkg/spec"
)

// readInputs reads what the arguments name, in their order: a file, the specs of
// a directory, the matches of a glob, or "-" for standard input. A file that is
// named twice is read once, under its first name. Of each input at most one byte
// more than spec.MaxSourceBytes is read, which is enough to see that it is too
// large. Every input that cannot be read is in the error, one a line, and then no
// sources are returned.
func readInputs(ctx context.Context, args []string, stdin io.Reader) ([]spec.Source, error) {
	type result struct {
		sources []spec.Source
		err     error
	}
	// A pipe that nobody writes to blocks for ever, and a blocked read cannot be
	// cancelled; the goroutine that waits for it ends with the process.
	done := make(chan result, 1)
	go func() {
		r := inputReader{stdin: stdin, seen: map[inputKey][]fs.FileInfo{}}
		err := r.readAll(ctx, args)
		done <- result{r.sources, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, r.err
		}
		return r.sources, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("reading the inputs: %w", context.Cause(ctx))
	}
}

// inputReader collects sources and remembers which files it has read.
type inputReader struct {
	stdin     io.Reader
	stdinRead bool
	seen      map[inputKey][]fs.FileInfo
	sources   []spec.Source
}

// inputKey narrows the search for a file that was read before: equal files have
// equal keys. The key of what is not a regular file is the zero one, as its size
// and time change while it is read.
type inputKey struct {
	size     int64
	modified int64
}

func (r *inputReader) readAll(ctx context.Context, args []string) error {
	var errs []error
	for _, arg := range args {
		errs = append(errs, r.readArgument(ctx, arg))
	}
	return errors.Join(errs...)
}

func (r *inputReader) readArgument(ctx context.Context, arg string) error {
	if arg == "-" {
		return r.readStdin()
	}
	names, err := inputFiles(arg)
	if err != nil {
		return fmt.Errorf("reading %s: %w", arg, cause(err))
	}
	var errs []error
	for _, name := range names {
		if ctx.Err() != nil {
			return fmt.Errorf("reading %s: %w", name, context.Cause(ctx))
		}
		if err := r.readFile(name); err != nil {
			errs = append(errs, fmt.Errorf("reading %s: %w", name, cause(err)))
		}
	}
	return errors.Join(errs...)
}

func (r *inputReader) readStdin() error {
	if r.stdinRead {
		return errors.New(`reading standard input: "-" is named more than once`)
	}
	r.stdinRead = true
	data, err := readLimited(r.stdin)
	if err != nil {
		return fmt.Errorf("reading standard input: %w", cause(err))
	}
	r.sources = append(r.sources, spec.Source{Name: "-", Data: data, Dir: directoryFS(".")})
	return nil
}

func (r *inputReader) readFile(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if r.repeats(info) {
		return nil
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := readLimited(file)
	if err != nil {
		return err
	}
	// A pipe such as /dev/fd/63 says nothing about where its text comes from.
	dir := "."
	if info.Mode().IsRegular() {
		dir = filepath.Dir(name)
	}
	r.sources = append(r.sources, spec.Source{Name: name, Data: data, Dir: directoryFS(dir)})
	return nil
}

// repeats reports whether the file was asked for before, under whatever name.
func (r *inputReader) repeats(info fs.FileInfo) bool {
	var key inputKey
	if info.Mode().IsRegular() {
		key = inputKey{size: info.Size(), modified: info.ModTime().UnixNano()}
	}
	same := func(other fs.FileInfo) bool { return os.SameFile(info, other) }
	if slices.ContainsFunc(r.seen[key], same) {
		return true
	}
	r.seen[key] = append(r.seen[key], info)
	return false
}

func readLimited(r io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, int64(spec.MaxSourceBytes)+1))
}

// inputFiles returns the files that an argument stands for. A name that exists is
// never taken for a glob.
func inputFiles(arg string) ([]string, error) {
	if arg == "" {
		return nil, errors.New("the name of an input is empty")
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return directoryFiles(arg)
	case err == nil:
		return []string{arg}, nil
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, "*?["):
		return globFiles(arg)
	}
	return nil, err
}

// directoryFiles returns the specs directly in a directory, sorted. As kubectl
// does without -R it does not descend; hidden files and kustomizations are not specs.
func directoryFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if !isSpecName(entry.Name()) {
			continue
		}
		// What cannot be examined is kept, so that reading it says why.
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, errors.New("no .yaml, .yml or .json file in this directory (the directories in it are not searched)")
	}
	return names, nil
}

func isSpecName(name string) bool {
	if strings.HasPrefix(name, ".") || name == "kustomization.yaml" || name == "kustomization.yml" {
		return false
	}
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// globFiles returns what a pattern matches, sorted and without directories. As in
// a shell, a wildcard does not match a leading dot.
func globFiles(pattern string) ([]string, error) {
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("not a glob: %w", err)
	}
	matches = slices.DeleteFunc(matches, func(name string) bool {
		if matchesHidden(pattern, name) {
			return true
		}
		info, err := os.Stat(name)
		return err == nil && info.IsDir()
	})
	if len(matches) == 0 {
		return nil, errors.New("no file matches this glob")
	}
	slices.Sort(matches)
	return matches, nil
}

// matchesHidden reports whether a part of name starts with a dot where the
// pattern does not ask for one. Parts are paired from the end, as Glob drops a
// leading "./".
func matchesHidden(pattern, name string) bool {
	patterns := strings.Split(filepath.ToSlash(pattern), "/")
	parts := strings.Split(filepath.ToSlash(name), "/")
	for i := 1; i <= min(len(patterns), len(parts)); i++ {
		part, want := parts[len(parts)-i], patterns[len(patterns)-i]
		if strings.HasPrefix(part, ".") && !strings.HasPrefix(want, ".") {
			return true
		}
	}
	return false
}

// directoryFS reads the files below a directory and nothing outside of it, not
// even through a symbolic link. It holds nothing open between calls, so that
// thousands of inputs need no more file descriptors than one.
type directoryFS string

// Open opens a file by its slash-separated path, as fs.FS says.
func (d directoryFS) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.FS().Open(name)
}

// cause is err without the operation and the path that package os puts before
// it, for messages that have named the path already.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
