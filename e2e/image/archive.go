package image

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Named is an image, or an index of one image a platform, under the name that pods use.
type Named struct {
	// Reference is the name as a manifest writes it, such as bkgen/bkcheck:0.1.0.
	Reference string
	// Content is a v1.Image or a v1.ImageIndex.
	Content mutate.Appendable
}

// Write writes the images into one OCI archive: a tar of an image layout, in which a layer
// that images share is there once. The archive is whole or not there.
//
// It is OCI's layout and not docker's older tarball because only the former keeps the
// manifest: the digest known here is then the one that containerd, skopeo and a registry
// report. A docker tarball has none, and each reader makes up its own.
// Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
func Write(file string, images ...Named) error {
	tree := Tree{}
	tree.AddText("oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
	index := emptyIndex()
	for _, image := range images {
		descriptor, err := image.descriptor()
		if err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image.Content, Descriptor: descriptor})
		if err := addBlobs(tree, image.Content); err != nil {
			return fmt.Errorf("writing %s into %s: %w", image.Reference, file, err)
		}
	}
	manifest, err := index.RawManifest()
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	tree.Add("index.json", 0o644, manifest)
	return tree.save(file)
}

func emptyIndex() v1.ImageIndex {
	return mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
}

// Platforms makes an index of images, in the order given.
func Platforms(images ...v1.Image) (v1.ImageIndex, error) {
	index := emptyIndex()
	for _, image := range images {
		config, err := image.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("reading an image's platform: %w", err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: config.Platform()},
		})
	}
	return index, nil
}

// descriptor names the image twice: containerd takes its own annotation for the image's
// name, other tools take the one of the specification.
// Source: containerd 1.6, images/annotations.go and import.go.
func (n Named) descriptor() (v1.Descriptor, error) {
	full, err := FullName(n.Reference)
	if err != nil {
		return v1.Descriptor{}, err
	}
	descriptor := v1.Descriptor{Annotations: map[string]string{
		"io.containerd.image.name":          full,
		"org.opencontainers.image.ref.name": full,
	}}
	if image, ok := n.Content.(v1.Image); ok {
		config, err := image.ConfigFile()
		if err != nil {
			return v1.Descriptor{}, fmt.Errorf("reading the platform of %s: %w", n.Reference, err)
		}
		descriptor.Platform = config.Platform()
	}
	return descriptor, nil
}

// FullName is the name under which Kubernetes asks containerd for an image that a pod names
// so: with its registry's host, which is Docker's where none is given.
// Source: https://kubernetes.io/docs/concepts/containers/images/#image-names
func FullName(reference string) (string, error) {
	parsed, err := name.ParseReference(reference)
	if err != nil {
		return "", fmt.Errorf("parsing the image's name: %w", err)
	}
	if rest, ok := strings.CutPrefix(parsed.Name(), name.DefaultRegistry+"/"); ok {
		return "docker.io/" + rest, nil
	}
	return parsed.Name(), nil
}

func addBlobs(tree Tree, content mutate.Appendable) error {
	switch content := content.(type) {
	case v1.Image:
		return addImage(tree, content)
	case v1.ImageIndex:
		return addIndex(tree, content)
	}
	return fmt.Errorf("%T: neither an image nor an index", content)
}

func addIndex(tree Tree, index v1.ImageIndex) error {
	if err := addBlob(tree, index.Digest, index.RawManifest); err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, descriptor := range manifest.Manifests {
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			return err
		}
		if err := addImage(tree, image); err != nil {
			return err
		}
	}
	return nil
}

func addImage(tree Tree, image v1.Image) error {
	if err := addBlob(tree, image.Digest, image.RawManifest); err != nil {
		return err
	}
	if err := addBlob(tree, image.ConfigName, image.RawConfigFile); err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		content := func() ([]byte, error) {
			compressed, err := layer.Compressed()
			if err != nil {
				return nil, err
			}
			defer compressed.Close()
			return io.ReadAll(compressed)
		}
		if err := addBlob(tree, layer.Digest, content); err != nil {
			return err
		}
	}
	return nil
}

func addBlob(tree Tree, digest func() (v1.Hash, error), content func() ([]byte, error)) error {
	hash, err := digest()
	if err != nil {
		return fmt.Errorf("computing a digest: %w", err)
	}
	blob := "blobs/" + hash.Algorithm + "/" + hash.Hex
	if _, ok := tree[blob]; ok {
		return nil
	}
	bytes, err := content()
	if err != nil {
		return fmt.Errorf("reading %s: %w", blob, err)
	}
	tree.Add(blob, 0o644, bytes)
	return nil
}

// save writes the tree as a tar archive, beside its place first.
func (t Tree) save(file string) error {
	beside, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	defer os.Remove(beside.Name()) // gone already when all went well
	defer beside.Close()
	if err := t.write(beside); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := beside.Chmod(0o644); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := beside.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return os.Rename(beside.Name(), file)
}
