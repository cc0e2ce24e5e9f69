package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// prefix begins the names of all sandboxes: of their directories and cgroups.
const prefix = "bkgen-e2e-"

// claim makes a new sandbox's directory, whose base is the sandbox's name, and takes its
// lock. As long as any process holds the file returned, nobody sweeps the sandbox.
func claim() (string, *os.File, error) {
	// Under another name at first, so that nobody sees it without its lock.
	unseen, err := os.MkdirTemp("", "."+prefix)
	if err != nil {
		return "", nil, fmt.Errorf("making the sandbox's directory: %w", err)
	}
	lock, err := tryLock(unseen)
	if err != nil {
		return "", nil, errors.Join(err, os.Remove(unseen))
	}
	dir := filepath.Join(filepath.Dir(unseen), strings.TrimPrefix(filepath.Base(unseen), "."))
	if err := errors.Join(os.Chmod(unseen, 0o755), os.Rename(unseen, dir)); err != nil {
		return "", nil, errors.Join(fmt.Errorf("making the sandbox's directory: %w", err), lock.Close(), os.RemoveAll(unseen))
	}
	return dir, lock, nil
}

func tryLock(dir string) (*os.File, error) {
	lock, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", dir, err), lock.Close())
	}
	return lock, nil
}

// sweepStale removes what sandboxes left whose supervisor and sweeper were both killed. Those
// that live are locked. What cannot be removed now is tried again by the next.
func sweepStale() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range dirs {
		if lock, err := tryLock(dir); err == nil {
			_ = removeCgroups(filepath.Base(dir))
			_ = removeDir(dir)
			_ = lock.Close()
		}
	}
}

// removeDir removes the sandbox's directory. Its mounts are in namespaces that are gone,
// or about to be.
func removeDir(dir string) error {
	return until("removing "+dir, func() error { return os.RemoveAll(dir) })
}

// removeCgroups kills what still runs in the sandbox's cgroups and removes them.
func removeCgroups(name string) error {
	return until("removing the cgroups "+name, func() error {
		var failed error
		for _, root := range cgroupRoots() {
			if err := removeCgroup(filepath.Join(root, name)); err != nil {
				failed = err
			}
		}
		return failed
	})
}

// removeCgroup removes a cgroup and those below it, which must go first (cgroups(7)).
func removeCgroup(dir string) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the cgroup %s: %w", dir, err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeCgroup(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	for _, pid := range Processes(dir) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // gone already, or killed again in a moment
	}
	if err := syscall.Rmdir(dir); err != nil && err != syscall.ENOENT {
		return fmt.Errorf("removing the cgroup %s: %w", dir, err)
	}
	return nil
}

// Processes are the processes in a cgroup, given by its directory, and in those below it.
func Processes(dir string) []int {
	var pids []int
	_ = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.Name() != "cgroup.procs" {
			return nil // it went away meanwhile, and its processes with it
		}
		text, _ := os.ReadFile(path)
		for _, word := range strings.Fields(string(text)) {
			// 0 is a process of another process namespace.
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	return pids
}

// until tries for half a minute: processes take a moment to end.
func until(what string, try func() error) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: %w", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
