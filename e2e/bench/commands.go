package main

import (
	"fmt"
	"strings"
)

// command is one of the processes that are compared.
type command struct {
	name string
	what string // in a few words, for the table
	argv []string
	// out is where its objects are, below dir: a file that takes its standard output,
	// or, with a slash at the end, a directory that it writes.
	out   string
	fresh bool // out is removed before each run
}

func (c command) writesDirectory() bool { return strings.HasSuffix(c.out, "/") }

// comparison is a group of commands that run in turn.
type comparison struct {
	sets     sets
	title    string
	runs     int
	commands []command // the first is the one that the others are compared with
}

// The ends of descriptions, by which the targets name the cases.
const (
	withJSONPatch      = "with a JSON 6902 patch"
	withStrategicPatch = "with a strategic merge patch"
	toStdout           = "to standard output"
	toNewDirectory     = "into a new directory"
	toSameDirectory    = "into the same directory again"
)

func (s sets) smallComparison(runs int) comparison {
	bkgen := func(what, spec, out string) command {
		return command{name: "bkgen", what: what, argv: []string{s.bkgen, spec}, out: out}
	}
	kustomize := func(what, dir, out string) command {
		return command{name: "kustomize", what: what, argv: []string{s.kustomize, "build", dir}, out: out}
	}
	return comparison{s, "one cluster", runs, []command{
		bkgen("a spec", "specs/one.yaml", "out/one-bkgen.yaml"),
		kustomize("an overlay "+withJSONPatch, "kustomize/json", "out/one-kustomize-json.yaml"),
		{name: "helm", what: "a chart", argv: []string{s.helm, "template", clusterName, "chart", "-n", namespace}, out: "out/one-helm.yaml"},
		bkgen("a spec "+withJSONPatch, "specs/json.yaml", "out/one-bkgen-json.yaml"),
		bkgen("a spec "+withStrategicPatch, "specs/strategic.yaml", "out/one-bkgen-strategic.yaml"),
		kustomize("an overlay "+withStrategicPatch, "kustomize/strategic", "out/one-kustomize-strategic.yaml"),
	}}
}

func (s sets) largeComparison(runs int) comparison {
	bkgen := []string{s.bkgen, "specs/many"}
	intoTree := []string{s.bkgen, "-o", "out/tree", "specs/many"}
	return comparison{s, "many clusters", runs, []command{
		{name: "bkgen", what: fmt.Sprintf("%d specs, %s", clusters, toStdout), argv: bkgen, out: "out/many-bkgen.yaml"},
		{name: "bkgen", what: "the same, " + toNewDirectory, argv: intoTree, out: "out/tree/", fresh: true},
		{name: "bkgen", what: "the same, " + toSameDirectory, argv: intoTree, out: "out/tree/"},
		{name: "bkgen", what: fmt.Sprintf("%d specs, each %s", maxOverlays, withJSONPatch), argv: []string{s.bkgen, "specs/many-patched"}, out: "out/many-bkgen-patched.yaml"},
		{name: "kustomize", what: fmt.Sprintf("a tree of %d overlays, each %s", fewOverlays, withJSONPatch), argv: []string{s.kustomize, "build", "kustomize/few"}, out: "out/many-kustomize-few.yaml"},
		{name: "kustomize", what: fmt.Sprintf("a tree of %d overlays, each %s", maxOverlays, withJSONPatch), argv: []string{s.kustomize, "build", "kustomize/tree"}, out: "out/many-kustomize.yaml"},
	}}
}
