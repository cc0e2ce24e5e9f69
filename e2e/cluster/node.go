package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/image"
	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/process"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

// Node is a real node: a containerd and a kubelet, and what they run.
type Node struct {
	// Name is the Node object's, node1 to node3.
	Name    string
	number  int
	cluster *Cluster
	dir     string
	// cgroup holds all of the node's processes: <cgroup>/system containerd, its shims and
	// the kubelet, <cgroup>/kubepods the pods.
	cgroup   string
	runtime  *process.Process
	kubelet  *process.Process
	programs tools
}

func nodeName(n int) string { return fmt.Sprintf("node%d", n) }

// startRuntimes starts every node's containerd and gives it the images.
func (c *Cluster) startRuntimes(ctx context.Context) error {
	if c.options.Nodes == 0 {
		return nil
	}
	programs, err := newTools(ctx, c.dir, c.kube)
	if err != nil {
		return err
	}
	own, err := parts.StandinImages(ctx)
	if err != nil {
		return err
	}
	for n := 1; n <= c.options.Nodes; n++ {
		node := &Node{Name: nodeName(n), number: n, cluster: c, dir: filepath.Join(c.dir, nodeName(n)), programs: programs}
		if err := node.prepare(); err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, node)
	}
	return each(c.Nodes, func(n *Node) error {
		if err := n.startRuntime(ctx); err != nil {
			return err
		}
		return n.Import(ctx, append([]string{own}, c.options.Images...)...)
	})
}

// prepare makes the node's directories, cgroups and configuration. Its directory gets a short
// name: the path of a socket has at most 107 bytes (unix(7)).
func (n *Node) prepare() error {
	long := n.dir
	n.dir = filepath.Join("/run", n.Name)
	for _, dir := range []string{long, n.dir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making the directory of %s: %w", n.Name, err)
		}
	}
	if err := unix.Mount(long, n.dir, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting the directory of %s: %w", n.Name, err)
	}
	cgroup, err := sandbox.NewCgroup(n.Name)
	if err != nil {
		return err
	}
	n.cgroup = cgroup
	if _, err := sandbox.NewCgroup(filepath.Join(n.Name, "system")); err != nil {
		return err
	}
	for name, path := range map[string]string{"containerd.toml": "containerd.toml", "bridge.conflist": "cni/10-bridge.conflist",
		"kubelet.yaml": "kubelet.yaml", "resolv.conf": "resolv.conf"} {
		if err := writeConfig(filepath.Join(n.dir, path), name, n.settings()); err != nil {
			return err
		}
	}
	return nil
}

// settings is what the node's configuration files need to know.
func (n *Node) settings() map[string]any {
	return map[string]any{
		"Node": n.number, "Dir": n.dir, "Socket": n.socket(), "Runtime": n.programs.runtime, "PauseImage": "docker.io/" + image.Pause,
		"Address": sandbox.NodeAddress(n.number), "DNS": sandbox.NodeAddress(1), "Bridge": sandbox.BridgeName,
		"PKI": n.cluster.pki.dir, "Cgroup": n.cgroup,
		"LeaseSeconds": int(n.cluster.nodeGrace().Seconds()),
	}
}

func (n *Node) socket() string { return filepath.Join(n.dir, "containerd.sock") }

func (n *Node) startRuntime(ctx context.Context) error {
	p, err := n.start("containerd", n.programs.command("containerd", "--config="+filepath.Join(n.dir, "containerd.toml")))
	if err != nil {
		return err
	}
	n.runtime = p
	return p.Await(ctx, func(ctx context.Context) error {
		return n.programs.commandContext(ctx, "ctr", "--address="+n.socket(), "version").Run()
	})
}

