//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bkgen/bkgen/internal/manifest"
)

// oneFile is a plan to write one file into dir.
func oneFile(t *testing.T, dir, text string) treePlan {
	t.Helper()
	files := []outFile{{Path: "10-a.yaml", Data: []byte(text)}}
	inventory := manifest.Inventory{Files: []manifest.Digest{{Path: "10-a.yaml", SHA256: manifest.Sum([]byte(text))}}}
	plan, err := planTree(dir, files, inventory, false)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestTwoRunsDoNotWriteAtOnce(t *testing.T) {
	dir := t.TempDir()
	first, second := oneFile(t, dir, "one\n"), oneFile(t, dir, "two\n")
	held, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := lockDir(held); err != nil {
		t.Fatal(err)
	}
	if err := first.apply(t.Context()); !errors.Is(err, errLocked) {
		t.Errorf("apply while another run writes = %v, want %v", err, errLocked)
	}
	held.Close()
	if err := first.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.apply(t.Context()); err == nil || !strings.Contains(err.Error(), "changed by another run") {
		t.Errorf("apply of a plan that another run overtook = %v, want that it says so", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "10-a.yaml")); err != nil || string(text) != "one\n" {
		t.Errorf("the file holds %q, %v; want the first run's", text, err)
	}
}

func TestLeftOverInventoryThatIsAPipe(t *testing.T) {
	staging := filepath.Join(t.TempDir(), stagingPrefix+"x")
	if err := os.Mkdir(staging, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(staging, manifest.InventoryName), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := oneFile(t, filepath.Dir(staging), "one\n").apply(t.Context()); err != nil {
		t.Error(err) // and it does not wait for a writer
	}
}

func TestInventoryThatNamesWhatIsHidden(t *testing.T) {
	dir := t.TempDir()
	inventory := manifest.Inventory{Files: []manifest.Digest{{Path: ".git/HEAD", SHA256: manifest.Sum([]byte("ref"))}}}
	if err := os.WriteFile(filepath.Join(dir, manifest.InventoryName), inventory.Encode(), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := planTree(dir, nil, manifest.Inventory{}, true)
	if err == nil || !strings.Contains(err.Error(), `the inventory names ".git/HEAD"`) {
		t.Errorf("planTree = %v, want that it names the path", err)
	}
}
