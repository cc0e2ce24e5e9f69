package cluster

import (
	"context"
	"path/filepath"

	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/process"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

// startNetwork starts what all nodes share: Services by kube-proxy, names by CoreDNS. One of
// each is enough, because the nodes share one network.
func (c *Cluster) startNetwork(ctx context.Context) error {
	settings := map[string]any{
		"Address": sandbox.NodeAddress(1), "Node": nodeName(1), "PodRange": podRange,
		"ProxyKubeconfig": c.kubeconfig("proxy"), "AdminKubeconfig": c.Kubeconfig,
	}
	for _, name := range []string{"Corefile", "proxy.yaml"} {
		if err := writeConfig(filepath.Join(c.dir, name), name, settings); err != nil {
			return err
		}
	}
	proxy, err := process.Start("kube-proxy", filepath.Join(c.dir, "log", "kube-proxy.log"),
		c.Nodes[0].programs.command("kube-proxy", "--config="+filepath.Join(c.dir, "proxy.yaml")))
	if err != nil {
		return err
	}
	dns, err := parts.DNS(ctx)
	if err != nil {
		return err
	}
	names, err := process.Start("coredns", filepath.Join(c.dir, "log", "coredns.log"),
		c.Nodes[0].programs.command(dns, "-conf", filepath.Join(c.dir, "Corefile")))
	if err != nil {
		return err
	}
	c.processes = append(c.processes, proxy, names)
	return names.Await(ctx, answers("http://127.0.0.1:8181/ready"))
}
