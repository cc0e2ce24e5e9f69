package zk

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAutorecovery(t *testing.T) {
	const election = "underreplication/auditorelection"
	for name, test := range map[string]struct {
		nodes map[string]string
		want  Autorecovery
	}{
		"never ran": {nil, Autorecovery{}},
		"nobody would audit": {map[string]string{election: "bookieId: \"long-gone\"\n", "underreplication/lostBookieRecoveryDelay": "0"},
			Autorecovery{EverRan: true}},
		"the smallest number audits": {map[string]string{election + "/V_0000000010": "bookieId: \"b\"\n", election + "/V_0000000009": "bookieId: \"a\"\n", election + "/V_-2147483648": "bookieId: \"wrapped\"\n", election + "/other": ""},
			Autorecovery{EverRan: true, Auditor: "wrapped", Candidates: 3}},
		"disabled by hand, with a delay": {map[string]string{"underreplication/disable": "", "underreplication/lostBookieRecoveryDelay": "3600"},
			Autorecovery{Disabled: &Switch{}, LostBookieDelay: time.Hour}},
		"disabled by somebody": {map[string]string{"underreplication/disable": "bkcheck in ns/bk"},
			Autorecovery{Disabled: &Switch{Owner: "bkcheck in ns/bk"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, m := metadataOf(t, test.nodes)
			got, err := m.Autorecovery(t.Context())
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("error %v; (-want +got):\n%s", err, diff)
			}
		})
	}
	for name, test := range map[string]struct{ node, data, want string }{
		"a delay that is none":    {"underreplication/lostBookieRecoveryDelay", "soon", `reading /bk/underreplication/lostBookieRecoveryDelay: "soon" is not a number of seconds`},
		"a vote without a number": {election + "/V_x", "", `listing /bk/underreplication/auditorelection: vote "V_x" has no number`},
		"a vote of nobody":        {election + "/V_0000000001", "", `reading /bk/underreplication/auditorelection/V_0000000001: bookieId is missing`},
	} {
		t.Run(name, func(t *testing.T) {
			_, m := metadataOf(t, map[string]string{test.node: test.data})
			if got, err := m.Autorecovery(t.Context()); err == nil || err.Error() != test.want {
				t.Errorf("%+v, error %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestTheNextOneAuditsWhenTheAuditorLeaves(t *testing.T) {
	const first = "/bk/underreplication/auditorelection/V_0000000001"
	tree, m := metadataOf(t, map[string]string{
		"underreplication/auditorelection/V_0000000001": "bookieId: \"a\"\n",
		"underreplication/auditorelection/V_0000000002": "bookieId: \"b\"\n",
	})
	tree.before = func(call, node string) error {
		if call == "read" && node == first {
			tree.unset(first)
		}
		return nil
	}
	if got, err := m.Autorecovery(t.Context()); err != nil || got.Auditor != "b" || got.Candidates != 1 {
		t.Errorf("%+v, error %v; want b", got, err)
	}
}

func TestAutorecoveryIsSwitchedByItsOwnerOnly(t *testing.T) {
	const path = "/bk/underreplication/disable"
	tree, m := metadataOf(t, map[string]string{"underreplication/ledgers": ""})
	if err := m.DisableAutorecovery(t.Context(), tree, ""); err == nil {
		t.Error("disabled in nobody's name")
	}
	for range 2 {
		if err := m.EnableAutorecovery(t.Context(), tree, "us"); err != nil {
			t.Errorf("enabling what is enabled: %v", err)
		}
		if err := m.DisableAutorecovery(t.Context(), tree, "us"); err != nil {
			t.Fatal(err)
		}
		if err := m.DisableAutorecovery(t.Context(), tree, "us"); !errors.Is(err, ErrNodeExists) {
			t.Errorf("disabling twice: error %v", err)
		}
		notOwned := (*NotOwnedError)(nil)
		if err := m.EnableAutorecovery(t.Context(), tree, "them"); !errors.As(err, &notOwned) || notOwned.Owner != "us" {
			t.Errorf("enabling by somebody else: error %v", err)
		}
		if err := m.EnableAutorecovery(t.Context(), tree, "us"); err != nil {
			t.Fatal(err)
		}
	}

	// A person switches it on, and off again, between our look and our deletion.
	if err := m.DisableAutorecovery(t.Context(), tree, "us"); err != nil {
		t.Fatal(err)
	}
	tree.before = func(call, _ string) error {
		if call == "delete" {
			tree.unset(path)
			tree.set(path, "")
			delete(tree.versions, path)
		}
		return nil
	}
	if err := m.EnableAutorecovery(t.Context(), tree, "us"); !errors.Is(err, ErrChanged) {
		t.Errorf("enabling what a person has just disabled: error %v, want %v", err, ErrChanged)
	}
	tree.before = nil
	notOwned := (*NotOwnedError)(nil)
	if err := m.EnableAutorecovery(t.Context(), tree, "us"); !errors.As(err, &notOwned) || notOwned.Owner != "" {
		t.Errorf("enabling what a person disabled: error %v", err)
	}
	_, never := metadataOf(t, nil)
	if err := never.DisableAutorecovery(t.Context(), newTree(nil), "us"); !errors.Is(err, ErrNoNode) {
		t.Errorf("where no autorecovery ever ran: error %v, want %v", err, ErrNoNode)
	}
}
