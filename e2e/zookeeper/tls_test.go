package zookeeper_test

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"

	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// TLS with certificates on both sides, which is what ZooKeeper asks for.
func TestTLS(t *testing.T) {
	t.Parallel()
	authority := zookeeper.NewAuthority(t)
	s := zookeeper.Start(t, zookeeper.Options{Authority: authority})
	client := authority.Issue(t, "bkcheck")
	foreign := zookeeper.NewAuthority(t)
	resolver := &names{addresses: map[string][]string{s.Host.Name: {s.Host.IP}, "zk-1.zk": {s.Host.IP}}}

	secure := configFor(s.Host.Name + ":2281")
	secure.Resolver = resolver
	secure.TLS = &tls.Config{RootCAs: authority.Pool, Certificates: []tls.Certificate{client.Pair}}
	first := mustCreateCluster(t, secure, "/ledgers")
	for name, config := range map[string]zk.Config{
		"plainly, on the other port": configFor(s.Address),
		"by the address":             {Hosts: []string{s.Secure}, TLS: secure.TLS},
	} {
		if again, err := ensure(t, config, "/ledgers"); err != nil || again.InstanceID != first.InstanceID {
			t.Errorf("%s: outcome %v, error %v; want %v", name, again, err, first)
		}
	}

	for name, test := range map[string]struct {
		host string
		tls  *tls.Config
		want string
	}{
		"without a certificate":              {secure.Hosts[0], &tls.Config{RootCAs: authority.Pool}, "got no session"},
		"with another authority's":           {secure.Hosts[0], &tls.Config{RootCAs: authority.Pool, Certificates: []tls.Certificate{foreign.Issue(t, "bkcheck").Pair}}, "got no session"},
		"speaking plainly":                   {secure.Hosts[0], nil, "one side speaks TLS"},
		"speaking TLS to the plain port":     {s.Host.Name + ":2181", secure.TLS, "TLS with " + s.Address},
		"by a name of no certificate":        {"zk-1.zk:2281", secure.TLS, "certificate is valid for " + s.Host.Name},
		"trusting nobody who vouches for it": {secure.Hosts[0], &tls.Config{RootCAs: foreign.Pool, Certificates: secure.TLS.Certificates}, "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			config := secure
			config.Hosts, config.TLS = []string{test.host}, test.tls
			config.OnDialError = func(string, error) { cancel() }
			conn, err := zk.Dial(ctx, config)
			if err == nil {
				conn.Close()
				t.Fatal("there is a session, want none")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
