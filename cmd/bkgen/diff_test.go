package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bkgen/bkgen/internal/manifest"
)

func TestDiff(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, tree{"changed.yaml": "a: 1\nb: 2\n", "gone.yaml": "x: 1\n", "same.yaml": "s\n"})
	put(t, dir, tree{"edited.yaml": "mine\n"})
	p, err := plan(dir, tree{"changed.yaml": "a: 1\nb: 3\n", "edited.yaml": "e: 1\n", "ns/new.yaml": "n: 1", "same.yaml": "s\n"})
	if _, ok := errors.AsType[*refusedError](err); !ok {
		t.Fatalf("planTree: %v, want a refusal of edited.yaml", err)
	}
	// The inventory's own format is not this test's.
	p.Changes = p.Changes[:len(p.Changes)-1]
	want := `--- a/changed.yaml
+++ b/changed.yaml
@@ -1,2 +1,2 @@
 a: 1
-b: 2
+b: 3
--- a/edited.yaml
+++ b/edited.yaml
@@ -1,1 +1,1 @@
-mine
+e: 1
--- a/gone.yaml
+++ /dev/null
@@ -1,1 +0,0 @@
-x: 1
--- /dev/null
+++ b/ns/new.yaml
@@ -0,0 +1,1 @@
+n: 1
\ No newline at end of file
`
	var got bytes.Buffer
	if err := writeDiff(&got, p); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "diff", want, got.String())
}

func TestDiffOfTheInventory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	p, err := plan(dir, tree{})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := writeDiff(&got, p); err != nil {
		t.Fatal(err)
	}
	if want := "--- /dev/null\n+++ b/" + manifest.InventoryName + "\n"; !bytes.HasPrefix(got.Bytes(), []byte(want)) {
		t.Errorf("diff:\n%s\nwant it to start with\n%s", got.Bytes(), want)
	}
}

func TestDiffOfAnUnchangedTreeIsEmpty(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, base)
	p, err := plan(dir, base)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := writeDiff(&got, p); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "diff", "", got.String())
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestDiffThatCannotBeWritten(t *testing.T) {
	p, err := plan(t.TempDir(), base)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeDiff(brokenWriter{}, p); !errors.Is(err, os.ErrClosed) {
		t.Errorf("writeDiff: %v, want %v", err, os.ErrClosed)
	}
}

func TestDiffOfAFileThatWentAway(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, tree{"a.yaml": "1\n"})
	p, err := plan(dir, tree{"a.yaml": "2\n"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := writeDiff(&bytes.Buffer{}, p); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("writeDiff: %v, want %v", err, os.ErrNotExist)
	}
}
