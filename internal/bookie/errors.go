package bookie

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Why there is no answer. Errors are wrapped with the address that was asked: ask with
// errors.Is. A context that was canceled gives its own error and none of these.
var (
	// ErrRefused: nothing listens at that port. So it is while a bookie starts and replays its
	// journal, for its HTTP server is the last of its parts to start; while it ends and flushes,
	// for it is the first to stop, with ZooKeeper still told that the bookie is writable; and
	// where there is no process or httpServerEnabled is not set.
	// Source: BookKeeper 4.17.3, server/EmbeddedServer.java (order of the components),
	// common/component/LifecycleComponentStack.java (close).
	ErrRefused = errors.New("connection refused: the process starts, ends, is down, or has no HTTP server")
	// ErrTimeout: no answer in time. The process is paused, overloaded or cut off, or it waits for
	// ZooKeeper, for this question or for another one (see the package).
	ErrTimeout = errors.New("no answer in time")
	// ErrUnreachable: everything else that keeps an answer away: no such name, no route, a
	// connection that broke, a server that speaks TLS or does not.
	ErrUnreachable = errors.New("not reachable")
	// ErrUnsupported: this version of BookKeeper has no such path. It wraps a *StatusError.
	ErrUnsupported = errors.New("not known to this version of BookKeeper")
)

// StatusError is an answer that says nothing about what was asked. An autorecovery process
// gives 500 to all paths of /api/v1/bookie, as it has no bookie (testdata/autorecovery-state.http).
type StatusError struct {
	// Code is that of HTTP.
	Code int
	// Text begins the body; "" where it is empty.
	Text string
}

func newStatusError(a answer) *StatusError {
	const most = 200
	text := strings.TrimSpace(string(a.body))
	if len(text) > most {
		text = text[:most]
	}
	return &StatusError{Code: a.code, Text: strings.ToValidUTF8(text, "")}
}

func (e *StatusError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("answered %d %s", e.Code, http.StatusText(e.Code))
	}
	return fmt.Sprintf("answered %d %s: %q", e.Code, http.StatusText(e.Code), e.Text)
}

// reasonOf puts the errors of net/http in this package's words.
func reasonOf(ctx context.Context, err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err // the address is named by who wraps this
	}
	var network net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return err
	case errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
