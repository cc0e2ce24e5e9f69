package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/rogpeppe/go-internal/diff"
)

// writeDiff writes a unified diff from what DIR holds to what was rendered, with
// paths relative to DIR, as git writes it without its extended headers. Unchanged
// files have no part in it.
func writeDiff(w io.Writer, plan treePlan) error {
	for _, c := range plan.Changes {
		if c.Action == unchanged {
			continue
		}
		old, err := plan.old(c)
		if err != nil {
			return err
		}
		if _, err := w.Write(fileDiff(c, old)); err != nil {
			return fmt.Errorf("writing the diff: %w", err)
		}
	}
	return nil
}

func fileDiff(c treeChange, old []byte) []byte {
	from, to := "a/"+c.Path, "b/"+c.Path
	switch c.Action {
	case created:
		from = "/dev/null"
	case deleted:
		to = "/dev/null"
	}
	// The first line, which repeats the command, is not part of the format.
	_, text, _ := bytes.Cut(diff.Diff(from, old, to, c.New), []byte("\n"))
	return text
}
