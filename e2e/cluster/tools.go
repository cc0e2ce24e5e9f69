package cluster

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"

	"github.com/bkgen/bkgen/e2e/parts"
)

// tools are the programs of a node: unpacked Debian packages, nothing of which is installed,
// and the Kubernetes ones.
type tools struct {
	// runtime is the root of the unpacked packages.
	runtime string
	env     []string
}

// newTools makes a directory with all names under which the programs look for each other.
func newTools(ctx context.Context, dir, kube string) (tools, error) {
	runtime, err := parts.Runtime(ctx)
	if err != nil {
		return tools{}, err
	}
	path := filepath.Join(dir, "path")
	if err := os.MkdirAll(path, 0o755); err != nil {
		return tools{}, fmt.Errorf("collecting the nodes' programs: %w", err)
	}
	// The package leaves these names to Debian's alternatives.
	for _, name := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"} {
		if err := os.Symlink(filepath.Join(runtime, "usr/sbin/xtables-nft-multi"), filepath.Join(path, name)); err != nil {
			return tools{}, fmt.Errorf("collecting the nodes' programs: %w", err)
		}
	}
	libraries, err := filepath.Glob(filepath.Join(runtime, "usr/lib/*-linux-gnu"))
	if err != nil || len(libraries) != 1 {
		return tools{}, fmt.Errorf("finding the nodes' libraries in %s: found %q, want one directory", runtime, libraries)
	}
	search := fmt.Sprintf("%s:%s:%s/usr/sbin:%s/usr/bin:%s", path, kube, runtime, runtime, os.Getenv("PATH"))
	return tools{runtime: runtime, env: append(os.Environ(), "PATH="+search, "LD_LIBRARY_PATH="+libraries[0],
		// Without it kube-proxy programs nothing and does not say so.
		"XTABLES_LIBDIR="+libraries[0]+"/xtables")}, nil
}

func (t tools) command(name string, args ...string) *exec.Cmd {
	return t.commandContext(context.Background(), name, args...)
}

func (t tools) commandContext(ctx context.Context, name string, args ...string) *exec.Cmd {
	// env looks the name up in the nodes' own PATH.
	command := exec.CommandContext(ctx, "/usr/bin/env", append([]string{name}, args...)...)
	command.Env = t.env
	return command
}

//go:embed config
var configs embed.FS

// writeConfig fills in one of the templates in config/.
func writeConfig(path, name string, settings map[string]any) error {
	t, err := template.New(name).Option("missingkey=error").ParseFS(configs, "config/"+name)
	if err != nil {
		return fmt.Errorf("reading the template %s: %w", name, err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, settings); err != nil {
		return fmt.Errorf("filling in %s: %w", name, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
