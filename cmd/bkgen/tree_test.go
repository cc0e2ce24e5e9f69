package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/internal/manifest"
)

// tree is the content of files by path.
type tree map[string]string

func (t tree) files() []outFile {
	var files []outFile
	for _, name := range slices.Sorted(maps.Keys(t)) {
		files = append(files, outFile{Path: name, Data: []byte(t[name])})
	}
	return files
}

func (t tree) inventory() manifest.Inventory {
	inventory := manifest.Inventory{Version: 1}
	for _, f := range t.files() {
		inventory.Files = append(inventory.Files, manifest.Digest{Path: f.Path, SHA256: manifest.Sum(f.Data)})
	}
	return inventory
}

// with is a copy of the tree with some files replaced, or dropped where they are "".
func (t tree) with(changes tree) tree {
	changed := maps.Clone(t)
	maps.Copy(changed, changes)
	maps.DeleteFunc(changed, func(_, data string) bool { return data == "" })
	return changed
}

// rendered is what DIR holds after the tree was written into it.
func (t tree) rendered() tree {
	return t.with(tree{manifest.InventoryName: string(t.inventory().Encode())})
}

func plan(dir string, t tree) (treePlan, error) {
	return planTree(dir, t.files(), t.inventory(), false)
}

func force(dir string, t tree) (treePlan, error) {
	return planTree(dir, t.files(), t.inventory(), true)
}

func mustRender(t *testing.T, dir string, want tree) {
	t.Helper()
	p, err := plan(dir, want)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// put writes files as a person would.
func put(t *testing.T, dir string, files tree) {
	t.Helper()
	for name, data := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// contents is everything below dir: files with their content, symbolic links with
// "-> target", and empty directories as "name/".
func contents(t *testing.T, dir string) tree {
	t.Helper()
	return readTree(t, dir, func(data string, _ fs.FileInfo) string { return data })
}

// snapshot is contents with the mode and the modification time of every file.
func snapshot(t *testing.T, dir string) tree {
	t.Helper()
	return readTree(t, dir, withTime)
}

func withTime(data string, info fs.FileInfo) string {
	if info.IsDir() {
		return data
	}
	return fmt.Sprint(info.Mode(), info.ModTime().UnixNano(), data)
}

func readTree(t *testing.T, dir string, describe func(data string, info fs.FileInfo) string) tree {
	t.Helper()
	found, err := walkTree(dir, describe)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func walkTree(dir string, describe func(data string, info fs.FileInfo) string) (tree, error) {
	found := tree{}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir():
			entries, err := os.ReadDir(file)
			if len(entries) == 0 {
				found[name+"/"] = describe("", info)
			}
			return err
		case entry.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			found[name] = describe("-> "+target, info)
			return err
		case !entry.Type().IsRegular():
			found[name] = describe("special", info)
			return nil
		}
		data, err := os.ReadFile(file)
		found[name] = describe(string(data), info)
		return err
	})
	return found, err
}

func mustEqual[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func actions(p treePlan) map[string]string {
	found := map[string]string{}
	for _, c := range p.Changes {
		found[c.Path] = c.Action.String()
	}
	return found
}

// base is a tree that most tests start from.
var base = tree{
	"10-service-bk.yaml":     "kind: Service\n",
	"20-statefulset-bk.yaml": "kind: StatefulSet\n",
	"ns/zk/10-service.yaml":  "kind: Service # zk\n",
	"kustomization.yaml":     generatedHeader + "\nresources: []\n",
}

func TestTreeIsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "deploy")
	p, err := plan(dir, base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Dir(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("planning created the directory: %v", err)
	}
	if !p.changed() {
		t.Error("changed() = false for a tree that is not there")
	}
	if err := p.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "tree", base.rendered(), contents(t, dir))

	before := snapshot(t, dir)
	p, err = plan(dir, base)
	if err != nil {
		t.Fatal(err)
	}
	if p.changed() {
		t.Errorf("changed() = true for an unchanged tree: %v", actions(p))
	}
	if err := p.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "tree written twice", before, snapshot(t, dir))
}

