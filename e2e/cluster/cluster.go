// Package cluster runs a real Kubernetes cluster inside a sandbox: etcd, the API server with RBAC, Node
// authorizer and Pod Security admission, the controllers, the scheduler, and real nodes, each a containerd and
// a kubelet, with kube-proxy and CoreDNS. All nodes share the sandbox's network: pods of all
// nodes are on one bridge.
//
// A sandbox holds one cluster at a time, because its ports and addresses are fixed.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/bkgen/bkgen/e2e/certs"
	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/process"
	"github.com/bkgen/bkgen/e2e/sandbox"
	"github.com/bkgen/bkgen/e2e/volumes"
)

// Options say what the cluster consists of. The zero value is the control plane alone.
type Options struct {
	// Nodes is how many real nodes there are, 0 to 9, named node1 and so on, each in the
	// zone of its own name.
	Nodes int
	// Images are the archives of images that each node has, beside the stand-in's; see
	// package parts.
	Images []string
	// NodeGrace is how long a silent node counts as alive; 0 is 40 s. Its lease then lasts
	// as long.
	NodeGrace time.Duration
}

// Cluster is a cluster that runs.
type Cluster struct {
	// Kubeconfig is the path of an administrator's, Config the same for client-go.
	Kubeconfig string
	Config     *rest.Config
	Client     kubernetes.Interface
	// Nodes are the real nodes, in their order.
	Nodes []*Node

	options Options
	dir     string
	kube    string
	pki     *pki
	// The control plane and what all nodes share.
	processes []*process.Process
	// stopVolumes ends what gives claims their volumes.
	stopVolumes func() error
}

// startTimeout is for a whole cluster, on a machine that builds something else as well.
const startTimeout = 3 * time.Minute

// Start starts a cluster, which ends with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	c, err := New(ctx, o)
	sandbox.Need(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			c.logs(t)
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// New starts a cluster, for a TestMain. It ends with Stop or with the sandbox.
func New(ctx context.Context, o Options) (*Cluster, error) {
	if !sandbox.Inside() {
		return nil, errors.New("starting a cluster: not in a sandbox")
	}
	kube, err := parts.Kube(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(sandbox.Dir(), "cluster-")
	if err != nil {
		return nil, fmt.Errorf("making the cluster's directory: %w", err)
	}
	c := &Cluster{options: o, dir: dir, kube: kube, Kubeconfig: filepath.Join(dir, "admin.kubeconfig")}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// start brings up what does not depend on each other side by side.
func (c *Cluster) start(ctx context.Context) error {
	var err error
	if c.pki, err = newPKI(filepath.Join(c.dir, "pki"), c.options.Nodes); err != nil {
		return err
	}
	if err := c.configureClients(); err != nil {
		return err
	}
	if err := sandbox.Uplink(c.options.Nodes); err != nil {
		return err
	}
	runtimes := make(chan error, 1)
	go func() { runtimes <- c.startRuntimes(ctx) }()
	err = c.startControlPlane(ctx)
	if err := errors.Join(err, <-runtimes); err != nil {
		return err
	}
	if c.options.Nodes == 0 {
		return c.awaitControllers(ctx)
	}
	if err := errors.Join(c.provideVolumes(), c.startNetwork(ctx)); err != nil {
		return err
	}
	if err := each(c.Nodes, func(n *Node) error { return n.startKubelet(ctx) }); err != nil {
		return err
	}
	if err := c.awaitControllers(ctx); err != nil {
		return err
	}
	return each(c.Nodes, func(n *Node) error { return n.AwaitReady(ctx) })
}

// Volumes is the directory that all volumes of the default class are in.
func (c *Cluster) Volumes() string { return filepath.Join(c.dir, "volumes") }

// Authority signs what the cluster's pods and programs trust.
func (c *Cluster) Authority() *certs.Authority { return c.pki.authority }

// provideVolumes gives claims local volumes; the StorageClass is the default one.
func (c *Cluster) provideVolumes() error {
	dir := c.Volumes()
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("making a place for volumes: %w", err)
	}
	log, err := os.Create(filepath.Join(c.dir, "log", "volumes.log"))
	if err != nil {
		return fmt.Errorf("making a place for volumes: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- errors.Join(volumes.Run(ctx, c.Client, dir, log), log.Close()) }()
	c.stopVolumes = func() error {
		cancel()
		return <-done
	}
	return nil
}

// Stop ends the cluster: its pods, its nodes, its control plane. What it wrote is removed
// with the sandbox.
func (c *Cluster) Stop() error {
	err := each(c.Nodes, (*Node).remove)
	if c.stopVolumes != nil {
		err = errors.Join(err, c.stopVolumes())
	}
	for _, p := range c.processes {
		p.Kill()
	}
	return errors.Join(err, sandbox.RemoveUplink())
}

// Kubectl runs kubectl as the administrator and returns what it printed.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, filepath.Join(c.kube, "kubectl"), args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig, "KUBECACHEDIR="+filepath.Join(c.dir, "kubectl"))
	output, err := command.CombinedOutput()
	if err != nil {
		return string(output), fmt.Errorf("kubectl %q: %w\n%s", args, err, output)
	}
	return string(output), nil
}

// logs shows the end of every log, for a test that failed.
func (c *Cluster) logs(t testing.TB) {
	t.Helper()
	for _, p := range c.processes {
		t.Logf("the end of %s's log:\n%s", p.Name, p.Log())
	}
	for _, n := range c.Nodes {
		n.logs(t)
	}
}

// run starts a program of the cluster; its log is named after it.
func (c *Cluster) run(name, program string, args ...string) (*process.Process, error) {
	command := exec.Command(filepath.Join(c.kube, program), args...)
	command.Dir = c.dir
	p, err := process.Start(name, filepath.Join(c.dir, "log", name+".log"), command)
	if err == nil {
		c.processes = append(c.processes, p)
	}
	return p, err
}

// each runs f for all at once and joins their errors.
func each[T any](all []T, f func(T) error) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() { errs[i] = f(all[i]) })
	}
	wait.Wait()
	return errors.Join(errs...)
}
