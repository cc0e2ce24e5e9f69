package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/bkgen/bkgen/e2e/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// client is the API as somebody else sees it: by the name of a kubeconfig.
func (c *Cluster) client(t *testing.T, name string) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig(name))
	must(t, err)
	client, err := kubernetes.NewForConfig(config)
	must(t, err)
	return client
}

func TestControlPlaneAlone(t *testing.T) {
	c := Start(t, Options{})
	t.Run("RBAC keeps a component to its role", func(t *testing.T) {
		_, err := c.client(t, "scheduler").CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
		if !apierrors.IsForbidden(err) {
			t.Errorf("the scheduler lists secrets: %v, want forbidden", err)
		}
	})
	t.Run("Pod Security admission refuses a privileged pod", func(t *testing.T) {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "strict", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}
		_, err := c.Client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{})
		must(t, err)
		must(t, Await(within(t, 30*time.Second), "the ServiceAccount", func(ctx context.Context) error {
			_, err := c.Client.CoreV1().ServiceAccounts("strict").Get(ctx, "default", metav1.GetOptions{})
			return err
		}))
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "privileged"}, Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "main", Image: "any", SecurityContext: &corev1.SecurityContext{Privileged: new(true)}}}}}
		_, err = c.Client.CoreV1().Pods("strict").Create(t.Context(), pod, metav1.CreateOptions{})
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "violates PodSecurity") {
			t.Errorf("creating a privileged pod: %v, want a violation of Pod Security", err)
		}
	})
}

func TestNodes(t *testing.T) {
	c := Start(t, Options{Nodes: 3, NodeGrace: 8 * time.Second})
	ctx := within(t, 5*time.Minute)
	_, err := c.Kubectl(ctx, "apply", "-f", "testdata/members.yaml")
	must(t, err)
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))

	t.Run("a kubelet sees its own node alone", func(t *testing.T) {
		_, err := c.client(t, "node1").CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
		if !apierrors.IsForbidden(err) {
			t.Errorf("a kubelet lists secrets: %v, want forbidden", err)
		}
	})
	t.Run("names and Services lead to pods", func(t *testing.T) {
		for _, url := range []string{"http://members-1.members.default.svc.cluster.local:8080/", "http://front/"} {
			if out, err := c.exec(t, "members-0", "get", url); err != nil || !strings.Contains(out, "members-") {
				t.Errorf("GET %s from members-0: %v: %q", url, err, out)
			}
		}
	})
	t.Run("OnDelete keeps pods until they are deleted", c.testOnDelete)
	t.Run("an eviction is held back by the budget", c.testEviction)
	t.Run("drain moves what may move", c.testDrain)
	t.Run("pods go on without a kubelet and a containerd", c.testRestarts)
	t.Run("two pods cut off from each other", c.testCut)
	t.Run("a pod unplugged", c.testIsolate)
	t.Run("a frozen node is Unknown and comes back with its pods", c.testFreeze)
	t.Run("a killed node is Unknown and comes back", c.testKill)
}

// exec asks the stand-in in a pod. Its own words begin with its name: any other failure is
// the way to it, which is tried again, because kubelets and runtimes restart in these tests.
func (c *Cluster) exec(t *testing.T, pod string, args ...string) (out string, err error) {
	t.Helper()
	ctx := within(t, 30*time.Second)
	must(t, Await(ctx, "an answer of "+pod, func(ctx context.Context) error {
		out, err = c.Kubectl(ctx, append([]string{"exec", pod, "--", "/standin"}, args...)...)
		if err != nil && !strings.Contains(out, "standin: ") {
			return err
		}
		return nil
	}))
	return out, err
}

func (c *Cluster) pod(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod, err := c.Client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	return pod
}

// node is the node that a pod runs on.
func (c *Cluster) node(t *testing.T, pod string) *Node {
	t.Helper()
	name := c.pod(t, pod).Spec.NodeName
	for _, node := range c.Nodes {
		if node.Name == name {
			return node
		}
	}
	t.Fatalf("pod %s runs on %q", pod, name)
	return nil
}

