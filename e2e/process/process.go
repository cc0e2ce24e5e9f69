// Package process runs programs for tests: started with a log file, waited for by what they answer,
// killed, stopped, paused. A program ends at the latest with the test process.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a program that runs, or ran.
type Process struct {
	// Name is for messages.
	Name string
	// LogPath is the file that has its standard output and error.
	LogPath string
	command *exec.Cmd
	// done is closed when it has ended.
	done chan struct{}
}

// starters starts all programs from one thread that never ends: Linux takes the end of the
// thread that started a process for its parent's death (prctl(2), PR_SET_PDEATHSIG).
var starters = sync.OnceValue(func() chan func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range work {
			start()
		}
	}()
	return work
})

// Start starts the command, whose standard error, and standard output where it goes nowhere
// else, is appended to the file at logPath.
func Start(name, logPath string, command *exec.Cmd) (*Process, error) {
	if err := os.MkdirAll(filepath.Dir(logPath), 0o755); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	defer log.Close() // the program has its own copy
	command.Stderr = log
	if command.Stdout == nil {
		command.Stdout = log
	}
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error)
	starters() <- func() { started <- command.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &Process{Name: name, LogPath: logPath, command: command, done: make(chan struct{})}
	go func() {
		_ = command.Wait() // how it ended is in ProcessState
		close(p.done)
	}()
	return p, nil
}

// PID is its process ID.
func (p *Process) PID() int { return p.command.Process.Pid }

// Done is closed when it has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running reports whether it has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// ExitCode is its exit code, after its end; -1 where a signal ended it.
func (p *Process) ExitCode() int {
	<-p.done
	return p.command.ProcessState.ExitCode()
}

// Ended says how it ended: "exit status 1", "signal: killed".
func (p *Process) Ended() string {
	<-p.done
	return p.command.ProcessState.String()
}

// Kill ends it at once (SIGKILL) and waits until it has ended.
func (p *Process) Kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.done
}

// Stop asks it to end (SIGTERM) and waits; what has not ended when the context does is killed.
func (p *Process) Stop(ctx context.Context) error {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("stopping %s: it had to be killed: %w", p.Name, ctx.Err())
	}
}

// Pause stops it where it stands (SIGSTOP): it holds its connections and says nothing. On a
// busy machine its threads go on for a while after the signal, so all of them are waited for.
func (p *Process) Pause() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for p.Running() && !p.stopped() {
		time.Sleep(time.Millisecond)
	}
	return nil
}

// stopped reports whether all threads are. Source: proc(5), /proc/PID/task/TID/stat: the state
// follows the name, which is in parentheses.
func (p *Process) stopped() bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.PID()))
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // it ended meanwhile
		}
		_, state, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
		if !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return len(threads) > 0
}

// Continue lets a paused one go on.
func (p *Process) Continue() error { return p.Signal(syscall.SIGCONT) }

// Signal sends a signal; one that has ended takes none, which is no error.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %s to %s: %w", s, p.Name, err)
	}
	return nil
}

// Await waits until ready returns nil. It fails when the process ends before, or the context.
func (p *Process) Await(ctx context.Context, ready func(context.Context) error) error {
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended (%s) before it was ready:\n%s", p.Name, p.Ended(), p.Log())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready in time: %w\n%s", p.Name, err, p.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Log is the end of what it has said, up to 4 KiB.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.LogPath)
	if err != nil {
		return err.Error()
	}
	if over := len(text) - 4096; over > 0 {
		text = text[over:]
	}
	return strings.TrimSpace(string(text))
}
