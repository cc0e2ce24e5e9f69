// Package image makes OCI images without a daemon, a registry or a Dockerfile: trees of
// files become layers, layers become images, and images become one archive that containerd
// imports. The same input gives the same bytes.
//
// I/O: it reads the files that it is told to copy, runs the JDK's tools for the Java
// runtime, and writes the archive.
package image

import (
	"bytes"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Spec is one image of one platform.
type Spec struct {
	// Platform is what the binaries inside were built for, such as linux/amd64.
	Platform v1.Platform
	// Layers are its files, the lowest first. Images may share a layer.
	Layers []v1.Layer
	// Config says how it runs: user, environment, entrypoint, arguments, directory, labels.
	// Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
	Config v1.Config
}

// created is when every image was made: its bytes may not depend on the clock.
var created = v1.Time{Time: time.Unix(0, 0).UTC()}

// Build makes the image. Its digest depends on the spec alone.
func Build(spec Spec) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(base, &v1.ConfigFile{
		Architecture: spec.Platform.Architecture,
		OS:           spec.Platform.OS,
		Variant:      spec.Platform.Variant,
		Created:      created,
		Config:       spec.Config,
		RootFS:       v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, fmt.Errorf("configuring the image: %w", err)
	}
	adds := make([]mutate.Addendum, len(spec.Layers))
	for i, layer := range spec.Layers {
		adds[i] = mutate.Addendum{Layer: layer, History: v1.History{Created: created}}
	}
	if image, err = mutate.Append(image, adds...); err != nil {
		return nil, fmt.Errorf("adding layers: %w", err)
	}
	return image, nil
}

// Plain makes an uncompressed layer: on one machine unpacking costs more than the bytes.
func Plain(tree Tree) (v1.Layer, error) {
	content, err := tree.tar()
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	return static.NewLayer(content, types.OCIUncompressedLayer), nil
}

// Gzipped makes a compressed layer, for images that travel.
func Gzipped(tree Tree) (v1.Layer, error) {
	content, err := tree.tar()
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	return layer, nil
}
