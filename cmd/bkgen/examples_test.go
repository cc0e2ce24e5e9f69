package main

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/bkgen/bkgen/pkg/spec"
)

// repository is the root of this one, as seen from this package.
const repository = "../.."

// Each example renders for each engine, without an error and without a warning.
func TestExamples(t *testing.T) {
	var names []string
	err := fs.WalkDir(os.DirFS(repository), "examples", func(name string, _ fs.DirEntry, err error) error {
		if matched, _ := path.Match("cluster*.yaml", path.Base(name)); matched {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no examples")
	}
	for _, name := range names {
		for _, engine := range spec.Engines {
			t.Run(name+" for "+string(engine), func(t *testing.T) {
				var stdout, stderr bytes.Buffer
				args := []string{"--gitops", string(engine), path.Join(repository, name)}
				code := run(t.Context(), args, streams{strings.NewReader(""), &stdout, &stderr})
				if code != exitYes || stderr.Len() > 0 {
					t.Errorf("exit code %d, stderr:\n%s", code, &stderr)
				}
				if !strings.Contains(stdout.String(), "\nkind: StatefulSet\n") {
					t.Errorf("no StatefulSet in:\n%s", &stdout)
				}
			})
		}
	}
}
