package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// sample is one run of a command.
type sample struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

// result is what all runs of a command showed.
type result struct {
	command
	objects int
	bytes   int64 // of output
	samples []sample
}

// run runs each command once to warm up and then, in each round, each of them once in turn.
func (c comparison) run(ctx context.Context, now func() time.Time, progress io.Writer) ([]result, error) {
	results := make([]result, len(c.commands))
	for round := range c.runs + 1 {
		fmt.Fprintf(progress, "bench: %s, round %d of %d\n", c.title, round, c.runs)
		for i, cmd := range c.commands {
			s, err := c.sets.sample(ctx, cmd, now)
			if err != nil {
				return nil, fmt.Errorf("measuring %s (%s): %w", cmd.name, cmd.what, err)
			}
			if round > 0 {
				results[i].samples = append(results[i].samples, s)
			}
		}
	}
	for i, cmd := range c.commands {
		results[i].command = cmd
		var err error
		if results[i].objects, results[i].bytes, err = c.sets.count(cmd); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func (s sets) sample(ctx context.Context, c command, now func() time.Time) (sample, error) {
	out := filepath.Join(s.dir, c.out)
	if c.fresh {
		if err := os.RemoveAll(out); err != nil {
			return sample{}, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return sample{}, err
	}
	cmd := s.process(ctx, c.argv)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if !c.writesDirectory() {
		file, err := os.Create(out)
		if err != nil {
			return sample{}, err
		}
		defer file.Close()
		cmd.Stdout = file
	}
	start := now()
	err := cmd.Run()
	wall := now().Sub(start)
	if err != nil {
		return sample{}, fmt.Errorf("%w\n%s", err, complaint.String())
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return sample{}, errors.New("this system does not say what a process used")
	}
	return sample{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), int64(usage.Maxrss) * maxrssUnit}, nil
}

// count counts the objects in what a command wrote, and its bytes. It reads line by
// line, as this process's own memory must stay below what it measures: until a child has
// loaded its program, the memory of its parent counts as its own (getrusage(2)).
func (s sets) count(c command) (objects int, size int64, err error) {
	err = filepath.WalkDir(filepath.Join(s.dir, c.out), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		if filepath.Ext(path) != ".yaml" || entry.Name() == "kustomization.yaml" {
			return nil
		}
		n, err := countObjects(path)
		objects += n
		return err
	})
	if err == nil && objects == 0 {
		err = fmt.Errorf("%s: no object in %s", c.name, c.out)
	}
	return objects, size, err
}

// countObjects counts the lines "kind: …" at the left margin of a file.
func countObjects(path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	n := 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if bytes.HasPrefix(lines.Bytes(), []byte("kind: ")) {
			n++
		}
	}
	return n, lines.Err()
}
