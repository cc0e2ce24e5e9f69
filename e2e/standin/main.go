// Standin stands in for programs in pods: one that is slow, crashes or never becomes
// ready, one that asks questions from inside a pod, and the pause container itself. It is
// static, so that its image holds nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command does what its arguments say until it is done or ctx is, and writes its answer.
type command func(ctx context.Context, args []string, out io.Writer) error

func commands() map[string]command {
	return map[string]command{
		"pause":   pause,
		"serve":   serve,
		"exit":    exit,
		"4lw":     fourLetterWord,
		"get":     get,
		"api":     api,
		"resolve": resolve,
		"file":    file,
		"dump":    dump,
		"myid":    myid,
	}
}

// exitError makes the process end with a code of its own choice.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	all := commands()
	if len(args) == 0 || all[args[0]] == nil {
		fmt.Fprintf(errOut, "standin: want a command: %s\n", strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		return 2
	}
	err := all[args[0]](ctx, args[1:], out)
	var code exitError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(errOut, "standin: %s: %v\n", args[0], err)
	return 1
}

// arguments checks how many there are.
func arguments(args []string, names ...string) error {
	if len(args) != len(names) {
		return fmt.Errorf("want %s, got %q", strings.Join(names, " "), args)
	}
	return nil
}
