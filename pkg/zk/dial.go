package zk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// errNoSession is why a host that took the connection was left again.
var errNoSession = errors.New("connected, but got no session: the server does not serve yet, has no quorum, or one side speaks TLS and the other does not")

// UnreachableError says that no session was to be had while there was time.
type UnreachableError struct {
	// Hosts are those of the Config, in its order.
	Hosts []string
	// Failures hold the last failure of each host that was tried to the end.
	Failures map[string]error
	// Cause is why the waiting ended: the context's cause.
	Cause error
}

func (e *UnreachableError) Error() string {
	var reasons []string
	for _, host := range e.Hosts {
		if err := e.Failures[host]; err != nil {
			reasons = append(reasons, host+": "+err.Error())
		}
	}
	if len(reasons) == 0 {
		reasons = []string{"no answer from " + strings.Join(e.Hosts, ", ")}
	}
	return "connecting to ZooKeeper: " + strings.Join(reasons, "; ")
}

func (e *UnreachableError) Unwrap() error { return e.Cause }

// dialer opens connections for one Conn, and remembers what became of each host. Unlike
// the client library's own it resolves names each time, so that a server that comes back
// under another address is found, and gives TLS the name and not the address.
type dialer struct {
	config Config
	// alive ends with the Conn: nothing is dialed after it.
	alive context.Context

	mu       sync.Mutex
	failures map[string]error
	current  net.Conn
	// waiting closes current where the server gives no session in time.
	waiting *time.Timer
	host    string
}

// dial connects to host:port by the first of its addresses that answers. The addresses
// are shuffled: behind one name may be a server that takes connections and does not serve.
func (d *dialer) dial(hostPort string) (net.Conn, error) {
	conn, err := d.open(hostPort)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		if d.alive.Err() == nil {
			d.note(hostPort, err)
		}
		return nil, err
	}
	d.host, d.current = hostPort, conn
	d.waiting = time.AfterFunc(d.config.DialTimeout, func() { _ = conn.Close() })
	return conn, nil
}

func (d *dialer) open(hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	lookup, cancel := context.WithTimeout(d.alive, d.config.DialTimeout)
	addresses, err := d.config.Resolver.LookupHost(lookup, host)
	cancel()
	if err != nil {
		return nil, err
	}
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	failures := []error{}
	for _, address := range addresses {
		conn, err := d.openAddress(host, net.JoinHostPort(address, port))
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return nil, fmt.Errorf("name %q has no address", host)
	}
	return nil, failures[len(failures)-1]
}

func (d *dialer) openAddress(name, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.alive, d.config.DialTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil || d.config.TLS == nil {
		return conn, err
	}
	config := d.config.TLS.Clone()
	if config.ServerName == "" {
		config.ServerName = strings.TrimSuffix(name, ".")
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", address, err)
	}
	return secure, nil
}

// gotSession and lostConnection follow what becomes of the current connection.
func (d *dialer) gotSession() {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.failures, d.host)
	d.stopWaiting()
}

func (d *dialer) lostConnection() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopWaiting() && d.alive.Err() == nil {
		d.note(d.host, errNoSession)
	}
}

// close breaks the current connection off, however deaf its other end is.
func (d *dialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopWaiting()
	if d.current != nil {
		_ = d.current.Close()
	}
}

// stopWaiting reports whether the current connection was still without a session.
func (d *dialer) stopWaiting() bool {
	if d.waiting == nil {
		return false
	}
	d.waiting.Stop()
	d.waiting = nil
	return true
}

func (d *dialer) note(host string, err error) {
	d.failures[host] = err
	d.config.OnDialError(host, err)
}

// unreachable is why no session was to be had.
func (d *dialer) unreachable(cause error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	failures := map[string]error{}
	for host, err := range d.failures {
		failures[host] = err
	}
	return &UnreachableError{Hosts: d.config.Hosts, Failures: failures, Cause: cause}
}

// hosts hands the client library names in place of addresses, round and round.
type hosts struct {
	mu    sync.Mutex
	names []string
	// tried counts the hosts that were handed out since the last session.
	next, tried int
}

// Init takes the hosts, which the library has shuffled.
func (h *hosts) Init(servers []string) error {
	h.names = servers
	return nil
}

func (h *hosts) Len() int { return len(h.names) }

// Next is the host to try, and whether all have been tried in vain, so that it is time
// for a pause.
func (h *hosts) Next() (server string, retryStart bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	server = h.names[h.next]
	retryStart = h.tried > 0 && h.tried%len(h.names) == 0
	h.next = (h.next + 1) % len(h.names)
	h.tried++
	return server, retryStart
}

// Connected: the last host handed out has given a session.
func (h *hosts) Connected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried = 0
}