func TestTreeIsChanged(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, base)
	put(t, dir, tree{"README.md": "mine", "ns/other/notes.txt": "mine too"})
	before := snapshot(t, dir)

	next := base.with(tree{
		"20-statefulset-bk.yaml":    "kind: StatefulSet # 2\n",
		"30-configmap-bk.yaml":      "kind: ConfigMap\n",
		"ns/zk/10-service.yaml":     "",
		"ns2/pravega/10-thing.yaml": "kind: Thing\n",
	})
	p, err := plan(dir, next)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "plan", map[string]string{
		"10-service-bk.yaml":        "unchanged",
		"20-statefulset-bk.yaml":    "configured",
		"30-configmap-bk.yaml":      "created",
		"kustomization.yaml":        "unchanged",
		"ns/zk/10-service.yaml":     "deleted",
		"ns2/pravega/10-thing.yaml": "created",
		manifest.InventoryName:      "configured",
	}, actions(p))
	mustEqual(t, "tree after planning", before, snapshot(t, dir))

	if err := p.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := next.rendered().with(tree{"README.md": "mine", "ns/other/notes.txt": "mine too"})
	mustEqual(t, "tree", want, contents(t, dir))
	after := snapshot(t, dir)
	for _, name := range []string{"10-service-bk.yaml", "kustomization.yaml", "README.md"} {
		mustEqual(t, name, before[name], after[name])
	}
}

func TestDirectoriesThatBecomeEmptyGo(t *testing.T) {
	dir := t.TempDir()
	only := tree{"ns/zk/a.yaml": "a\n", "ns/bk/b.yaml": "b\n"}
	mustRender(t, dir, only)
	mustRender(t, dir, only.with(tree{"ns/zk/a.yaml": ""}))
	mustEqual(t, "tree", only.with(tree{"ns/zk/a.yaml": ""}).rendered(), contents(t, dir))
	// The files are gone already, as after a run that was killed between the two.
	if err := os.Remove(filepath.Join(dir, "ns/bk/b.yaml")); err != nil {
		t.Fatal(err)
	}
	mustRender(t, dir, tree{})
	mustEqual(t, "empty tree", tree{}.rendered(), contents(t, dir))
}

// A directory of an earlier layout is a file now, and was removed by hand.
func TestFileTakesTheNameOfAStaleDirectory(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, tree{"x/y.yaml": "y\n"})
	if err := os.RemoveAll(filepath.Join(dir, "x")); err != nil {
		t.Fatal(err)
	}
	mustRender(t, dir, tree{"x": "x\n"})
	mustEqual(t, "tree", tree{"x": "x\n"}.rendered(), contents(t, dir))
}

