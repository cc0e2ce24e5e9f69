package zk

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// markPath is where the auditor puts the mark of a ledger.
func markPath(id int64) string {
	hex := fmt.Sprintf("%016x", id)
	return fmt.Sprintf("underreplication/ledgers/%s/%s/%s/%s/urL%010d", hex[:4], hex[4:8], hex[8:12], hex[12:], id)
}

func TestMarked(t *testing.T) {
	nodes := map[string]string{
		"underreplication/LAYOUT": "type: \"BASIC\"\nversion: 1\n",
		// What workers leave behind.
		"underreplication/ledgers/0000/0000/0000/0009": "",
		"underreplication/ledgers/0000/0000/0001":      "",
		"underreplication/ledgers/0001":                "",
		markPath(13):                                   "replica: \"10.98.0.3:3181\"\nreplica: \"10.98.0.4:3181\"\nctime: 1795235709124\n",
		markPath(0xcafe0001):                           "replica: \"b\"\n",
		markPath(0x4afebeef0000feed):                   "rubbish",
	}
	tree, m := metadataOf(t, nodes)
	since := time.UnixMilli(42)
	tree.stats["/bk/"+markPath(0xcafe0001)] = Stat{Created: since}
	want := []Mark{
		{Ledger: 13, Replicas: []string{"10.98.0.3:3181", "10.98.0.4:3181"}, Since: time.UnixMilli(1795235709124)},
		{Ledger: 0xcafe0001, Replicas: []string{"b"}, Since: since},
		{Ledger: 0x4afebeef0000feed, Unreadable: errors.New("mark of an under-replicated ledger: text of a protocol buffer: want a value at byte 7")},
	}
	for most, text := range map[int]string{1: "more ledgers than 1", 2: "more ledgers than 2", 3: "3 ledgers", 99: "3 ledgers"} {
		got, err := m.Marked(t.Context(), most)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:min(most, 3)], got.Listed, sameErrors); diff != "" || got.String() != text || got.None() {
			t.Errorf("at most %d: %s, want %s (-want +got):\n%s", most, got, text, diff)
		}
	}
	maps.DeleteFunc(nodes, func(_, data string) bool { return data != "" })
	_, m = metadataOf(t, nodes)
	if got, err := m.Marked(t.Context(), 5); err != nil || !got.None() || got.String() != "no ledgers" {
		t.Errorf("empty directories alone: %s, error %v; want no ledgers", got, err)
	}
	_, m = metadataOf(t, nil)
	if got, err := m.Marked(t.Context(), 5); err != nil || !got.None() {
		t.Errorf("no autorecovery ever ran: %s, error %v; want no ledgers", got, err)
	}
}

