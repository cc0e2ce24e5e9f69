package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const kwokModule = "sigs.k8s.io/kwok"

// kwokStages are the stages that make nodes ready and keep their leases, and play pods that
// start, complete and go at once: paths in the module, each a directory of Stage objects.
// Without any, KWOK plays nothing.
var kwokStages = []string{"node/fast", "node/heartbeat-with-lease", "pod/fast"}

// KWOK returns a directory with kwok, which plays nodes and pods that do not exist
// (https://kwok.sigs.k8s.io), and in stages/ the files that say what it is to play. The first
// build takes some minutes on two cores.
func KWOK(ctx context.Context) (dir string, err error) {
	p := program{name: "kwok", pkg: kwokModule + "/cmd/kwok", ldflags: "-s -w"}
	key, err := p.key()
	if err != nil {
		return "", &MissingError{Part: p.name, Err: err}
	}
	build := func(ctx context.Context, into string) error {
		if err := p.build(ctx, into); err != nil {
			return err
		}
		return copyStages(ctx, into)
	}
	return recipe{name: p.name, key: append(key, kwokStages...), build: build}.part(ctx)
}

// copyStages copies the stages from the module into the part, where they are found without
// the module cache.
func copyStages(ctx context.Context, into string) error {
	dir, err := source("kwok")
	if err != nil {
		return err
	}
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", kwokModule)
	list.Dir = dir
	answer, err := list.Output()
	if err != nil {
		return fmt.Errorf("finding %s: %w", kwokModule, err)
	}
	module := strings.TrimSpace(string(answer))
	if err := os.Mkdir(filepath.Join(into, "stages"), 0o755); err != nil {
		return fmt.Errorf("copying kwok's stages: %w", err)
	}
	for _, stage := range kwokStages {
		files, err := filepath.Glob(filepath.Join(module, "kustomize/stage", stage, strings.Split(stage, "/")[0]+"-*.yaml"))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("copying kwok's stages: found none of %s in %s", stage, module)
		}
		for _, file := range files {
			if err := copyFile(file, filepath.Join(into, "stages", filepath.Base(file))); err != nil {
				return fmt.Errorf("copying kwok's stages: %w", err)
			}
		}
	}
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
