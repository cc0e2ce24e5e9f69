package zookeeper_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	client "github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/pkg/zk"
)

// checkRace calls twenty times at once, in sessions that are there already: all succeed,
// one creates, all name one cluster. It returns that one's identity.
func checkRace(t *testing.T, config zk.Config, root string) string {
	t.Helper()
	const callers = 20
	var conns []*zk.Conn
	for range callers {
		conns = append(conns, mustDial(t, config))
	}
	outcomes, failures := make([]zk.Outcome, callers), make([]error, callers)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i, conn := range conns {
		group.Go(func() {
			<-start
			outcomes[i], failures[i] = zk.EnsureCluster(t.Context(), conn, root)
		})
	}
	close(start)
	group.Wait()
	for i, err := range failures {
		if err != nil {
			t.Errorf("caller %d: %v", i, err)
		}
		conns[i].Close()
	}
	return checkOneCreated(t, outcomes)
}

// checkOneCreated checks that one has created the cluster which all others have found.
func checkOneCreated(t *testing.T, outcomes []zk.Outcome) string {
	t.Helper()
	results, ids := map[zk.Result]int{}, map[string]int{}
	for _, outcome := range outcomes {
		results[outcome.Result]++
		ids[outcome.InstanceID]++
	}
	want := map[zk.Result]int{zk.Created: 1, zk.AlreadyThere: len(outcomes) - 1}
	if diff := cmp.Diff(want, results); diff != "" || len(ids) != 1 {
		t.Errorf("instance IDs %v; results (-want +got):\n%s", ids, diff)
	}
	return outcomes[0].InstanceID
}

// moments are those of an initialisation at which something may happen to it.
var moments = []struct {
	name  string
	await func(r *race)
}{
	{"as it begins", func(*race) {}},
	{"when the parent is there", func(r *race) { awaitNode(r.t, r.conn, r.parent) }},
	{"when the root is there", func(r *race) { awaitNode(r.t, r.conn, r.root) }},
	{"when the first has its answer", func(r *race) { <-r.answered }},
}

// race is a number of callers that each try until they have an answer, with a new session
// each time.
type race struct {
	t            *testing.T
	parent, root string
	conn         *client.Conn
	outcomes     []zk.Outcome
	answered     chan struct{}
	group        sync.WaitGroup
}

// startRace starts the callers, on a root whose parent is not there.
func startRace(t *testing.T, config zk.Config, parent string) *race {
	t.Helper()
	const callers = 8
	r := &race{
		t: t, parent: parent, root: parent + "/ledgers", conn: raw(t, config.Hosts...),
		outcomes: make([]zk.Outcome, callers), answered: make(chan struct{}, callers),
	}
	if _, _, err := r.conn.Exists("/"); err != nil { // it is connected before they are
		t.Fatal(err)
	}
	t.Cleanup(r.group.Wait)
	for i := range callers {
		r.group.Go(func() {
			r.outcomes[i] = ensureThrough(t, config, r.root)
			r.answered <- struct{}{}
		})
	}
	return r
}

// awaitNode waits for a znode by a watch, which is quicker than asking.
func awaitNode(t *testing.T, conn *client.Conn, node string) {
	t.Helper()
	there, _, events, err := conn.ExistsW(node)
	if err != nil {
		t.Fatalf("watching %s: %v", node, err)
	}
	if there {
		return
	}
	select {
	case <-events:
	case <-time.After(time.Minute):
		t.Fatalf("%s is not there within a minute", node)
	}
}

// finish waits for the callers, who agree on one cluster.
func (r *race) finish() string {
	r.t.Helper()
	r.group.Wait()
	return checkAtMostOneCreated(r.t, r.outcomes)
}

// checkAtMostOneCreated checks that all name one cluster. Who has created it may have lost
// the session with the answer, and have found it afterwards.
func checkAtMostOneCreated(t *testing.T, outcomes []zk.Outcome) string {
	t.Helper()
	created := 0
	for _, outcome := range outcomes {
		if outcome.Result == zk.Created {
			created++
		}
		if outcome.InstanceID != outcomes[0].InstanceID {
			t.Errorf("two identities, %v", outcomes)
		}
	}
	if created > 1 {
		t.Errorf("%d created, want at most 1", created)
	}
	return outcomes[0].InstanceID
}

func ensureThrough(t *testing.T, config zk.Config, root string) zk.Outcome {
	for {
		conn, err := zk.Dial(t.Context(), config)
		if err != nil {
			t.Error(err)
			return zk.Outcome{}
		}
		outcome, err := zk.EnsureCluster(t.Context(), conn, root)
		conn.Close()
		if err == nil {
			return outcome
		}
		if !errors.Is(err, zk.ErrConnectionLost) && !errors.Is(err, zk.ErrSessionExpired) {
			t.Error(err)
			return zk.Outcome{}
		}
	}
}
