package kube

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
)

// A watcher keeps up with the objects of one kind: one list, then a watch that goes on from where the
// last one ended, however it ended. It lists again only where the server has forgotten that place.
// client-go's Reflector lists from any server's cache first, which may be older than what another server
// has said already; and it keeps to itself since when it has heard nothing, and why.
type watcher[T any, P object[T]] struct {
	client    *Client
	kind      kind
	selection Selection
	strip     func(P)
	now       func() time.Time
	// changed is called after each change of what the store holds or says.
	changed func()
	// silence is after how long without a word a watch counts as dead.
	silence time.Duration
	store   store[T, P]
	// version is where to go on; "" is the beginning.
	version string
}

// silence is for how long a watch may say nothing. Servers send a bookmark about each minute, the first
// one after up to two (Kubernetes 1.36, seen on the testbed; k8s.io/apiserver, pkg/storage/cacher:
// defaultBookmarkFrequency). After this time the connection is dead, whatever it looks like.
const silence = 3 * time.Minute

// Between two attempts it waits between half of a delay and all of it, and the delay doubles. A
// watch that lasted longer than the longest delay sets it back.
const (
	shortestDelay = 200 * time.Millisecond
	longestDelay  = 30 * time.Second
)

// run follows until ctx ends.
func (w *watcher[T, P]) run(ctx context.Context) {
	delay := shortestDelay
	for {
		began := w.now()
		err := w.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !errors.Is(err, errExpired) {
			w.store.fail(err)
			w.changed()
		}
		if w.now().Sub(began) > longestDelay {
			delay = shortestDelay
		}
		pause := delay/2 + rand.N(delay/2)
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(pause, min(retryAfter(err), longestDelay))):
		}
		delay = min(2*delay, longestDelay)
	}
}

// follow lists where it must, and watches until the watch ends. Without an error the server, or
// whatever stands before it, has ended it.
func (w *watcher[T, P]) follow(ctx context.Context) error {
	if w.version == "" {
		all, version, err := list(ctx, w.client, w.kind, w.selection, w.strip)
		if err != nil {
			return err
		}
		w.store.replace(all, w.now())
		w.version = version
		w.changed()
	}
	return w.watch(ctx)
}

func (w *watcher[T, P]) watch(ctx context.Context) error {
	doing := "watching " + w.kind.resource
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(requestTimeout, func() { cancel(errSilent) })
	defer silent.Stop()
	stream, err := w.open(ctx)
	if err != nil {
		if context.Cause(ctx) == errSilent {
			err = errSilent
		}
		return w.judge(doing, err)
	}
	defer stream.Stop()
	if w.store.hear(w.now()) {
		w.changed()
	}
	silent.Reset(w.silence)
	for event := range stream.ResultChan() {
		silent.Reset(w.silence)
		if err := w.take(event); err != nil {
			return w.judge(doing, err)
		}
	}
	if context.Cause(ctx) == errSilent {
		return w.judge(doing, errSilent)
	}
	return nil
}

var (
	errSilent = errors.New("the server said nothing for too long")
	errBroken = errors.New("the connection broke before the answer")
)

func (w *watcher[T, P]) judge(doing string, err error) error {
	err = judge(doing, err)
	if errors.Is(err, errExpired) {
		w.version = ""
	}
	return err
}

// open starts a watch, which the server ends after some minutes, at another time for each client.
func (w *watcher[T, P]) open(ctx context.Context) (watch.Interface, error) {
	options := w.selection.options()
	options.Watch, options.AllowWatchBookmarks = true, true
	options.ResourceVersion = w.version
	options.TimeoutSeconds = new(int64(300 + rand.N(300)))
	stream, err := w.client.request(http.MethodGet, w.kind).VersionedParams(&options, w.client.codec).Watch(ctx)
	if err != nil {
		return nil, err
	}
	// client-go gives an empty watch in place of an error where the connection broke
	// (rest.Request.Watch): nothing was heard from a server then.
	if _, real := stream.(*watch.StreamWatcher); !real {
		return nil, errBroken
	}
	return stream, nil
}

// take takes in an event.
func (w *watcher[T, P]) take(event watch.Event) error {
	if event.Type == watch.Error {
		return apierrors.FromObject(event.Object)
	}
	o, ok := event.Object.(P)
	if !ok {
		return fmt.Errorf("unexpected %T", event.Object)
	}
	w.version = o.GetResourceVersion()
	switch event.Type {
	case watch.Added, watch.Modified:
		w.strip(o)
		w.store.put(o, w.now())
	case watch.Deleted:
		w.store.remove(o, w.now())
	default: // a bookmark
		if !w.store.hear(w.now()) {
			return nil
		}
	}
	w.changed()
	return nil
}
