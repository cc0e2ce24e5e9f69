// Bkcheck makes the image of bkcheck that rendered pods name, as one OCI archive: the one
// that is tested is the one that is released. The same commit gives the same digest, which
// is printed.
//
//	go -C e2e run ./image/bkcheck -version 0.1.0 -o ../build/image/bkcheck.tar
//
// I/O: it runs go, reads the source tree and the modules that the binary links, and writes
// the archive.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/bkgen/bkgen/e2e/image"
	"github.com/bkgen/bkgen/pkg/spec"
)

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	os.Exit(exitCode(run(ctx, os.Args[1:], os.Stdout)))
}

func exitCode(err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(os.Stderr, "bkcheck image: %v\n", err)
	return 1
}

// options is what the command line says.
type options struct {
	source, version, revision, output string
	platforms                         string
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bkcheck image", flag.ContinueOnError)
	flags.StringVar(&o.source, "source", "..", "`DIRECTORY` of the module github.com/bkgen/bkgen")
	flags.StringVar(&o.version, "version", "", "what bkcheck version prints")
	flags.StringVar(&o.revision, "revision", "", "the commit, for a label")
	flags.StringVar(&o.output, "o", "", "`FILE` to write")
	flags.StringVar(&o.platforms, "platform", "linux/"+runtime.GOARCH, "`PLATFORMS`, separated by commas; several make an index")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.output == "" || flags.NArg() > 0 {
		return options{}, errors.New("want -o FILE and no arguments")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "bkcheck-image-")
	if err != nil {
		return fmt.Errorf("making a directory for binaries: %w", err)
	}
	defer os.RemoveAll(scratch)
	made, err := makeImage(ctx, o, scratch)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.output), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", o.output, err)
	}
	if err := image.Write(o.output, made); err != nil {
		return err
	}
	digest, err := made.Content.Digest()
	if err != nil {
		return fmt.Errorf("computing the digest: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s@%s\n", made.Reference, digest)
	return err
}

// makeImage makes one image, or an index of several where several platforms are asked for.
func makeImage(ctx context.Context, o options, scratch string) (image.Named, error) {
	var images []v1.Image
	for text := range strings.SplitSeq(o.platforms, ",") {
		platform, err := v1.ParsePlatform(text)
		if err != nil {
			return image.Named{}, fmt.Errorf("parsing platform %q: %w", text, err)
		}
		tree, err := content(ctx, o, *platform, filepath.Join(scratch, platform.Architecture))
		if err != nil {
			return image.Named{}, fmt.Errorf("making the image for %s: %w", platform, err)
		}
		layer, err := image.Gzipped(tree)
		if err != nil {
			return image.Named{}, err
		}
		one, err := image.Build(image.Spec{Platform: *platform, Layers: []v1.Layer{layer}, Config: config(o)})
		if err != nil {
			return image.Named{}, err
		}
		images = append(images, one)
	}
	if len(images) == 1 {
		return image.Named{Reference: spec.BkcheckImage, Content: images[0]}, nil
	}
	index, err := image.Platforms(images...)
	return image.Named{Reference: spec.BkcheckImage, Content: index}, err
}

// config runs bkcheck as nobody in particular: rendered pods say who, and this is for the
// others. Labels: https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
func config(o options) v1.Config {
	return v1.Config{
		User:       "65532:65532",
		Env:        []string{"PATH=/"},
		Entrypoint: []string{"/bkcheck"},
		WorkingDir: "/",
		Labels: map[string]string{
			"org.opencontainers.image.title":       "bkcheck",
			"org.opencontainers.image.description": "Judges BookKeeper clusters, and acts where that is safe",
			"org.opencontainers.image.licenses":    "Apache-2.0",
			"org.opencontainers.image.source":      "https://github.com/bkgen/bkgen",
			"org.opencontainers.image.version":     o.version,
			"org.opencontainers.image.revision":    o.revision,
		},
	}
}
