package metadata_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// marked are all marks, by ledger.
func marked(t *testing.T, s setting) map[int64]zk.Mark {
	t.Helper()
	all := map[int64]zk.Mark{}
	for _, mark := range ask(t, s, func(ctx context.Context) (zk.Marks, error) { return s.Marked(ctx, 1000) }).Listed {
		all[mark.Ledger] = mark
	}
	return all
}

// prospects are what will become of all marks, by ledger.
func prospects(t *testing.T, s setting) map[int64]zk.Prospect {
	t.Helper()
	all := map[int64]zk.Prospect{}
	marks, registered := slices.Collect(maps.Values(marked(t, s))), ask(t, s, s.Registrations)
	for _, judged := range ask(t, s, func(ctx context.Context) ([]zk.Judged, error) { return s.Judge(ctx, marks, registered) }) {
		all[judged.Ledger] = judged.Prospect
	}
	return all
}

var listedMark = regexp.MustCompile(`ListUnderReplicatedCommand@\d+\] - \t?(\d+|Ctime : .*|MissingReplica : .*)(?:\n|$)`)

// theirMarks is what listunderreplicated says of each ledger.
func theirMarks(t *testing.T, s setting) map[string]string {
	t.Helper()
	all, ledger := map[string]string{}, ""
	for _, match := range listedMark.FindAllStringSubmatch(s.shell(t, "listunderreplicated", "-printmissingreplica"), -1) {
		if strings.Contains(match[1], " : ") {
			all[ledger] += match[1] + "\n"
		} else {
			ledger = match[1]
			all[ledger] = ""
		}
	}
	return all
}

// asListed are our marks in the same words.
func asListed(marks map[int64]zk.Mark) map[string]string {
	all := map[string]string{}
	for id, mark := range marks {
		text := fmt.Sprintf("Ctime : %d\n", mark.Since.UnixMilli())
		for _, replica := range mark.Replicas {
			text += "MissingReplica : " + replica + "\n"
		}
		all[fmt.Sprint(id)] = text
	}
	return all
}

// A bookie of four dies: its ledgers are marked, those that can be are healed, and what was
// said of the others beforehand is what stays. When the bookie is back, all heals.
func TestMarksComeAndGo(t *testing.T) {
	t.Parallel()
	s := start(t, 4)
	s.StartAutorecovery(t, "autorecovery")
	write := func(o bookkeeper.WriteOptions, entries int) {
		w := s.Write(t, o)
		w.AwaitMore(t, entries)
		w.Finish(t)
	}
	write(bookkeeper.WriteOptions{PerLedger: 50}, 400)
	write(bookkeeper.WriteOptions{Ensemble: 1, PerLedger: 25}, 300)
	open := s.Write(t, bookkeeper.WriteOptions{AckQuorum: 2, PerLedger: 1000000})
	open.AwaitMore(t, 50)
	open.Kill(t)
	if got := marked(t, s); len(got) != 0 {
		t.Fatalf("marks before anything happened: %+v", got)
	}

	// One that is closed without an entry, which is what a writer leaves that never wrote.
	const empty = 9000
	c := raw(t, s.server.Address)
	metadata := "BookieMetadataFormatVersion\t2\nquorumSize: 3\nensembleSize: 3\nlength: 0\nlastEntryId: -1\nstate: CLOSED\nsegment {\n"
	for _, b := range s.Bookies[:3] {
		metadata += fmt.Sprintf("ensembleMember: %q\n", b.ID)
	}
	metadata += "firstEntryId: 0\n}\ndigestType: CRC32C\npassword: \"\"\nackQuorumSize: 2\n"
	if _, err := c.Create(root+"/00/0000/L9000", []byte(metadata), 0, world); err != nil {
		t.Fatal(err)
	}

	// Held still, the marks are the same in both eyes.
	if err := s.DisableAutorecovery(t.Context(), s.conn, "the test"); err != nil {
		t.Fatal(err)
	}
	dead := s.Bookies[0]
	dead.Kill(t)
	eventually(t, "it is not registered", func() bool { return len(ask(t, s, s.Registrations)) == 3 })
	holding := map[int64]zk.Ledger{}
	for id, ledger := range ledgers(t, s) {
		for _, segment := range ledger.Segments {
			if slices.Contains(segment.Bookies, dead.ID) {
				holding[id] = ledger
			}
		}
	}
	// A mark of a ledger that nobody has any more.
	const deleted = 4711
	for _, path := range []string{"/0000", "/0000/0000", "/0000/0000/0000", "/0000/0000/0000/1267"} {
		if _, err := c.Create(root+"/underreplication/ledgers"+path, nil, 0, world); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Create(root+"/underreplication/ledgers/0000/0000/0000/1267/urL0000004711", []byte("replica: \"gone:3181\"\nctime: 1763676000000\n"), 0, world); err != nil {
		t.Fatal(err)
	}
	if got := prospects(t, s); len(got) != 1 || got[deleted] != zk.Deleted {
		t.Errorf("prospects %v, want one mark whose ledger is deleted", got)
	}
	if diff := cmp.Diff(theirMarks(t, s), asListed(marked(t, s))); diff != "" {
		t.Errorf("marks (-BookKeeper's +ours):\n%s", diff)
	}
	want := map[int64]zk.Prospect{}
	for id, ledger := range holding {
		switch want[id] = zk.Heals; {
		case ledger.State == zk.Closed && ledger.LastEntry < 0:
			want[id] = zk.Empty
		case ledger.WriteQuorum == 1:
			want[id] = zk.SingleCopy
		}
	}
	if want[empty] != zk.Empty {
		t.Errorf("ledger %d of %v: want it empty", empty, want)
	}
	t.Logf("ledgers of %s: %v", dead.ID, want)

	if err := s.EnableAutorecovery(t.Context(), s.conn, "the test"); err != nil {
		t.Fatal(err)
	}
	everMarked := map[int64]zk.Prospect{}
	eventually(t, "what heals has healed", func() bool {
		maps.Copy(everMarked, prospects(t, s))
		if len(everMarked) < len(want)/2 {
			return false
		}
		left := false
		for id := range marked(t, s) {
			left = left || want[id] == zk.Heals || id == deleted
		}
		return !left
	})
	t.Logf("judged: %v; left: %v", everMarked, prospects(t, s))
	for id, prospect := range everMarked {
		if id != deleted && prospect != want[id] {
			// Once healed, a ledger does not hold it any more; what else was said is wrong.
			t.Errorf("ledger %d: %s, want %s", id, prospect, want[id])
		}
	}
	for id, prospect := range prospects(t, s) {
		if prospect == zk.Heals {
			t.Errorf("ledger %d: %s, but does not", id, prospect)
		}
	}
	for id, prospect := range want {
		if _, still := marked(t, s)[id]; !still && prospect == zk.SingleCopy {
			t.Errorf("ledger %d: %s, but it healed", id, prospect)
		}
	}
	if diff := cmp.Diff(theirMarks(t, s), asListed(marked(t, s))); diff != "" {
		t.Errorf("marks at the end (-BookKeeper's +ours):\n%s", diff)
	}
	dead.Start(t)
	dead.AwaitReady(t)
	eventually(t, "all marks are gone", func() bool { return len(marked(t, s)) == 0 })
	if len(clusterInfoOf(t, dead).AuditorID) == 0 || ourInfo(t, s).ClusterUnderReplicated {
		t.Errorf("at the end: %+v", ourInfo(t, s))
	}
	children, _, err := c.Children(root + "/underreplication/ledgers/0000/0000/0000")
	t.Logf("empty directories that stayed: %v, error %v", children, err)
}
