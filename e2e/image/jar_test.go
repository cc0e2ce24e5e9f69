package image

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// library returns a shared library of this machine, as a program for it would import one.
func library(t *testing.T) []byte {
	t.Helper()
	for _, dir := range libraryPath() {
		if content, err := os.ReadFile(filepath.Join(dir, "libm.so.6")); err == nil {
			return content
		}
	}
	t.Skip("no libm.so.6 here: not a system with GNU's libc")
	return nil
}

type member struct{ name, content string }

func jar(t *testing.T, members ...member) []byte {
	t.Helper()
	var buffer bytes.Buffer
	archive := zip.NewWriter(&buffer)
	for _, m := range members {
		w, err := archive.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestTrimJarDropsOtherMachinesLibraries(t *testing.T) {
	ours := string(library(t))
	foreign := []byte(ours)
	foreign[18] = 0xf3 // e_machine: RISC-V
	musl := bytes.ReplaceAll([]byte(ours), []byte("libc.so.6\x00"), []byte("libc.musl\x00"))
	content := jar(t,
		member{"META-INF/", ""},
		member{"META-INF/native/libours.so", ours},
		member{"META-INF/native/libforeign.so", string(foreign)},
		member{"libmusl.so", string(musl)},
		member{"windows.dll", "MZ"},
		member{"Main.class", "class"},
	)
	trimmed, natives, err := trimJar(content)
	if err != nil {
		t.Fatal(err)
	}
	if len(natives) != 1 || string(natives[0]) != ours {
		t.Errorf("%d native libraries stay, want the one of this machine", len(natives))
	}
	archive, err := zip.NewReader(bytes.NewReader(trimmed), int64(len(trimmed)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range archive.File {
		names = append(names, file.Name)
	}
	if diff := cmp.Diff([]string{"META-INF/", "META-INF/native/libours.so", "Main.class"}, names); diff != "" {
		t.Errorf("what stays differs (-want +got):\n%s", diff)
	}
	if got, err := archive.Open("META-INF/native/libours.so"); err != nil {
		t.Error(err)
	} else if kept, err := io.ReadAll(got); err != nil || string(kept) != ours {
		t.Errorf("the library that stays is changed: %v", err)
	}
}

func TestTrimJarLeavesOthersAsTheyAre(t *testing.T) {
	for name, content := range map[string][]byte{
		"no library in it": jar(t, member{"Main.class", "class"}),
		"signed":           jar(t, member{"META-INF/KEY.SF", "digests"}, member{"windows.dll", "MZ"}),
	} {
		t.Run(name, func(t *testing.T) {
			if trimmed, _, err := trimJar(content); err != nil || !bytes.Equal(trimmed, content) {
				t.Errorf("changed, or %v", err)
			}
		})
	}
	if _, _, err := trimJar([]byte("not a jar")); err == nil {
		t.Error("what is no archive is accepted")
	}
}
