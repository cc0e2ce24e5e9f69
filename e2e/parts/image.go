package parts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/bkgen/bkgen/e2e/image"
)

// Bkcheck makes the image of bkcheck, by make image as a release does, and returns the
// archive's path, build/image/bkcheck.tar. It is made anew each time: what is tested is the
// tree as it is.
func Bkcheck(ctx context.Context) (archive string, err error) {
	module, err := source(".")
	if err != nil {
		return "", err
	}
	root := filepath.Dir(module)
	if err := run(ctx, root, nil, "make", "image"); err != nil {
		return "", fmt.Errorf("making the image of bkcheck: %w", err)
	}
	return filepath.Join(root, "build", "image", "bkcheck.tar"), nil
}

// JavaImages returns an archive of the images image.BookKeeper(BookKeeperVersion),
// image.ZooKeeper and image.Ledgers. 141 MB stay.
func JavaImages(ctx context.Context) (archive string, err error) {
	java := image.Java{Version: BookKeeperVersion}
	if java.JDK, err = JDK(ctx); err != nil {
		return "", err
	}
	if java.Jars, err = Jars(ctx); err != nil {
		return "", err
	}
	if java.Ledgers, err = Ledgers(ctx); err != nil {
		return "", err
	}
	key, err := javaKey(java)
	if err != nil {
		return "", err
	}
	return images(ctx, "java-images", key, func(scratch string) ([]image.Named, error) {
		return java.Images(ctx, scratch)
	})
}

// javaKey is what the Java images depend on. The system's libraries, which go into them, are
// those of a stable release, which changes them only to correct them.
func javaKey(java image.Java) ([]string, error) {
	key := []string{java.Version, java.JDK, filepath.Base(java.Jars), filepath.Base(java.Ledgers)}
	for _, file := range []string{filepath.Join(java.JDK, "release"), "/etc/os-release"} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a version: %w", err)
		}
		key = append(key, string(text))
	}
	return sourceKey(key, "image")
}

// StandinImages returns an archive of the images image.Standin and image.Pause. 7 MB stay.
func StandinImages(ctx context.Context) (archive string, err error) {
	key, err := sourceKey(nil, "image", "standin")
	if err != nil {
		return "", err
	}
	return images(ctx, "standin-images", key, func(scratch string) ([]image.Named, error) {
		module, err := source(".")
		if err != nil {
			return nil, err
		}
		binary := filepath.Join(scratch, "standin")
		env := []string{"CGO_ENABLED=0", "GOFLAGS=-buildvcs=false"}
		if err := run(ctx, module, env, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./standin"); err != nil {
			return nil, fmt.Errorf("building standin: %w", err)
		}
		return image.StandinImages(binary)
	})
}

// images is the path of a part that is one archive of images. produce makes them, with the
// help of a directory that is removed afterwards.
func images(ctx context.Context, name string, key []string, produce func(scratch string) ([]image.Named, error)) (string, error) {
	const archive = "images.tar"
	build := func(_ context.Context, into string) error {
		scratch := filepath.Join(into, "scratch")
		if err := os.Mkdir(scratch, 0o755); err != nil {
			return fmt.Errorf("making a directory for work: %w", err)
		}
		made, err := produce(scratch)
		if err != nil {
			return err
		}
		if err := image.Write(filepath.Join(into, archive), made...); err != nil {
			return err
		}
		return os.RemoveAll(scratch)
	}
	dir, err := recipe{name: name, key: key, build: build}.part(ctx)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, archive), nil
}

// sourceKey adds the Go files of this module's directories, tests apart, and the compiler.
func sourceKey(key []string, dirs ...string) ([]string, error) {
	key = append(key, runtime.Version(), runtime.GOARCH)
	for _, name := range dirs {
		dir, err := source(name)
		if err != nil {
			return nil, err
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", dir, err)
			}
			key = append(key, filepath.Base(file), string(text))
		}
	}
	return key, nil
}
