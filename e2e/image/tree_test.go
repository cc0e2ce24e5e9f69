package image

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// entry is what a test compares of an archive's entry.
type entry struct {
	Name, Link, Content string
	Type                byte
	Mode                int64
	UID, GID            int
}

func entries(t *testing.T, archive []byte) []entry {
	t.Helper()
	var found []entry
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(time.Unix(0, 0)) || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s: time %s, user %q, group %q", header.Name, header.ModTime, header.Uname, header.Gname)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, entry{
			Name: header.Name, Link: header.Linkname, Content: string(content),
			Type: header.Typeflag, Mode: header.Mode, UID: header.Uid, GID: header.Gid,
		})
	}
}

func TestTreeHoldsWhatWasAsked(t *testing.T) {
	tree := Tree{
		"tmp":      temporary,
		"bin/su":   {Mode: fs.ModeSetuid | 0o755, Content: []byte("su")},
		"bin/link": {Mode: fs.ModeSymlink | 0o777, Target: "su"},
		"data":     {Mode: fs.ModeDir | 0o770, UID: 10000, GID: 7},
	}
	tree.AddText("etc/app/passwd", "root")
	archive, err := tree.tar()
	if err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{Name: "bin/", Type: tar.TypeDir, Mode: 0o755},
		{Name: "bin/link", Type: tar.TypeSymlink, Mode: 0o777, Link: "su"},
		{Name: "bin/su", Type: tar.TypeReg, Mode: 0o4755, Content: "su"},
		{Name: "data/", Type: tar.TypeDir, Mode: 0o770, UID: 10000, GID: 7},
		{Name: "etc/", Type: tar.TypeDir, Mode: 0o755},
		{Name: "etc/app/", Type: tar.TypeDir, Mode: 0o755},
		{Name: "etc/app/passwd", Type: tar.TypeReg, Mode: 0o644, Content: "root"},
		{Name: "tmp/", Type: tar.TypeDir, Mode: 0o1777},
	}
	if diff := cmp.Diff(want, entries(t, archive)); diff != "" {
		t.Errorf("the archive differs (-want +got):\n%s", diff)
	}
}

func TestTreeCopiesFromDisk(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	for name, mode := range map[string]fs.FileMode{filepath.Join(dir, "lib", "run"): 0o700, filepath.Join(dir, "lib", "text"): 0o600, outside: 0o666} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(filepath.Base(name)), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"lib/inside": "text", "lib/up": "../lib/text", "absolute": outside} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	tree := Tree{}
	if err := tree.Copy("opt", dir); err != nil {
		t.Fatal(err)
	}
	archive, err := tree.tar()
	if err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{Name: "opt/", Type: tar.TypeDir, Mode: 0o755},
		{Name: "opt/absolute", Type: tar.TypeReg, Mode: 0o644, Content: "outside"},
		{Name: "opt/lib/", Type: tar.TypeDir, Mode: 0o755},
		{Name: "opt/lib/inside", Type: tar.TypeSymlink, Mode: 0o777, Link: "text"},
		{Name: "opt/lib/run", Type: tar.TypeReg, Mode: 0o755, Content: "run"},
		{Name: "opt/lib/text", Type: tar.TypeReg, Mode: 0o644, Content: "text"},
		{Name: "opt/lib/up", Type: tar.TypeSymlink, Mode: 0o777, Link: "../lib/text"},
	}
	if diff := cmp.Diff(want, entries(t, archive)); diff != "" {
		t.Errorf("the copy differs (-want +got):\n%s", diff)
	}
}

func TestTreeRefusesPathsThatNoArchiveMayHold(t *testing.T) {
	for name, tree := range map[string]Tree{
		"absolute":                  {"/etc/passwd": {}},
		"outside":                   {"../etc/passwd": {}},
		"not clean":                 {"etc//passwd": {}},
		"the root":                  {".": {Mode: fs.ModeDir}},
		"a file for a directory":    {"etc": {}, "etc/passwd": {}},
		"a link for a directory":    {"etc": {Mode: fs.ModeSymlink, Target: "x"}, "etc/passwd": {}},
		"a directory's slash stays": {"etc/": {Mode: fs.ModeDir}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tree.tar(); err == nil || !strings.Contains(err.Error(), "etc") && name != "the root" {
				t.Errorf("err = %v, want one that names the path", err)
			}
		})
	}
}
