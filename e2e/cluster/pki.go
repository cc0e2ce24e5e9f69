package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	api "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bkgen/bkgen/e2e/certs"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

// pki is a directory of certificates and keys, <name>.crt and <name>.key.
type pki struct {
	dir       string
	authority *certs.Authority
}

// newPKI makes all certificates of a cluster. Names and groups are those that the API
// server's default roles bind. Source: https://kubernetes.io/docs/setup/best-practices/certificates/.
func newPKI(dir string, nodes int) (*pki, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the cluster's certificates: %w", err)
	}
	authority, err := certs.NewAuthority("e2e")
	if err != nil {
		return nil, err
	}
	p := &pki{dir: dir, authority: authority}
	if err := p.write("ca.crt", authority.CertPEM); err != nil {
		return nil, err
	}
	if err := p.serviceAccountKey(); err != nil {
		return nil, err
	}
	issues := map[string]certs.Request{
		"apiserver": {CommonName: "kube-apiserver", Hosts: []string{
			"localhost", "127.0.0.1", serviceAddress, sandbox.NodeAddress(1).String(),
			"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}},
		"admin":              {CommonName: "admin", Organizations: []string{"system:masters"}},
		"controller-manager": {CommonName: "system:kube-controller-manager"},
		"scheduler":          {CommonName: "system:kube-scheduler"},
		"proxy":              {CommonName: "system:kube-proxy"},
		"front-proxy":        {CommonName: "front-proxy"},
	}
	for n := 1; n <= nodes; n++ {
		name := nodeName(n)
		issues[name] = certs.Request{CommonName: "system:node:" + name, Organizations: []string{"system:nodes"},
			Hosts: []string{name, sandbox.NodeAddress(n).String()}}
	}
	for name, request := range issues {
		pair, err := authority.Issue(request)
		if err != nil {
			return nil, err
		}
		if err := p.write(name+".crt", pair.CertPEM); err != nil {
			return nil, err
		}
		if err := p.write(name+".key", pair.KeyPEM); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// serviceAccountKey makes the key that signs service account tokens.
func (p *pki) serviceAccountKey() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("making the service account key: %w", err)
	}
	private, err := certs.EncodeKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encoding the service account key: %w", err)
	}
	if err := p.write("sa.key", private); err != nil {
		return err
	}
	return p.write("sa.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}

func (p *pki) write(name string, text []byte) error {
	if err := os.WriteFile(p.path(name), text, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (p *pki) path(name string) string { return filepath.Join(p.dir, name) }

// configureClients writes a kubeconfig for each identity but the servers'.
func (c *Cluster) configureClients() error {
	names := []string{"admin", "controller-manager", "scheduler", "proxy"}
	for n := 1; n <= c.options.Nodes; n++ {
		names = append(names, nodeName(n))
	}
	for _, name := range names {
		config := api.Config{
			Clusters: map[string]*api.Cluster{"e2e": {Server: serverURL, CertificateAuthority: c.pki.path("ca.crt")}},
			AuthInfos: map[string]*api.AuthInfo{name: {
				ClientCertificate: c.pki.path(name + ".crt"), ClientKey: c.pki.path(name + ".key")}},
			Contexts:       map[string]*api.Context{"e2e": {Cluster: "e2e", AuthInfo: name}},
			CurrentContext: "e2e",
		}
		if err := clientcmd.WriteToFile(config, c.kubeconfig(name)); err != nil {
			return fmt.Errorf("writing the kubeconfig of %s: %w", name, err)
		}
	}
	return nil
}

func (c *Cluster) kubeconfig(name string) string {
	return filepath.Join(c.dir, name+".kubeconfig")
}
