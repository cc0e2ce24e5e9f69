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
	t.Parallel()
	c := start(t, 3, nil)
	robbed := c.Write(t, bookkeeper.WriteOptions{})
	robbed.AwaitMore(t, 100)
	robbed.Finish(t)
	// With two of three bookies there is always one to go on with.
	w := c.Write(t, bookkeeper.WriteOptions{Ensemble: 2, PerLedger: 200})
	c.Bookies[0].Restart(t)
	w.AwaitMore(t, 200)
	c.Bookies[1].Kill(t)
	w.AwaitMore(t, 200)
	c.Bookies[1].Start(t)
	c.Bookies[1].AwaitReady(t)
	c.Bookies[2].Restart(t)
	w.AwaitMore(t, 200)
	w.Kill(t)
	c.StopAll(t)
	if verdict, err := c.Verify(t, robbed.Record); err == nil {
		t.Errorf("with all bookies down: %+v, want no verdict", verdict)
	}
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

// A writer goes on while a bookie is paused, and when another one dies for good: its ledger
// changes to a third, and autorecovery makes new copies of what the dead one had. Here
// RocksDB keeps the indexes.
func TestBookiesPauseAndDie(t *testing.T) {
	t.Parallel()
	c := start(t, 4, map[string]string{
		"ledgerStorageClass":                "org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage",
		"dbStorage_writeCacheMaxSizeMb":     "16",
		"dbStorage_readAheadCacheMaxSizeMb": "8",
		"dbStorage_rocksDB_blockCacheSize":  "4194304",
	})
	c.StartAutorecovery(t, "autorecovery")
	w := c.Write(t, bookkeeper.WriteOptions{AckQuorum: 2, PerLedger: 1000000})
	ledger := firstLedger(t, w)
	first := mustEnsembles(t, c.Bookies[0], ledger)["0"]
	paused, dead, witness := bookie(t, c, first[0]), bookie(t, c, first[1]), bookie(t, c, first[2])
	paused.Pause(t)
	w.AwaitMore(t, 500)
	paused.Continue(t)
	dead.Kill(t)
	w.AwaitMore(t, 500)
	if got := w.Finish(t); got.Ledgers != 1 || got.Failures != 0 {
		t.Errorf("%+v, want all in one ledger", got)
	}
	if got := mustEnsembles(t, witness, ledger); len(got) < 2 {
		t.Errorf("the ledger was written to %v, want a change", got)
	}
	eventually(t, "the ledger has its copies elsewhere", func() bool {
		now, err := ensembles(t, witness, ledger)
		return err == nil && !slices.Contains(slices.Concat(slices.Collect(maps.Values(now))...), dead.ID)
	})
	c.CheckKept(t, w)
}

// bookie is the bookie with that ID.
func bookie(t *testing.T, c *bookkeeper.Cluster, id string) *bookkeeper.Bookie {
	t.Helper()
	for _, b := range c.Bookies {
		if b.ID == id {
			return b
		}
	}
	t.Fatalf("no bookie is %s", id)
	return nil
}

// ensembles are the bookies of a ledger, by the first entry of which they are, as a bookie's
// HTTP server tells them.
func ensembles(t *testing.T, b *bookkeeper.Bookie, ledger int64) (map[string][]string, error) {
	answer, err := b.Ask(t.Context(), fmt.Sprintf("/api/v1/ledger/metadata?ledger_id=%d", ledger))
	if err != nil {
		return nil, err
	}
	var ledgers map[string]struct {
		AllEnsembles map[string][]struct{ ID string }
	}
	if err := json.Unmarshal([]byte(answer), &ledgers); err != nil {
		return nil, fmt.Errorf("reading %q: %w", answer, err)
	}
	bookies := map[string][]string{}
	for from, ensemble := range ledgers[fmt.Sprint(ledger)].AllEnsembles {
		for _, bookie := range ensemble {
			bookies[from] = append(bookies[from], bookie.ID)
		}
	}
	if len(bookies["0"]) == 0 {
		return nil, fmt.Errorf("no ensemble in %q", answer)
	}
	return bookies, nil
}

// mustEnsembles asks until there is an answer: a bookie answers one question at a time, and this
// one waits for ZooKeeper.
func mustEnsembles(t *testing.T, b *bookkeeper.Bookie, ledger int64) (bookies map[string][]string) {
	t.Helper()
	eventually(t, b.Name+" tells the ledger's ensembles", func() bool {
		var err error
		bookies, err = ensembles(t, b, ledger)
		return err == nil
	})
	return bookies
}
