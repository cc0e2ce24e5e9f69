package image

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// native is what a program or a shared library asks of the dynamic loader.
type native struct {
	loader  string
	imports []string
}

// processors name what Go calls this machine in ELF files and in Debian's directories.
var processors = map[string]struct {
	machine elf.Machine
	triplet string
}{
	"amd64": {elf.EM_X86_64, "x86_64-linux-gnu"},
	"arm64": {elf.EM_AARCH64, "aarch64-linux-gnu"},
}

// cLibrary is imported, directly or not, by all that was linked for GNU's libc; musl's,
// Android's and other systems' have other names.
const cLibrary = "libc.so.6"

// readNative tells what a file asks of the loader, if it is made for this machine at all.
func readNative(content []byte) (native, bool, error) {
	if !bytes.HasPrefix(content, []byte(elf.ELFMAG)) {
		return native{}, false, nil
	}
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return native{}, false, fmt.Errorf("parsing the ELF header: %w", err)
	}
	if file.Machine != processors[runtime.GOARCH].machine {
		return native{}, false, nil
	}
	imports, err := file.ImportedLibraries()
	if err != nil {
		return native{}, false, fmt.Errorf("reading imported libraries: %w", err)
	}
	return native{loader: loader(file), imports: imports}, slices.Contains(imports, cLibrary), nil
}

func loader(file *elf.File) string {
	for _, segment := range file.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		name := make([]byte, segment.Filesz)
		if _, err := segment.ReadAt(name, 0); err != nil {
			return ""
		}
		return strings.TrimRight(string(name), "\x00")
	}
	return ""
}

// AddLibraries adds this machine's shared libraries that the tree's programs and libraries
// import, the loader included, where the loader looks for them. Others are libraries that
// are not files of the tree, but will be at run time: those inside Java archives.
func (t Tree) AddLibraries(others ...[]byte) error {
	var queue [][]byte
	here := map[string]bool{"": true}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		queue = append(queue, t[name].Content)
		here[path.Base(name)] = true
	}
	for queue = append(queue, others...); len(queue) > 0; queue = queue[1:] {
		asked, ours, err := readNative(queue[0])
		if err != nil {
			return fmt.Errorf("adding shared libraries: %w", err)
		}
		if !ours {
			continue
		}
		// The loader comes first: the kernel wants it at its path, libraries ask for its name.
		for _, library := range append([]string{asked.loader}, asked.imports...) {
			if here[library] {
				continue
			}
			here[library], here[path.Base(library)] = true, true
			content, err := t.addLibrary(library)
			if err != nil {
				return fmt.Errorf("adding shared libraries: %w", err)
			}
			queue = append(queue, content)
		}
	}
	return nil
}

// addLibrary adds a library by its name, or the loader by its path.
func (t Tree) addLibrary(library string) ([]byte, error) {
	for _, dir := range libraryPath() {
		from := library
		if !filepath.IsAbs(library) {
			from = filepath.Join(dir, library)
		}
		name := strings.TrimPrefix(from, "/")
		switch err := t.AddFile(name, from); {
		case err == nil:
			file := t[name]
			file.Mode = 0o755
			t[name] = file
			return file.Content, nil
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s is in none of %q", library, libraryPath())
}

// libraryPath is where the loader looks by itself, with no cache and no variable set.
// Source: https://man7.org/linux/man-pages/man8/ld.so.8.html; Debian adds its triplets.
func libraryPath() []string {
	triplet := processors[runtime.GOARCH].triplet
	return []string{"/lib/" + triplet, "/usr/lib/" + triplet, "/lib64", "/usr/lib64", "/lib", "/usr/lib"}
}
