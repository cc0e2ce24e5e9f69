package zk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func alive(ids ...string) map[string]bool {
	live := map[string]bool{}
	for _, id := range ids {
		live[id] = true
	}
	return live
}

func TestShortWithout(t *testing.T) {
	ledger := func(state LedgerState, ensemble, write, ack int, last int64, segments ...Segment) Ledger {
		return Ledger{ID: 7, State: state, Ensemble: ensemble, WriteQuorum: write, AckQuorum: ack, LastEntry: last, Segments: segments}
	}
	abc, abcde := segment(0, "a", "b", "c"), segment(0, "a", "b", "c", "d", "e")
	for name, test := range map[string]struct {
		ledger    Ledger
		candidate string
		live      map[string]bool
		lack      Lack
		row       []string
	}{
		"closed, one of three goes":                        {ledger(Closed, 3, 3, 2, 9, abc), "a", alive("a", "b", "c"), 0, nil},
		"closed, the last copy goes":                       {ledger(Closed, 3, 3, 2, 9, abc), "a", alive("a"), NoCopy, []string{"a", "b", "c"}},
		"closed, nobody there and nobody goes":             {ledger(Closed, 3, 3, 2, 9, abc), "", alive("d"), NoCopy, []string{"a", "b", "c"}},
		"closed and lost already, another one goes":        {ledger(Closed, 3, 3, 2, 9, abc), "d", alive("d"), 0, nil},
		"closed with a write quorum of one":                {ledger(Closed, 1, 1, 1, 0, segment(0, "a")), "a", alive("a", "b"), NoCopy, []string{"a"}},
		"closed and empty":                                 {ledger(Closed, 1, 1, 1, -1, segment(0, "a")), "a", alive("a", "b"), 0, nil},
		"closed, the last segment is empty":                {ledger(Closed, 1, 1, 1, 4, segment(0, "b"), segment(5, "a")), "a", alive("a", "b"), 0, nil},
		"closed, it is in an earlier segment":              {ledger(Closed, 1, 1, 1, 9, segment(0, "a"), segment(5, "b")), "a", alive("a", "b"), NoCopy, []string{"a"}},
		"closed, no entry came as far as its row":          {ledger(Closed, 5, 2, 2, 1, abcde), "d", alive("a", "b", "c", "d"), 0, nil},
		"closed, an entry came as far as its row":          {ledger(Closed, 5, 2, 2, 3, abcde), "d", alive("a", "b", "c", "d"), NoCopy, []string{"d", "e"}},
		"closed, its row's other one is away":              {ledger(Closed, 5, 2, 2, 4, abcde), "d", alive("a", "b", "d"), NoCopy, []string{"c", "d"}},
		"closed, the row goes round the corner":            {ledger(Closed, 5, 2, 2, 4, abcde), "a", alive("a", "b", "c", "d"), NoCopy, []string{"e", "a"}},
		"closed, a segment that begins in the middle":      {ledger(Closed, 5, 2, 2, 8, segment(0, "x", "x", "x", "x", "x"), segment(8, "a", "b", "c", "d", "e")), "d", alive("x", "d"), NoCopy, []string{"d", "e"}},
		"open, one of three goes":                          {ledger(Open, 3, 3, 2, -1, abc), "a", alive("a", "b", "c"), 0, nil},
		"open, a second one goes":                          {ledger(Open, 3, 3, 2, -1, abc), "a", alive("a", "b"), NoQuorum, []string{"a", "b", "c"}},
		"open, a stranger goes":                            {ledger(Open, 3, 3, 2, -1, abc), "d", alive("a", "b", "d"), 0, nil},
		"open, all must acknowledge, one goes":             {ledger(Open, 3, 3, 3, -1, abc), "a", alive("a", "b", "c"), 0, nil},
		"open, one acknowledges, one goes":                 {ledger(Open, 3, 3, 1, -1, abc), "a", alive("a", "b", "c"), NoQuorum, []string{"a", "b", "c"}},
		"open, a row of two with one ack":                  {ledger(Open, 5, 2, 2, -1, abcde), "a", alive("a", "b", "c", "d", "e"), 0, nil},
		"open, a row of two, its neighbour is away":        {ledger(Open, 5, 2, 2, -1, abcde), "a", alive("a", "c", "d", "e"), NoQuorum, []string{"a", "b"}},
		"open, a row of two, one far away is away":         {ledger(Open, 5, 2, 2, -1, abcde), "a", alive("a", "b", "d", "e"), 0, nil},
		"open, short already, another one in the row goes": {ledger(Open, 3, 3, 2, -1, abc), "a", alive("a"), NoQuorum, []string{"a", "b", "c"}},
		"in recovery, a second one goes":                   {ledger(InRecovery, 3, 3, 2, -1, abc), "a", alive("a", "b"), NoQuorum, []string{"a", "b", "c"}},
		"open, in a segment that is confirmed":             {ledger(Open, 3, 3, 1, -1, abc, segment(5, "d", "e", "f")), "a", alive("a", "b", "d", "e", "f"), 0, nil},
		"open, the last copy in a confirmed segment":       {ledger(Open, 3, 3, 1, -1, abc, segment(5, "d", "e", "f")), "a", alive("a", "d", "e", "f"), NoCopy, []string{"a", "b", "c"}},
		"more bookies than the ensemble":                   {ledger(Open, 1, 1, 1, -1, segment(0, "a", "b")), "b", alive("a", "b"), 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.ledger.ShortWithout(test.candidate, test.live)
			if (got != nil) != (test.lack != 0) {
				t.Fatalf("shortage %+v, want %v", got, test.lack)
			}
			if got != nil && (got.Lack != test.lack || !cmp.Equal(got.Bookies, test.row) || got.Ledger != 7) {
				t.Errorf("shortage %+v, want %v in %v", got, test.lack, test.row)
			}
		})
	}
}

