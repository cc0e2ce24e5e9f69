package kube

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Lease lets one of several candidates do the work. It saves work and does not make safe: a holder
// that was suspended for long acts for an instant beside its successor. What makes that
// harmless are the preconditions of each action.
//
// As client-go's leaderelection does, it compares no clocks: a lease has expired when this process has
// seen it unchanged for its whole duration. It never creates the object, which is
// rendered empty so that a Role can name it.
//
// It is safe for use by several goroutines.
type Lease struct {
	name     string
	identity string
	duration time.Duration
	now      func() time.Time
	api      leaseAPI

	// attempt is held during one, and guards what follows.
	attempt sync.Mutex
	// seen is the spec last seen in the object, seenSince the first time that it was.
	seen      coordinationv1.LeaseSpec
	seenSince time.Time
	// own is the object as this process wrote it last, nil where it is not the holder.
	own *coordinationv1.Lease

	mu      sync.Mutex
	current Leadership
}

// leaseAPI is what a Lease asks of the API server.
type leaseAPI interface {
	get(ctx context.Context, name string) (*coordinationv1.Lease, error)
	update(ctx context.Context, lease *coordinationv1.Lease) (*coordinationv1.Lease, error)
}

// LeaseOptions describe a candidate.
type LeaseOptions struct {
	// Name is that of the Lease object.
	Name string
	// Identity is this process's: one that no other has, and that it has again after a restart of
	// its container, such as the pod's name and UID.
	Identity string
	// Duration is how long the others wait for a holder that is silent; whole seconds.
	Duration time.Duration
	Now      func() time.Time
}

// Leadership is who holds a Lease.
type Leadership struct {
	// Holder is the identity of the one who does; "" where nobody does.
	Holder string
	// Since is when it took the Lease, by its own clock; zero where nobody does.
	Since time.Time
	// Until is until when it is this process, by its own clock: no other candidate takes the Lease before.
	// Zero where it is another one.
	Until time.Time
}

// Mine reports whether this process holds the Lease at the time now.
func (l Leadership) Mine(now time.Time) bool { return now.Before(l.Until) }

// NewLease makes a candidate, which asks nothing until Try.
func NewLease(client *Client, o LeaseOptions) *Lease {
	return newLease(leaseClient{client}, o)
}

func newLease(api leaseAPI, o LeaseOptions) *Lease {
	return &Lease{name: o.Name, identity: o.Identity, duration: o.Duration, now: o.Now, api: api}
}

// Current is what the last attempt saw. It asks nobody.
func (l *Lease) Current() Leadership {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// Try makes one attempt: it renews what this process holds, takes what nobody holds or what has expired,
// or sees who holds it. It asks the server at most four times, once where it renews. Its error leaves
// what was known before: a holder that cannot renew stays one until Until.
func (l *Lease) Try(ctx context.Context) (Leadership, error) {
	l.attempt.Lock()
	defer l.attempt.Unlock()
	err := l.try(ctx)
	return l.Current(), err
}

func (l *Lease) try(ctx context.Context) error {
	if l.own != nil {
		// The object is most likely as this process left it.
		if err := l.write(ctx, l.own); !errors.Is(err, ErrChanged) {
			return err
		}
		l.own = nil
	}
	err := l.take(ctx)
	if errors.Is(err, ErrChanged) { // another one was faster: who?
		err = l.take(ctx)
	}
	return err
}

// take reads the object and writes it where it is free.
func (l *Lease) take(ctx context.Context) error {
	found, err := l.api.get(ctx, l.name)
	if err != nil {
		return err
	}
	l.look(found.Spec)
	if l.free() {
		return l.write(ctx, found)
	}
	l.set(leadershipOf(found.Spec))
	return nil
}

// look notes since when the object is as it is. A holder changes it with each renewal.
func (l *Lease) look(spec coordinationv1.LeaseSpec) {
	if l.seenSince.IsZero() || !apiequality.Semantic.DeepEqual(l.seen, spec) {
		l.seen, l.seenSince = *spec.DeepCopy(), l.now()
	}
}

// free reports whether this process may take what was seen.
func (l *Lease) free() bool {
	holder := leadershipOf(l.seen).Holder
	if holder == "" || holder == l.identity {
		return true
	}
	duration := l.duration
	if seconds := l.seen.LeaseDurationSeconds; seconds != nil && *seconds > 0 {
		duration = time.Duration(*seconds) * time.Second
	}
	return !l.now().Before(l.seenSince.Add(duration))
}

// write makes this process the holder, if the object is still what the argument is.
func (l *Lease) write(ctx context.Context, lease *coordinationv1.Lease) error {
	// Others count from when they see what is written now, which is later.
	start := l.now()
	lease = lease.DeepCopy()
	spec := &lease.Spec
	if leadershipOf(*spec).Holder != l.identity {
		var transitions int32
		if spec.LeaseTransitions != nil {
			transitions = *spec.LeaseTransitions
		}
		spec.AcquireTime, spec.LeaseTransitions = &metav1.MicroTime{Time: start}, new(transitions+1)
	}
	spec.HolderIdentity = &l.identity
	spec.LeaseDurationSeconds = new(int32(l.duration / time.Second))
	spec.RenewTime = &metav1.MicroTime{Time: start}
	written, err := l.api.update(ctx, lease)
	if err != nil {
		return err
	}
	l.own = written
	l.look(written.Spec)
	leadership := leadershipOf(written.Spec)
	leadership.Until = start.Add(l.duration)
	l.set(leadership)
	return nil
}

// Release gives the Lease back, so that another candidate need not wait. This process is no holder any
// more when it begins. Without success the Lease expires.
func (l *Lease) Release(ctx context.Context) error {
	l.attempt.Lock()
	defer l.attempt.Unlock()
	if l.own == nil {
		return nil
	}
	l.set(Leadership{})
	lease := l.own.DeepCopy()
	l.own = nil
	lease.Spec = coordinationv1.LeaseSpec{LeaseTransitions: lease.Spec.LeaseTransitions}
	if _, err := l.api.update(ctx, lease); err != nil && !errors.Is(err, ErrChanged) {
		return err
	}
	return nil
}

// Run makes attempts until ctx ends, three in the Lease's duration, and releases it then. It tells
// each attempt's outcome.
func (l *Lease) Run(ctx context.Context, tried func(Leadership, error)) {
	period := l.duration / 3
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, period)
		leadership, err := l.Try(attempt)
		cancel()
		if ctx.Err() == nil {
			tried(leadership, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(period - rand.N(period/5)): // candidates that start together part
		}
	}
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), period)
	defer cancel()
	if err := l.Release(release); err != nil {
		tried(Leadership{}, err)
	}
}

func (l *Lease) set(current Leadership) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = current
}

func leadershipOf(spec coordinationv1.LeaseSpec) Leadership {
	var current Leadership
	if spec.HolderIdentity != nil {
		current.Holder = *spec.HolderIdentity
	}
	if spec.AcquireTime != nil && current.Holder != "" {
		current.Since = spec.AcquireTime.Time
	}
	return current
}

type leaseClient struct{ *Client }

func (c leaseClient) get(ctx context.Context, name string) (*coordinationv1.Lease, error) {
	return get[coordinationv1.Lease](ctx, c.Client, leases, name)
}

func (c leaseClient) update(ctx context.Context, lease *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	written := new(coordinationv1.Lease)
	doing := fmt.Sprintf("writing Lease %s/%s", c.namespace, lease.Name)
	err := c.do(ctx, doing, c.request(http.MethodPut, leases).Name(lease.Name).Body(lease), written)
	return written, err
}
