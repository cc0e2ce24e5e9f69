package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// report is all that was measured.
type report struct {
	machine, versions, load string
	small, large            []result
	packages                []packageBench
}

// machine describes where it runs, without its name.
func machine() string {
	return fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func (r report) markdown() string {
	var b strings.Builder
	versions := strings.Fields(r.versions)
	fmt.Fprintf(&b, "Measured with %s; ", r.machine)
	if len(versions) == 3 {
		fmt.Fprintf(&b, "bkgen %s, kustomize %s, helm %s; ", versions[0], versions[1], versions[2])
	}
	fmt.Fprintf(&b, "load average %s at the start; %d rounds with one cluster, %d with many.\n\n", r.load, len(r.small[0].samples), len(r.large[0].samples))
	b.WriteString("### Targets\n\n")
	writeTargets(&b, r.targets())
	b.WriteString("\n### One cluster, whole process\n\n")
	writeResults(&b, r.small)
	b.WriteString("\n### Many clusters, whole process\n\n")
	writeResults(&b, r.large)
	b.WriteString("\n### Packages\n\n")
	writePackages(&b, r.packages)
	return b.String()
}

func writeResults(b *strings.Builder, results []result) {
	b.WriteString("| Tool | What | Objects | Time | an object | an object, beside the first | CPU | Memory | Output | Memory ÷ output |\n")
	b.WriteString("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, r := range results {
		beside := "1"
		if i > 0 {
			beside = fmt.Sprintf("%.2f ×", r.times(results[0]))
		}
		memory := "" // A small output says nothing beside the memory of the program itself.
		if r.bytes >= 1e7 {
			memory = fmt.Sprintf("%.2f", r.memoryPerOutput())
		}
		fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %s | %s | %s | %s | %s |\n", r.name, r.what, r.objects,
			duration(r.wall()), duration(r.perObject()), beside, duration(r.cpu()), size(r.peak()), size(r.bytes), memory)
	}
}

func writePackages(b *strings.Builder, packages []packageBench) {
	b.WriteString("| Package | Benchmark | Time | Throughput | Memory | Allocations |\n|---|---|--:|--:|--:|--:|\n")
	for _, p := range packages {
		rate := ""
		if len(p.rates) > 0 {
			rate = fmt.Sprintf("%.0f MB/s", median(p.rates))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %.0f |\n", strings.TrimPrefix(p.pkg, "github.com/bkgen/bkgen/"),
			p.name, duration(time.Duration(median(p.times))), rate, size(int64(median(p.sizes))), median(p.allocations))
	}
}

// duration writes three digits.
func duration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return threeDigits(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return threeDigits(d.Seconds()*1e3) + " ms"
	case d >= time.Microsecond:
		return threeDigits(d.Seconds()*1e6) + " µs"
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}

// size writes bytes in a unit that fits, in powers of 1000.
func size(bytes int64) string {
	switch {
	case bytes >= 1e6:
		return threeDigits(float64(bytes)/1e6) + " MB"
	case bytes >= 1e3:
		return threeDigits(float64(bytes)/1e3) + " kB"
	}
	return fmt.Sprintf("%d B", bytes)
}

func threeDigits(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

const (
	sectionBegin = "<!-- measured: begin (make bench writes what follows) -->\n"
	sectionEnd   = "<!-- measured: end -->\n"
)

// replaceSection puts the text between the page's two markers.
func replaceSection(page, text string) (string, error) {
	before, rest, found := strings.Cut(page, sectionBegin)
	_, after, closed := strings.Cut(rest, sectionEnd)
	if !found || !closed {
		return "", errors.New("the page has not both markers, " + strings.TrimSpace(sectionBegin) + " and " + strings.TrimSpace(sectionEnd))
	}
	return before + sectionBegin + "\n" + text + "\n" + sectionEnd + after, nil
}
