package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/bkgen/bkgen/internal/manifest"
)

const (
	reasonLink      = "is a symbolic link; bkgen writes only regular files inside DIR"
	reasonDirectory = "is a directory, where bkgen writes a file; move it away"
	reasonNoParent  = "is a file, where bkgen needs a directory; move it away"
	reasonSpecial   = "is not a regular file; move it away"
	reasonEdited    = "edited by hand since bkgen wrote it; move the change into the spec's patches, or use --force to overwrite it"
	reasonStale     = "edited by hand since bkgen wrote it, and no longer rendered; move it away, or use --force to delete it"
	reasonForeign   = "not written by bkgen (" + manifest.InventoryName + " does not list it); move it away"
	reasonUnlisted  = "has bkgen's header, but " + manifest.InventoryName + " does not list it; use --force to overwrite it"
)

// planner compares what must be with what DIR holds.
type planner struct {
	plan  treePlan
	root  *os.Root // nil: there is no DIR yet
	force bool
	// recorded has the sums of the contents that bkgen wrote at each path.
	recorded map[string][]string
	parents  map[string]parent
	refused  map[string]string // path → reason
}

// parent is what is known about a directory on the way to a file.
type parent struct {
	missing bool
	blocked bool
}

func (p *planner) compare(files []outFile, inventory manifest.Inventory) error {
	encoded := inventory.Encode()
	old, err := p.readInventory()
	if err != nil {
		return err
	}
	if !bytes.Equal(old, encoded) {
		if _, err := manifest.DecodeInventory(encoded); err != nil {
			return fmt.Errorf("planning %s, which the next run could not read: %w", manifest.InventoryName, err)
		}
	}
	wanted := make(map[string]bool, len(files))
	for _, f := range files {
		wanted[f.Path] = true
		if err := p.compareFile(f); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.recorded)) {
		if wanted[name] {
			continue
		}
		p.plan.stale = append(p.plan.stale, name)
		if err := p.compareStale(name); err != nil {
			return err
		}
	}
	slices.SortFunc(p.plan.Changes, func(a, b treeChange) int { return cmp.Compare(a.Path, b.Path) })
	p.add(manifest.InventoryName, old, encoded)
	return nil
}

// compareFile plans the writing of f. A refused file is planned too, for a diff
// to show.
func (p *planner) compareFile(f outFile) error {
	data, err := p.read(f.Path)
	if err != nil {
		return err
	}
	p.add(f.Path, data, f.Data)
	if data == nil || bytes.Equal(data, f.Data) {
		return nil
	}
	listed := p.recorded[f.Path] != nil
	switch {
	case p.wrote(f.Path, data), p.force && (listed || hasHeader(data)):
	case listed:
		p.refuse(f.Path, reasonEdited)
	case hasHeader(data):
		p.refuse(f.Path, reasonUnlisted)
	default:
		p.refuse(f.Path, reasonForeign)
	}
	return nil
}

func (p *planner) compareStale(name string) error {
	data, err := p.read(name)
	if err != nil || data == nil {
		return err
	}
	if !p.force && !p.wrote(name, data) {
		p.refuse(name, reasonStale)
	}
	p.plan.Changes = append(p.plan.Changes, treeChange{Path: name, Action: deleted})
	return nil
}

// add plans the change from one content to another; old is nil where no file is.
func (p *planner) add(name string, old, data []byte) {
	change := treeChange{Path: name, Action: configured, New: data}
	switch {
	case old == nil:
		change.Action = created
	case bytes.Equal(old, data):
		change.Action = unchanged
	}
	p.plan.Changes = append(p.plan.Changes, change)
}

func (p *planner) wrote(name string, data []byte) bool {
	return slices.Contains(p.recorded[name], manifest.Sum(data))
}

func (p *planner) refuse(name, reason string) { p.refused[name] = reason }

func (p *planner) refusals() []refusal {
	var refusals []refusal
	for _, name := range slices.Sorted(maps.Keys(p.refused)) {
		refusals = append(refusals, refusal{Path: name, Reason: p.refused[name]})
	}
	return refusals
}
