package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/bkgen/bkgen/e2e/image"
)

// content is all that the image holds: the binary, its user, and the licences of what was
// linked into it, which ask to go along.
func content(ctx context.Context, o options, platform v1.Platform, binary string) (image.Tree, error) {
	if err := build(ctx, o, platform, binary); err != nil {
		return nil, err
	}
	tree := image.Tree{}
	if err := tree.AddFile("bkcheck", binary); err != nil {
		return nil, err
	}
	tree.AddText("etc/passwd", "nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n")
	tree.AddText("etc/group", "nonroot:x:65532:\n")
	if err := tree.AddFile("licenses/LICENSE", filepath.Join(o.source, "LICENSE")); err != nil {
		return nil, err
	}
	return tree, addLicences(ctx, tree, o.source, binary)
}

// build makes a static binary that depends on the sources, the version and the compiler
// alone: neither on where the tree is, nor on whether it is a clone.
func build(ctx context.Context, o options, platform v1.Platform, binary string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version="+o.version, "-o", binary, "./cmd/bkcheck")
	command.Dir = o.source
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off",
		"GOOS="+platform.OS, "GOARCH="+platform.Architecture)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building bkcheck: %w\n%s", err, bytes.TrimSpace(output))
	}
	return nil
}

// addLicences adds the licences of Go and of every module that the binary links. A module
// without one is an error: nobody may pass it on.
func addLicences(ctx context.Context, tree image.Tree, source, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("reading what bkcheck links: %w", err)
	}
	args := []string{"list", "-m", "-f", "{{.Path}}\t{{.Dir}}"}
	for _, module := range info.Deps {
		args = append(args, module.Path)
	}
	found, err := ask(ctx, source, args...)
	if err != nil {
		return err
	}
	goroot, err := ask(ctx, source, "env", "GOROOT")
	if err != nil {
		return err
	}
	for line := range strings.Lines(found + "\ngo\t" + goroot) {
		module, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if err := addLicence(tree, module, dir); err != nil {
			return err
		}
	}
	return nil
}

func ask(ctx context.Context, source string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = source
	command.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("running go %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(output)), nil
}

// addLicence adds the files of a module's root that are its licence by their names.
func addLicence(tree image.Tree, module, dir string) error {
	var files []string
	for _, pattern := range []string{"LICEN[CS]E*", "COPYING*", "NOTICE*"} {
		matches, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return fmt.Errorf("looking for the licence of %s: %w", module, err)
		}
		files = append(files, matches...)
	}
	if dir == "" || len(files) == 0 {
		return fmt.Errorf("looking for the licence of %s: none in %q", module, dir)
	}
	slices.Sort(files)
	for _, file := range files {
		if err := tree.AddFile(path.Join("licenses", module, filepath.Base(file)), file); err != nil {
			return err
		}
	}
	return nil
}
