package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bkgen/bkgen/pkg/spec"
)

// streams are a command's standard streams: results on out and nothing else there.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Exit codes, the same for both tools (docs/design.md §6).
const (
	exitYes         = 0 // rendered, no difference
	exitNo          = 1 // differs, refused
	exitCouldNotSay = 2 // usage, bad input, I/O
)

// exitError is an error that carries its exit code, and what to try.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// errReported ends a run whose reasons have been printed already.
var errReported = errors.New("reported")

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := newRootCommand(s)
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitYes
	}
	code, hint := exitCouldNotSay, ""
	if bad := (*exitError)(nil); errors.As(err, &bad) {
		code, hint = bad.code, bad.hint
	}
	if !errors.Is(err, errReported) {
		report(s.err, err.Error(), hint)
	}
	return code
}

// report prints one message, and what to try on a line of its own.
func report(w io.Writer, message, hint string) {
	for line := range strings.SplitSeq(strings.TrimRight(message, "\n"), "\n") {
		fmt.Fprintf(w, "bkgen: %s\n", line)
	}
	if hint != "" {
		fmt.Fprintf(w, "bkgen: hint: %s\n", hint)
	}
}

func reportProblems(w io.Writer, problems []spec.Problem) {
	for _, p := range problems {
		report(w, p.String(), p.Hint)
	}
}

const longHelp = `bkgen renders the complete Kubernetes manifests of a BookKeeper cluster from its
spec: the BookkeeperCluster document of the Pravega operator, with an optional
stanza spec.gitops. The output is meant for Git; Argo CD or Flux applies it.

There are two profiles, spec.gitops.profile: Hardened, the default, for new
clusters, and Operator, which reproduces what the operator made, for taking over
a cluster that it runs.

Inputs are files, directories, globs and - for standard input; each may hold
several documents. The manifests go to standard output, or with -o into a
directory, one object a file.

Exit codes: 0 rendered (with --check: no difference), 1 --check found a
difference or the directory holds files that bkgen would not overwrite, 2 bad
input (a refused patch too) or anything else that kept bkgen from answering.`

const examples = `  # Look at what a spec becomes
  bkgen cluster.yaml

  # Render into a directory, for Argo CD
  bkgen --gitops argocd -o deploy/prod cluster.yaml

  # In CI: is the directory what the spec renders?
  bkgen --gitops argocd -o deploy/prod --check cluster.yaml

  # Several clusters, each into deploy/<namespace>/<cluster>
  bkgen -o deploy clusters/

  # From standard input
  bkgen - < cluster.yaml`

// complete tells shells what the flags take. A flag that is bound above is there, so no
// registration fails.
func complete(root *cobra.Command) {
	_ = root.MarkFlagDirname("output")
	_ = root.RegisterFlagCompletionFunc("gitops", cobra.FixedCompletions([]string{"argocd", "flux", "none"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("namespace", cobra.NoFileCompletions)
}

func newRootCommand(s streams) *cobra.Command {
	var o renderOptions
	root := &cobra.Command{
		Use:           "bkgen [flags] FILE|DIR|GLOB|-...",
		Short:         "Render the Kubernetes manifests of a cluster from its spec",
		Long:          longHelp,
		Example:       examples,
		Args:          cobra.ArbitraryArgs,
		Version:       currentVersion().Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("output") && o.output == "" {
				return &exitError{exitCouldNotSay, errors.New("--output is empty"), "name a directory, or leave the flag out for standard output"}
			}
			return renderCommand(cmd.Context(), args, o, s)
		},
	}
	o.bind(root.Flags())
	complete(root)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return &exitError{exitCouldNotSay, err, "bkgen --help lists the flags"}
	})
	root.AddCommand(newVersionCommand(s))
	root.AddCommand(newExplainCommand(s))
	root.AddCommand(newSchemaCommand(s))
	return root
}
