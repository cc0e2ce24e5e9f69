package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/bkgen/bkgen/e2e/sandbox"
)

// The sandbox's network is its own, so that these are free.
const (
	serverURL      = "https://127.0.0.1:6443"
	etcdURL        = "http://127.0.0.1:2379"
	etcdPeerURL    = "http://127.0.0.1:2380"
	serviceRange   = "10.96.0.0/16"
	serviceAddress = "10.96.0.1" // of the Service kubernetes
	podRange       = "10.244.0.0/16"
)

// startControlPlane starts etcd, the API server, the controllers and the scheduler. Data is
// not synced to disk: it is not to survive.
func (c *Cluster) startControlPlane(ctx context.Context) error {
	etcd, err := c.run("etcd", "etcd", "--data-dir="+c.dir+"/etcd", "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL,
		"--listen-peer-urls="+etcdPeerURL, "--initial-advertise-peer-urls="+etcdPeerURL,
		"--initial-cluster=default="+etcdPeerURL)
	if err != nil {
		return err
	}
	if err := etcd.Await(ctx, answers(etcdURL+"/health")); err != nil {
		return err
	}
	if err := c.startAPIServer(ctx); err != nil {
		return err
	}
	return c.startControllers(ctx)
}

func (c *Cluster) startAPIServer(ctx context.Context) error {
	server, err := c.run("kube-apiserver", "kube-apiserver",
		"--bind-address=0.0.0.0", "--secure-port=6443", "--advertise-address="+sandbox.NodeAddress(1).String(),
		"--etcd-servers="+etcdURL, "--service-cluster-ip-range="+serviceRange,
		"--tls-cert-file="+c.pki.path("apiserver.crt"), "--tls-private-key-file="+c.pki.path("apiserver.key"),
		"--client-ca-file="+c.pki.path("ca.crt"),
		"--requestheader-client-ca-file="+c.pki.path("ca.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--kubelet-client-certificate="+c.pki.path("admin.crt"), "--kubelet-client-key="+c.pki.path("admin.key"),
		"--kubelet-certificate-authority="+c.pki.path("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file="+c.pki.path("sa.pub"), "--service-account-signing-key-file="+c.pki.path("sa.key"),
		"--allow-privileged=true", "--profiling=false")
	if err != nil {
		return err
	}
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return fmt.Errorf("reading the administrator's kubeconfig: %w", err)
	}
	// The tests are no user to be held back.
	c.Config.QPS, c.Config.Burst = 500, 1000
	if c.Client, err = kubernetes.NewForConfig(c.Config); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return server.Await(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return c.Client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// startControllers starts the controller manager and the scheduler. Their credentials and
// speed are those of a real cluster, their leader election has nobody to elect against.
func (c *Cluster) startControllers(ctx context.Context) error {
	arguments := func(name string) []string {
		config := c.kubeconfig(name)
		return []string{"--bind-address=127.0.0.1", "--kubeconfig=" + config, "--authentication-kubeconfig=" + config,
			"--authorization-kubeconfig=" + config, "--leader-elect=false", "--profiling=false"}
	}
	grace := c.nodeGrace()
	manager, err := c.run("kube-controller-manager", "kube-controller-manager", append(arguments("controller-manager"),
		"--secure-port=10257", "--service-account-private-key-file="+c.pki.path("sa.key"),
		"--root-ca-file="+c.pki.path("ca.crt"), "--use-service-account-credentials=true",
		"--node-monitor-grace-period="+grace.String(), "--node-monitor-period="+(grace/8).String(),
		// With credentials for each controller, the default limits cost five seconds at the start.
		"--kube-api-qps=500", "--kube-api-burst=1000")...)
	if err != nil {
		return err
	}
	scheduler, err := c.run("kube-scheduler", "kube-scheduler", append(arguments("scheduler"), "--secure-port=10259")...)
	if err != nil {
		return err
	}
	if err := manager.Await(ctx, answers("https://127.0.0.1:10257/healthz")); err != nil {
		return err
	}
	return scheduler.Await(ctx, answers("https://127.0.0.1:10259/healthz"))
}

// nodeGrace is what the controller manager's documentation gives as its default.
func (c *Cluster) nodeGrace() time.Duration {
	if c.options.NodeGrace > 0 {
		return c.options.NodeGrace
	}
	return 40 * time.Second
}

// awaitControllers waits for what the controllers make in every namespace, without which
// no pod is admitted.
func (c *Cluster) awaitControllers(ctx context.Context) error {
	return Await(ctx, "the default ServiceAccount", func(ctx context.Context) error {
		_, err := c.Client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// answers is ready when a GET of the URL answers 200. The certificates of the components'
// own health endpoints are made by themselves, of no authority.
func answers(url string) func(context.Context) error {
	client := &http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
	}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, answer.Status)
		}
		return nil
	}
}

// Await waits until condition returns nil, or the context ends: then the error says what
// was waited for and the last reason.
func Await(ctx context.Context, what string, condition func(context.Context) error) error {
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