func (c *Cluster) testOnDelete(t *testing.T) {
	ctx := within(t, time.Minute)
	revision := func(name string) string { return c.pod(t, name).Labels["controller-revision-hash"] }
	old := revision("members-0")
	_, err := c.Kubectl(ctx, "patch", "statefulset", "members", "-p", `{"spec":{"template":{"metadata":{"annotations":{"revision":"2"}}}}}`)
	must(t, err)
	var update string
	must(t, Await(ctx, "the new revision", func(ctx context.Context) error {
		set, err := c.Client.AppsV1().StatefulSets("default").Get(ctx, "members", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if update = set.Status.UpdateRevision; update == old || set.Status.ObservedGeneration != set.Generation {
			return errors.New("not observed yet")
		}
		return nil
	}))
	for i := range 3 {
		if got := revision(fmt.Sprintf("members-%d", i)); got != old {
			t.Errorf("members-%d has revision %s before it was deleted, want %s", i, got, old)
		}
	}
	before := c.pod(t, "members-1").UID
	_, err = c.Kubectl(ctx, "delete", "pod", "members-1", "--wait=false")
	must(t, err)
	must(t, Await(ctx, "the new pod", func(ctx context.Context) error {
		pod, err := c.Client.CoreV1().Pods("default").Get(ctx, "members-1", metav1.GetOptions{})
		if err == nil && (pod.UID == before || !Ready(pod)) {
			err = errors.New("not ready yet")
		}
		return err
	}))
	if got := revision("members-1"); got != update {
		t.Errorf("the new pod has revision %s, want %s", got, update)
	}
	if got := revision("members-0"); got != old {
		t.Errorf("members-0 was replaced too: revision %s", got)
	}
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))
}

func (c *Cluster) testEviction(t *testing.T) {
	ctx := within(t, time.Minute)
	_, err := c.exec(t, "members-2", "get", "http://127.0.0.1:8080/unready")
	must(t, err)
	must(t, Await(ctx, "no disruption to be allowed", func(ctx context.Context) error {
		budget, err := c.Client.PolicyV1().PodDisruptionBudgets("default").Get(ctx, "members", metav1.GetOptions{})
		if err == nil && budget.Status.DisruptionsAllowed != 0 {
			err = fmt.Errorf("%d are", budget.Status.DisruptionsAllowed)
		}
		return err
	}))
	if err := c.Evict(ctx, "default", "members-0"); !apierrors.IsTooManyRequests(err) {
		t.Errorf("evicting a second pod: %v, want too many requests", err)
	}
	_, err = c.exec(t, "members-2", "get", "http://127.0.0.1:8080/ready")
	must(t, err)
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))
	before := c.pod(t, "members-0").UID
	must(t, Await(ctx, "the eviction", func(ctx context.Context) error { return c.Evict(ctx, "default", "members-0") }))
	must(t, Await(ctx, "the evicted pod's successor", func(ctx context.Context) error {
		pod, err := c.Client.CoreV1().Pods("default").Get(ctx, "members-0", metav1.GetOptions{})
		if err == nil && pod.UID == before {
			err = errors.New("it is the same")
		}
		return err
	}))
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))
}

func (c *Cluster) testDrain(t *testing.T) {
	ctx := within(t, time.Minute)
	node := c.node(t, "members-0")
	before := c.pod(t, "members-0").UID
	must(t, c.Drain(ctx, node))
	if pod, err := c.Client.CoreV1().Pods("default").Get(ctx, "members-0", metav1.GetOptions{}); err == nil && pod.UID == before {
		t.Error("the pod is still on the drained node")
	}
	must(t, c.Uncordon(ctx, node))
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))
}

func (c *Cluster) testRestarts(t *testing.T) {
	ctx := within(t, time.Minute)
	node := c.node(t, "members-0")
	before := c.pod(t, "members-0").Status.ContainerStatuses[0].ContainerID
	node.KillKubelet()
	must(t, node.StartKubelet(ctx))
	node.KillRuntime()
	must(t, node.StartRuntime(ctx))
	must(t, node.AwaitReady(ctx))
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))
	status := c.pod(t, "members-0").Status.ContainerStatuses[0]
	if status.ContainerID != before || status.RestartCount != 0 {
		t.Errorf("the container is %s with %d restarts, want %s as before", status.ContainerID, status.RestartCount, before)
	}
	if out, err := c.exec(t, "members-0", "get", "http://127.0.0.1:8080/"); err != nil {
		t.Errorf("asking it afterwards: %v: %s", err, out)
	}
}

func (c *Cluster) host(t *testing.T, pod string) *sandbox.Host {
	t.Helper()
	host, err := c.Host(t.Context(), "default", pod)
	must(t, err)
	return host
}

// reaches asks one member from another.
func (c *Cluster) reaches(t *testing.T, from, to string) error {
	t.Helper()
	_, err := c.exec(t, from, "get", "http://"+c.pod(t, to).Status.PodIP+":8080/")
	return err
}