func TestMarkedRefusesWhatIsNotUnderstood(t *testing.T) {
	for name, test := range map[string]struct{ node, data, want string }{
		"another layout":     {"underreplication/LAYOUT", "type: \"FANCY\"\nversion: 2\n", `reading /bk/underreplication/LAYOUT: layout "FANCY", version "2"; only BASIC, version 1 is known`},
		"another directory":  {"underreplication/ledgers/xyz", "", `listing /bk/underreplication/ledgers: "xyz" is no name that BookKeeper gives`},
		"another leaf":       {"underreplication/ledgers/0000/0000/0000/0001/L1", "", `listing /bk/underreplication/ledgers/0000/0000/0000/0001: "L1" is no name that BookKeeper gives`},
		"an impossible leaf": {"underreplication/ledgers/0000/0000/0000/0001/urL9999999999999999999", "", `reading /bk/underreplication/ledgers/0000/0000/0000/0001/urL9999999999999999999: its name does not end in a ledger's number`},
	} {
		t.Run(name, func(t *testing.T) {
			_, m := metadataOf(t, map[string]string{test.node: test.data})
			if got, err := m.Marked(t.Context(), 5); err == nil || err.Error() != test.want {
				t.Errorf("%s, error %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestMarksThatGoMeanwhile(t *testing.T) {
	tree, m := metadataOf(t, map[string]string{markPath(1): "replica: \"a\"\n", markPath(2): "replica: \"a\"\n"})
	tree.before = func(call, node string) error {
		if call == "read" && node == "/bk/"+markPath(1) {
			tree.unset(node)
		}
		return nil
	}
	got, err := m.Marked(t.Context(), 5)
	if err != nil || len(got.Listed) != 1 || got.Listed[0].Ledger != 2 {
		t.Errorf("%+v, error %v; want ledger 2 alone", got, err)
	}
}

func TestJudge(t *testing.T) {
	all := map[string]bool{"a": true, "b": true, "c": true, "d": true}
	without := func(ids ...string) map[string]bool {
		rest := maps.Clone(all)
		for _, id := range ids {
			delete(rest, id)
		}
		return rest
	}
	readonlyD := map[string]bool{"b": true, "c": true, "d": false}
	for name, test := range map[string]struct {
		data    string
		bookies map[string]bool
		want    Prospect
	}{
		"one of three is away":                  {metadataText("CLOSED", 3, 2, 9, "a", "b", "c"), without("a"), Heals},
		"it is back":                            {metadataText("CLOSED", 3, 2, 9, "a", "b", "c"), all, Heals},
		"closed and empty":                      {metadataText("CLOSED", 3, 2, -1, "a", "b", "c"), without("a"), Empty},
		"the only copy is away":                 {metadataText("CLOSED", 1, 1, 9, "a"), without("a"), SingleCopy},
		"the only copy is back":                 {metadataText("CLOSED", 1, 1, 9, "a"), all, Heals},
		"all copies are away":                   {metadataText("CLOSED", 2, 2, 9, "a", "b"), without("a", "b"), AllCopiesGone},
		"open, one of three is away":            {metadataText("OPEN", 3, 2, -1, "a", "b", "c"), without("a"), Heals},
		"open, two of three are away":           {metadataText("OPEN", 3, 2, -1, "a", "b", "c"), without("a", "b"), NoQuorumLeft},
		"no fourth bookie":                      {metadataText("CLOSED", 3, 2, 9, "a", "b", "c"), without("a", "d"), NoSubstitute},
		"the fourth bookie is read-only":        {metadataText("CLOSED", 3, 2, 9, "a", "b", "c"), readonlyD, NoSubstitute},
		"a read-only bookie has a copy to give": {metadataText("CLOSED", 2, 2, 9, "a", "d"), readonlyD, Heals},
		"its metadata are rubbish":              {"rubbish", all, Incomprehensible},
	} {
		t.Run(name, func(t *testing.T) {
			_, m := metadataOf(t, map[string]string{"00/0000/L0001": test.data})
			var registered []Registration
			for id, writable := range test.bookies {
				mode := ReadOnly
				if writable {
					mode = Writable
				}
				registered = append(registered, Registration{ID: id, Mode: mode})
			}
			got, err := m.Judge(t.Context(), []Mark{{Ledger: 1}}, registered)
			if err != nil || len(got) != 1 || got[0].Prospect != test.want {
				t.Errorf("%+v, error %v; want %s", got, err, test.want)
			}
			if (got[0].Prospect == Incomprehensible) != (got[0].Reason != nil) {
				t.Errorf("%s with reason %v", got[0].Prospect, got[0].Reason)
			}
		})
	}
	_, m := metadataOf(t, nil)
	got, err := m.Judge(t.Context(), []Mark{{Ledger: 1}, {Ledger: 2, Unreadable: errWire}}, nil)
	if err != nil || len(got) != 2 || got[0].Prospect != Deleted || !got[0].Prospect.Harmless() {
		t.Errorf("ledgers that are deleted: %+v, error %v", got, err)
	}
}

func TestLocks(t *testing.T) {
	_, m := metadataOf(t, map[string]string{
		"underreplication/locks/urL0000000004":          "bookieId: \"localhost\"\n",
		"underreplication/locks/urL5404319552844594413": "",
	})
	got, err := m.Locks(t.Context())
	if diff := cmp.Diff(Locks{4: "localhost", 5404319552844594413: ""}, got); err != nil || diff != "" {
		t.Errorf("error %v; locks (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]int64{4, 5404319552844594413}, got.Sorted()); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
}
