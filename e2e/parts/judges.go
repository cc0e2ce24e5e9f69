package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Judges returns the path of a program that holds Argo CD's comparison and Flux's; package
// judge calls it. The first build takes three minutes on two cores; 79 MB stay.
func Judges(ctx context.Context) (binary string, err error) {
	const name = "judges"
	p := program{name: "judge/engines", pkg: ".", ldflags: "-s -w"}
	key, err := p.key()
	if err != nil {
		return "", &MissingError{Part: name, Err: err}
	}
	build := func(ctx context.Context, into string) error {
		if err := os.Mkdir(filepath.Join(into, filepath.Dir(p.name)), 0o755); err != nil {
			return fmt.Errorf("making %s: %w", name, err)
		}
		return p.build(ctx, into)
	}
	dir, err := recipe{name: name, key: key, build: build}.part(ctx)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, p.name), nil
}

// The definition of the kind PodMonitor, as the Prometheus operator ships it.
const (
	monitorModule = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
	monitorFile   = "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml"
	monitorSum    = "8ce88c52c51209993511cae093089c9525f5552def88119e3f559123ee9d454b"
)

// PodMonitorCRD returns the path of the CustomResourceDefinition of PodMonitor.
func PodMonitorCRD(ctx context.Context) (path string, err error) {
	const name = "podmonitor.yaml"
	build := func(ctx context.Context, into string) error {
		text, err := moduleFile(ctx, monitorModule, monitorFile)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != monitorSum {
			return fmt.Errorf("checking %s: SHA-256 is %x, want %s", monitorFile, sum, monitorSum)
		}
		if err := os.WriteFile(filepath.Join(into, name), text, 0o644); err != nil {
			return fmt.Errorf("keeping %s: %w", monitorFile, err)
		}
		return nil
	}
	dir, err := recipe{name: "podmonitor", key: []string{monitorModule, monitorFile, monitorSum}, build: build}.part(ctx)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// moduleFile reads a file of a Go module that nothing here is built from.
func moduleFile(ctx context.Context, module, path string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	command.Env = append(os.Environ(), "GOWORK=off", "GO111MODULE=on")
	command.Dir = os.TempDir() // in no module
	output, err := command.Output()
	var found struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(output, &found); err == nil && jsonErr != nil {
		return nil, fmt.Errorf("downloading %s: %w", module, jsonErr)
	}
	if err != nil {
		return nil, fmt.Errorf("downloading %s: %w %s", module, err, found.Error)
	}
	text, err := os.ReadFile(filepath.Join(found.Dir, path))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", module, err)
	}
	return text, nil
}
