// Package apiproxy stands between clients and the API server, and makes requests fail in
// the ways in which networks and servers fail: late, refused, dropped before they arrive,
// their answers lost, cut in half, watches ended.
//
//	proxy := apiproxy.Start(t, cluster.Config, apiproxy.Options{})
//	remove := proxy.Add(apiproxy.Rule{
//		Match: apiproxy.Match{Verb: "delete", Resource: "pods"},
//		Times: 1,
//		Fault: apiproxy.LoseAnswer(),
//	})
//
// It also remembers all requests, so that a test can count them. Watches stream and
// connections upgrade (exec, port-forward) as they do without it.
package apiproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/bkgen/bkgen/e2e/certs"
)

// Options say where the proxy is found. The zero value is a free port of loopback, with an
// authority of its own.
type Options struct {
	// Host is the address to listen on.
	Host string
	// Authority signs the proxy's certificate: the cluster's own for clients in pods, which
	// trust no other.
	Authority *certs.Authority
}

// Proxy is a proxy that runs.
type Proxy struct {
	// URL is where clients find it, CA the authority that they are to trust, as PEM.
	URL string
	CA  []byte

	forward http.Handler

	mu       sync.Mutex
	rules    []*active
	requests []*Request
	watches  map[*Request]context.CancelCauseFunc
}

// Start starts a proxy in front of the API server of upstream, until the test ends. Requests
// with an Authorization header pass as they are; all others get upstream's own credentials.
//
// It speaks HTTP/1.1 with both sides: each request then has a connection of its own while it
// lasts, and a fault strikes no other.
func Start(t testing.TB, upstream *rest.Config, o Options) *Proxy {
	t.Helper()
	forward, err := newForward(upstream)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{forward: forward, watches: map[*Request]context.CancelCauseFunc{}}
	listener, err := p.listen(o)
	if err != nil {
		t.Fatalf("starting a proxy: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:     p,
		ErrorLog:    log.New(io.Discard, "", 0), // broken connections are what it is for
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until Close
	}()
	t.Cleanup(func() {
		cancel() // upgraded connections are not the server's any more
		server.Close()
		<-served
	})
	return p
}

func (p *Proxy) listen(o Options) (net.Listener, error) {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.Authority == nil {
		authority, err := certs.NewAuthority("apiproxy")
		if err != nil {
			return nil, err
		}
		o.Authority = authority
	}
	pair, err := o.Authority.Issue(certs.Request{CommonName: "apiproxy", Hosts: []string{o.Host}})
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(pair.CertPEM, pair.KeyPEM)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}}
	listener, err := tls.Listen("tcp", net.JoinHostPort(o.Host, "0"), config)
	if err != nil {
		return nil, err
	}
	p.URL, p.CA = "https://"+listener.Addr().String(), o.Authority.CertPEM
	return listener, nil
}

// newForward takes requests to the API server.
func newForward(upstream *rest.Config) (http.Handler, error) {
	target, _, err := rest.DefaultServerUrlFor(upstream)
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(upstream)
	config.NextProtos = []string{"http/1.1"} // others cannot be upgraded
	own, err := rest.TransportFor(config)
	if err != nil {
		return nil, err
	}
	anonymous, err := rest.TransportFor(rest.AnonymousClientConfig(config))
	if err != nil {
		return nil, err
	}
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") != "" {
			return anonymous.RoundTrip(r)
		}
		return own.RoundTrip(r)
	})
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host}) },
		Transport:     transport,
		FlushInterval: -1, // at once: watches
		ErrorLog:      log.New(io.Discard, "", 0),
		// A server that is gone looks gone.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { reset(w) },
	}, nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// RESTConfig is a client's, without credentials: it gets upstream's, or adds its own.
func (p *Proxy) RESTConfig() *rest.Config {
	return &rest.Config{Host: p.URL, TLSClientConfig: rest.TLSClientConfig{CAData: p.CA}}
}

// Requests are all requests so far that match, in the order in which they came.
func (p *Proxy) Requests(m Match) []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []Request
	for _, r := range p.requests {
		if m.matches(*r) {
			found = append(found, *r)
		}
	}
	return slices.Clip(found)
}

// CutWatches ends the connections of all watches that run, and returns their number.
func (p *Proxy) CutWatches() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cut := range p.watches {
		cut(errCut)
	}
	return len(p.watches)
}

// ServeHTTP is a client's request. It implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := newRequest(r)
	seen, ctx, end := p.begin(r.Context(), request)
	defer end()
	handler := p.forward
	if fault := p.faultFor(request); fault != nil {
		handler = fault(handler)
	}
	handler.ServeHTTP(&answer{ResponseWriter: w, began: func(status int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		seen.Status = status
	}}, r.WithContext(ctx))
	if errors.Is(context.Cause(ctx), errCut) {
		panic(http.ErrAbortHandler) // the server may have ended the stream as it should be
	}
}

// errCut is why a watch's context ends in CutWatches.
var errCut = errors.New("cut by the test")

// begin remembers a request, and until its end how to cut it if it is a watch.
func (p *Proxy) begin(ctx context.Context, r Request) (*Request, context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, &r)
	if r.Verb == "watch" {
		p.watches[&r] = cancel
	}
	return &r, ctx, func() {
		cancel(nil)
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watches, &r)
	}
}

// answer tells when the client's answer begins.
type answer struct {
	http.ResponseWriter
	began func(status int)
}

func (a *answer) WriteHeader(status int) {
	a.began(status)
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush and hijack.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
