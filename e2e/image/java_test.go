package image_test

import (
	"archive/zip"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/bkgen/bkgen/e2e/image"
	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }

// open returns the images of an archive by their names.
func open(t *testing.T, archive string) map[string]v1.Image {
	t.Helper()
	dir := t.TempDir()
	if output, err := exec.Command("tar", "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("unpacking %s: %v\n%s", archive, err, output)
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	images := map[string]v1.Image{}
	for _, descriptor := range manifest.Manifests {
		one, err := index.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		images[strings.TrimPrefix(descriptor.Annotations["io.containerd.image.name"], "docker.io/")] = one
	}
	return images
}

// unpack puts the files of an image into a new directory, with /proc, as a container has it.
func unpack(t *testing.T, from v1.Image) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	files := mutate.Extract(from)
	defer files.Close()
	command := exec.Command("tar", "-x", "-C", root)
	command.Stdin = files
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("unpacking an image: %v\n%s", err, output)
	}
	proc := filepath.Join(root, "proc")
	if err := os.Mkdir(proc, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("proc", proc, "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(proc, 0); err != nil {
			t.Error(err)
		}
	})
	return root
}

// run runs a program of the image as the image's user and returns all that it prints.
func run(t *testing.T, root string, args ...string) string {
	t.Helper()
	command := exec.Command(args[0], args[1:]...)
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 10000, Gid: 0}}
	command.Dir, command.Env = "/", []string{}
	output, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return string(output)
}

func TestJavaImagesRunAndShareLayers(t *testing.T) {
	archive, err := parts.JavaImages(t.Context())
	sandbox.Need(t, err)
	images := open(t, archive)
	var shared []v1.Hash
	for _, name := range []string{image.BookKeeper(parts.BookKeeperVersion), image.ZooKeeper, image.Ledgers} {
		one, ok := images[name]
		if !ok {
			t.Fatalf("no image %s in the archive", name)
		}
		config, err := one.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if shared == nil {
			shared = config.RootFS.DiffIDs
		}
		if got := config.RootFS.DiffIDs[:2]; !slices.Equal(got, shared) {
			t.Errorf("%s has layers %v, want %v first", name, got, shared)
		}
		if !slices.Contains(config.Config.Env, "PATH=/opt/java/bin") || config.Config.User != "10000:0" {
			t.Errorf("%s runs as %q with %q", name, config.Config.User, config.Config.Env)
		}
	}
	root := unpack(t, images[image.Ledgers])
	if _, err := os.Stat(filepath.Join(root, "bin")); err == nil {
		t.Error("the image has a /bin")
	}
	// With -Xshare:on a start without the archive of classes is an error.
	const java, path = "/opt/java/bin/java", "/opt/bookkeeper/lib/*:/opt/ledgers"
	if got := run(t, root, java, "-Xshare:on", "-XX:+UseG1GC", "-version"); !strings.Contains(got, "sharing") {
		t.Errorf("java -version printed %q", got)
	}
	if got := run(t, root, java, "-cp", path, "org.apache.zookeeper.Version"); !strings.Contains(got, "built on") {
		t.Errorf("ZooKeeper's version printed %q", got)
	}
	checkNatives(t, root)
}

// checkNatives asks the image's own dynamic loader whether it finds all that the native
// libraries import which Java unpacks from the jars at run time.
func checkNatives(t *testing.T, root string) {
	t.Helper()
	jars, err := filepath.Glob(filepath.Join(root, "opt/bookkeeper/lib/*.jar"))
	if err != nil {
		t.Fatal(err)
	}
	loaders, err := filepath.Glob(filepath.Join(root, "lib*", "ld-linux-*"))
	if err != nil || len(loaders) != 1 {
		t.Fatalf("loaders %q, %v; want one", loaders, err)
	}
	loader := strings.TrimPrefix(loaders[0], root)
	found := map[string]bool{}
	for _, jar := range jars {
		for _, library := range unpackLibraries(t, jar, root) {
			name, _, _ := strings.Cut(library, "-")
			found[name] = true
			if got := run(t, root, loader, "--list", "/"+library); strings.Contains(got, "not found") {
				t.Errorf("%s: %s", library, got)
			}
		}
	}
	if !found["librocksdbjni"] {
		t.Errorf("RocksDB is not among the native libraries: %v", found)
	}
}

// unpackLibraries puts the native libraries of a jar into a directory.
func unpackLibraries(t *testing.T, jar, dir string) (names []string) {
	t.Helper()
	archive, err := zip.OpenReader(jar)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, file := range archive.File {
		if path.Ext(file.Name) != ".so" {
			continue
		}
		name := path.Base(file.Name)
		content, err := fs.ReadFile(archive, file.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}