// Compared with counting each entry's copies one by one.
func TestShortWithoutIsWhatCountingSays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", "c", "d", "e", "f", "g"}
	for range 20_000 {
		l := Ledger{State: Closed, Ensemble: 1 + random.IntN(5), LastEntry: random.Int64N(20) - 1}
		l.WriteQuorum = 1 + random.IntN(l.Ensemble)
		l.AckQuorum = 1 + random.IntN(l.WriteQuorum)
		for first := int64(0); first <= l.LastEntry+1; first += 1 + random.Int64N(9) {
			random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			l.Segments = append(l.Segments, Segment{First: first, Bookies: append([]string{}, names[:l.Ensemble]...)})
		}
		live := map[string]bool{}
		for _, name := range names {
			live[name] = random.IntN(2) == 0
		}
		candidate := names[0]
		live[candidate] = true
		want := false
		for entry := int64(0); entry <= l.LastEntry; entry++ {
			at := 0
			for i, s := range l.Segments {
				if s.First <= entry {
					at = i
				}
			}
			copies, within := 0, false
			for slot := range int64(l.WriteQuorum) {
				id := l.Segments[at].Bookies[(entry+slot)%int64(l.Ensemble)]
				within = within || id == candidate
				if live[id] && id != candidate {
					copies++
				}
			}
			want = want || within && copies == 0
		}
		if got := l.ShortWithout(candidate, live); (got != nil) != want {
			t.Fatalf("%+v without %s of %v: %+v, want %v", l, candidate, live, got, want)
		}
	}
}

// metadataText are a ledger's metadata, in format 2.
func metadataText(state string, write, ack, last int, bookies ...string) string {
	text := fmt.Sprintf("%s2\nquorumSize: %d\nensembleSize: %d\nlength: 0\nlastEntryId: %d\nstate: %s\nsegment {\n", ledgerHeader, write, len(bookies), last, state)
	for _, id := range bookies {
		text += fmt.Sprintf("  ensembleMember: %q\n", id)
	}
	return text + fmt.Sprintf("  firstEntryId: 0\n}\nackQuorumSize: %d\n", ack)
}

