package cluster

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/process"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

const (
	// fakeNode marks the nodes that kwok plays, by an annotation and a taint.
	fakeNode      = "kwok.x-k8s.io/node"
	fakeNodeValue = "fake"
)

// FakeNodes adds n nodes on which pods only seem to run, named fake1 and so on, until the
// test ends: a pod there is Ready as soon as it is bound. Beside real nodes they are tainted
// with kwok.x-k8s.io/node=fake:NoSchedule, so that only the pods meant for them come.
func (c *Cluster) FakeNodes(t testing.TB, n int) {
	t.Helper()
	dir, err := parts.KWOK(t.Context())
	sandbox.Need(t, err)
	stages, err := filepath.Glob(filepath.Join(dir, "stages", "*.yaml"))
	if err != nil || len(stages) == 0 {
		t.Fatalf("finding kwok's stages in %s: %v", dir, err)
	}
	kwok, err := process.Start("kwok", filepath.Join(c.dir, "log", "kwok.log"), c.kwokCommand(dir, stages))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kwok.Kill)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i := 1; i <= n; i++ {
		c.addFakeNode(ctx, t, fmt.Sprintf("fake%d", i))
	}
	if err := kwok.Await(ctx, func(ctx context.Context) error { return c.fakeNodesReady(ctx, n) }); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) kwokCommand(dir string, stages []string) *exec.Cmd {
	args := []string{"--kubeconfig=" + c.Kubeconfig,
		"--manage-nodes-with-annotation-selector=" + fakeNode + "=" + fakeNodeValue,
		"--node-ip=127.0.0.1", "--server-address=127.0.0.1:10247",
		fmt.Sprintf("--node-lease-duration-seconds=%d", int(c.nodeGrace().Seconds()))}
	for _, stage := range stages {
		args = append(args, "--config="+stage)
	}
	return exec.Command(filepath.Join(dir, "kwok"), args...)
}

// addFakeNode adds one node, in a zone of its own like the real ones.
func (c *Cluster) addFakeNode(ctx context.Context, t testing.TB, name string) {
	t.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name:        name,
		Annotations: map[string]string{fakeNode: fakeNodeValue},
		Labels: map[string]string{
			corev1.LabelHostname: name, corev1.LabelTopologyZone: name,
			corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
		},
	}}
	if len(c.Nodes) > 0 {
		node.Spec.Taints = []corev1.Taint{{Key: fakeNode, Value: fakeNodeValue, Effect: corev1.TaintEffectNoSchedule}}
	}
	nodes := c.Client.CoreV1().Nodes()
	if _, err := nodes.Create(ctx, node, metav1.CreateOptions{}); err != nil {
		t.Fatalf("adding a node that is played: %v", err)
	}
	t.Cleanup(func() {
		if err := nodes.Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("removing a node that is played: %v", err)
		}
	})
}

func (c *Cluster) fakeNodesReady(ctx context.Context, n int) error {
	for i := 1; i <= n; i++ {
		node, err := c.Client.CoreV1().Nodes().Get(ctx, fmt.Sprintf("fake%d", i), metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !ready(node) {
			return fmt.Errorf("%s is not Ready", node.Name)
		}
	}
	return nil
}

func ready(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
