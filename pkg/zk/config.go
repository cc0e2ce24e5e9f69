package zk

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"
)

// Config says where ZooKeeper is and who asks.
type Config struct {
	// Hosts are host:port pairs, at least one, IPv6 in brackets. They are tried in random
	// order, one after the other.
	Hosts []string
	// Chroot is put before every path; "" or an absolute path. It must exist for anything
	// to be created below it.
	Chroot string
	// TLS encrypts the connection; nil speaks plainly. The server's certificate must be
	// for the name in Hosts, whatever addresses it has.
	TLS *tls.Config
	// Digest is user:password for ZooKeeper's scheme "digest"; "" asks as nobody.
	Digest string
	// SessionTimeout is how long ZooKeeper keeps the session of a client that is silent,
	// within the limits of the server; 0 is 30 s.
	SessionTimeout time.Duration
	// RequestTimeout is how long a request waits for its answer, 0 is 10 s. It spans a
	// reconnection to another server.
	RequestTimeout time.Duration
	// DialTimeout is how long one address may take to connect, with TLS, and then to give
	// a session; 0 is 5 s.
	DialTimeout time.Duration
	// Resolver looks up names, anew for every connection; nil is the system's.
	Resolver Resolver
	// OnDialError is told each host that gave no connection or no session, and why, from
	// another goroutine, one at a time. It must not block.
	OnDialError func(host string, err error)
}

// Resolver finds the addresses of a name. A net.Resolver is one.
type Resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
}

const (
	defaultSessionTimeout = 30 * time.Second
	defaultRequestTimeout = 10 * time.Second
	defaultDialTimeout    = 5 * time.Second
)

// complete is the configuration with its defaults, or what is wrong with it.
func (c Config) complete() (Config, error) {
	if len(c.Hosts) == 0 {
		return c, fmt.Errorf("no ZooKeeper host given")
	}
	for _, host := range c.Hosts {
		if _, _, err := net.SplitHostPort(host); err != nil {
			return c, fmt.Errorf("ZooKeeper host %q: not host:port", host)
		}
	}
	if c.Chroot != "" && (!strings.HasPrefix(c.Chroot, "/") || strings.HasSuffix(c.Chroot, "/")) {
		return c, fmt.Errorf("chroot %q: not an absolute path without a slash at its end", c.Chroot)
	}
	if c.Digest != "" && !strings.Contains(c.Digest, ":") {
		return c, fmt.Errorf("digest: not user:password") // and never shown
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.OnDialError == nil {
		c.OnDialError = func(string, error) {}
	}
	for value, fallback := range map[*time.Duration]time.Duration{
		&c.SessionTimeout: defaultSessionTimeout,
		&c.RequestTimeout: defaultRequestTimeout,
		&c.DialTimeout:    defaultDialTimeout,
	} {
		if *value <= 0 {
			*value = fallback
		}
	}
	return c, nil
}
