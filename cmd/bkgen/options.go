package main

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/bkgen/bkgen/pkg/spec"
)

// renderOptions are the flags of the command that renders.
type renderOptions struct {
	output    string
	gitops    string
	namespace string
	check     bool
	force     bool
}

func (o *renderOptions) bind(flags *pflag.FlagSet) {
	flags.StringVarP(&o.output, "output", "o", "", "write into directory `DIR`, one object a file")
	flags.StringVar(&o.gitops, "gitops", "", "delivery `ENGINE`: argocd, flux or none; overrides spec.gitops.engine")
	flags.StringVarP(&o.namespace, "namespace", "n", "", "namespace of documents that name none")
	flags.BoolVar(&o.check, "check", false, "write nothing; exit 1 with a diff if the directory is not what the spec renders")
	flags.BoolVar(&o.force, "force", false, "overwrite files of bkgen's that were edited by hand; move files between the layouts for one and for several clusters")
}

func (o *renderOptions) validate(args []string) error {
	usage := func(hint, format string, a ...any) error {
		return &exitError{exitCouldNotSay, fmt.Errorf(format, a...), hint}
	}
	switch {
	case len(args) == 0:
		return usage("bkgen cluster.yaml, or bkgen --help", "no input; allowed: files, directories, globs, - for standard input")
	case o.gitops != "" && !slices.Contains(spec.Engines, spec.Engine(o.gitops)):
		return usage("", "--gitops: seen %q, allowed argocd, flux, none", o.gitops)
	case o.output == "" && o.check:
		return usage("name the directory with -o", "--check compares with a directory, and none is named")
	case o.output == "" && o.force:
		return usage("name the directory with -o", "--force is about a directory, and none is named")
	case o.check && o.force:
		return usage("", "--check writes nothing, so --force has nothing to do")
	}
	return nil
}

// flags are those that change the output, for the inventory.
func (o *renderOptions) flags() []string {
	var flags []string
	if o.gitops != "" {
		flags = append(flags, "--gitops="+o.gitops)
	}
	if o.namespace != "" {
		flags = append(flags, "--namespace="+o.namespace)
	}
	return flags
}
