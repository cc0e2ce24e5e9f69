package zk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
)

// found is a znode that a walk has found, or why it ends.
type found struct {
	path string
	err  error
}

// walk yields the znodes that lie as deep below top as there are levels, one at least, in the order of
// their names. Every name must match its level: one that does not is an error, for nobody
// knows what it means. What is deleted meanwhile is passed over, and so are directories
// without anything in them. It holds one directory of each level in memory.
func walk(ctx context.Context, reader Reader, top string, levels []*regexp.Regexp) iter.Seq[found] {
	return func(yield func(found) bool) {
		names, err := list(ctx, reader, top, levels[0])
		if err != nil {
			yield(found{err: err})
			return
		}
		if len(levels) == 1 {
			for _, name := range names {
				if !yield(found{path: top + "/" + name}) {
					return
				}
			}
			return
		}
		if len(levels) == 2 {
			walkLast(ctx, reader, top, names, levels[1])(yield)
			return
		}
		for _, name := range names {
			for leaf := range walk(ctx, reader, top+"/"+name, levels[1:]) {
				if !yield(leaf) || leaf.err != nil {
					return
				}
			}
		}
	}
}

// walkLast is walk for the last level but one, on which nearly all directories are: they are
// listed side by side.
func walkLast(ctx context.Context, reader Reader, top string, names []string, pattern *regexp.Regexp) iter.Seq[found] {
	type listing struct {
		path  string
		names []string
		err   error
	}
	return func(yield func(found) bool) {
		for dir := range pipeline(slices.Values(names), listsInFlight, func(name string) listing {
			path := top + "/" + name
			names, err := list(ctx, reader, path, pattern)
			return listing{path, names, err}
		}) {
			if dir.err != nil {
				yield(found{err: dir.err})
				return
			}
			for _, name := range dir.names {
				if !yield(found{path: dir.path + "/" + name}) {
					return
				}
			}
		}
	}
}

// list are the names below a znode, sorted; none where it is gone.
func list(ctx context.Context, reader Reader, parent string, pattern *regexp.Regexp) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("listing %s: %w", parent, context.Cause(ctx))
	}
	names, err := reader.Children(patient(ctx), parent)
	if errors.Is(err, ErrNoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !pattern.MatchString(name) {
			return nil, fmt.Errorf("listing %s: %q is no name that BookKeeper gives", parent, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