// start starts one of the node's own programs, in its cgroup.
func (n *Node) start(name string, command *exec.Cmd) (*process.Process, error) {
	p, err := process.Start(name+" of "+n.Name, filepath.Join(n.dir, "log", name+".log"), command)
	if err != nil {
		return nil, err
	}
	if err := sandbox.Enter(filepath.Join(n.cgroup, "system"), p.PID()); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// Import gives the node the images in these archives.
func (n *Node) Import(ctx context.Context, archives ...string) error {
	for _, archive := range archives {
		output, err := n.programs.commandContext(ctx, "ctr", "--address="+n.socket(), "--namespace=k8s.io", "images", "import", archive).CombinedOutput()
		if err != nil {
			return fmt.Errorf("importing %s on %s: %w\n%s", archive, n.Name, err, output)
		}
	}
	return nil
}

// startKubelet starts the kubelet and waits until it answers.
func (n *Node) startKubelet(ctx context.Context) error {
	p, err := n.start("kubelet", n.programs.command("kubelet",
		"--config="+filepath.Join(n.dir, "kubelet.yaml"), "--kubeconfig="+n.cluster.kubeconfig(n.Name),
		"--root-dir="+filepath.Join(n.dir, "kubelet"), "--cert-dir="+filepath.Join(n.dir, "pki"),
		"--hostname-override="+n.Name, "--node-ip="+sandbox.NodeAddress(n.number).String(),
		"--node-labels=topology.kubernetes.io/zone="+n.Name))
	if err != nil {
		return err
	}
	n.kubelet = p
	return p.Await(ctx, answers(fmt.Sprintf("http://127.0.0.1:%d/healthz", 10260+n.number)))
}

// AwaitReady waits until the node is Ready.
func (n *Node) AwaitReady(ctx context.Context) error {
	return n.awaitCondition(ctx, corev1.ConditionTrue)
}

// AwaitUnknown waits until the cluster has noticed that the node is silent.
func (n *Node) AwaitUnknown(ctx context.Context) error {
	return n.awaitCondition(ctx, corev1.ConditionUnknown)
}

func (n *Node) awaitCondition(ctx context.Context, want corev1.ConditionStatus) error {
	return Await(ctx, fmt.Sprintf("%s to be Ready=%s", n.Name, want), func(ctx context.Context) error {
		node, err := n.cluster.Client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == want {
				return nil
			}
		}
		return errors.New("it is not")
	})
}

// remove ends the node for good.
func (n *Node) remove() error {
	err := n.Kill()
	if unmounted := unix.Unmount(n.dir, unix.MNT_DETACH); unmounted != nil {
		err = errors.Join(err, fmt.Errorf("unmounting the directory of %s: %w", n.Name, unmounted))
	}
	return err
}

// Kill ends all of the node's processes at once, its pods' included: a power cut.
func (n *Node) Kill() error { return sandbox.KillAll(n.cgroup) }

// Freeze stops all of the node's processes, its pods' included, where they stand.
func (n *Node) Freeze() error { return sandbox.Freeze(n.cgroup) }

// Thaw lets a frozen node go on.
func (n *Node) Thaw() error { return sandbox.Thaw(n.cgroup) }

// Boot starts a killed node again.
func (n *Node) Boot(ctx context.Context) error {
	if err := n.startRuntime(ctx); err != nil {
		return err
	}
	return n.startKubelet(ctx)
}

// KillKubelet ends the kubelet alone; pods go on.
func (n *Node) KillKubelet() { n.kubelet.Kill() }

// StartKubelet starts a killed kubelet again.
func (n *Node) StartKubelet(ctx context.Context) error { return n.startKubelet(ctx) }

// KillRuntime ends containerd alone; pods go on.
func (n *Node) KillRuntime() { n.runtime.Kill() }

// StartRuntime starts a killed containerd again.
func (n *Node) StartRuntime(ctx context.Context) error { return n.startRuntime(ctx) }

func (n *Node) logs(t testing.TB) {
	t.Helper()
	for _, p := range []*process.Process{n.runtime, n.kubelet} {
		if p != nil {
			t.Logf("the end of the log of %s:\n%s", p.Name, p.Log())
		}
	}
}
