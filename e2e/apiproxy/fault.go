package apiproxy

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Fault stands between a request and next, which takes it to the API server.
type Fault func(next http.Handler) http.Handler

// Delay holds the request back for d.
func Delay(d time.Duration) Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(d):
				next.ServeHTTP(w, r)
			case <-r.Context().Done():
			}
		})
	}
}

// Fail answers in the API server's place: with a Status object of that code, and with the
// header Retry-After where that is not 0, in whole seconds.
func Fail(code int, retryAfter time.Duration) Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			request, seconds := newRequest(r), int(retryAfter.Seconds())
			resource := schema.GroupResource{Group: request.Group, Resource: request.Resource}
			status := apierrors.NewGenericServerResponse(code, request.Verb, resource, request.Name, "made to fail by the test", seconds, true).Status()
			status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
			if seconds > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(seconds))
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(status) // the client may be gone
		})
	}
}

// Drop resets the connection; the API server never sees the request. Clients in Go send a GET
// again by themselves where a connection that had been used before breaks (net/http's
// Transport, client-go): a rule for a GET strikes once unseen unless its Times is 0.
func Drop() Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reset(w) })
	}
}

// LoseAnswer resets the connection when the API server has answered: it did what it was
// asked to, and the client does not know.
func LoseAnswer() Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(httptest.NewRecorder(), r)
			reset(w)
		})
	}
}

// Truncate ends the connection in the middle of the answer's body, whose length was announced.
func Truncate() Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			body := answer.Body.Bytes()
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.WriteHeader(answer.Code)
			_, _ = w.Write(body[:len(body)/2]) // the client may be gone
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler) // closes the connection
		})
	}
}

// Hold is a fault that holds requests back until it lets them go.
type Hold struct {
	held, released chan struct{}
	hold, release  sync.Once
}

// NewHold makes a Hold, for one or more rules.
func NewHold() *Hold {
	return &Hold{held: make(chan struct{}), released: make(chan struct{})}
}

// Fault holds back each request until Release, or until its client gives up.
func (h *Hold) Fault(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.hold.Do(func() { close(h.held) })
		select {
		case <-h.released:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// Held is closed when the first request is being held back.
func (h *Hold) Held() <-chan struct{} { return h.held }

// Release lets all requests go, those to come too.
func (h *Hold) Release() { h.release.Do(func() { close(h.released) }) }

// reset ends a connection as a machine does that knows nothing of it any more.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // an answer had begun: closing is what is left
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // makes Close send RST in place of FIN; fails if it is closed already
	}
	conn.Close()
}