func TestCoverage(t *testing.T) {
	_, m := metadataOf(t, map[string]string{
		"00/0000/L0001":                 metadataText("CLOSED", 3, 2, 9, "a", "b", "c"),
		"00/0000/L0002":                 metadataText("CLOSED", 1, 1, 9, "a"),
		"00/0001/L0000":                 metadataText("OPEN", 3, 2, -1, "a", "b", "c"),
		"12/0000/L0000":                 "rubbish",
		"000/0000/0021/4748/L3647":      metadataText("OPEN", 2, 2, -1, "c", "d"),
		"idgen-long/HOB-0000000001":     "",
		"cookies/a":                     realCookie,
		"underreplication/ledgers/0000": "",
	})
	got, err := m.Coverage(t.Context(), []string{"a", "b", "c", ""}, alive("a", "b", "c"), CoverageOptions{First: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := Coverage{
		Ledgers: 5, Checked: 5,
		Shortages: map[string][]Shortage{
			"a": {{Ledger: 2, State: Closed, Lack: NoCopy, Bookies: []string{"a"}}},
			"c": {{Ledger: 2147483647, State: Open, Lack: NoQuorum, Bookies: []string{"c", "d"}}},
		},
		Counts:     map[string]int64{"a": 1, "c": 1},
		Unreadable: []error{errors.New("ledger 1200000000: not the metadata of a ledger: no header")}, Unread: 1,
	}
	if diff := cmp.Diff(want, got, sameErrors); diff != "" {
		t.Errorf("coverage (-want +got):\n%s", diff)
	}
	if got.String() != "all 5 ledgers" {
		t.Errorf("it says %q", got)
	}
}

// Of too many ledgers the newest are read, which are written, and some of the others.
func TestCoverageOfASample(t *testing.T) {
	nodes := map[string]string{}
	for id := range 1000 {
		nodes[fmt.Sprintf("00/%04d/L%04d", id/100, id%100)] = metadataText("CLOSED", 1, 1, 0, "b")
	}
	nodes["00/0009/L0099"] = metadataText("OPEN", 1, 1, -1, "a")
	tree, m := metadataOf(t, nodes)
	reads := 0
	tree.before = func(call, _ string) error {
		if call == "read" {
			reads++
		}
		return nil
	}
	got, err := m.Coverage(t.Context(), []string{"a"}, alive("a", "b"), CoverageOptions{Most: 100})
	if err != nil || !got.Sampled || got.Ledgers != 1000 || got.Counts["a"] != 1 {
		t.Errorf("coverage %+v, error %v; want a sample with the newest ledger", got, err)
	}
	if got.Checked < 90 || got.Checked > 110 || int64(reads) != got.Checked {
		t.Errorf("%d checked with %d reads, want about 100", got.Checked, reads)
	}
	if want := fmt.Sprintf("a sample of %d of 1000 ledgers", got.Checked); got.String() != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

func TestLedgers(t *testing.T) {
	tree, m := metadataOf(t, map[string]string{
		"00/0000/L0001":            realClosed,
		"99/9999/L9999":            realSingle,
		"000/0000/0021/4748/L3647": realText,
		"00/0007/L0000":            realEmpty,
		"00/0003":                  "",
		"01":                       "",
		"L0000000005":              realLines, // a flat layout, once
		"idgen":                    "",
	})
	var ids []int64
	for ledger, err := range m.Ledgers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, ledger.ID)
	}
	if diff := cmp.Diff([]int64{1, 70000, 9999999999, 2147483647, 5}, ids); diff != "" {
		t.Errorf("ledgers (-want +got):\n%s", diff)
	}
	if count, err := m.LedgerCount(t.Context()); err != nil || count != 5 {
		t.Errorf("counted %d, error %v; want 5", count, err)
	}
	// Stopped early, it leaves nothing behind.
	for range m.Ledgers(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if _, err := m.LedgerCount(ctx); !errors.Is(err, enough) {
		t.Errorf("counting when there is no time: error %v, want %v", err, enough)
	}
	tree.set("/bk/00/0000/note", "")
	last := error(nil)
	for _, err := range m.Ledgers(t.Context()) {
		last = err
	}
	if want := `listing /bk/00/0000: "note" is no name that BookKeeper gives`; last == nil || last.Error() != want {
		t.Errorf("error %v, want %s", last, want)
	}
}

func TestLedgerPath(t *testing.T) {
	_, m := metadataOf(t, nil)
	for name, test := range map[string]struct {
		factory string
		id      int64
		want    string
	}{
		"short":                       {"HierarchicalLedgerManagerFactory", 1234567890, "/bk/12/3456/L7890"},
		"the last short one":          {"HierarchicalLedgerManagerFactory", 1<<31 - 2, "/bk/21/4748/L3646"},
		"the first long one":          {"HierarchicalLedgerManagerFactory", 1<<31 - 1, "/bk/000/0000/0021/4748/L3647"},
		"the last long one":           {"HierarchicalLedgerManagerFactory", 1<<63 - 1, "/bk/922/3372/0368/5477/L5807"},
		"long only":                   {"LongHierarchicalLedgerManagerFactory", 1, "/bk/000/0000/0000/0000/L0001"},
		"short only":                  {"LegacyHierarchicalLedgerManagerFactory", 1, "/bk/00/0000/L0001"},
		"flat":                        {"FlatLedgerManagerFactory", 1, "/bk/L0000000001"},
		"a layout that is not known":  {"MSLedgerManagerFactory", 1, ""},
		"a number that no ledger has": {"HierarchicalLedgerManagerFactory", -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := m.ledgerPath(Layout{Factory: "org.apache.bookkeeper.meta." + test.factory}, test.id)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("%q, error %v; want %q", got, err, test.want)
			}
			if id, err := m.ledgerAt(got); test.want != "" && (err != nil || id != test.id) {
				t.Errorf("back again: %d, error %v; want %d", id, err, test.id)
			}
		})
	}
}
