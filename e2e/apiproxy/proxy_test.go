package apiproxy

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const patience = 10 * time.Second

// server is an upstream that counts what reaches it, and a client of a proxy before it.
type server struct {
	proxy   *Proxy
	client  *http.Client
	reached atomic.Int32
}

func newServer(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	upstream := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.reached.Add(1)
		handler(w, r)
	}))
	t.Cleanup(upstream.Close)
	config := &rest.Config{Host: upstream.URL, BearerToken: "upstream's"}
	config.Insecure = true
	s.proxy = Start(t, config, Options{})
	client, err := rest.HTTPClientFor(s.proxy.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	s.client = client
	t.Cleanup(client.CloseIdleConnections)
	return s
}

// do sends a request and returns the answer's code and body.
func (s *server) do(t *testing.T, method, path string) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.proxy.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

func echo(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s as %s", r.Method, r.URL, r.Header.Get("Authorization"))
}

func TestPassesCredentials(t *testing.T) {
	s := newServer(t, echo)
	_, own, err := s.do(t, http.MethodGet, "/api/v1/pods?limit=5")
	if want := "GET /api/v1/pods?limit=5 as Bearer upstream's"; err != nil || own != want {
		t.Errorf("without credentials: got %q, %v, want %q", own, err, want)
	}
	config := s.proxy.RESTConfig()
	config.BearerToken = "the client's"
	if s.client, err = rest.HTTPClientFor(config); err != nil {
		t.Fatal(err)
	}
	_, clients, err := s.do(t, http.MethodGet, "/api/v1/pods")
	if want := "GET /api/v1/pods as Bearer the client's"; err != nil || clients != want {
		t.Errorf("with a token: got %q, %v, want %q", clients, err, want)
	}
}

func TestRulesCountAndEnd(t *testing.T) {
	s := newServer(t, echo)
	remove := s.proxy.Add(Rule{Match: Match{Verb: "create", Resource: "jobs"}, Skip: 1, Times: 2, Fault: Fail(500, 0)})
	const jobs = "/apis/batch/v1/namespaces/a/jobs"
	check := func(method string, want int) {
		t.Helper()
		if code, _, err := s.do(t, method, jobs); err != nil || code != want {
			t.Errorf("%s: got %d, %v, want %d", method, code, err, want)
		}
	}
	for _, want := range []int{200, 500, 500, 200} {
		check(http.MethodPost, want)
		check(http.MethodGet, 200)
	}
	remove()
	s.proxy.Add(Rule{Fault: Fail(503, 0)})
	check(http.MethodGet, 503)

	if got := len(s.proxy.Requests(Match{Verb: "create"})); got != 4 {
		t.Errorf("remembered %d requests to create, want 4", got)
	}
	last := s.proxy.Requests(Match{Verb: "list", Resource: "jobs"})
	if got := last[len(last)-1].Status; got != 503 {
		t.Errorf("remembered status %d, want 503", got)
	}
}

func TestFail(t *testing.T) {
	s := newServer(t, echo)
	s.proxy.Add(Rule{Fault: Fail(http.StatusTooManyRequests, 7*time.Second)})
	answer, err := s.client.Get(s.proxy.URL + "/api/v1/namespaces/a/pods/b")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var status metav1.Status
	if err := json.NewDecoder(answer.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	if status.Kind != "Status" || status.Reason != metav1.StatusReasonTooManyRequests || status.Details.RetryAfterSeconds != 7 {
		t.Errorf("got %+v", status)
	}
	if got := answer.Header.Get("Retry-After"); got != "7" || s.reached.Load() != 0 {
		t.Errorf("Retry-After %q, %d requests upstream, want 7 and none", got, s.reached.Load())
	}
}

func TestBrokenConnections(t *testing.T) {
	for name, c := range map[string]struct {
		fault   Fault
		reached int32
		want    error
	}{
		"dropped":         {Drop(), 0, syscall.ECONNRESET},
		"its answer lost": {LoseAnswer(), 1, syscall.ECONNRESET},
		"cut in half":     {Truncate(), 1, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, echo)
			s.proxy.Add(Rule{Times: 1, Fault: c.fault})
			// Not a GET, which Go's own transport may send once more.
			_, body, err := s.do(t, http.MethodPost, "/api/v1/namespaces/a/configmaps")
			if !errors.Is(err, c.want) || s.reached.Load() != c.reached {
				t.Errorf("got %q, %v, with %d requests upstream, want %v and %d", body, err, s.reached.Load(), c.want, c.reached)
			}
			if code, _, err := s.do(t, http.MethodPost, "/api/v1/namespaces/a/configmaps"); err != nil || code != 200 {
				t.Errorf("the next request: %d, %v", code, err)
			}
		})
	}
}

func TestServerIsGone(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	if _, _, err := s.do(t, http.MethodPost, "/api/v1/namespaces/a/configmaps"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want a connection that is reset", err)
	}
}

func TestDelay(t *testing.T) {
	s := newServer(t, echo)
	s.proxy.Add(Rule{Times: 1, Fault: Delay(50 * time.Millisecond)})
	start := time.Now()
	if code, _, err := s.do(t, http.MethodGet, "/readyz"); err != nil || code != 200 {
		t.Fatal(code, err)
	}
	if took := time.Since(start); took < 50*time.Millisecond {
		t.Errorf("took %s, want 50ms or more", took)
	}
}

func TestHold(t *testing.T) {
	s := newServer(t, echo)
	hold := NewHold()
	s.proxy.Add(Rule{Fault: hold.Fault})
	answered := make(chan error, 1)
	go func() {
		_, _, err := s.do(t, http.MethodGet, "/readyz")
		answered <- err
	}()
	select {
	case <-hold.Held():
	case err := <-answered:
		t.Fatalf("answered while held: %v", err)
	}
	if s.reached.Load() != 0 {
		t.Error("the request reached the server while held")
	}
	hold.Release()
	if err := <-answered; err != nil || s.reached.Load() != 1 {
		t.Errorf("released: %v, with %d requests upstream", err, s.reached.Load())
	}
}

func TestWatchesStreamUntilCut(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "first event")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	answer, err := s.client.Get(s.proxy.URL + "/api/v1/pods?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	events := bufio.NewReader(answer.Body)
	if line, err := events.ReadString('\n'); line != "first event\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	if cut := s.proxy.CutWatches(); cut != 1 {
		t.Errorf("cut %d watches, want 1", cut)
	}
	if _, err := events.ReadString('\n'); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want a broken stream", err)
	}
}

// Exec and port-forward are such upgrades.
func TestUpgrades(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", r.Header.Get("Upgrade"))
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, stream, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		line, _ := stream.ReadString('\n') // an empty echo fails the test
		fmt.Fprint(stream, strings.ToUpper(line))
		stream.Flush()
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.proxy.URL+"/api/v1/namespaces/a/pods/b/exec", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "SPDY/3.1")
	answer, err := s.client.Do(request)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answer, err)
	}
	stream := answer.Body.(io.ReadWriteCloser)
	defer stream.Close()
	if _, err := fmt.Fprintln(stream, "hello"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stream).ReadString('\n'); line != "HELLO\n" {
		t.Errorf("got %q, %v", line, err)
	}
	if seen := s.proxy.Requests(Match{Resource: "pods/exec"}); len(seen) != 1 {
		t.Errorf("remembered %+v", seen)
	}
}
