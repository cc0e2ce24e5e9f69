package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/bkgen/bkgen/e2e/parts"
)

const (
	nameVariable = "BKGEN_E2E_SANDBOX"
	dirVariable  = "BKGEN_E2E_DIR"
)

// supervise starts the sandbox and returns what its tests returned.
func supervise() (int, error) {
	if os.Geteuid() != 0 {
		return 0, &parts.MissingError{Part: "a sandbox", Err: errors.New("namespaces and cgroups need root")}
	}
	// The parent's death is the supervisor's. Linux sends the signal when the parent's
	// thread ends (prctl(2)); the go command keeps its threads.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return 0, fmt.Errorf("tying the sandbox to its parent: %w", err)
	}
	sweepStale()
	dir, lock, err := claim()
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	name := filepath.Base(dir)
	finish, err := startSweeper(name, dir, lock)
	if err != nil {
		return 0, errors.Join(err, os.RemoveAll(dir))
	}
	code, err := runInit(name, dir)
	return code, errors.Join(err, finish())
}

func command(as, name, dir string) *exec.Cmd {
	self := exec.Command("/proc/self/exe", os.Args[1:]...)
	self.Args[0] = os.Args[0]
	self.Env = append(os.Environ(), role+"="+as, nameVariable+"="+name, dirVariable+"="+dir)
	return self
}

// startSweeper starts the sweeper, which holds the read end of a pipe whose write end only
// this process has. The function returned ends the pipe and waits for the sweeper.
func startSweeper(name, dir string, lock *os.File) (func() error, error) {
	sweeper := command(roleSweep, name, dir)
	alive, err := sweeper.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the sweeper: %w", err)
	}
	sweeper.ExtraFiles = []*os.File{lock} // held until it has swept
	// Not this process's standard error: go test waits until all writers of it are gone.
	var said bytes.Buffer
	sweeper.Stderr = &said
	sweeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := sweeper.Start(); err != nil {
		return nil, fmt.Errorf("starting the sweeper: %w", err)
	}
	return func() error {
		if err := errors.Join(alive.Close(), sweeper.Wait()); err != nil {
			return fmt.Errorf("sweeping the sandbox: %w: %s", err, strings.TrimSpace(said.String()))
		}
		return nil
	}, nil
}

// runInit runs the sandbox's first process. It dies with this one.
func runInit(name, dir string) (int, error) {
	runtime.LockOSThread() // Pdeathsig is tied to the thread
	defer runtime.UnlockOSThread()
	first := command(roleInit, name, dir)
	first.Stdin, first.Stdout, first.Stderr = os.Stdin, os.Stdout, os.Stderr
	first.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := first.Start(); err != nil {
		return 0, &parts.MissingError{Part: "a sandbox", Err: fmt.Errorf("making namespaces: %w", err)}
	}
	stop := forward(first.Process)
	defer stop()
	err := first.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("waiting for the sandbox: %w", err)
	}
	return exitCode(first.ProcessState.Sys().(syscall.WaitStatus)), nil
}

// forward passes on the signals that ask this process to end. SIGQUIT is go test's word
// for a test that takes too long: it makes the tests show where they are.
func forward(to *os.Process) func() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() {
		for s := range signals {
			_ = to.Signal(s) // it may be gone, which is what was asked for
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}

// exitCode is as a shell reports it.
func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// sweep waits for the end of alive, which is the supervisor's, and removes what namespaces
// do not: processes in the sandbox's cgroups, the cgroups, the directory.
func sweep(alive io.Reader, name, dir string) error {
	if _, err := io.Copy(io.Discard, alive); err != nil {
		return fmt.Errorf("waiting for the supervisor: %w", err)
	}
	return errors.Join(removeCgroups(name), removeDir(dir))
}
