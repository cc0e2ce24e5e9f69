package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bkgen/bkgen/pkg/spec"
)

// inputTree is what most input tests start from; the test's directory becomes the
// current one.
func inputTree(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	put(t, ".", tree{
		"cluster.yaml":            "cluster",
		"patch.yaml":              "patch",
		"specs/b.yaml":            "b",
		"specs/a.yml":             "a",
		"specs/c.json":            "c",
		"specs/.hidden.yaml":      "hidden",
		"specs/kustomization.yml": "no spec",
		"specs/Kustomization":     "no spec",
		"specs/README.md":         "no spec",
		"specs/deeper/d.yaml":     "d",
		"specs/dir.yaml/e.yaml":   "e",
		"specs/.git/f.yaml":       "f",
		"b[1].yaml":               "bracket",
		"b1.yaml":                 "b1",
		"void/README.md":          "no spec",
	})
	link(t, "../cluster.yaml", "specs/link.yaml")
}

// read returns name → content of what the arguments name, in order.
func read(t *testing.T, stdin string, args ...string) ([]string, error) {
	t.Helper()
	sources, err := readInputs(t.Context(), args, strings.NewReader(stdin))
	var got []string
	for _, s := range sources {
		got = append(got, s.Name+"="+string(s.Data))
	}
	return got, err
}

func TestInputs(t *testing.T) {
	cases := []struct {
		name string
		args []string
		want []string
	}{
		{"a file", []string{"cluster.yaml"}, []string{"cluster.yaml=cluster"}},
		{"files in the order of the arguments", []string{"patch.yaml", "cluster.yaml"}, []string{"patch.yaml=patch", "cluster.yaml=cluster"}},
		{
			"a directory: the specs directly in it", []string{"specs"},
			[]string{"specs/a.yml=a", "specs/b.yaml=b", "specs/c.json=c", "specs/link.yaml=cluster"},
		},
		{"a directory below it", []string{"./specs/deeper/"}, []string{"specs/deeper/d.yaml=d"}},
		{"a glob, without directories and hidden files", []string{"specs/*.yaml"}, []string{"specs/b.yaml=b", "specs/link.yaml=cluster"}},
		{"a glob of directories", []string{"*/*/*.yaml"}, []string{"specs/deeper/d.yaml=d", "specs/dir.yaml/e.yaml=e"}},
		{"a glob that asks for hidden files", []string{"./specs/.*.yaml"}, []string{"specs/.hidden.yaml=hidden"}},
		{"a file whose name looks like a glob", []string{"b[1].yaml"}, []string{"b[1].yaml=bracket"}},
		{"a glob that matches what it does not name", []string{"b[12].yaml"}, []string{"b1.yaml=b1"}},
		{"standard input", []string{"b1.yaml", "-"}, []string{"b1.yaml=b1", "-=stdin"}},
		{
			"a file by many names", []string{"cluster.yaml", "./cluster.yaml", "specs/../cluster.yaml", "specs/link.yaml", "cluster.*", "specs/deeper", "specs/deeper/d.yaml"},
			[]string{"cluster.yaml=cluster", "specs/deeper/d.yaml=d"},
		},
		{"nothing", nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inputTree(t)
			got, err := read(t, "stdin", c.args...)
			if err != nil {
				t.Fatal(err)
			}
			mustEqual(t, "inputs", c.want, got)
		})
	}
}

