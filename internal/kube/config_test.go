package kube

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: c, cluster: {server: "https://127.0.0.1:1"}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: one, context: {cluster: c, user: u}}
- {name: two, context: {cluster: c, user: u, namespace: data}}
`

func TestConnect(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		variable  string
		options   Options
		namespace string
		missing   bool
		fails     bool
	}{
		{"a file without a namespace", "", Options{Kubeconfig: file}, "default", false, false},
		{"the file of the environment", file, Options{}, "default", false, false},
		{"a context's namespace", file, Options{Context: "two"}, "data", false, false},
		{"a namespace that was asked for", file, Options{Context: "two", Namespace: "other"}, "other", false, false},
		{"a context that is not there", file, Options{Context: "three"}, "", false, true},
		{"a file that is not there", "", Options{Kubeconfig: file + "x"}, "", true, true},
		{"nothing at all", file + "x", Options{}, "", true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", test.variable)
			t.Setenv("HOME", t.TempDir())
			t.Setenv("KUBERNETES_SERVICE_HOST", "")
			client, err := Connect(test.options)
			if (err != nil) != test.fails {
				t.Fatalf("got %v", err)
			}
			if none := new(NoConfigError); errors.As(err, &none) != test.missing {
				t.Errorf("got %v", err)
			}
			if err == nil && client.Namespace() != test.namespace {
				t.Errorf("the namespace is %q, want %q", client.Namespace(), test.namespace)
			}
		})
	}
}
