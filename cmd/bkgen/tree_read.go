package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/bkgen/bkgen/internal/manifest"
)

// readInventory records what earlier runs wrote and returns the inventory's bytes.
func (p *planner) readInventory() ([]byte, error) {
	if p.root == nil {
		return nil, nil
	}
	data, err := p.read(manifest.InventoryName)
	if err == nil && data != nil {
		if err = p.record(data); err != nil {
			err = fmt.Errorf("reading %s: %w", p.plan.name(manifest.InventoryName), err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w; restore it from Git, or delete it and use --force", err)
	}
	p.plan.basis.inventory = data
	return data, p.readLeftOver()
}

// readLeftOver records what a run meant to write that was killed while it renamed
// its files: its inventory is still in its staging directory.
func (p *planner) readLeftOver() error {
	dirs, err := stagingDirs(p.root)
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.plan.dir, cause(err))
	}
	p.plan.basis.staging = dirs
	for _, dir := range dirs {
		name := path.Join(dir, manifest.InventoryName)
		data, err := readRegular(p.root, name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", p.plan.name(name), cause(err))
		}
		if data == nil {
			continue
		}
		// The inventory is staged last. One that is cut short is of a run that was
		// killed before it renamed anything, so there is nothing to learn from it.
		if err := p.record(data); err != nil {
			continue
		}
	}
	return nil
}

// record notes what an inventory lists, all of it or, with an error, nothing.
func (p *planner) record(data []byte) error {
	inventory, err := manifest.DecodeInventory(data)
	if err != nil {
		return err
	}
	for _, digest := range inventory.Files {
		if !ownPath(digest.Path) {
			return fmt.Errorf("the inventory names %q, which bkgen never writes", digest.Path)
		}
	}
	for _, digest := range inventory.Files {
		p.recorded[digest.Path] = append(p.recorded[digest.Path], digest.SHA256)
	}
	return nil
}

// read returns the content of the regular file at name, never nil. Nil means that
// none is there; if something else is, it has been refused.
func (p *planner) read(name string) ([]byte, error) {
	if p.root == nil {
		return nil, nil
	}
	if dir, err := p.parent(path.Dir(name)); err != nil || dir.missing || dir.blocked {
		return nil, err
	}
	info, err := p.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p.plan.name(name), cause(err))
	}
	if !info.Mode().IsRegular() {
		p.refuse(name, notRegular(info.Mode()))
		return nil, nil
	}
	data, err := p.root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p.plan.name(name), cause(err))
	}
	return data, nil
}

func notRegular(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return reasonLink
	case mode.IsDir():
		return reasonDirectory
	}
	return reasonSpecial
}

// parent examines a directory and all above it, up to DIR, once.
func (p *planner) parent(name string) (parent, error) {
	if name == "." {
		return parent{}, nil
	}
	if known, ok := p.parents[name]; ok {
		return known, nil
	}
	found, err := p.parent(path.Dir(name))
	if err == nil && found == (parent{}) {
		found, err = p.examine(name)
	}
	if err == nil {
		p.parents[name] = found
	}
	return found, err
}

func (p *planner) examine(name string) (parent, error) {
	info, err := p.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return parent{missing: true}, nil
	case err != nil:
		return parent{}, fmt.Errorf("reading %s: %w", p.plan.name(name), cause(err))
	case info.IsDir():
		return parent{}, nil
	case info.Mode()&fs.ModeSymlink != 0:
		p.refuse(name, reasonLink)
	default:
		p.refuse(name, reasonNoParent)
	}
	return parent{blocked: true}, nil
}

// stagingDirs returns the staging directories in DIR, sorted.
func stagingDirs(root *os.Root) ([]string, error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && strings.HasPrefix(entry.Name(), stagingPrefix) {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}
