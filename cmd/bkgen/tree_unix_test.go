//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const limitedDirEnv = "BKGEN_TEST_LIMITED_DIR"

// A limit on the size of files stands for a full disk: it holds for root too. It
// cannot be taken back, so a process of its own runs into it.
func TestStagingFails(t *testing.T) {
	if dir := os.Getenv(limitedDirEnv); dir != "" {
		writeLimited(t, dir)
		return
	}
	parent := t.TempDir()
	old := filepath.Join(parent, "old")
	mustRender(t, old, base)
	before := snapshot(t, parent)
	for _, dir := range []string{old, filepath.Join(parent, "new", "deploy")} {
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestStagingFails$")
		cmd.Env = append(os.Environ(), limitedDirEnv+"="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		want := "writing " + filepath.Join(dir, "30-large.yaml") + ": file too large; nothing was changed\n"
		if !strings.Contains(string(out), want) {
			t.Errorf("output:\n%swant %s", out, want)
		}
		mustEqual(t, dir, before, snapshot(t, parent))
	}
}

func writeLimited(t *testing.T, dir string) {
	t.Helper()
	limit := syscall.Rlimit{Cur: 4096, Max: 4096}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	next := base.with(tree{"10-service-bk.yaml": "changed\n", "30-large.yaml": strings.Repeat("x", 5000)})
	p, err := plan(dir, next)
	if err != nil {
		t.Fatal(err)
	}
	err = p.apply(t.Context())
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("apply: %v, want %v", err, syscall.EFBIG)
	}
	fmt.Println(err)
}

func TestSpecialFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, base)
	if err := syscall.Mkfifo(filepath.Join(dir, "new.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := force(dir, base.with(tree{"new.yaml": "new\n"}))
	checkRefused(t, p, err, map[string]string{"new.yaml": reasonSpecial})
}
