package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bkgen/bkgen/pkg/spec"
	"github.com/bkgen/bkgen/pkg/zk"
)

// connection are the flags that say where a cluster's metadata is and who asks for it.
type connection struct {
	uri           string
	ca, cert, key string
	digest        string
}

func (c *connection) bind(flags *pflag.FlagSet) {
	flags.StringVar(&c.uri, "metadata-service-uri", "", "`URI` of the metadata, as BookKeeper takes it: zk://host:2181;host:2181/path/ledgers")
	flags.StringVar(&c.ca, "tls-ca", "", "speak TLS; `FILE` holds the certificates (PEM) that vouch for the servers")
	flags.StringVar(&c.cert, "tls-cert", "", "speak TLS; `FILE` holds this client's certificate (PEM)")
	flags.StringVar(&c.key, "tls-key", "", "`FILE` holds the key (PEM) of --tls-cert")
	flags.StringVar(&c.digest, "digest-file", "", "`FILE` holds user:password for ZooKeeper's digest scheme")
}

// schemes are those whose layout of ledgers bkcheck creates. The others that BookKeeper
// knows ask for another one.
// Source: bookkeeper, meta/zk/ZKMetadataDriverBase.java (resolveLedgerManagerFactory).
var schemes = []string{"zk://", "zk+hierarchical://"}

// read checks the flags and reads their files. The second result is the znode of the metadata: all
// that follows the hosts.
func (c *connection) read() (config zk.Config, root string, err error) {
	const example = "for example --metadata-service-uri=zk://zookeeper-client:2181/bookkeeper/storage/bookkeeper/ledgers"
	if c.uri == "" {
		return config, "", usage(example, "--metadata-service-uri is missing")
	}
	address, err := spec.ParseZooKeeperAddress(c.uri)
	if err != nil {
		return config, "", usage(example, "--metadata-service-uri: %w", err)
	}
	if !slices.ContainsFunc(schemes, func(scheme string) bool { return strings.HasPrefix(c.uri, scheme) }) {
		return config, "", usage(example, "--metadata-service-uri: seen %q, allowed a URI that begins with %s", c.uri, strings.Join(schemes, " or "))
	}
	if address.Chroot == "" {
		return config, "", usage(example, "--metadata-service-uri: %q names no path for the metadata", c.uri)
	}
	config.Hosts = address.Hosts
	if config.TLS, err = c.tls(); err != nil {
		return config, "", err
	}
	if config.Digest, err = c.userAndPassword(); err != nil {
		return config, "", err
	}
	return config, address.Chroot, nil
}

func (c *connection) tls() (*tls.Config, error) {
	if (c.cert == "") != (c.key == "") {
		return nil, usage("", "--tls-cert and --tls-key go together")
	}
	if c.ca == "" && c.cert == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.ca != "" {
		data, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("--tls-ca: %s holds no certificate (PEM)", c.ca)
		}
	}
	if c.cert != "" {
		pair, err := tls.LoadX509KeyPair(c.cert, c.key)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func (c *connection) userAndPassword() (string, error) {
	if c.digest == "" {
		return "", nil
	}
	data, err := os.ReadFile(c.digest)
	if err != nil {
		return "", fmt.Errorf("--digest-file: %w", err)
	}
	text := strings.TrimRight(string(data), "\r\n")
	if user, _, ok := strings.Cut(text, ":"); !ok || user == "" || strings.Contains(text, "\n") {
		return "", fmt.Errorf("--digest-file: %s does not hold one line user:password", c.digest)
	}
	return text, nil
}
