// Bench measures bkgen beside kustomize and helm: whole processes, in turn, on sets of
// objects that it has generated and compared. See docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.dir, "dir", "", "working directory; the peers are in its bin/")
	flags.StringVar(&o.spec, "spec", "", "sets: the spec of one cluster")
	flags.StringVar(&o.bkgen, "bkgen", "", "bkgen's binary")
	flags.StringVar(&o.versions, "versions", "", "measure: the versions of bkgen, kustomize and helm")
	flags.IntVar(&o.runs, "runs", 20, "measure: rounds with one cluster")
	flags.IntVar(&o.largeRuns, "large-runs", 5, "measure: rounds with many clusters")
	flags.StringVar(&o.goBench, "go", "", "measure: what go test -bench printed")
	flags.StringVar(&o.doc, "doc", "", "measure: the page to put the tables in")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return err
	}
	if o.bkgen, err = filepath.Abs(o.bkgen); err != nil {
		return err
	}
	switch flags.Arg(0) {
	case "sets":
		return makeSets(ctx, o)
	case "measure":
		return measureAll(ctx, o)
	}
	return errors.New("seen no command; allowed: sets, measure")
}

// options are the flags. All paths but spec, goBench and doc are absolute.
type options struct {
	dir, spec, bkgen, versions string
	runs, largeRuns            int
	goBench, doc               string
}

// makeSets writes what the tools read, and proves that they make the same of it.
func makeSets(ctx context.Context, o options) error {
	spec, err := os.ReadFile(o.spec)
	if err != nil {
		return err
	}
	s := newSets(o)
	if err := s.write(ctx, string(spec)); err != nil {
		return fmt.Errorf("writing the sets: %w", err)
	}
	if err := s.compare(ctx); err != nil {
		return fmt.Errorf("comparing the sets: %w", err)
	}
	return nil
}

func measureAll(ctx context.Context, o options) error {
	text, err := os.ReadFile(o.goBench)
	if err != nil {
		return err
	}
	packages, err := parseGoBench(string(text))
	if err != nil {
		return fmt.Errorf("reading %s: %w", o.goBench, err)
	}
	page, err := os.ReadFile(o.doc)
	if err != nil {
		return err
	}
	r := report{machine: machine(), versions: o.versions, load: load(), packages: packages}
	s := newSets(o)
	r.small, err = s.smallComparison(o.runs).run(ctx, time.Now, os.Stderr)
	if err != nil {
		return err
	}
	r.large, err = s.largeComparison(o.largeRuns).run(ctx, time.Now, os.Stderr)
	if err != nil {
		return err
	}
	section := r.markdown()
	fmt.Println(section)
	text2, err := replaceSection(string(page), section)
	if err != nil {
		return fmt.Errorf("writing %s: %w", o.doc, err)
	}
	return os.WriteFile(o.doc, []byte(text2), 0o644)
}

// load is the machine's load when the measuring begins, or "unknown".
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 0 {
		return fields[0]
	}
	return "unknown"
}