func (c *Cluster) testCut(t *testing.T) {
	a, b := c.host(t, "members-0"), c.host(t, "members-1")
	must(t, c.reaches(t, "members-0", "members-1"))
	sandbox.Cut(t, a, b)
	for from, to := range map[string]string{"members-0": "members-1", "members-1": "members-0"} {
		if c.reaches(t, from, to) == nil {
			t.Errorf("%s reaches %s, from which it is cut off", from, to)
		}
	}
	must(t, c.reaches(t, "members-0", "members-2"))
	must(t, c.reaches(t, "members-2", "members-1"))
	sandbox.Heal(t, a, b)
	must(t, c.reaches(t, "members-0", "members-1"))
	must(t, c.reaches(t, "members-1", "members-0"))
}

func (c *Cluster) testIsolate(t *testing.T) {
	ctx := within(t, time.Minute)
	host := c.host(t, "members-2")
	host.Isolate(t)
	if c.reaches(t, "members-0", "members-2") == nil {
		t.Error("an unplugged pod is reached")
	}
	must(t, Await(ctx, "the kubelet to see that it cannot reach the pod", func(context.Context) error {
		if Ready(c.pod(t, "members-2")) {
			return errors.New("it is Ready")
		}
		return nil
	}))
	host.Rejoin(t)
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))
}

func (c *Cluster) testFreeze(t *testing.T) {
	ctx := within(t, time.Minute)
	node := c.node(t, "members-1")
	before := c.pod(t, "members-1").UID
	must(t, node.Freeze())
	must(t, node.AwaitUnknown(ctx))
	must(t, node.Thaw())
	must(t, node.AwaitReady(ctx))
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))
	if c.pod(t, "members-1").UID != before {
		t.Error("the pod is another one")
	}
}

func (c *Cluster) testKill(t *testing.T) {
	ctx := within(t, time.Minute)
	node := c.node(t, "members-1")
	must(t, node.Kill())
	if left := sandbox.CgroupProcesses(node.cgroup); len(left) > 0 {
		t.Errorf("processes %v outlive their node", left)
	}
	must(t, node.AwaitUnknown(ctx))
	must(t, node.Boot(ctx))
	must(t, node.AwaitReady(ctx))
	must(t, c.AwaitReady(ctx, "default", "app=members", 3))
}

// After a cluster the sandbox is as it was before: another one can start in it.
func TestOneClusterAfterAnother(t *testing.T) {
	for range 2 {
		t.Run("", func(t *testing.T) {
			c := Start(t, Options{Nodes: 1})
			out, err := c.Kubectl(within(t, time.Minute), "get", "nodes")
			if err != nil || !strings.Contains(out, "node1") {
				t.Errorf("kubectl get nodes: %v: %s", err, out)
			}
		})
	}
	if link, err := net.InterfaceByName(sandbox.BridgeName); err == nil {
		t.Errorf("the clusters left %s", link.Name)
	}
}

// Clusters of several test binaries do not know of each other.
func TestSideBySide(t *testing.T) {
	c := Start(t, Options{Nodes: 1})
	out, err := sandbox.Another("-test.run=^TestOneClusterAfterAnother$", "-test.v").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestOneClusterAfterAnother") {
		t.Errorf("another cluster beside this one: %v\n%s", err, out)
	}
	must(t, c.Nodes[0].AwaitReady(within(t, 10*time.Second)))
}

const holdCluster = "BKGEN_E2E_HOLD_CLUSTER"

// TestHoldCluster runs pods until it is killed, as part of the next test.
func TestHoldCluster(t *testing.T) {
	if os.Getenv(holdCluster) == "" {
		t.Skip("only as part of another test")
	}
	c := Start(t, Options{Nodes: 3})
	_, err := c.Kubectl(within(t, time.Minute), "apply", "-f", "testdata/members.yaml")
	must(t, err)
	must(t, c.AwaitReady(within(t, time.Minute), "default", "app=members", 3))
	fmt.Printf("holding %s\n", sandbox.Name())
	select {}
}

func TestNothingIsLeftOfAKilledCluster(t *testing.T) {
	other := sandbox.Another("-test.run=^TestHoldCluster$", "-test.v")
	other.Env = append(other.Env, holdCluster+"=1")
	output, err := other.StdoutPipe()
	must(t, err)
	must(t, other.Start())
	var said []string
	name := ""
	for lines := bufio.NewScanner(output); name == "" && lines.Scan(); {
		said = append(said, lines.Text())
		if after, found := strings.CutPrefix(lines.Text(), "holding "); found {
			name = after
		}
	}
	if name == "" {
		t.Fatalf("no cluster came up: %v\n%s", other.Wait(), strings.Join(said, "\n"))
	}
	must(t, other.Process.Kill())
	_ = other.Wait() // killed
	must(t, Await(within(t, 40*time.Second), "the end of all that it had started", func(context.Context) error { return sandbox.Left(name) }))
}
