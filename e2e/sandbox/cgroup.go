package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// CgroupsV2 reports whether the machine has the unified hierarchy alone. Source:
// https://www.kernel.org/doc/html/latest/admin-guide/cgroup-v2.html. Version 2 could not be
// tried where this was written; it follows the documentation.
func CgroupsV2() bool {
	_, err := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	return err == nil
}

// cgroupRoots are the directories at which the hierarchies are mounted: one for version 2,
// one a controller for version 1, where version 2's may be mounted beside them.
func cgroupRoots() []string {
	text, _ := os.ReadFile("/proc/self/mountinfo")
	var roots []string
	for _, line := range strings.Split(string(text), "\n") {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if len(fields) > 4 && (strings.HasPrefix(after, "cgroup ") || strings.HasPrefix(after, "cgroup2 ")) {
			roots = append(roots, fields[4])
		}
	}
	return roots
}

// NewCgroup makes the cgroup /Name/child in every hierarchy and returns that path. It is
// removed with the sandbox.
func NewCgroup(child string) (string, error) {
	path := filepath.Join("/", Name(), child)
	for _, root := range cgroupRoots() {
		at := root
		for _, element := range strings.Split(path[1:], "/") {
			if err := delegate(at); err != nil {
				return "", err
			}
			at = filepath.Join(at, element)
			if err := os.Mkdir(at, 0o755); err != nil && !os.IsExist(err) {
				return "", fmt.Errorf("making a cgroup: %w", err)
			}
			if err := fillCpuset(at); err != nil {
				return "", err
			}
		}
	}
	return path, nil
}

// Enter moves a process into a cgroup that NewCgroup made, and with it all that it will start.
func Enter(path string, pid int) error {
	for _, root := range cgroupRoots() {
		procs := filepath.Join(root, path, "cgroup.procs")
		if err := os.WriteFile(procs, []byte(strconv.Itoa(pid)), 0); err != nil {
			return fmt.Errorf("moving process %d into %s: %w", pid, path, err)
		}
	}
	return nil
}

// Freeze stops everything in a cgroup and below it where it stands.
func Freeze(path string) error { return freeze(path, "FROZEN", "1") }

// Thaw lets it go on.
func Thaw(path string) error { return freeze(path, "THAWED", "0") }

// freeze writes the state of version 1's freezer, or of version 2's cgroup.freeze.
func freeze(path, v1, v2 string) error {
	for _, root := range cgroupRoots() {
		for file, state := range map[string]string{"freezer.state": v1, "cgroup.freeze": v2} {
			at := filepath.Join(root, path, file)
			if _, err := os.Stat(at); os.IsNotExist(err) {
				continue // another controller's hierarchy, or the other version
			}
			if err := os.WriteFile(at, []byte(state), 0); err != nil {
				return fmt.Errorf("freezing or thawing %s: %w", path, err)
			}
		}
	}
	return nil
}

// delegate lets the children of a version 2 cgroup use all its controllers.
func delegate(dir string) error {
	if !CgroupsV2() {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("reading the controllers of %s: %w", dir, err)
	}
	for _, controller := range strings.Fields(string(text)) {
		err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+controller), 0)
		if err != nil {
			return fmt.Errorf("delegating %s in %s: %w", controller, dir, err)
		}
	}
	return nil
}

// fillCpuset gives a version 1 cpuset its parent's processors and memory: it begins with
// none, and nothing can run in it then (cpuset(7)).
func fillCpuset(dir string) error {
	if CgroupsV2() {
		return nil
	}
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(dir), file))
		if os.IsNotExist(err) {
			return nil // another controller's hierarchy
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0); err != nil {
			return fmt.Errorf("setting %s of %s: %w", file, dir, err)
		}
	}
	return nil
}

// CgroupProcesses are the processes in the cgroup of that path, and in those below it.
func CgroupProcesses(path string) []int {
	var pids []int
	for _, root := range cgroupRoots() {
		pids = append(pids, Processes(filepath.Join(root, path))...)
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// KillAll kills the processes in a cgroup until none is left.
func KillAll(path string) error {
	return until("killing what runs in "+path, func() error {
		left := CgroupProcesses(path)
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone already
		}
		if len(left) > 0 {
			return fmt.Errorf("%d processes are left", len(left))
		}
		return nil
	})
}
