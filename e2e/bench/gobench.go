package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// packageBench is one benchmark of go test, with the figures of each of its runs.
type packageBench struct {
	pkg, name   string
	times       []float64 // nanoseconds for one iteration
	rates       []float64 // MB/s; empty if the benchmark does not say
	sizes       []float64 // bytes allocated in one iteration
	allocations []float64
}

// benchName is the name of a benchmark and, after the last dash, GOMAXPROCS if it is not 1.
var benchName = regexp.MustCompile(`^Benchmark(\S+?)(-\d+)?$`)

// parseGoBench reads what go test -bench -benchmem printed for one or more packages.
func parseGoBench(text string) ([]packageBench, error) {
	var order []string
	found := map[string]*packageBench{}
	pkg := ""
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[0] == "pkg:" {
			pkg = fields[1]
		}
		if len(fields) < 4 || !benchName.MatchString(fields[0]) {
			continue
		}
		name := benchName.FindStringSubmatch(fields[0])[1]
		id := pkg + " " + name
		if found[id] == nil {
			found[id] = &packageBench{pkg: pkg, name: name}
			order = append(order, id)
		}
		if err := found[id].add(fields[2:]); err != nil {
			return nil, fmt.Errorf("reading %q: %w", strings.TrimSpace(line), err)
		}
	}
	var all []packageBench
	for _, id := range order {
		all = append(all, *found[id])
	}
	return all, nil
}

// add takes pairs of a number and its unit.
func (b *packageBench) add(pairs []string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		n, err := strconv.ParseFloat(pairs[i], 64)
		if err != nil {
			return err
		}
		switch pairs[i+1] {
		case "ns/op":
			b.times = append(b.times, n)
		case "MB/s":
			b.rates = append(b.rates, n)
		case "B/op":
			b.sizes = append(b.sizes, n)
		case "allocs/op":
			b.allocations = append(b.allocations, n)
		}
	}
	return nil
}
