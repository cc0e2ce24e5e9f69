package zookeeper

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bkgen/bkgen/e2e/certs"
)

// Authority vouches for servers and clients that speak TLS.
type Authority struct {
	// Certificate is the file (PEM) with the authority's own.
	Certificate string
	// Pool holds the same.
	Pool *x509.CertPool

	authority *certs.Authority
}

// Identity is a certificate and its key: files (PEM), and the same for Go.
type Identity struct {
	Certificate, Key string
	// Store holds both, as ZooKeeper takes them for a key store: its name ends in .pem.
	Store string
	Pair  tls.Certificate
}

// NewAuthority makes an authority, whose files are gone when the test ends.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	authority, err := certs.NewAuthority("zookeeper-authority")
	if err != nil {
		t.Fatal(err)
	}
	a := &Authority{Pool: x509.NewCertPool(), authority: authority}
	a.Pool.AppendCertsFromPEM(authority.CertPEM)
	a.Certificate = write(t, t.TempDir(), "authority.pem", authority.CertPEM)
	return a
}

// Issue makes an identity with those names and IP addresses, for servers and clients.
func (a *Authority) Issue(t testing.TB, names ...string) Identity {
	t.Helper()
	pair, err := a.authority.Issue(certs.Request{CommonName: names[0], Hosts: names})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := tls.X509KeyPair(pair.CertPEM, pair.KeyPEM)
	if err != nil {
		t.Fatalf("reading the certificate of %s: %v", names[0], err)
	}
	dir := t.TempDir()
	return Identity{
		Certificate: write(t, dir, "certificate.pem", pair.CertPEM),
		Key:         write(t, dir, "key.pem", pair.KeyPEM),
		Store:       write(t, dir, "store.pem", slices.Concat(pair.KeyPEM, pair.CertPEM)),
		Pair:        parsed,
	}
}

func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatalf("writing a certificate: %v", err)
	}
	return path
}
