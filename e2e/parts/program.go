package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
)

// program is a recipe's beginning: a binary that is built from a module of this tree, whose
// go.mod and go.sum pin every line of it.
type program struct {
	// name is the module's directory in e2e, the binary's name, and the part's.
	name string
	// pkg is what is built: an import path, "." for the module's own main package.
	pkg string
	// ldflags is what the linker stamps into it.
	ldflags string
}

// key is what the binary depends on: the module's files, the compiler, the flags.
func (p program) key() ([]string, error) {
	dir, err := source(p.name)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir, err)
	}
	files = append(files, filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum"))
	sort.Strings(files)
	key := []string{runtime.Version(), runtime.GOOS, runtime.GOARCH, p.pkg, p.ldflags}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", dir, err)
		}
		key = append(key, filepath.Base(file), string(text))
	}
	return key, nil
}

// build writes the binary to into/<name>. The compiled packages, up to 3 GB of them, are of
// no use afterwards and removed; BKGEN_E2E_GOCACHE names a build cache that stays, for work
// on the modules themselves. Downloaded modules stay in the user's module cache.
func (p program) build(ctx context.Context, into string) (err error) {
	dir, err := source(p.name)
	if err != nil {
		return err
	}
	cache := os.Getenv("BKGEN_E2E_GOCACHE")
	if cache == "" {
		cache = filepath.Join(into, "gocache")
		defer func() { err = errors.Join(err, os.RemoveAll(cache)) }()
	}
	// Two at a time: the linker alone takes 2.3 GB.
	env := []string{"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-p=2 -buildvcs=false -mod=readonly", "GOCACHE=" + cache}
	output := filepath.Join(into, p.name)
	return run(ctx, dir, env, "go", "build", "-trimpath", "-ldflags", p.ldflags, "-o", output, p.pkg)
}
