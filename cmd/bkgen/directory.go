package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// writeDirectory writes the tree, or with --check says how it differs.
func writeDirectory(ctx context.Context, clusters []rendered, sources []spec.Source, o renderOptions, s streams) error {
	files := layout(clusters)
	plan, err := planTree(o.output, files, inventoryOf(clusters, sources, files, o), o.force)
	refused := (*refusedError)(nil)
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	if o.check {
		return checkTree(plan, refused, o.flags(), s)
	}
	if refused != nil {
		return &exitError{code: refused.exitCode(), err: refused}
	}
	if movesTop(plan) && !o.force {
		return &exitError{
			exitNo,
			fmt.Errorf("%s: one cluster's files lie at its top, several clusters' in a directory each: what delivers this directory would find its manifests moved", o.output),
			"give each cluster its own -o directory; or use --force to move them, and change what delivers them in the same commit",
		}
	}
	if err := plan.apply(ctx); err != nil {
		return err
	}
	for _, c := range plan.Changes {
		if c.Action == deleted {
			report(s.err, plan.name(c.Path)+": deleted; no input renders it any more", "")
		}
	}
	return nil
}

// movesTop reports whether the plan goes from one cluster to several or back, so that a
// path from which an engine delivers holds no kustomization any more.
func movesTop(plan treePlan) bool {
	const name = "kustomization.yaml"
	top, nested := action(0), action(0)
	for _, c := range plan.Changes {
		switch {
		case c.Path == name:
			top = c.Action
		case path.Base(c.Path) == name && (c.Action == deleted || nested == 0):
			nested = c.Action
		}
	}
	return top == deleted && nested == created || top == created && nested == deleted
}

func checkTree(plan treePlan, refused *refusedError, flags []string, s streams) error {
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
	return &exitError{exitNo, err, checkHint(plan, flags)}
}

// checkHint says what to do about a difference. Without the flags that the directory was
// written with, writing it anew would take back what they brought.
func checkHint(plan treePlan, flags []string) string {
	onlyInventory := true
	for _, c := range plan.Changes {
		if c.Path != manifest.InventoryName {
			onlyInventory = onlyInventory && c.Action == unchanged
			continue
		}
		old, err := plan.old(c)
		if err != nil {
			continue
		}
		if was, err := manifest.DecodeInventory(old); err == nil && !slices.Equal(was.Flags, flags) {
			return fmt.Sprintf("it was written with flags %q, this run has %q; spec.gitops.engine in the spec says it once for all", was.Flags, flags)
		}
	}
	if onlyInventory {
		return "the inputs changed without effect on the manifests; run bkgen without --check, and commit the inventory"
	}
	return "run bkgen without --check, and commit what it writes"
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
