package bookkeeper_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/e2e/zookeeper"
)

// eventually waits for a condition, for much longer than it should take.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within two minutes: %s", what)
		}
	}
}

func start(t *testing.T, bookies int, settings map[string]string) *bookkeeper.Cluster {
	t.Helper()
	zk := zookeeper.Start(t, zookeeper.Options{})
	return bookkeeper.Start(t, bookkeeper.Options{ZooKeeper: []string{zk.Address}, Bookies: bookies, Settings: settings})
}

// Nothing is lost when bookies are stopped and killed under a writer, and the writer itself
// with a ledger open. And where entries are lost after all, one removed and one altered on
// every disk, these two are found.
func TestNothingIsLost(t *testing.T) {
	c := start(t, 3, nil)
	robbed := c.Write(t, bookkeeper.WriteOptions{})
	robbed.AwaitMore(t, 100)
	robbed.Finish(t)
	// With two of three bookies there is always one to go on with.
	w := c.Write(t, bookkeeper.WriteOptions{Ensemble: 2, PerLedger: 200})
	for i, b := range c.Bookies {
		w.AwaitMore(t, 200)
		if i == 1 {
			b.Kill(t)
		} else {
			b.Stop(t)
		}
		w.AwaitMore(t, 200)
		b.Start(t)
		b.AwaitReady(t)
	}
	w.Kill(t)
	c.StopAll(t)
	ledger := firstLedger(t, robbed)
	c.Remove(t, ledger, 17)
	c.Alter(t, ledger, 19)
	c.StartAll(t)

	c.CheckKept(t, w)
	got, err := c.Verify(t, robbed.Record)
	if err != nil {
		t.Fatal(err)
	}
	want := []bookkeeper.Problem{{Ledger: ledger, Entry: 17, Problem: "missing"}, {Ledger: ledger, Entry: 19, Problem: "different"}}
	if diff := cmp.Diff(want, got.First); diff != "" || got.Missing != 1 || got.Different != 1 {
		t.Errorf("%+v; problems (-want +got):\n%s", got, diff)
	}
}

// firstLedger is the ledger of the record's first entry.
func firstLedger(t *testing.T, w *bookkeeper.Writer) (ledger int64) {
	t.Helper()
	text, err := os.ReadFile(w.Record)
	if err != nil {
		t.Fatal(err)
	}
	_, entries, _ := strings.Cut(string(text), "\n")
	if _, err := fmt.Sscan(entries, &ledger); err != nil {
		t.Fatal(err)
	}
	return ledger
}

// A bookie dies for good under a writer: the ledger goes on with another one, and
// autorecovery makes new copies of what the dead one had. Here RocksDB keeps the indexes.
func TestBookieDiesForGood(t *testing.T) {
	c := start(t, 4, map[string]string{
		"ledgerStorageClass":                "org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage",
		"dbStorage_writeCacheMaxSizeMb":     "16",
		"dbStorage_readAheadCacheMaxSizeMb": "8",
		"dbStorage_rocksDB_blockCacheSize":  "4194304",
	})
	c.StartAutorecovery(t, "autorecovery")
	w := c.Write(t, bookkeeper.WriteOptions{AckQuorum: 2, PerLedger: 1000000})
	ledger := firstLedger(t, w)
	first := ensembles(t, c.Bookies[0], ledger)
	dead := slices.IndexFunc(c.Bookies, func(b *bookkeeper.Bookie) bool { return b.ID == first["0"][0] })
	alive := c.Bookies[(dead+1)%len(c.Bookies)]
	c.Bookies[dead].Kill(t)
	w.AwaitMore(t, 500)
	if got := w.Finish(t); got.Ledgers != 1 || got.Failures != 0 {
		t.Errorf("%+v, want all in one ledger", got)
	}
	if got := ensembles(t, alive, ledger); len(got) < 2 {
		t.Errorf("the ledger was written to %v, want a change", got)
	}
	eventually(t, "the ledger has its copies elsewhere", func() bool {
		now := ensembles(t, alive, ledger)
		return !slices.Contains(slices.Concat(slices.Collect(maps.Values(now))...), c.Bookies[dead].ID)
	})
	c.CheckKept(t, w)
}

// ensembles are the bookies of a ledger, by the first entry of which they are, as a bookie's
// HTTP server tells them.
func ensembles(t *testing.T, b *bookkeeper.Bookie, ledger int64) map[string][]string {
	t.Helper()
	answer, err := b.Ask(t.Context(), fmt.Sprintf("/api/v1/ledger/metadata?ledger_id=%d", ledger))
	if err != nil {
		t.Fatal(err)
	}
	var ledgers map[string]struct {
		AllEnsembles map[string][]struct{ ID string }
	}
	if err := json.Unmarshal([]byte(answer), &ledgers); err != nil {
		t.Fatalf("reading %s: %v", answer, err)
	}
	bookies := map[string][]string{}
	for from, ensemble := range ledgers[fmt.Sprint(ledger)].AllEnsembles {
		for _, bookie := range ensemble {
			bookies[from] = append(bookies[from], bookie.ID)
		}
	}
	if len(bookies["0"]) == 0 {
		t.Fatalf("no ensemble in %s", answer)
	}
	return bookies
}

// A paused bookie keeps its connections: the client gives up on it by its own clock, and
// what it was late for is not lost.
func TestPausedBookie(t *testing.T) {
	c := start(t, 3, nil)
	w := c.Write(t, bookkeeper.WriteOptions{Ensemble: 2})
	paused := c.Bookies[0]
	paused.Pause(t)
	w.AwaitMore(t, 500)
	paused.Continue(t)
	paused.AwaitReady(t)
	w.AwaitMore(t, 500)
	w.Finish(t)
	c.CheckKept(t, w)
}
