package metadata_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// What is said beforehand of bookies that go is what BookKeeper's own check of all replicas
// counts when what they held is gone. That check asks bookies that are there, so they come
// back with empty disks; and it passes over ledgers that are marked, so the auditor is told
// to wait before it marks them.
// Source of the metric: bookkeeper, replication/AuditorStats.java.
func TestCoverageIsWhatBookKeeperCounts(t *testing.T) {
	t.Parallel()
	server := zookeeper.Start(t, zookeeper.Options{})
	c := bookkeeper.Start(t, bookkeeper.Options{ZooKeeper: []string{server.Address}, Bookies: 3,
		Settings: map[string]string{"auditorReplicasCheckInterval": "2", "lostBookieRecoveryDelay": "3600"}})
	conn, m := connect(t, root, server.Address)
	s := setting{c, server, conn, m}
	audit := s.StartAutorecovery(t, "autorecovery")
	for copies, entries := range []int{0, 300, 300, 150} {
		if copies == 0 {
			continue
		}
		w := s.Write(t, bookkeeper.WriteOptions{Ensemble: copies, PerLedger: 25})
		w.AwaitMore(t, entries)
		w.Finish(t)
	}
	live := map[string]bool{}
	for _, b := range s.Bookies {
		live[b.ID] = true
	}
	cover := func(candidate string) zk.Coverage {
		return ask(t, s, func(ctx context.Context) (zk.Coverage, error) {
			return s.Coverage(ctx, []string{candidate}, live, zk.CoverageOptions{})
		})
	}
	const nobody = ""
	if got := cover(nobody); got.Counts[nobody] != 0 || got.Sampled || got.Unread != 0 || got.Checked < 20 {
		t.Errorf("before anything happens: %s: %+v", got, got)
	}
	lost := int64(0)
	for _, b := range s.Bookies[:2] {
		foretold := lost + cover(b.ID).Counts[b.ID]
		b.Stop(t)
		wipe(t, b)
		b.Start(t)
		b.AwaitReady(t)
		delete(live, b.ID)
		got := cover(nobody).Counts[nobody]
		if got <= lost || got != foretold {
			t.Errorf("%d ledgers without %s, there were %d, and %d were foretold", got, b.ID, lost, foretold)
		}
		lost = got
		awaitCount(t, audit, lost)
	}
	if got := marked(t, s); len(got) != 0 {
		t.Errorf("marks %+v, want none while the auditor waits", got)
	}
}

// wipe takes all entries from a bookie's disk, and leaves its cookie there.
func wipe(t *testing.T, b *bookkeeper.Bookie) {
	t.Helper()
	for _, dir := range []string{"journal", "ledgers"} {
		files, err := filepath.Glob(filepath.Join(b.Dir, dir, "current", "*"))
		if err != nil || len(files) < 2 {
			t.Fatalf("looking for files of %s in %s: %q, %v", b.Name, dir, files, err)
		}
		for _, file := range files {
			if filepath.Base(file) == "VERSION" {
				continue
			}
			if err := os.RemoveAll(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}

var withoutReplica = regexp.MustCompile(`(?m)^auditor_NUM_LEDGERS_HAVING_NO_REPLICA_OF_AN_ENTRY(?:\{[^}]*\})? (\S+)$`)

// awaitCount waits until the auditor counts that many ledgers with an entry without a copy.
func awaitCount(t *testing.T, audit *bookkeeper.Process, want int64) {
	t.Helper()
	last := ""
	eventually(t, fmt.Sprintf("the auditor counts %d ledgers", want), func() bool {
		text, err := audit.Ask(t.Context(), "/metrics")
		if err != nil {
			last = err.Error()
			return false
		}
		match := withoutReplica.FindStringSubmatch(text)
		if match == nil {
			t.Fatalf("no such metric in:\n%s", text)
		}
		if match[1] != last {
			last = match[1]
			t.Logf("the auditor counts %s", last)
		}
		return strings.TrimSuffix(last, ".0") == fmt.Sprint(want)
	})
}