func TestRefusals(t *testing.T) {
	header := generatedHeader + "\n"
	next := base.with(tree{"20-statefulset-bk.yaml": "kind: StatefulSet # 2\n"})
	cases := []struct {
		name    string
		disturb func(t *testing.T, dir string)
		next    tree
		refused map[string]string // without force
		forced  map[string]string // with force
	}{
		{
			name:    "a file that is to be overwritten was edited by hand",
			disturb: func(t *testing.T, dir string) { put(t, dir, tree{"20-statefulset-bk.yaml": "edited"}) },
			next:    next,
			refused: map[string]string{"20-statefulset-bk.yaml": reasonEdited},
		},
		{
			name:    "a file that renders as before was edited by hand",
			disturb: func(t *testing.T, dir string) { put(t, dir, tree{"10-service-bk.yaml": "edited"}) },
			next:    base,
			refused: map[string]string{"10-service-bk.yaml": reasonEdited},
		},
		{
			name: "two stale files were edited by hand",
			disturb: func(t *testing.T, dir string) {
				put(t, dir, tree{"10-service-bk.yaml": "edited", "ns/zk/10-service.yaml": "edited"})
			},
			next:    base.with(tree{"10-service-bk.yaml": "", "ns/zk/10-service.yaml": ""}),
			refused: map[string]string{"10-service-bk.yaml": reasonStale, "ns/zk/10-service.yaml": reasonStale},
		},
		{
			name:    "a person's file stands where one is to be created",
			disturb: func(t *testing.T, dir string) { put(t, dir, tree{"new.yaml": "mine\n" + header}) },
			next:    base.with(tree{"new.yaml": header + "new\n"}),
			refused: map[string]string{"new.yaml": reasonForeign},
			forced:  map[string]string{"new.yaml": reasonForeign},
		},
		{
			name:    "a file with the header stands there that no inventory lists",
			disturb: func(t *testing.T, dir string) { put(t, dir, tree{"new.yaml": header + "old\n"}) },
			next:    base.with(tree{"new.yaml": header + "new\n"}),
			refused: map[string]string{"new.yaml": reasonUnlisted},
		},
		{
			name:    "a person's file has the content already",
			disturb: func(t *testing.T, dir string) { put(t, dir, tree{"new.yaml": header + "new\n"}) },
			next:    base.with(tree{"new.yaml": header + "new\n"}),
		},
		{
			name: "a file was edited to what is rendered now",
			disturb: func(t *testing.T, dir string) {
				put(t, dir, tree{"20-statefulset-bk.yaml": next["20-statefulset-bk.yaml"]})
			},
			next: next,
		},
		{
			name: "a directory stands where a file must be",
			disturb: func(t *testing.T, dir string) {
				put(t, dir, tree{"new.yaml/inside": "x"})
			},
			next:    base.with(tree{"new.yaml": "new\n"}),
			refused: map[string]string{"new.yaml": reasonDirectory},
			forced:  map[string]string{"new.yaml": reasonDirectory},
		},
		{
			name:    "a file stands where a directory must be",
			disturb: func(t *testing.T, dir string) { put(t, dir, tree{"new": "x"}) },
			next:    base.with(tree{"new/a.yaml": "a\n", "new/b/c.yaml": "c\n"}),
			refused: map[string]string{"new": reasonNoParent},
			forced:  map[string]string{"new": reasonNoParent},
		},
		{
			name: "refusals of every sort are reported at once",
			disturb: func(t *testing.T, dir string) {
				put(t, dir, tree{"10-service-bk.yaml": "edited", "20-statefulset-bk.yaml": "edited", "new.yaml": "mine"})
			},
			next:    next.with(tree{"new.yaml": "new\n", "10-service-bk.yaml": ""}),
			refused: map[string]string{"10-service-bk.yaml": reasonStale, "20-statefulset-bk.yaml": reasonEdited, "new.yaml": reasonForeign},
			forced:  map[string]string{"new.yaml": reasonForeign},
		},
		{
			name: "the inventory was deleted",
			disturb: func(t *testing.T, dir string) {
				if err := os.Remove(filepath.Join(dir, manifest.InventoryName)); err != nil {
					t.Fatal(err)
				}
			},
			next: base.with(tree{"20-statefulset-bk.yaml": "changed\n", "kustomization.yaml": header + "changed\n"}),
			refused: map[string]string{
				"20-statefulset-bk.yaml": reasonForeign, "kustomization.yaml": reasonUnlisted,
			},
			forced: map[string]string{"20-statefulset-bk.yaml": reasonForeign},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			mustRender(t, dir, base)
			c.disturb(t, dir)
			p, err := plan(dir, c.next)
			checkRefused(t, p, err, c.refused)
			p, err = force(dir, c.next)
			checkRefused(t, p, err, c.forced)
			if c.forced == nil && !t.Failed() {
				mustEqual(t, "tree", c.next.rendered(), contents(t, dir))
			}
		})
	}
}

