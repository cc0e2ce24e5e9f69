package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// File is one entry of a tree. Its type bits (fs.ModeDir, fs.ModeSymlink, none for a
// plain file) and its permissions, sticky and set-id bits are those of Mode.
type File struct {
	Mode fs.FileMode
	// UID and GID own the file: root unless given.
	UID, GID int
	// Content is what a plain file holds.
	Content []byte
	// Target is where a symbolic link points.
	Target string
}

// temporary is a directory in which everybody may write.
var temporary = File{Mode: fs.ModeDir | fs.ModeSticky | 0o777}

// Tree is what a layer holds, by path: slash-separated, clean, without a leading slash.
type Tree map[string]File

// Add puts a plain file into the tree.
func (t Tree) Add(name string, mode fs.FileMode, content []byte) {
	t[name] = File{Mode: mode, Content: content}
}

// AddText puts a plain file that everybody may read into the tree.
func (t Tree) AddText(name, text string) { t.Add(name, 0o644, []byte(text)) }

// AddDirectory puts an empty directory into the tree.
func (t Tree) AddDirectory(name string, mode fs.FileMode) {
	t[name] = File{Mode: fs.ModeDir | mode}
}

// AddFile copies one file of this machine, following symbolic links. Of its mode only
// the question whether its owner may execute it is kept: 0755 or 0644.
func (t Tree) AddFile(name, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return fmt.Errorf("copying to %s: %w", name, err)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copying to %s: %w", name, err)
	}
	t.Add(name, plain(info.Mode()), content)
	return nil
}

func plain(mode fs.FileMode) fs.FileMode {
	if mode&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

// Copy copies a directory of this machine with all that is in it. Symbolic links that
// stay inside the directory are kept; others are replaced by the file that they lead to,
// because that place does not exist in the image.
func (t Tree) Copy(name, from string) error {
	return filepath.WalkDir(from, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("copying %s: %w", from, err)
		}
		inside, err := filepath.Rel(from, at)
		if err != nil {
			return fmt.Errorf("copying %s: %w", at, err)
		}
		to := path.Join(name, filepath.ToSlash(inside))
		switch {
		case entry.IsDir():
			t.AddDirectory(to, 0o755)
			return nil
		case entry.Type() == fs.ModeSymlink:
			target, err := os.Readlink(at)
			if err != nil {
				return fmt.Errorf("copying %s: %w", at, err)
			}
			if stays(inside, target) {
				t[to] = File{Mode: fs.ModeSymlink | 0o777, Target: target}
				return nil
			}
		}
		return t.AddFile(to, at)
	})
}

// stays tells whether the link at a path within a directory leads to a place within it.
func stays(inside, target string) bool {
	return !filepath.IsAbs(target) && filepath.IsLocal(filepath.Join(filepath.Dir(inside), target))
}

// write writes the tree as a tar archive whose bytes depend on the tree alone: entries in
// the order of their paths, parents that the tree does not name added, no times, no names
// of users.
func (t Tree) write(w io.Writer) error {
	all := t.withParents()
	archive := tar.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		file := all[name]
		if err := archive.WriteHeader(header(name, file)); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		if _, err := archive.Write(file.Content); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return archive.Close()
}

func (t Tree) withParents() Tree {
	all := maps.Clone(t)
	for name := range t {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, ok := all[dir]; !ok {
				all.AddDirectory(dir, 0o755)
			}
		}
	}
	return all
}

func header(name string, file File) *tar.Header {
	h := &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     name,
		Mode:     permissions(file.Mode),
		Uid:      file.UID,
		Gid:      file.GID,
		Size:     int64(len(file.Content)),
		ModTime:  time.Unix(0, 0),
		Format:   tar.FormatPAX,
	}
	switch {
	case file.Mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	case file.Mode&fs.ModeSymlink != 0:
		h.Typeflag, h.Linkname = tar.TypeSymlink, file.Target
	}
	return h
}

// permissions are a mode's lower twelve bits as Unix has them.
func permissions(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	for flag, bit := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&flag != 0 {
			bits |= bit
		}
	}
	return bits
}

// check reports the first path that no archive may hold.
func (t Tree) check() error {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if name == "." || !fs.ValidPath(name) {
			return fmt.Errorf("%q: not a clean relative path", name)
		}
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if parent, ok := t[dir]; ok && !parent.Mode.IsDir() {
				return fmt.Errorf("%q: %s is not a directory", name, dir)
			}
		}
	}
	return nil
}

// tar is the tree as the bytes of a tar archive.
func (t Tree) tar() ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	if err := t.write(&archive); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}
