package parts

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckJDK(t *testing.T) {
	tests := map[string]struct {
		lacks, release string
		ok             bool
	}{
		"Debian's":                        {release: "IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"17.0.15\"\nJAVA_VERSION_DATE=\"2025-04-15\"\n", ok: true},
		"a first release, named first":    {release: "JAVA_VERSION=\"21\"\nLIBC=\"gnu\"\n", ok: true},
		"too old":                         {release: "JAVA_VERSION=\"11.0.2\"\n"},
		"of before versions were sane":    {release: "JAVA_VERSION=\"1.8.0_292\"\n"},
		"of no version":                   {release: "LIBC=\"gnu\"\n"},
		"a runtime":                       {lacks: "bin/javac", release: "JAVA_VERSION=\"17.0.15\"\n"},
		"without the modules for linking": {lacks: "jmods/java.base.jmod", release: "JAVA_VERSION=\"25\"\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			for _, file := range []string{"bin/java", "bin/javac", "bin/jlink", "jmods/java.base.jmod", "release"} {
				if file == test.lacks {
					continue
				}
				path := filepath.Join(home, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(test.release), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := checkJDK(home); (err == nil) != test.ok {
				t.Errorf("error %v, want one: %v", err, !test.ok)
			}
		})
	}
}
