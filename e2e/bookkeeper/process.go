package bookkeeper

import (
	"context"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/bkgen/bkgen/e2e/process"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

// patience is how long anything is waited for that should take a few seconds.
const patience = 90 * time.Second

// Process is a program that runs on a host of its own. It can end and be started again.
type Process struct {
	// Name is the test's name for it, in what goes wrong.
	Name string
	// Host is where it runs.
	Host *sandbox.Host

	command []string
	// log is the file that what it prints goes to; its standard output does not, where
	// output is not nil.
	log     string
	output  io.Writer
	running *process.Process
}

// newProcess prepares a process, which is killed when the test ends.
func newProcess(t testing.TB, name, log string) *Process {
	t.Helper()
	p := &Process{Name: name, Host: sandbox.NewHost(t, name), log: log}
	t.Cleanup(func() { p.finish(t) })
	return p
}

// Start starts the process. It does not wait until it is ready.
func (p *Process) Start(t testing.TB) {
	t.Helper()
	if p.running != nil && p.running.Running() {
		t.Fatalf("starting %s: it runs", p.Name)
	}
	command := p.Host.Command(p.command[0], p.command[1:]...)
	command.Stdout = p.output
	running, err := process.Start(p.Name, p.log, command)
	if err != nil {
		t.Fatal(err)
	}
	p.running = running
}

// Kill ends the process as kill -9 and the kernel do; also one that is paused or has ended.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	p.running.Kill()
}

// Stop asks the process to end, and waits until it has.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.running.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

// terminate asks the process to end and does not wait.
func (p *Process) terminate(t testing.TB) {
	t.Helper()
	p.must(t, p.running.Signal(syscall.SIGTERM))
}

// Pause stops the process where it is: its connections stay open and nobody answers.
func (p *Process) Pause(t testing.TB) {
	t.Helper()
	p.must(t, p.running.Pause())
}

// Continue ends what Pause began.
func (p *Process) Continue(t testing.TB) {
	t.Helper()
	p.must(t, p.running.Continue())
}

func (p *Process) must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// await waits for a condition, and fails the test where the process ends meanwhile.
func (p *Process) await(t testing.TB, condition func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p.must(t, p.running.Await(ctx, func(context.Context) error { return condition() }))
}

// finish kills the process, and shows what it said if the test failed.
func (p *Process) finish(t testing.TB) {
	t.Helper()
	if p.running == nil {
		return
	}
	p.Kill(t)
	if t.Failed() {
		t.Logf("%s said, at the end:\n%s", p.Name, p.running.Log())
	}
}
