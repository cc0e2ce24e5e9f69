package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/bkgen/bkgen/pkg/spec"
)

// makeArchive builds the image from the tree into a new archive.
func makeArchive(t *testing.T) (archive, printed string) {
	t.Helper()
	archive = filepath.Join(t.TempDir(), "image", "bkcheck.tar")
	var out strings.Builder
	if err := run(t.Context(), []string{"-source", "../../..", "-version", "1.2.3-test", "-revision", "abc", "-o", archive}, &out); err != nil {
		t.Fatal(err)
	}
	return archive, out.String()
}

// open returns the archive's only image.
func open(t *testing.T, archive string) (v1.Image, v1.Descriptor) {
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
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("%d images, %v; want one", len(manifest.Manifests), err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return image, manifest.Manifests[0]
}

func files(t *testing.T, image v1.Image) (content map[string][]byte, headers map[string]*tar.Header) {
	t.Helper()
	content, headers = map[string][]byte{}, map[string]*tar.Header{}
	archive := mutate.Extract(image)
	defer archive.Close()
	reader := tar.NewReader(archive)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return content, headers
		}
		if err != nil {
			t.Fatal(err)
		}
		if content[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
		headers[header.Name] = header
	}
}

func TestImage(t *testing.T) {
	archive, printed := makeArchive(t)
	image, descriptor := open(t, archive)
	if want := spec.BkcheckImage + "@" + descriptor.Digest.String() + "\n"; printed != want {
		t.Errorf("printed %q, want %q", printed, want)
	}
	if got, want := descriptor.Annotations["io.containerd.image.name"], "docker.io/"+spec.BkcheckImage; got != want {
		t.Errorf("the image is called %q, want %q", got, want)
	}
	content, headers := files(t, image)
	t.Run("the same tree gives the same bytes", func(t *testing.T) { checkReproducible(t, archive, printed) })
	t.Run("it holds bkcheck alone", func(t *testing.T) { checkContent(t, content, headers) })
	t.Run("it runs as nobody in particular", func(t *testing.T) { checkConfig(t, image) })
	t.Run("bkcheck runs", func(t *testing.T) { checkProgram(t, content["bkcheck"]) })
}

func checkReproducible(t *testing.T, archive, printed string) {
	second, again := makeArchive(t)
	if printed != again {
		t.Errorf("two images of one tree: %s and %s", printed, again)
	}
	one, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("two archives of one tree differ")
	}
}

func checkContent(t *testing.T, content map[string][]byte, headers map[string]*tar.Header) {
	for name, header := range headers {
		if header.Uid != 0 || header.Gid != 0 {
			t.Errorf("%s belongs to %d:%d, want root", name, header.Uid, header.Gid)
		}
		if header.Typeflag == tar.TypeReg && header.Mode&0o111 != 0 && name != "bkcheck" {
			t.Errorf("%s is executable; bkcheck alone shall be", name)
		}
		top, _, _ := strings.Cut(name, "/")
		if top != "bkcheck" && top != "etc" && top != "licenses" {
			t.Errorf("%s is in the image", name)
		}
	}
	for _, licence := range []string{"licenses/LICENSE", "licenses/go/LICENSE", "licenses/github.com/go-zookeeper/zk/LICENSE"} {
		if len(content[licence]) == 0 {
			t.Errorf("no %s in the image", licence)
		}
	}
}

func checkConfig(t *testing.T, image v1.Image) {
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got := config.Config
	if got.Labels["org.opencontainers.image.version"] != "1.2.3-test" || got.Labels["org.opencontainers.image.revision"] != "abc" {
		t.Errorf("labels %v", got.Labels)
	}
	got.Labels = nil
	want := v1.Config{User: "65532:65532", Env: []string{"PATH=/"}, Entrypoint: []string{"/bkcheck"}, WorkingDir: "/"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the configuration differs (-want +got):\n%s", diff)
	}
}

func checkProgram(t *testing.T, program []byte) {
	parsed, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	for _, segment := range parsed.Progs {
		if segment.Type == elf.PT_INTERP {
			t.Error("bkcheck is linked dynamically")
		}
	}
	binary := filepath.Join(t.TempDir(), "bkcheck")
	if err := os.WriteFile(binary, program, 0o755); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(binary, "version")
	command.Env = []string{}
	if output, err := command.CombinedOutput(); err != nil || !strings.HasPrefix(string(output), "bkcheck 1.2.3-test (") {
		t.Errorf("bkcheck version: %v: %s", err, output)
	}
}

func TestCommandLineIsChecked(t *testing.T) {
	for name, args := range map[string][]string{
		"no output":           {"-version", "1"},
		"an argument":         {"-o", "x", "y"},
		"an unknown flag":     {"-o", "x", "-push"},
		"no such platform":    {"-o", filepath.Join(t.TempDir(), "x"), "-source", "../../..", "-platform", "linux/none"},
		"no such source tree": {"-o", filepath.Join(t.TempDir(), "x"), "-source", t.TempDir()},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t.Context(), args, io.Discard); err == nil {
				t.Error("err = nil, want one")
			}
		})
	}
}

func TestModuleWithoutLicenceIsRefused(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		if err := addLicence(nil, "example.com/m", dir); err == nil || !strings.Contains(err.Error(), "example.com/m") {
			t.Errorf("err = %v, want one that names the module", err)
		}
	}
}
