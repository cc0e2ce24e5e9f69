package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain makes this binary standin itself where a test asks for a process of it.
func TestMain(m *testing.M) {
	if os.Getenv("STANDIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestDump(t *testing.T) {
	t.Setenv("STANDIN_TEST", "here")
	var out strings.Builder
	if err := dump(t.Context(), nil, &out); err != nil {
		t.Fatal(err)
	}
	var got facts
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.UID != os.Getuid() || got.GID != os.Getgid() || !slices.Contains(got.Env, "STANDIN_TEST=here") {
		t.Errorf("dump printed %s", out.String())
	}
	for _, key := range []string{"CapEff", "CapBnd", "NoNewPrivs", "Seccomp"} {
		if got.Status[key] == "" {
			t.Errorf("no %s in %v", key, got.Status)
		}
	}
	if _, ok := got.Status["VmRSS"]; ok {
		t.Error("the dump holds what is no privilege")
	}
}

// A process that pause did not start itself but has inherited is what it reaps; here its
// own child stands for one.
func TestPauseReapsAndEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- pause(ctx, nil, io.Discard) }()
	child := exec.Command(os.Args[0], "exit", "-after", "10ms", "0")
	child.Env = []string{"STANDIN=1"}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the child to be reaped", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/%d", child.Process.Pid))
		return os.IsNotExist(err)
	})
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("pause does not end")
	}
}

func TestServerID(t *testing.T) {
	for pod, want := range map[string]string{"zookeeper-0": "1", "zk-test-12": "13"} {
		if got, err := serverID(pod); err != nil || got != want {
			t.Errorf("serverID(%q) = %q, %v; want %q", pod, got, err, want)
		}
	}
	for _, pod := range []string{"", "pod", "pod-x"} {
		if got, err := serverID(pod); err == nil {
			t.Errorf("serverID(%q) = %q, want an error", pod, got)
		}
	}
}