// checkRefused applies the plan and checks that what is refused is reported and,
// if anything is, that DIR stays as it is.
func checkRefused(t *testing.T, p treePlan, err error, want map[string]string) {
	t.Helper()
	refused, ok := errors.AsType[*refusedError](err)
	if want == nil {
		if err != nil {
			t.Fatalf("planTree: %v", err)
		}
		if err := p.apply(t.Context()); err != nil {
			t.Fatalf("apply: %v", err)
		}
		return
	}
	if !ok {
		t.Fatalf("planTree: %v, want a refusal of %v", err, want)
	}
	got := map[string]string{}
	for _, f := range refused.Files {
		got[f.Path] = f.Reason
		if line := filepath.Join(p.dir, f.Path) + ": " + f.Reason; !slices.Contains(strings.Split(err.Error(), "\n"), line) {
			t.Errorf("no line %q in:\n%v", line, err)
		}
	}
	mustEqual(t, "refused", want, got)
	if !p.changed() {
		t.Error("changed() = false for a plan with refusals")
	}
	before := snapshot(t, p.dir)
	if _, ok := errors.AsType[*refusedError](p.apply(t.Context())); !ok {
		t.Error("a plan with refusals was applied")
	}
	mustEqual(t, "tree", before, snapshot(t, p.dir))
}

func TestSymbolicLinks(t *testing.T) {
	cases := []struct {
		name    string
		link    string // within DIR
		target  string // within the directory outside
		next    tree
		refused string
	}{
		{name: "a file that is to be written", link: "new.yaml", target: "file", next: base.with(tree{"new.yaml": "new\n"}), refused: "new.yaml"},
		{name: "a file whose target has the content already", link: "new.yaml", target: "file", next: base.with(tree{"new.yaml": "outside"}), refused: "new.yaml"},
		{name: "a link to nothing", link: "new.yaml", target: "nothing", next: base.with(tree{"new.yaml": "new\n"}), refused: "new.yaml"},
		{name: "a directory on the way", link: "new", target: ".", next: base.with(tree{"new/deep/a.yaml": "a\n"}), refused: "new"},
		{name: "a directory on the way to a stale file", link: "ns", target: "ns", next: base.with(tree{"ns/zk/10-service.yaml": ""}), refused: "ns"},
		{name: "a stale file", link: "10-service-bk.yaml", target: "file", next: base.with(tree{"10-service-bk.yaml": ""}), refused: "10-service-bk.yaml"},
		{name: "the inventory", link: manifest.InventoryName, target: "nothing", next: base, refused: manifest.InventoryName},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir, outside := t.TempDir(), t.TempDir()
			put(t, outside, tree{"file": "outside", "ns/zk/10-service.yaml": base["ns/zk/10-service.yaml"]})
			mustRender(t, dir, base)
			if err := os.RemoveAll(filepath.Join(dir, c.link)); err != nil {
				t.Fatal(err)
			}
			link(t, filepath.Join(outside, c.target), filepath.Join(dir, c.link))
			before := snapshot(t, outside)
			for _, planner := range []func(string, tree) (treePlan, error){plan, force} {
				p, err := planner(dir, c.next)
				checkRefused(t, p, err, map[string]string{c.refused: reasonLink})
			}
			mustEqual(t, "outside", before, snapshot(t, outside))
		})
	}
}

func TestSymbolicLinkToTheDirectoryItself(t *testing.T) {
	real := t.TempDir()
	dir := filepath.Join(t.TempDir(), "link")
	link(t, real, dir)
	mustRender(t, dir, base)
	mustEqual(t, "tree", base.rendered(), contents(t, real))
}

func TestDirectoryThatCannotBeUsed(t *testing.T) {
	parent := t.TempDir()
	put(t, parent, tree{"file": "x"})
	link(t, filepath.Join(parent, "nothing"), filepath.Join(parent, "dangling"))
	for dir, want := range map[string]string{
		"file":     "opening DIR: not a directory",
		"file/dir": "opening DIR: not a directory",
		"dangling": "opening DIR: a symbolic link to a directory that does not exist",
	} {
		name := filepath.Join(parent, dir)
		_, err := plan(name, base)
		if err == nil || strings.ReplaceAll(err.Error(), name, "DIR") != want {
			t.Errorf("%s: %v, want %s", dir, err, want)
		}
	}
	if _, err := plan("", base); err == nil {
		t.Error("a directory without a name was accepted")
	}
}

