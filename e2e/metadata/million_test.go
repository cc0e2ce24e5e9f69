package metadata_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	client "github.com/go-zookeeper/zk"

	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// ledgerText are the metadata of a closed ledger on three of the bookies.
func ledgerText(id, bookies int) []byte {
	member := func(i int) string { return fmt.Sprintf("\n\x0ebk-%04d.b:3181", (id+i)%bookies) }
	body := "\x08\x03\x10\x03\x18\x80\xa0\x06\x20c(\x03\x322" + member(0) + member(1) + member(2) + "\x10\x008\x03B\x00H\x02`\x00"
	return append([]byte("BookieMetadataFormatVersion\t3\n"), append([]byte{byte(len(body))}, body...)...)
}

// seed makes a cluster of that many ledgers, bookies and empty directories of old marks.
func seed(b testing.TB, server *zookeeper.Server, conn *zk.Conn, ledgers, bookies, dirs int) {
	b.Helper()
	if _, err := zk.EnsureCluster(b.Context(), conn, root); err != nil {
		b.Fatal(err)
	}
	c := raw(b, server.Address)
	var batch []any
	flush := func() {
		if _, err := c.Multi(batch...); len(batch) > 0 && err != nil {
			b.Fatal(err)
		}
		batch = batch[:0]
	}
	create := func(path string, data []byte, flags int32) {
		batch = append(batch, &client.CreateRequest{Path: root + path, Data: data, Acl: world, Flags: flags})
		if len(batch) == 500 {
			flush()
		}
	}
	for _, path := range []string{"/cookies", "/underreplication", "/underreplication/ledgers", "/underreplication/ledgers/0000", "/underreplication/ledgers/0000/0000", "/underreplication/locks", "/underreplication/auditorelection"} {
		create(path, nil, 0)
	}
	create("/underreplication/LAYOUT", []byte("type: \"BASIC\"\nversion: 1\n"), 0)
	create("/underreplication/auditorelection/V_0000000000", []byte("bookieId: \"audit:3181\"\n"), client.FlagEphemeral)
	for i := range bookies {
		create(fmt.Sprintf("/available/bk-%04d.b:3181", i), nil, client.FlagEphemeral)
		create(fmt.Sprintf("/cookies/bk-%04d.b:3181", i), fmt.Appendf(nil, "5\nbookieHost: \"bk-%04d.b:3181\"\njournalDir: \"/j\"\nledgerDirs: \"1\\t/l\"\n", i), 0)
	}
	for i := range dirs {
		if i%1000 == 0 {
			create(fmt.Sprintf("/underreplication/ledgers/0000/0000/%04x", i/1000), nil, 0)
		}
		create(fmt.Sprintf("/underreplication/ledgers/0000/0000/%04x/%04x", i/1000, i%1000), nil, 0)
	}
	for i := range ledgers {
		if i%100_000_000 == 0 {
			create(fmt.Sprintf("/%02d", i/100_000_000), nil, 0)
		}
		if i%10_000 == 0 {
			create(fmt.Sprintf("/%02d/%04d", i/100_000_000, i/10_000%10_000), nil, 0)
		}
		create(fmt.Sprintf("/%02d/%04d/L%04d", i/100_000_000, i/10_000%10_000, i%10_000), ledgerText(i, bookies), 0)
	}
	flush()
}

// shallow reads all that a gate reads but single ledgers.
func shallow(b testing.TB, conn *zk.Conn, m *zk.Metadata) {
	b.Helper()
	ctx := b.Context()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	must(conn.CheckQuorum(ctx, root))
	_, err := m.InstanceID(ctx)
	must(err)
	_, err = m.Registrations(ctx)
	must(err)
	_, err = m.Cookies(ctx)
	must(err)
	_, err = m.Autorecovery(ctx)
	must(err)
	_, err = m.Marked(ctx, 100)
	must(err)
	_, err = m.Locks(ctx)
	must(err)
	_, err = m.LedgerCount(ctx)
	must(err)
}

// What reading costs with a million ledgers.
func BenchmarkMillionLedgers(b *testing.B) {
	// A million znodes take half a gigabyte; this is ahead of the server's own -Xmx.
	b.Setenv("_JAVA_OPTIONS", "-Xmx1200m")
	server := zookeeper.Start(b, zookeeper.Options{})
	conn, m := connect(b, root, server.Address)
	const ledgers, bookies = 1_000_000, 100
	seed(b, server, conn, ledgers, bookies, 0)
	b.Run("shallow", func(b *testing.B) {
		b.ReportAllocs()
		peak, stop := watchHeap(b.Context())
		for b.Loop() {
			shallow(b, conn, m)
		}
		stop()
		b.ReportMetric(float64(<-peak)/(1<<20), "peak-heap-MiB")
	})
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if got, err := m.LedgerCount(b.Context()); err != nil || got != ledgers {
				b.Fatalf("counted %d, error %v", got, err)
			}
		}
	})
	live := map[string]bool{}
	var candidates []string
	for i := range bookies {
		id := fmt.Sprintf("bk-%04d.b:3181", i)
		live[id], candidates = true, append(candidates, id)
	}
	for _, most := range []int64{100_000, ledgers} {
		b.Run(fmt.Sprintf("coverage of %d", most), func(b *testing.B) {
			for b.Loop() {
				peak, stop := watchHeap(b.Context())
				got, err := m.Coverage(b.Context(), candidates[:1], live, zk.CoverageOptions{Most: most})
				stop()
				if err != nil || got.Unread != 0 || len(got.Counts) != 0 {
					b.Fatalf("coverage %+v, error %v", got, err)
				}
				b.ReportMetric(float64(got.Checked), "ledgers")
				b.ReportMetric(float64(<-peak)/(1<<20), "peak-heap-MiB")
			}
		})
	}
}

// watchHeap is the largest heap between now and stop.
func watchHeap(ctx context.Context) (peak <-chan uint64, stop func()) {
	ctx, stop = context.WithCancel(ctx)
	result := make(chan uint64, 1)
	go func() {
		var most uint64
		for ctx.Err() == nil {
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapInuse)
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
		result <- most
	}()
	return result, stop
}

// What the directories cost that workers leave behind where marks were.
func BenchmarkEmptyDirectories(b *testing.B) {
	server := zookeeper.Start(b, zookeeper.Options{})
	conn, m := connect(b, root, server.Address)
	seed(b, server, conn, 0, 3, 10_000)
	for b.Loop() {
		if marks, err := m.Marked(b.Context(), 100); err != nil || !marks.None() {
			b.Fatalf("%s, error %v; want none", marks, err)
		}
	}
}
