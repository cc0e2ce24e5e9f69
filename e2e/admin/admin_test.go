package admin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/internal/bookie"
)

// cluster is a new cluster of BookKeeper and its ZooKeeper.
func cluster(t testing.TB, bookies int) (*bookkeeper.Cluster, *zookeeper.Server) {
	t.Helper()
	server := zookeeper.Start(t, zookeeper.Options{})
	return bookkeeper.Start(t, bookkeeper.Options{
		ZooKeeper: []string{server.Address},
		Bookies:   bookies,
		// What BookKeeper does not know it shows all the same.
		Settings: map[string]string{"exampleList": "a,b", "exampleToken": "hidden"},
	}), server
}

func address(p *bookkeeper.Process) string { return "http://" + p.Host.IP + ":8080" }

// ask is a client of a process, less patient than one by default where something waits.
func ask(t testing.TB, p *bookkeeper.Process) *bookie.Client {
	t.Helper()
	client, err := bookie.New(address(p), &http.Client{Transport: new(http.Transport), Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// eventually waits for a condition, for much longer than it should take.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within two minutes: %s", what)
		}
	}
}

// want checks an answer against what is wanted, the zero value where an error is.
func want[T comparable](t *testing.T, what string, ask func(context.Context) (T, error), value T, wantErr error) {
	t.Helper()
	got, err := ask(t.Context())
	if got != value || !errors.Is(err, wantErr) {
		t.Errorf("%s: %v, error %v; want %v, error %v", what, got, err, value, wantErr)
	}
}

func order(t *testing.T, b *bookkeeper.Bookie, readOnly string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address(b.Process)+"/api/v1/bookie/state/readonly", strings.NewReader(`{"readOnly":`+readOnly+`}`))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("ordering %s to be read-only %s: %v, error %v", b.Name, readOnly, response, err)
	}
	response.Body.Close()
}

// A read-only bookie is ready, though it takes no writes: only its state and its registration tell.
func TestReadOnlyBookieIsReady(t *testing.T) {
	t.Parallel()
	c, _ := cluster(t, 1)
	b := ask(t, c.Bookies[0].Process)
	writable := bookie.State{Running: true, HighPriorityWrites: true}
	readOnly := bookie.State{Running: true, ReadOnly: true, HighPriorityWrites: true}

	want(t, "ready", b.Ready, true, nil)
	want(t, "state", b.State, writable, nil)
	want(t, "registration", b.Registration, bookie.Writable, nil)
	order(t, c.Bookies[0], "true")
	want(t, "ready, read-only", b.Ready, true, nil)
	want(t, "state, read-only", b.State, readOnly, nil)
	want(t, "registration, read-only", b.Registration, bookie.ReadOnly, nil)
	order(t, c.Bookies[0], "false")
	want(t, "state, writable again", b.State, writable, nil)
}

