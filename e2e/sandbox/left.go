package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Another is this test binary once more, in a sandbox of its own beside this one.
func Another(args ...string) *exec.Cmd {
	command := exec.Command("/proc/self/exe", args...)
	command.Env = append(os.Environ(), role+"=")
	return command
}

// Left says what is left of a sandbox that has ended: its directory, cgroups, processes.
// Mounts, interfaces and addresses end with its last process.
func Left(name string) error {
	places := []string{filepath.Join(os.TempDir(), name)}
	for _, root := range cgroupRoots() {
		places = append(places, filepath.Join(root, name))
	}
	for _, place := range places {
		if _, err := os.Stat(place); !os.IsNotExist(err) {
			return fmt.Errorf("%s is there (%v)", place, err)
		}
	}
	return belonging(name, func(pid int) error { return fmt.Errorf("process %d is there", pid) })
}

// belonging calls f for the processes whose environment names the sandbox, until it fails.
func belonging(name string, f func(pid int) error) error {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environments {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), nameVariable+"="+name+"\x00") {
			continue // it has ended meanwhile, or is another's
		}
		var pid int
		if _, err := fmt.Sscanf(path, "/proc/%d/environ", &pid); err != nil {
			return err
		}
		if err := f(pid); err != nil {
			return err
		}
	}
	return nil
}
