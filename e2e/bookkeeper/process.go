package bookkeeper

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

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
	running *exec.Cmd
	ended   chan struct{} // closed when running has ended
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
	if p.running != nil && !p.hasEnded() {
		t.Fatalf("starting %s: it runs", p.Name)
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatalf("starting %s: %v", p.Name, err)
	}
	defer log.Close()
	command := p.Host.Command(p.command[0], p.command[1:]...)
	command.Stdout, command.Stderr = log, log
	if p.output != nil {
		command.Stdout = p.output
	}
	if err := command.Start(); err != nil {
		t.Fatalf("starting %s: %v", p.Name, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // how it ended is in its state
		close(ended)
	}()
	p.running, p.ended = command, ended
}

// Kill ends the process as kill -9 and the kernel do; also one that is paused or has ended.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	<-p.ended
}

// Stop asks the process to end, and waits until it has.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.terminate(t)
	p.awaitEnd(t)
}

func (p *Process) terminate(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
}

func (p *Process) awaitEnd(t testing.TB) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("%s did not end within %s", p.Name, patience)
	}
}

// Pause stops the process where it is: its connections stay open and nobody answers.
func (p *Process) Pause(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGSTOP)
}

// Continue ends what Pause began.
func (p *Process) Continue(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGCONT)
}

func (p *Process) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if p.hasEnded() {
		return
	}
	if err := p.running.Process.Signal(signal); err != nil && err != os.ErrProcessDone {
		t.Fatalf("sending %s to %s: %v", signal, p.Name, err)
	}
}

func (p *Process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// await waits for a condition, and fails the test where the process ends meanwhile.
func (p *Process) await(t testing.TB, what string, condition func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := condition()
		if err == nil {
			return
		}
		if p.hasEnded() {
			err = fmt.Errorf("its process has ended: %s", p.running.ProcessState)
		} else if time.Now().Before(end) {
			continue
		}
		t.Fatalf("waiting until %s %s: %v", p.Name, what, err)
	}
}

// finish kills the process, and shows what it said if the test failed.
func (p *Process) finish(t testing.TB) {
	t.Helper()
	if p.running != nil {
		p.Kill(t)
	}
	if t.Failed() {
		t.Logf("%s said, at the end:\n%s", p.Name, p.lastWords())
	}
}

func (p *Process) lastWords() string {
	const most = 40
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
