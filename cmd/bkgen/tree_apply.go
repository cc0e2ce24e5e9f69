package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/bkgen/bkgen/internal/manifest"
)

// stagingPrefix starts the name of the directory, inside DIR and so on the same
// file system, in which a run writes its files before it moves them into place.
const stagingPrefix = ".bkgen-staging-"

// apply writes the plan: first every file completely into a staging directory,
// and only when that has succeeded it moves them into place, deletes the stale
// ones, and puts the inventory last. Until the first file has moved, an error, or
// ctx, leaves DIR as it was. After that it no longer stops for ctx; an error then
// leaves some files old and some new, says so, and keeps the staging directory,
// from which planTree knows the new ones, so that running again repairs it. DIR is
// locked meanwhile, and what another run has changed since the plan was made, or is
// changing, is an error.
func (p treePlan) apply(ctx context.Context) error {
	if err := p.refusal(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("writing %s: %w", p.dir, context.Cause(ctx))
	}
	undo, err := makeTree(p.dir)
	if err != nil {
		return fmt.Errorf("creating %s: %w", p.dir, cause(err))
	}
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return errors.Join(fmt.Errorf("opening %s: %w", p.dir, cause(err)), undo())
	}
	defer root.Close()
	// What cannot be locked is another run's, with the directories above it.
	locked, err := p.lock(root)
	if err != nil {
		return err
	}
	defer locked.Close()
	if err := p.verify(root); err != nil {
		return err
	}
	if p.changed() {
		if untouched, err := p.write(ctx, root); err != nil {
			if untouched {
				err = errors.Join(err, undo())
			}
			return err
		}
	} else if err := p.removeStaleDirs(root); err != nil {
		return err // a killed run may have made them
	}
	if err := removeStaging(root); err != nil {
		return fmt.Errorf("removing the staging directory in %s: %w", p.dir, cause(err))
	}
	return nil
}

// write stages and commits. After an error untouched says whether DIR is as it was.
func (p treePlan) write(ctx context.Context, root *os.Root) (untouched bool, err error) {
	staging := stagingPrefix + rand.Text()
	made, err := p.prepare(ctx, root, staging)
	moved := 0
	if err == nil {
		moved, err = p.commit(root, staging)
	}
	switch {
	case err == nil:
		return false, nil
	case moved > 0:
		return false, fmt.Errorf("%w; %s is mixed now, some files old and some new: run bkgen again to repair it", err, p.dir)
	}
	err = fmt.Errorf("%w; nothing was changed", err)
	return true, errors.Join(err, root.RemoveAll(staging), removeEmpty(root.Remove, made))
}

// prepare does everything that can fail without touching a file of the tree. It
// returns the directories it made for the files, the outer ones first.
func (p treePlan) prepare(ctx context.Context, root *os.Root, staging string) ([]string, error) {
	if err := p.stage(ctx, root, staging); err != nil {
		return nil, err
	}
	var made []string
	known := map[string]bool{".": true}
	for _, c := range p.Changes {
		if !c.writes() {
			continue
		}
		for _, dir := range parents(c.Path) {
			if known[dir] {
				continue
			}
			known[dir] = true
			err := root.Mkdir(dir, 0o755)
			if err == nil {
				made = append(made, dir)
			} else if !errors.Is(err, fs.ErrExist) {
				return made, fmt.Errorf("creating %s: %w", p.name(dir), cause(err))
			}
		}
	}
	return made, nil
}

func (p treePlan) stage(ctx context.Context, root *os.Root, staging string) error {
	if err := root.Mkdir(staging, 0o755); err != nil {
		return fmt.Errorf("creating %s: %w", p.name(staging), cause(err))
	}
	dir, err := root.OpenRoot(staging)
	if err != nil {
		return fmt.Errorf("opening %s: %w", p.name(staging), cause(err))
	}
	defer dir.Close()
	for i, c := range p.Changes {
		if ctx.Err() != nil {
			return fmt.Errorf("writing %s: %w", p.name(c.Path), context.Cause(ctx))
		}
		if !c.writes() {
			continue
		}
		if err := dir.WriteFile(stagedName(i, c), c.New, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", p.name(c.Path), cause(err))
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("writing %s: %w", p.dir, context.Cause(ctx))
	}
	return nil
}

// stagedName is where the i-th change is staged. The inventory keeps its name:
// planTree looks for it in what a killed run has left.
func stagedName(i int, c treeChange) string {
	if c.Path == manifest.InventoryName {
		return c.Path
	}
	return strconv.Itoa(i)
}

// commit moves the staged files into place, deletes the stale ones and moves the
// inventory last. It returns how many files it has moved or deleted.
func (p treePlan) commit(root *os.Root, staging string) (int, error) {
	done := 0
	move := func(i int, c treeChange) error {
		if err := root.Rename(path.Join(staging, stagedName(i, c)), c.Path); err != nil {
			return fmt.Errorf("writing %s: %w", p.name(c.Path), cause(err))
		}
		done++
		return nil
	}
	last := len(p.Changes) - 1
	for i, c := range p.Changes[:last] {
		if !c.writes() {
			continue
		}
		if err := move(i, c); err != nil {
			return done, err
		}
	}
	for _, c := range p.Changes {
		if c.Action != deleted {
			continue
		}
		if err := root.Remove(c.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return done, fmt.Errorf("deleting %s: %w", p.name(c.Path), cause(err))
		}
		done++
	}
	if err := p.removeStaleDirs(root); err != nil {
		return done, err
	}
	if inventory := p.Changes[last]; inventory.writes() {
		return done, move(last, inventory)
	}
	return done, nil
}

// removeStaleDirs removes the directories of the stale files, as far as they are empty.
func (p treePlan) removeStaleDirs(root *os.Root) error {
	remove := func(name string) error {
		if info, err := root.Lstat(name); err != nil || !info.IsDir() {
			return err
		}
		return root.Remove(name)
	}
	if err := removeEmpty(remove, p.staleDirs()); err != nil {
		return fmt.Errorf("deleting the empty directories in %s: %w", p.dir, err)
	}
	return nil
}

// staleDirs returns the directories of the stale files, the outer ones first.
func (p treePlan) staleDirs() []string {
	var dirs []string
	for _, name := range p.stale {
		dirs = append(dirs, parents(name)...)
	}
	slices.SortFunc(dirs, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return slices.Compact(dirs)
}

// name is a path in DIR as the user knows it.
func (p treePlan) name(file string) string { return filepath.Join(p.dir, file) }

// parents returns the directories on the way to a file, the outermost first.
func parents(name string) []string {
	var dirs []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	return dirs
}

// makeTree creates DIR and what is missing above it. undo removes again what it
// has created, as far as it is empty.
func makeTree(dir string) (undo func() error, err error) {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, d)
	}
	slices.Reverse(missing)
	undo = func() error { return removeEmpty(os.Remove, missing) }
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, errors.Join(err, undo())
	}
	return undo, nil
}

// removeEmpty removes those of the directories that are empty, from the last to
// the first.
func removeEmpty(remove func(string) error, dirs []string) error {
	for _, dir := range slices.Backward(dirs) {
		// A directory that is not empty is fs.ErrExist too.
		err := remove(dir)
		if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// removeStaging removes this run's staging directory and those of killed runs.
func removeStaging(root *os.Root) error {
	dirs, err := stagingDirs(root)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := root.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}
