package bookkeeper_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/e2e/zookeeper"
)

func start(t *testing.T, bookies int, settings map[string]string) *bookkeeper.Cluster {
	t.Helper()
	zk := zookeeper.Start(t, zookeeper.Options{})
	return bookkeeper.Start(t, bookkeeper.Options{ZooKeeper: []string{zk.Address}, Bookies: bookies, Settings: settings})
}

// Nothing is lost when bookies are stopped and killed under writers. And where entries are
// lost after all, one removed and one altered on every disk, they are found, and no others.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	// With two of three there is always a bookie to go on with; with three, not always.
	closed := c.Write(t, bookkeeper.WriteOptions{Ensemble: 2, PerLedger: 500})
	open := c.Write(t, bookkeeper.WriteOptions{Ensemble: 3, AckQuorum: 2, PerLedger: 500})
	for i, b := range c.Bookies {
		if i == 1 {
			b.Kill(t)
		} else {
			b.Stop(t)
		}
		closed.AwaitMore(t, 200)
		b.Start(t)
		b.AwaitReady(t)
	}
	open.AwaitMore(t, 100)
	open.Kill(t)
	closed.Finish(t)
	c.StopAll(t)
	c.StartAll(t)
	c.CheckKept(t, closed, open)

	c.StopAll(t)
	// Of the first ledger, which has been closed: its metadata promise the entries.
	ledger := firstLedger(t, closed)
	c.Remove(t, ledger, 17)
	c.Alter(t, ledger, 19)
	c.StartAll(t)
	got, err := c.Verify(t, closed.Record)
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

// A ledger loses a bookie and goes on with another; RocksDB keeps what is written.
func TestEnsembleChange(t *testing.T) {
	t.Parallel()
	c := start(t, 4, map[string]string{
		"ledgerStorageClass":                "org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage",
		"dbStorage_writeCacheMaxSizeMb":     "16",
		"dbStorage_readAheadCacheMaxSizeMb": "8",
		"dbStorage_rocksDB_blockCacheSize":  "4194304",
	})
	w := c.Write(t, bookkeeper.WriteOptions{AckQuorum: 2, PerLedger: 1000000})
	for _, b := range c.Bookies[:2] {
		b.Kill(t)
		w.AwaitMore(t, 200)
		b.Start(t)
		b.AwaitReady(t)
	}
	progress := w.Finish(t)
	if progress.Ledgers != 1 || progress.Failures != 0 {
		t.Errorf("%+v, want all in one ledger", progress)
	}
	out, err := c.Shell(t, "ledgermetadata", "-ledgerid", fmt.Sprint(firstLedger(t, w)))
	if err != nil || strings.Count(out, "=[") < 2 {
		t.Errorf("the ledger has one ensemble, want several (%v):\n%s", err, out)
	}
	c.StopAll(t)
	c.StartAll(t)
	c.CheckKept(t, w)
}
