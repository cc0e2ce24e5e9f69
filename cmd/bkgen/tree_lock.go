package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/bkgen/bkgen/internal/manifest"
)

var errLocked = errors.New("another bkgen writes here")

// basis is what every run changes in DIR: a plan holds only for the one it was made from.
type basis struct {
	inventory []byte   // nil: there is none
	staging   []string // the names of the staging directories, sorted
}

// lock keeps other runs from writing DIR until the file that it returns is closed.
func (p treePlan) lock(root *os.Root) (*os.File, error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", p.dir, cause(err))
	}
	if err := p.lockOpen(dir); err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

func (p treePlan) lockOpen(dir *os.File) error {
	if err := lockDir(dir); err != nil {
		return fmt.Errorf("writing %s: %w", p.dir, cause(err))
	}
	locked, err := dir.Stat()
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.dir, cause(err))
	}
	// A run that had made the directory and failed has removed it again.
	if now, err := os.Stat(p.dir); err != nil || !os.SameFile(locked, now) {
		return p.changedMeanwhile()
	}
	return nil
}

// verify finds out whether another run has written to DIR since the plan was made.
func (p treePlan) verify(root *os.Root) error {
	inventory, err := readRegular(root, manifest.InventoryName)
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.name(manifest.InventoryName), cause(err))
	}
	staging, err := stagingDirs(root)
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.dir, cause(err))
	}
	if !bytes.Equal(inventory, p.basis.inventory) || !slices.Equal(staging, p.basis.staging) {
		return p.changedMeanwhile()
	}
	return nil
}

func (p treePlan) changedMeanwhile() error {
	return fmt.Errorf("%s was changed by another run meanwhile; run again", p.dir)
}

// readRegular returns the content of a regular file, and nil where none is: reading
// anything else, such as a pipe, could take for ever.
func readRegular(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	data, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