func TestInputErrors(t *testing.T) {
	const absent = "no such file or directory"
	cases := []struct {
		name string
		args []string
		want string
	}{
		{"a file that does not exist", []string{"absent.yaml"}, "reading absent.yaml: " + absent},
		{"a directory without specs", []string{"void"}, "reading void: no .yaml, .yml or .json file in this directory (the directories in it are not searched)"},
		{"a glob without a match", []string{"absent*.yaml"}, "reading absent*.yaml: no file matches this glob"},
		{"a glob that matches only a directory", []string{"voi?"}, "reading voi?: no file matches this glob"},
		{"a malformed glob", []string{"[a"}, "reading [a: not a glob: syntax error in pattern"},
		{"standard input twice", []string{"-", "-"}, `reading standard input: "-" is named more than once`},
		{"an empty name", []string{""}, "reading : the name of an input is empty"},
		{"a path through a file", []string{"cluster.yaml/x"}, "reading cluster.yaml/x: not a directory"},
		{
			"everything at once", []string{"absent.yaml", "cluster.yaml", "dangling", "void"},
			"reading absent.yaml: " + absent + "\nreading dangling/a.yaml: " + absent + "\nreading dangling/b.yaml: " + absent +
				"\nreading void: no .yaml, .yml or .json file in this directory (the directories in it are not searched)",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inputTree(t)
			put(t, ".", tree{"dangling/c.yaml": "c"})
			link(t, "nothing", "dangling/a.yaml")
			link(t, "nothing", "dangling/b.yaml")
			got, err := read(t, "", c.args...)
			if err == nil || err.Error() != c.want {
				t.Errorf("error:\n%v\nwant:\n%s", err, c.want)
			}
			if got != nil {
				t.Errorf("sources beside an error: %q", got)
			}
		})
	}
}

func TestStandardInputThatFails(t *testing.T) {
	_, err := readInputs(t.Context(), []string{"-"}, iotest.ErrReader(errors.New("broken")))
	if err == nil || err.Error() != "reading standard input: broken" {
		t.Errorf("readInputs: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestInputsAreReadToTheLimit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 100<<20); err != nil {
		t.Fatal(err)
	}
	sources, err := readInputs(t.Context(), []string{"-", file}, endless{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if len(s.Data) != spec.MaxSourceBytes+1 {
			t.Errorf("%s: %d bytes read, want %d", s.Name, len(s.Data), spec.MaxSourceBytes+1)
		}
	}
}

func TestReadingIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	blocked, w := io.Pipe()
	defer w.Close()
	// The cancellation comes when standard input is being waited for.
	stdin := io.MultiReader(readerFunc(func([]byte) (int, error) {
		cancel(errors.New("interrupted"))
		return 0, io.EOF
	}), blocked)
	_, err := readInputs(ctx, []string{"-"}, stdin)
	if err == nil || !strings.HasSuffix(err.Error(), ": interrupted") {
		t.Errorf("readInputs: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestProcessSubstitution(t *testing.T) {
	inputTree(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	name := fmt.Sprintf("/dev/fd/%d", r.Fd())
	if _, err := os.Stat(name); err != nil {
		t.Skip("no /dev/fd here")
	}
	if _, err := w.WriteString("piped"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	sources, err := readInputs(t.Context(), []string{name, "cluster.yaml"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "name", name, sources[0].Name)
	mustEqual(t, "data", "piped", string(sources[0].Data))
	patch, err := fs.ReadFile(sources[0].Dir, "patch.yaml")
	mustEqual(t, "patch in the current directory", "patch", string(patch))
	if err != nil {
		t.Error(err)
	}
}

func TestSourceDirectory(t *testing.T) {
	inputTree(t)
	put(t, "specs", tree{"patches/p.yaml": "p"})
	link(t, "../patch.yaml", "specs/out.yaml")
	link(t, "patches", "specs/in")
	sources, err := readInputs(t.Context(), []string{"specs/b.yaml", "-"}, strings.NewReader("stdin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.yml", "patches/p.yaml", "in/p.yaml"} {
		if _, err := fs.ReadFile(sources[0].Dir, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"../patch.yaml", "out.yaml", "/etc/hosts", "absent.yaml"} {
		if data, err := fs.ReadFile(sources[0].Dir, name); err == nil {
			t.Errorf("%s: %q was read from outside", name, data)
		}
	}
	if _, err := fs.ReadFile(sources[1].Dir, "cluster.yaml"); err != nil {
		t.Errorf("standard input, cluster.yaml: %v", err)
	}
}