func TestMalformedInventory(t *testing.T) {
	escaping := manifest.Inventory{Version: 1, Files: []manifest.Digest{{Path: "../secret", SHA256: manifest.Sum([]byte("x"))}}}
	for name, data := range map[string]string{
		"conflict markers":            "<<<<<<< HEAD\n",
		"empty":                       "",
		"a path that leads out of it": string(escaping.Encode()),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mustRender(t, dir, base)
			put(t, dir, tree{manifest.InventoryName: data})
			_, err := plan(dir, base)
			if err == nil || !strings.Contains(err.Error(), manifest.InventoryName) || !strings.HasSuffix(err.Error(), "; restore it from Git, or delete it and use --force") {
				t.Errorf("planTree: %v", err)
			}
			if _, ok := errors.AsType[*refusedError](err); ok {
				t.Errorf("a malformed inventory is reported as a refusal: %v", err)
			}
		})
	}
}

func TestProgrammersMistakes(t *testing.T) {
	listed := tree{"a": "a", "a/b": "b", "../a": "x", "/a": "x", ".": "x", manifest.InventoryName: "x", stagingPrefix + "x/a": "x"}.inventory()
	for name, paths := range map[string][]string{
		"the same path twice":             {"a", "a"},
		"a path above DIR":                {"../a"},
		"an absolute path":                {"/a"},
		"DIR itself":                      {"."},
		"the inventory":                   {manifest.InventoryName},
		"a staging directory":             {stagingPrefix + "x/a"},
		"a file that is also a directory": {"a/b", "a"},
		"a file the inventory lacks":      {"unlisted"},
	} {
		t.Run(name, func(t *testing.T) {
			var files []outFile
			for _, path := range paths {
				files = append(files, outFile{Path: path})
			}
			if _, err := planTree(t.TempDir(), files, listed, true); err == nil {
				t.Errorf("planTree accepted %q", paths)
			}
		})
	}
}

func TestInventoryThatTheNextRunCouldNotRead(t *testing.T) {
	inventory := base.inventory()
	inventory.Inputs = []manifest.Digest{{Path: "cluster.yaml", SHA256: "no sum"}}
	_, err := planTree(t.TempDir(), base.files(), inventory, false)
	if err == nil || !strings.Contains(err.Error(), "inputs[0].sha256") {
		t.Errorf("planTree: %v", err)
	}
}

// countdown is a context that ends at the n-th time it is asked.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestCancelled(t *testing.T) {
	next := base.with(tree{"10-service-bk.yaml": "", "20-statefulset-bk.yaml": "2\n", "ns2/new.yaml": "new\n"})
	whole := false
	for asked := 0; !whole; asked++ {
		dir := t.TempDir()
		mustRender(t, dir, base)
		before := snapshot(t, dir)
		p, err := plan(dir, next)
		if err != nil {
			t.Fatal(err)
		}
		err = p.apply(&countdown{t.Context(), asked})
		if err == nil {
			whole = true
			mustEqual(t, "tree", next.rendered(), contents(t, dir))
			continue
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("apply: %v, want it to wrap context.Canceled", err)
		}
		mustEqual(t, fmt.Sprintf("tree after cancelling at check %d", asked), before, snapshot(t, dir))
	}
}

func TestCancelledInANewDirectory(t *testing.T) {
	parent := t.TempDir()
	p, err := plan(filepath.Join(parent, "a", "b"), base)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.apply(&countdown{t.Context(), 3}); !errors.Is(err, context.Canceled) {
		t.Fatalf("apply: %v", err)
	}
	mustEqual(t, "tree", tree{}, contents(t, parent))
}

// breakCommit makes the second of three files fail to move, by what stands in its
// way since the plan was made.
func breakCommit(t *testing.T, dir string, next tree, obstacle string) {
	t.Helper()
	p, err := plan(dir, next)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, tree{obstacle + "/x": "x"})
	err = p.apply(t.Context())
	if err == nil || !strings.Contains(err.Error(), "run bkgen again to repair it") {
		t.Fatalf("apply: %v, want an error that says the tree is mixed", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, obstacle)); err != nil {
		t.Fatal(err)
	}
}