// A paused bookie gives no answer, a dead and a starting one refuse the connection, and each is
// asked again by the same client when it serves.
func TestPausedDeadAndStartingBookiesAreToldApart(t *testing.T) {
	t.Parallel()
	c, _ := cluster(t, 1)
	process := c.Bookies[0]
	b := ask(t, process.Process)

	want(t, "ready", b.Ready, true, nil)
	process.Pause(t)
	want(t, "ready, paused, by an open connection", b.Ready, false, bookie.ErrTimeout)
	want(t, "ready, paused, by a new connection", b.Ready, false, bookie.ErrTimeout)
	process.Continue(t)
	eventually(t, "it is ready again", func() bool { ready, err := b.Ready(t.Context()); return ready && err == nil })

	process.Kill(t)
	want(t, "ready, killed", b.Ready, false, bookie.ErrRefused)
	process.Start(t)
	for refused := 0; ; refused++ {
		ready, err := b.Ready(t.Context())
		if errors.Is(err, bookie.ErrRefused) {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if !ready || err != nil || refused == 0 {
			t.Errorf("starting: ready %t, error %v after %d refusals; want refusals, then ready", ready, err, refused)
		}
		break
	}
	process.Stop(t)
	want(t, "ready, stopped", b.Ready, false, bookie.ErrRefused)
}

// A bookie that has lost ZooKeeper says that it is ready and runs, and only its metrics say that
// it is no longer registered. Then one question that has to wait for ZooKeeper keeps all
// others waiting too, whoever asks: a bookie answers one at a time.
func TestBookieWithoutZooKeeperIsReady(t *testing.T) {
	t.Parallel()
	c, zk := cluster(t, 1)
	b, other := ask(t, c.Bookies[0].Process), ask(t, c.Bookies[0].Process)
	zk.Kill(t)
	want(t, "registration, at first", b.Registration, bookie.Writable, nil)
	eventually(t, "it knows that it is not registered", func() bool {
		registration, err := b.Registration(t.Context())
		return err == nil && registration == bookie.Unregistered
	})
	want(t, "ready", b.Ready, true, nil)
	want(t, "state", b.State, bookie.State{Running: true, HighPriorityWrites: true}, nil)
	want(t, "cluster", other.ClusterInfo, bookie.ClusterInfo{}, bookie.ErrTimeout)
	want(t, "ready, after that question", b.Ready, false, bookie.ErrTimeout)
}

// An autorecovery process has no bookie. It says who audits and how long it waits, and fails
// where it is asked which ledgers miss a copy.
func TestAutorecoveryAnswersForItself(t *testing.T) {
	t.Parallel()
	c, _ := cluster(t, 3)
	b := ask(t, c.Bookies[0].Process)
	var status *bookie.StatusError
	if id, err := b.Auditor(t.Context()); !errors.As(err, &status) || status.Code != http.StatusNotFound {
		t.Errorf("auditor where there was never an autorecovery: %q, error %v; want a status of 404", id, err)
	}
	w := c.Write(t, bookkeeper.WriteOptions{PerLedger: 50})
	w.AwaitMore(t, 150)
	w.Finish(t)

	process := c.StartAutorecovery(t, "autorecovery")
	a := ask(t, process)
	name := process.Host.IP + ":3181"
	eventually(t, "an auditor is elected", func() bool { id, err := b.Auditor(t.Context()); return id != "" && err == nil })
	for whose, client := range map[string]*bookie.Client{"bookie": b, "autorecovery": a} {
		want(t, "auditor by "+whose, client.Auditor, name, nil)
		want(t, "delay by "+whose, client.RecoveryDelay, 0, nil)
		if err := client.Heartbeat(t.Context()); err != nil {
			t.Error(err)
		}
	}
	patient, err := bookie.New(address(c.Bookies[0].Process), nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "enabled", patient.Enabled, true, nil)
	for what, answer := range map[string]func(context.Context) error{
		"state": func(ctx context.Context) error { _, err := a.State(ctx); return err },
		"ready": func(ctx context.Context) error { _, err := a.Ready(ctx); return err },
		"info":  func(ctx context.Context) error { _, err := a.Info(ctx); return err },
		"cluster": func(ctx context.Context) error {
			_, err := a.ClusterInfo(ctx)
			return err
		},
	} {
		if err := answer(t.Context()); !errors.As(err, &status) || status.Code != http.StatusInternalServerError {
			t.Errorf("%s of an autorecovery: %v, want a status of 500", what, err)
		}
	}
	if ledgers, err := a.UnderReplicated(t.Context()); !errors.As(err, &status) || status.Code != http.StatusNotFound {
		t.Errorf("ledgers of an autorecovery: %v, error %v; want a status of 404", ledgers, err)
	}

	// With two of three bookies left no ledger can be healed.
	c.Bookies[2].Kill(t)
	eventually(t, "ledgers are marked", func() bool {
		ledgers, err := b.UnderReplicated(t.Context())
		return err == nil && ledgers.Count >= 3 && len(ledgers.First) > 0 && !ledgers.AtLeast
	})
	want(t, "cluster", b.ClusterInfo, bookie.ClusterInfo{
		AuditorElected: true, AuditorID: name, UnderReplicated: true, Enabled: true,
		Total: 3, Writable: 2, Unavailable: 1,
	}, nil)
}
