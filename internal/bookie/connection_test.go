package bookie_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bkgen/bkgen/internal/bookie"
)

func TestNoAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent := "http://" + listener.Addr().String() // it is connected and never served
	t.Cleanup(func() { listener.Close() })
	closed := httptest.NewServer(nil)
	closed.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, begun(r))
	}))
	t.Cleanup(broken.Close)
	stalled := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, begun(r))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(stalled.Close)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	short, cancelShort := context.WithTimeout(t.Context(), 50*time.Millisecond)
	t.Cleanup(cancelShort)
	for _, test := range []struct {
		name, address string
		ctx           context.Context
		want          error
	}{
		{"nothing listens", closed.URL, t.Context(), bookie.ErrRefused},
		{"nobody answers a connection", silent, t.Context(), bookie.ErrTimeout},
		{"the asker has less time", silent, short, bookie.ErrTimeout},
		{"the asker goes away", silent, canceled, context.Canceled},
		{"an answer breaks off", broken.URL, t.Context(), bookie.ErrUnreachable},
		{"an answer never ends", stalled.URL, t.Context(), bookie.ErrTimeout},
		{"no such host", "http://no-such-host.invalid:8080", t.Context(), bookie.ErrUnreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, err := bookie.New(test.address, &http.Client{Transport: new(http.Transport), Timeout: 300 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range []question{state, ready, ledgers, register} {
				err := q.failure(test.ctx, client)
				if !errors.Is(err, test.want) {
					t.Errorf("%s: %v, want %v", q.path, err, test.want)
				}
				for _, other := range []error{bookie.ErrRefused, bookie.ErrTimeout, bookie.ErrUnreachable} {
					if other != test.want && errors.Is(err, other) {
						t.Errorf("%s: %v is %v too", q.path, err, other)
					}
				}
			}
		})
	}
}

// begun begins an answer.
func begun(r *http.Request) string {
	if r.URL.Path == ledgers.path {
		return "[1,"
	}
	return `{"running":`
}

// failure is the error of a question.
func (q question) failure(ctx context.Context, c *bookie.Client) (err error) {
	switch q.path {
	case state.path:
		_, err = c.State(ctx)
	case ready.path:
		_, err = c.Ready(ctx)
	case ledgers.path:
		_, err = c.UnderReplicated(ctx)
	case register.path:
		_, err = c.Registration(ctx)
	}
	return err
}

func TestAddressIsThatOfAServer(t *testing.T) {
	for _, test := range []struct {
		address string
		ok      bool
	}{
		{"http://10.0.0.1:8080", true},
		{"https://[fd00::1]:8080/", true},
		{"10.0.0.1:8080", false},
		{"ftp://10.0.0.1", false},
		{"http://", false},
		{"http://10.0.0.1:8080/api", false},
		{"http://10.0.0.1:8080?x", false},
		{"http://user:word@10.0.0.1:8080", false},
	} {
		_, err := bookie.New(test.address, nil)
		if (err == nil) != test.ok || (err != nil && strings.Contains(err.Error(), "word")) {
			t.Errorf("%s: error %v, want one: %t", test.address, err, !test.ok)
		}
	}
}

// A probe asks every few seconds for years: it must not open a connection each time.
func TestConnectionIsKept(t *testing.T) {
	r := recorded(t, "state")
	connections := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, r.body) }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections++
		}
	}
	server.Start()
	client, err := bookie.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := client.State(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	server.Close()
	if connections != 1 {
		t.Errorf("%d connections, want 1", connections)
	}
}

func BenchmarkReady(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "OK") }))
	b.Cleanup(server.Close)
	client, err := bookie.New(server.URL, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if ready, err := client.Ready(b.Context()); !ready || err != nil {
			b.Fatal(ready, err)
		}
	}
}
