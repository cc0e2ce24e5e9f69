package image

import (
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A dynamic program runs with what AddLibraries found, and nothing else, to see.
func TestLibrariesAreWhatAProgramNeeds(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change the root directory")
	}
	tree := Tree{}
	if err := tree.AddFile("bin/ls", "/bin/ls"); err != nil {
		t.Fatal(err)
	}
	if err := tree.AddLibraries(library(t)); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for name, file := range tree {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, file.Content, file.Mode); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("/bin/ls", "/bin")
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	command.Dir = "/"
	if output, err := command.CombinedOutput(); err != nil || strings.TrimSpace(string(output)) != "ls" {
		t.Errorf("ls in the new root: %v: %s", err, output)
	}
}

func TestLibrariesThatAreMissingAreNamed(t *testing.T) {
	content := string(library(t))
	broken := strings.Replace(content, "ld-linux", "ld-nowhe", 1)
	if broken == content {
		t.Skip("this machine's libm imports nothing but libc")
	}
	err := Tree{}.AddLibraries([]byte(broken))
	if err == nil || !strings.Contains(err.Error(), "ld-nowhe") {
		t.Errorf("err = %v, want one that names ld-nowhe", err)
	}
	var missing *fs.PathError
	if errors.As(err, &missing) {
		t.Errorf("err = %v, want one that names all places", err)
	}
}

func TestOtherFilesAreNoLibraries(t *testing.T) {
	for name, content := range map[string]string{"a text": "#!/bin/sh\n", "nothing": ""} {
		if _, ours, err := readNative([]byte(content)); ours || err != nil {
			t.Errorf("%s: ours = %t, err = %v", name, ours, err)
		}
	}
	if _, _, err := readNative([]byte(elf.ELFMAG + "and then nothing")); err == nil {
		t.Error("half a library is accepted")
	}
}
