package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
)

// facts are what a process finds out about itself; what its pod's security context says
// must show here.
type facts struct {
	UID    int   `json:"uid"`
	GID    int   `json:"gid"`
	Groups []int `json:"groups"`
	// Status are the lines of /proc/self/status that tell of privileges: capability sets as
	// hexadecimal masks, NoNewPrivs and Seccomp as numbers.
	// Source: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
	Status       map[string]string `json:"status"`
	ReadOnlyRoot bool              `json:"readOnlyRoot"`
	Env          []string          `json:"env"`
}

// dump prints what the process is and may: dump.
func dump(_ context.Context, args []string, out io.Writer) error {
	if err := arguments(args); err != nil {
		return err
	}
	found, err := observe()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(found)
}

func observe() (facts, error) {
	groups, err := os.Getgroups()
	if err != nil {
		return facts{}, fmt.Errorf("reading groups: %w", err)
	}
	slices.Sort(groups)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return facts{}, fmt.Errorf("reading the process's status: %w", err)
	}
	var root syscall.Statfs_t
	if err := syscall.Statfs("/", &root); err != nil {
		return facts{}, fmt.Errorf("reading the root file system's flags: %w", err)
	}
	env := os.Environ()
	slices.Sort(env)
	return facts{
		UID: os.Getuid(), GID: os.Getgid(), Groups: groups,
		Status:       privileges(string(status)),
		ReadOnlyRoot: root.Flags&syscall.MS_RDONLY != 0, // ST_RDONLY is the same bit
		Env:          env,
	}, nil
}

func privileges(status string) map[string]string {
	told := map[string]string{}
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(line, ":")
		if strings.HasPrefix(key, "Cap") || key == "NoNewPrivs" || key == "Seccomp" {
			told[key] = strings.TrimSpace(value)
		}
	}
	return told
}
