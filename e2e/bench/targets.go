package main

import (
	"fmt"
	"math"
	"strings"
)

// target is one thing to reach, and what was measured.
type target struct {
	goal, measured string
	met            bool
}

func (r report) targets() []target {
	one, many := leastTimes(r.small, "kustomize"), leastTimes(r.large, "kustomize")
	targets := []target{
		{"one cluster: no slower than kustomize", fmt.Sprintf("kustomize takes %.2f × bkgen's time", one), one >= 1},
		{fmt.Sprintf("%d clusters: at most 1/10 of kustomize's time an object", clusters),
			fmt.Sprintf("kustomize takes %.1f × bkgen's time", many), many >= 10},
	}
	for _, what := range []string{toStdout, toNewDirectory, toSameDirectory} {
		memory := find(r.large, "bkgen", what).memoryPerOutput()
		targets = append(targets, target{fmt.Sprintf("%d clusters, %s: memory at most 3 × the output", clusters, what),
			fmt.Sprintf("%.2f × the output", memory), memory <= 3})
	}
	for _, what := range []string{withJSONPatch, withStrategicPatch} {
		times := find(r.small, "kustomize", what).times(find(r.small, "bkgen", what))
		targets = append(targets, target{"one cluster, both " + what + ": no slower than kustomize",
			fmt.Sprintf("kustomize takes %.2f × bkgen's time", times), times >= 1})
	}
	return targets
}

// leastTimes compares a tool, in the case where it does best, with the first result.
func leastTimes(results []result, name string) float64 {
	least := math.Inf(1)
	for _, r := range results {
		if r.name == name {
			least = min(least, r.times(results[0]))
		}
	}
	return least
}

// find is the result of a tool in the case whose description ends like this.
func find(results []result, name, what string) result {
	for _, r := range results {
		if r.name == name && strings.HasSuffix(r.what, what) {
			return r
		}
	}
	return result{}
}

func writeTargets(b *strings.Builder, targets []target) {
	b.WriteString("| Target | Measured | Met |\n|---|---|---|\n")
	for _, t := range targets {
		verdict := "no"
		if t.met {
			verdict = "yes"
		}
		fmt.Fprintf(b, "| %s | %s | **%s** |\n", t.goal, t.measured, verdict)
	}
}
