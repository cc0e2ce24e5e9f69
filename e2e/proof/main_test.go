package proof

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/cluster"
	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }

// root is the product's module.
const root = "../.."

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// start is a cluster whose nodes have all images of the rendered manifests.
func start(t *testing.T, nodes int) *cluster.Cluster {
	t.Helper()
	java, err := parts.JavaImages(t.Context())
	sandbox.Need(t, err)
	bkcheck, err := parts.Bkcheck(t.Context())
	must(t, err)
	return cluster.Start(t, cluster.Options{Nodes: nodes, Images: []string{java, bkcheck}})
}

// restricted makes a namespace that takes no pod but restricted ones, and warns of them.
func restricted(t *testing.T, c *cluster.Cluster, name string) {
	t.Helper()
	labels := map[string]string{}
	for _, mode := range []string{"enforce", "warn"} {
		labels["pod-security.kubernetes.io/"+mode] = "restricted"
	}
	_, err := c.Client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	must(t, err)
}

// bkgen renders as a user does, from the module's root. What it says beside the manifests is
// returned too.
func bkgen(t *testing.T, args ...string) (manifests, said string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bkgen")
	build := exec.Command("go", "build", "-o", binary, "./cmd/bkgen")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building bkgen: %v\n%s", err, out)
	}
	command := exec.Command(binary, args...)
	command.Dir = root
	var errs strings.Builder
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("bkgen %q: %v\n%s", args, err, errs.String())
	}
	return string(out), errs.String()
}

// apply gives manifests to the API server, which must have nothing to say about them.
func apply(t *testing.T, c *cluster.Cluster, manifests string, args ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifests.yaml")
	must(t, os.WriteFile(file, []byte(manifests), 0o600))
	out, err := c.Kubectl(within(t, time.Minute), append([]string{"apply", "--server-side", "-f", file}, args...)...)
	must(t, err)
	if strings.Contains(out, "Warning") {
		t.Errorf("the API server warns:\n%s", out)
	}
}

// replace deletes a pod, and waits until its successor of the same name is Ready.
func replace(t *testing.T, c *cluster.Cluster, namespace, name string) {
	t.Helper()
	ctx := within(t, 2*time.Minute)
	pods := c.Client.CoreV1().Pods(namespace)
	old, err := pods.Get(ctx, name, metav1.GetOptions{})
	must(t, err)
	must(t, pods.Delete(ctx, name, metav1.DeleteOptions{}))
	must(t, cluster.Await(ctx, "the successor of "+name, func(ctx context.Context) error {
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if err == nil && (pod.UID == old.UID || !cluster.Ready(pod)) {
			err = errors.New("it is not ready")
		}
		return err
	}))
}
