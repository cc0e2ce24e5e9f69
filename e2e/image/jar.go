package image

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// AddJars copies a directory of Java archives, without the native libraries in them that
// are for other systems and processors: two thirds of BookKeeper's class path are those. It
// returns the native libraries that stay.
func (t Tree) AddJars(name, from string) (natives [][]byte, err error) {
	jars, err := filepath.Glob(filepath.Join(from, "*.jar"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", from, err)
	}
	if len(jars) == 0 {
		return nil, fmt.Errorf("copying %s: no jar in it", from)
	}
	for _, jar := range jars {
		to := path.Join(name, filepath.Base(jar))
		if err := t.AddFile(to, jar); err != nil {
			return nil, err
		}
		trimmed, kept, err := trimJar(t[to].Content)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", jar, err)
		}
		t.Add(to, 0o644, trimmed)
		natives = append(natives, kept...)
	}
	return natives, nil
}

// trimJar drops other machines' native libraries. What stays keeps its compressed bytes,
// and an archive that has nothing to drop, or is signed, stays as it is.
func trimJar(jar []byte) (trimmed []byte, natives [][]byte, err error) {
	archive, err := zip.NewReader(bytes.NewReader(jar), int64(len(jar)))
	if err != nil {
		return nil, nil, err
	}
	var keep []*zip.File
	for _, file := range archive.File {
		library, ours, err := readLibrary(file)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		if ours {
			natives = append(natives, library)
		}
		if ours || !isLibrary(file.Name) {
			keep = append(keep, file)
		}
	}
	if len(keep) == len(archive.File) || slices.ContainsFunc(archive.File, isSignature) {
		return jar, natives, nil
	}
	trimmed, err = zipped(keep)
	return trimmed, natives, err
}

// isLibrary tells by the name whether an entry is a native library of any system.
func isLibrary(name string) bool {
	return slices.Contains([]string{".so", ".dll", ".dylib", ".jnilib", ".a"}, path.Ext(name))
}

// isSignature tells whether an entry makes its archive a signed one.
// Source: https://docs.oracle.com/en/java/javase/17/docs/specs/jar/jar.html#signed-jar-file
func isSignature(file *zip.File) bool {
	return path.Dir(file.Name) == "META-INF" && strings.EqualFold(path.Ext(file.Name), ".SF")
}

// readLibrary returns the content of an entry that is a native library for this machine.
func readLibrary(file *zip.File) (content []byte, ours bool, err error) {
	if !isLibrary(file.Name) {
		return nil, false, nil
	}
	reader, err := file.Open()
	if err != nil {
		return nil, false, err
	}
	defer reader.Close()
	content, err = io.ReadAll(reader)
	if err != nil {
		return nil, false, err
	}
	_, ours, err = readNative(content)
	return content, ours, err
}

func zipped(files []*zip.File) ([]byte, error) {
	var buffer bytes.Buffer
	archive := zip.NewWriter(&buffer)
	for _, file := range files {
		if err := copyEntry(archive, file); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

func copyEntry(to *zip.Writer, file *zip.File) error {
	if file.FileInfo().IsDir() { // whose two bytes of compressed nothing Copy refuses
		_, err := to.Create(file.Name)
		return err
	}
	return to.Copy(file)
}
