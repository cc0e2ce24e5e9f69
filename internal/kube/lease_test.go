package kube

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// leaseServer is an API server that knows one Lease, and can be told to fail.
type leaseServer struct {
	lease   coordinationv1.Lease
	version int
	// before and after say what befalls a request before and after it is carried out.
	before, after func() error
}

func (s *leaseServer) fail(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}

func (s *leaseServer) get(context.Context, string) (*coordinationv1.Lease, error) {
	if err := s.fail(s.before); err != nil {
		return nil, err
	}
	s.lease.ResourceVersion = strconv.Itoa(s.version)
	return s.lease.DeepCopy(), s.fail(s.after)
}

func (s *leaseServer) update(_ context.Context, lease *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	if err := s.fail(s.before); err != nil {
		return nil, err
	}
	if lease.ResourceVersion != strconv.Itoa(s.version) {
		return nil, fmt.Errorf("writing: %w", ErrChanged)
	}
	s.version++
	s.lease = *lease.DeepCopy()
	s.lease.ResourceVersion = strconv.Itoa(s.version)
	return s.lease.DeepCopy(), s.fail(s.after)
}

const leaseDuration = 15 * time.Second

// hosts are candidates whose clocks differ by hours and never by what passes.
type host struct {
	*Lease
	skew time.Duration
	wall *time.Time
}

func (h *host) clock() time.Time { return h.wall.Add(h.skew) }

func newHost(server leaseAPI, name string, wall *time.Time, skew time.Duration) *host {
	h := &host{skew: skew, wall: wall}
	h.Lease = newLease(server, LeaseOptions{Name: "members", Identity: name, Duration: leaseDuration, Now: h.clock})
	return h
}

func (h *host) mine() bool { return h.Current().Mine(h.clock()) }

// try makes an attempt that must not fail.
func (h *host) try(t *testing.T, holder string) {
	t.Helper()
	if got, err := h.Try(t.Context()); err != nil || got.Holder != holder {
		t.Fatalf("the holder is %q, %v, want %q", got.Holder, err, holder)
	}
}

func TestTakeoverIsJudgedByTheOwnClock(t *testing.T) {
	wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	server := new(leaseServer)
	a, b := newHost(server, "a", &wall, -5*time.Hour), newHost(server, "b", &wall, 5*time.Hour)
	a.try(t, "a")
	b.try(t, "a") // by b's clock it was renewed ten hours ago
	wall = wall.Add(leaseDuration - time.Second)
	b.try(t, "a")
	a.try(t, "a")
	wall = wall.Add(2 * time.Second)
	b.try(t, "a") // b sees the renewal only now, and waits from now
	wall = wall.Add(leaseDuration)
	if a.mine() {
		t.Error("a holds what it has not renewed")
	}
	b.try(t, "b")
	a.try(t, "b")
	if n := *server.lease.Spec.LeaseTransitions; n != 2 {
		t.Errorf("%d transitions, want 2", n)
	}
}

// Another candidate may see what was written before the one who wrote it has the answer.
func TestAHolderCountsFromBeforeItsRequest(t *testing.T) {
	wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	server := new(leaseServer)
	a, b := newHost(server, "a", &wall, 0), newHost(server, "b", &wall, 0)
	a.try(t, "a")
	server.after = func() error {
		server.after = nil
		b.try(t, "a")
		wall = wall.Add(5 * time.Second)
		return nil
	}
	a.try(t, "a")
	wall = wall.Add(leaseDuration - 5*time.Second)
	b.try(t, "b")
	if a.mine() {
		t.Error("both hold it")
	}
}

func TestAHolderOfAnotherDurationIsGivenIts(t *testing.T) {
	wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	server := &leaseServer{lease: coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{
		HolderIdentity: new("older"), LeaseDurationSeconds: new(int32(60)), AcquireTime: &metav1.MicroTime{Time: wall},
	}}}
	b := newHost(server, "b", &wall, 0)
	b.try(t, "older")
	wall = wall.Add(59 * time.Second)
	b.try(t, "older")
	wall = wall.Add(time.Second)
	b.try(t, "b")
}

// Whatever is lost or late, no two candidates hold the Lease at one time, and when the server answers
// again somebody does.
func TestNeverTwoHolders(t *testing.T) {
	errLost := fmt.Errorf("lost: %w", ErrUnreachable)
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 0))
		wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		server := new(leaseServer)
		trouble := func() error {
			wall = wall.Add(time.Duration(random.IntN(3000)) * time.Millisecond) // requests take time
			if random.IntN(4) == 0 {
				return errLost
			}
			return nil
		}
		server.before, server.after = trouble, trouble
		var hosts []*host
		for i := range 3 {
			hosts = append(hosts, newHost(server, strconv.Itoa(i), &wall, time.Duration(random.IntN(1e6))*time.Millisecond))
		}
		for step := range 300 {
			i := random.IntN(len(hosts))
			switch random.IntN(20) {
			case 0:
				_ = hosts[i].Release(t.Context()) // may be lost
			case 1: // killed, and started again
				hosts[i] = newHost(server, strconv.Itoa(i), &wall, hosts[i].skew)
			default:
				if _, err := hosts[i].Try(t.Context()); err != nil && !errors.Is(err, ErrUnreachable) {
					t.Fatalf("seed %d, step %d: %v", seed, step, err)
				}
			}
			wall = wall.Add(time.Duration(random.IntN(5000)) * time.Millisecond)
			if holders := holdersOf(hosts); len(holders) > 1 {
				t.Fatalf("seed %d, step %d: %v hold it", seed, step, holders)
			}
		}
		server.before, server.after = nil, nil
		for range 2 {
			for _, h := range hosts {
				_, err := h.Try(t.Context())
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			if len(holdersOf(hosts)) == 0 {
				wall = wall.Add(leaseDuration)
			}
		}
		if holders := holdersOf(hosts); len(holders) != 1 {
			t.Fatalf("seed %d: at the end %v hold it", seed, holders)
		}
	}
}

func holdersOf(hosts []*host) []string {
	var holders []string
	for _, h := range hosts {
		if h.mine() {
			holders = append(holders, h.identity)
		}
	}
	return holders
}

func TestRunRenewsAndReleases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := new(leaseServer)
		lease := newLease(server, LeaseOptions{Name: "members", Identity: "a", Duration: leaseDuration, Now: time.Now})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		lease.Run(ctx, func(l Leadership, err error) {
			if err != nil || !l.Mine(time.Now()) {
				t.Errorf("got %+v, %v", l, err)
			}
		})
		if server.lease.Spec.HolderIdentity != nil || lease.Current().Holder != "" {
			t.Errorf("it was not released: %+v", server.lease.Spec)
		}
		if *server.lease.Spec.LeaseTransitions != 1 {
			t.Errorf("%d transitions, want 1", *server.lease.Spec.LeaseTransitions)
		}
		if server.version < 120 || server.version > 152 {
			t.Errorf("%d writes in 10 minutes, want three in 15 s", server.version)
		}
	})
}
