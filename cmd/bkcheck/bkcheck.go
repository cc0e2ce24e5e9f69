package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// streams are a command's standard streams: results on out and nothing else there.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Exit codes, the same for both tools (docs/design.md §6).
const (
	exitYes         = 0 // done, or so already
	exitNo          = 1 // refused
	exitCouldNotSay = 2 // usage, bad input, I/O
	exitNotYet      = 3 // the deadline came first
)

// exitError is an error that carries its exit code, and what to try.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage is an error in how bkcheck was called.
func usage(hint, format string, a ...any) error {
	return &exitError{exitCouldNotSay, fmt.Errorf(format, a...), hint}
}

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
	report(s.err, err.Error(), hint)
	return code
}

// report prints one message, and what to try on a line of its own.
func report(w io.Writer, message, hint string) {
	for line := range strings.SplitSeq(strings.TrimRight(message, "\n"), "\n") {
		fmt.Fprintf(w, "bkcheck: %s\n", line)
	}
	if hint != "" {
		fmt.Fprintf(w, "bkcheck: hint: %s\n", hint)
	}
}

const longHelp = `bkcheck judges BookKeeper clusters that bkgen has rendered, and acts where that is
safe. It runs in their pods.

Exit codes: 0 yes (done, or so already), 1 no (refused), 2 bad input or anything
else that kept bkcheck from answering, 3 not yet (the deadline came first).`

func newRootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "bkcheck COMMAND",
		Short:         "Judge BookKeeper clusters, and act where that is safe",
		Long:          longHelp,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(*cobra.Command, []string) error {
			return usage("bkcheck --help lists the commands", "no command given")
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &exitError{exitCouldNotSay, err, cmd.CommandPath() + " --help lists the flags"}
	})
	root.AddCommand(newEnsureClusterCommand(s))
	root.AddCommand(newVersionCommand(s))
	return root
}

// formats are what --output takes.
const (
	textFormat = "text"
	jsonFormat = "json"
)

func checkFormat(format string) error {
	if format != textFormat && format != jsonFormat {
		return usage("", "--output: seen %q, allowed text, json", format)
	}
	return nil
}
