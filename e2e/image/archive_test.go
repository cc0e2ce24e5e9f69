package image

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// example makes two images that share a layer, one of them for two processors, anew.
func example(t *testing.T) []Named {
	t.Helper()
	shared := Tree{}
	for _, name := range strings.Split("qwertyuiopasdfghjklzxcvbnm", "") {
		shared.AddText("lib/"+name, name)
	}
	plain, err := Plain(shared)
	if err != nil {
		t.Fatal(err)
	}
	gzipped, err := Gzipped(Tree{"app": {Mode: 0o755, Content: []byte("app")}})
	if err != nil {
		t.Fatal(err)
	}
	build := func(processor, user string, layers ...v1.Layer) v1.Image {
		labels := map[string]string{"a": "1", "b": "2", "c": "3"}
		image, err := Build(Spec{
			Platform: v1.Platform{OS: "linux", Architecture: processor}, Layers: layers,
			Config: v1.Config{User: user, Env: []string{"PATH=/"}, Entrypoint: []string{"/app"}, Cmd: []string{"x"}, WorkingDir: "/lib", Labels: labels},
		})
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	index, err := Platforms(build("amd64", "2:2", plain), build("arm64", "2:2", plain))
	if err != nil {
		t.Fatal(err)
	}
	return []Named{{"team/one:1", build("amd64", "10000:0", plain, gzipped)}, {"two:2", index}}
}

func TestSameInputSameBytes(t *testing.T) {
	var archives [2][]byte
	for i := range archives {
		file := filepath.Join(t.TempDir(), "images.tar")
		if err := Write(file, example(t)...); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		archives[i] = content
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of the same images differ")
	}
}

func TestArchiveHoldsEachBlobOnceAndNamesImages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "images.tar")
	images := example(t)
	if err := Write(file, images...); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blobs, seen := map[string][]byte{}, map[string]bool{}
	for _, entry := range entries(t, content) {
		if seen[entry.Name] {
			t.Errorf("%s is there twice", entry.Name)
		}
		seen[entry.Name] = true
		blobs[entry.Name] = []byte(entry.Content)
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(blobs["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, descriptor := range index.Manifests {
		names[descriptor.Annotations["io.containerd.image.name"]] = string(descriptor.MediaType)
		checkBlobs(t, blobs, descriptor)
	}
	want := map[string]string{
		"docker.io/team/one:1":    "application/vnd.oci.image.manifest.v1+json",
		"docker.io/library/two:2": "application/vnd.oci.image.index.v1+json",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("the names differ (-want +got):\n%s", diff)
	}
	if len(blobs) != 4+9 { // two directories, two files, an index, three manifests and configs, two layers
		t.Errorf("%d entries, want 13", len(blobs))
	}
}

// checkBlobs follows a descriptor down to the layers: each blob must be there, whole.
func checkBlobs(t *testing.T, blobs map[string][]byte, descriptor v1.Descriptor) {
	t.Helper()
	blob, ok := blobs["blobs/sha256/"+descriptor.Digest.Hex]
	if !ok || int64(len(blob)) != descriptor.Size {
		t.Errorf("%s: %d bytes, want %d", descriptor.Digest, len(blob), descriptor.Size)
	}
	if digest, _, _ := v1.SHA256(bytes.NewReader(blob)); digest != descriptor.Digest {
		t.Errorf("%s: its digest is %s", descriptor.Digest, digest)
	}
	if !descriptor.MediaType.IsIndex() && !descriptor.MediaType.IsImage() {
		return
	}
	var below struct {
		Manifests, Layers []v1.Descriptor
		Config            *v1.Descriptor
	}
	if err := json.Unmarshal(blob, &below); err != nil {
		t.Fatal(err)
	}
	if below.Config != nil {
		below.Layers = append(below.Layers, *below.Config)
	}
	for _, child := range append(below.Manifests, below.Layers...) {
		checkBlobs(t, blobs, child)
	}
}

func TestConfigSaysHowItRuns(t *testing.T) {
	config, err := example(t)[0].Content.(v1.Image).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got := config.Config
	want := v1.Config{
		User: "10000:0", Env: []string{"PATH=/"}, Entrypoint: []string{"/app"}, Cmd: []string{"x"}, WorkingDir: "/lib",
		Labels: map[string]string{"a": "1", "b": "2", "c": "3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the configuration differs (-want +got):\n%s", diff)
	}
	if len(config.RootFS.DiffIDs) != 2 || config.Architecture != "amd64" || config.OS != "linux" || config.Created.Unix() != 0 {
		t.Errorf("layers %v, %s/%s, created %s", config.RootFS.DiffIDs, config.OS, config.Architecture, config.Created)
	}
}

func TestFullName(t *testing.T) {
	for reference, want := range map[string]string{
		"bkgen/bkcheck:0.1.0":              "docker.io/bkgen/bkcheck:0.1.0",
		"busybox":                          "docker.io/library/busybox:latest",
		"registry.example.com/a/b:1":       "registry.example.com/a/b:1",
		"localhost:5000/b@" + emptyDigest:  "localhost:5000/b@" + emptyDigest,
		"index.docker.io/bkgen/bkcheck:1":  "docker.io/bkgen/bkcheck:1",
		"registry.example.com:443/index:1": "registry.example.com:443/index:1",
	} {
		if got, err := FullName(reference); err != nil || got != want {
			t.Errorf("FullName(%q) = %q, %v; want %q", reference, got, err, want)
		}
	}
	if got, err := FullName("Not A Name"); err == nil {
		t.Errorf("FullName = %q, want an error", got)
	}
}

const emptyDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestWriteLeavesNothingHalfWritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "images.tar")
	if err := os.WriteFile(file, []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := Tree{"big": {Mode: fs.ModeDir, Content: []byte("a directory has no content")}}
	if err := broken.save(file); err == nil {
		t.Fatal("err = nil, want one")
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "before" {
		t.Errorf("the archive now holds %q, %v", content, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