func TestInterruptedCommit(t *testing.T) {
	next := tree{"a.yaml": "new a\n", "b.yaml": "new b\n", "c.yaml": "new c\n"}
	start := tree{"c.yaml": "old c\n", "z.yaml": "z\n"}
	other := tree{"c.yaml": "other c\n"}
	for name, then := range map[string]tree{"the same again": next, "another spec": other, "the old spec": start} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mustRender(t, dir, start)
			breakCommit(t, dir, next, "b.yaml")
			mustRender(t, dir, then)
			mustEqual(t, "tree", then.rendered(), contents(t, dir))
		})
	}
}

// The first run died while it renamed, the second too, and what only the first
// has written is still known to be bkgen's.
func TestInterruptedTwice(t *testing.T) {
	dir := t.TempDir()
	breakCommit(t, dir, tree{"a.yaml": "1\n", "b.yaml": "1\n"}, "b.yaml")
	breakCommit(t, dir, tree{"0.yaml": "2\n", "a0.yaml": "2\n"}, "a0.yaml")
	mustEqual(t, "a.yaml", "1\n", contents(t, dir)["a.yaml"])
	mustRender(t, dir, tree{"c.yaml": "3\n"})
	mustEqual(t, "tree", tree{"c.yaml": "3\n"}.rendered(), contents(t, dir))
}

func TestCommitThatFailsAtTheFirstFileChangesNothing(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, base)
	p, err := plan(dir, base.with(tree{"0.yaml": "0\n", "new/1.yaml": "1\n"}))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, tree{"0.yaml/x": "x"})
	before := snapshot(t, dir)
	if err := p.apply(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "; nothing was changed") {
		t.Errorf("apply: %v", err)
	}
	mustEqual(t, "tree", before, snapshot(t, dir))
}

func TestLeftOverStagingDirectories(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, base)
	inventory := string(base.inventory().Encode())
	put(t, dir, tree{
		stagingPrefix + "A/0":                         "half",
		stagingPrefix + "B/" + manifest.InventoryName: inventory[:len(inventory)/2],
		stagingPrefix + "not-a-directory":             "mine",
	})
	p, err := plan(dir, base)
	if err != nil {
		t.Fatal(err)
	}
	if p.changed() {
		t.Errorf("a staging directory counts as a change: %v", actions(p))
	}
	mustRender(t, dir, base)
	mustEqual(t, "tree", base.rendered().with(tree{stagingPrefix + "not-a-directory": "mine"}), contents(t, dir))
}

// A run was killed after it had made its directories and before it moved a file.
func TestLeftOverDirectories(t *testing.T) {
	dir := t.TempDir()
	mustRender(t, dir, base)
	next := tree{"new/a/1.yaml": "1\n", "new/b/2.yaml": "2\n"}
	put(t, dir, tree{stagingPrefix + "A/" + manifest.InventoryName: string(next.inventory().Encode())})
	for _, name := range []string{"new/a", "new/b", "mine"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mustRender(t, dir, base)
	want := base.rendered()
	want["mine/"] = ""
	mustEqual(t, "tree", want, contents(t, dir))
}

func large(files int) tree {
	t := tree{}
	for i := range files {
		line := fmt.Sprintf("line of file %d\n", i)
		t[fmt.Sprintf("ns-%02d/bk-%d/%02d-service.yaml", i%50, i/20, i%20)] = generatedHeader + "\n" + strings.Repeat(line, 3400/len(line))
	}
	return t
}

func BenchmarkPlanUnchanged(b *testing.B) {
	want, dir := large(12000), b.TempDir()
	files, inventory := want.files(), want.inventory()
	p, err := planTree(dir, files, inventory, false)
	if err != nil {
		b.Fatal(err)
	}
	if err := p.apply(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p, err := planTree(dir, files, inventory, false)
		if err != nil || p.changed() {
			b.Fatal(err, p.changed())
		}
	}
}

func BenchmarkApply(b *testing.B) {
	want := large(12000)
	files, inventory := want.files(), want.inventory()
	parent := b.TempDir()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		p, err := planTree(filepath.Join(parent, fmt.Sprint(n)), files, inventory, false)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.apply(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
