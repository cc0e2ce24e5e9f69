package zk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// metadataTree is a tree in memory with as much of the Stats as a test gives it.
type metadataTree struct {
	*memory
	// stats are what a test says; versions count what was written.
	stats    map[string]Stat
	versions map[string]int32
	// before is asked before each call, which fails with its error. It may change the tree.
	before func(call, path string) error
	asking sync.Mutex
}

func newTree(nodes map[string]string) *metadataTree {
	return &metadataTree{memory: newMemory(nodes), stats: map[string]Stat{}, versions: map[string]int32{}}
}

func (m *metadataTree) ask(call, node string) error {
	m.asking.Lock()
	defer m.asking.Unlock()
	if m.before == nil {
		return nil
	}
	return m.before(call, node)
}

func (m *metadataTree) Children(ctx context.Context, node string) ([]string, error) {
	if err := m.ask("children", node); err != nil {
		return nil, err
	}
	return m.memory.Children(ctx, node)
}

func (m *metadataTree) Stat(ctx context.Context, node string) (Stat, error) {
	if err := m.ask("stat", node); err != nil {
		return Stat{}, err
	}
	names, err := m.memory.Children(ctx, node)
	if err != nil {
		return Stat{}, err
	}
	stat := m.stats[node]
	stat.Children, stat.Version = len(names), m.versions[node]
	return stat, nil
}

func (m *metadataTree) Read(ctx context.Context, node string) ([]byte, Stat, error) {
	if err := m.ask("read", node); err != nil {
		return nil, Stat{}, err
	}
	data, err := m.Get(ctx, node)
	if err != nil {
		return nil, Stat{}, err
	}
	stat := m.stats[node]
	stat.Version = m.versions[node]
	return data, stat, nil
}

func (m *metadataTree) CreateOwned(_ context.Context, node Node) error {
	if err := m.ask("create", node.Path); err != nil {
		return err
	}
	if err := m.create([]Node{node}); err != nil {
		return err
	}
	m.versions[node.Path] = OwnedVersion
	return nil
}

func (m *metadataTree) Delete(_ context.Context, node string, version int32) error {
	if err := m.ask("delete", node); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.nodes[node]; !ok {
		return fmt.Errorf("deleting %s: %w", node, ErrNoNode)
	}
	if m.versions[node] != version {
		return fmt.Errorf("deleting %s: %w", node, ErrChanged)
	}
	m.nodes = maps.Clone(m.nodes)
	delete(m.nodes, node)
	delete(m.versions, node)
	return nil
}

// set puts a znode there, with its parents, or takes it away.
func (m *metadataTree) set(node, data string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nodes[node] = data
	for parent := path.Dir(node); parent != "/"; parent = path.Dir(parent) {
		if _, ok := m.nodes[parent]; !ok {
			m.nodes[parent] = ""
		}
	}
}

func (m *metadataTree) unset(node string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.nodes, node)
}

// metadataOf is a cluster whose root is /bk, with these znodes below it and their parents.
func metadataOf(t testing.TB, nodes map[string]string) (*metadataTree, *Metadata) {
	t.Helper()
	tree := newTree(nil)
	tree.set("/bk/available/readonly", "")
	tree.set("/bk/INSTANCEID", "6ed6b8b5-4b0f-4d3a-9d52-7a24c1a3bd10")
	tree.set("/bk/LAYOUT", newLayout)
	for name, data := range nodes {
		tree.set("/bk/"+name, data)
	}
	m, err := NewMetadata(tree, "/bk")
	if err != nil {
		t.Fatal(err)
	}
	return tree, m
}

// sameErrors compares errors by what they say.
var sameErrors = cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })

func TestNewMetadataRefusesWhatIsNoRoot(t *testing.T) {
	for _, root := range []string{"", "/", "bk", "/bk/", "/a//b", "/a/../b"} {
		if _, err := NewMetadata(newTree(nil), root); err == nil {
			t.Errorf("root %q: no error", root)
		}
	}
}

func TestIdentity(t *testing.T) {
	_, m := metadataOf(t, nil)
	if id, err := m.InstanceID(t.Context()); err != nil || id != "6ed6b8b5-4b0f-4d3a-9d52-7a24c1a3bd10" {
		t.Errorf("instance %q, error %v", id, err)
	}
	want := Layout{Factory: "org.apache.bookkeeper.meta.HierarchicalLedgerManagerFactory", Version: 1}
	if layout, err := m.Layout(t.Context()); err != nil || layout != want {
		t.Errorf("layout %+v, error %v; want %+v", layout, err, want)
	}
	for name, test := range map[string]struct {
		node, data, want string
	}{
		"an empty INSTANCEID":          {"INSTANCEID", " \n", "reading /bk/INSTANCEID: it is empty"},
		"a LAYOUT of a future format":  {"LAYOUT", "3\na:1", `reading /bk/LAYOUT: ledger layout: format "3" is neither 1 nor 2`},
		"a LAYOUT without a version":   {"LAYOUT", "2\na", `reading /bk/LAYOUT: ledger layout: "a" is not CLASS:VERSION`},
		"a LAYOUT with a class alone":  {"LAYOUT", "2\na:", `reading /bk/LAYOUT: ledger layout: "a:" is not CLASS:VERSION`},
		"a LAYOUT with too many lines": {"LAYOUT", "2\na\nb:1", `reading /bk/LAYOUT: ledger layout: "a\nb:1" is not CLASS:VERSION`},
	} {
		t.Run(name, func(t *testing.T) {
			_, m := metadataOf(t, map[string]string{test.node: test.data})
			_, idErr := m.InstanceID(t.Context())
			_, layoutErr := m.Layout(t.Context())
			if err := errors.Join(idErr, layoutErr); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// Every question is answered or gives the reason, and NotFound and Forbidden stay apart.
func TestNothingIsKnownOfWhatCannotBeRead(t *testing.T) {
	for name, question := range map[string]func(*Metadata, context.Context) error{
		"instance":      func(m *Metadata, ctx context.Context) error { _, err := m.InstanceID(ctx); return err },
		"layout":        func(m *Metadata, ctx context.Context) error { _, err := m.Layout(ctx); return err },
		"registrations": func(m *Metadata, ctx context.Context) error { _, err := m.Registrations(ctx); return err },
		"cookies":       func(m *Metadata, ctx context.Context) error { _, err := m.Cookies(ctx); return err },
		"autorecovery":  func(m *Metadata, ctx context.Context) error { _, err := m.Autorecovery(ctx); return err },
		"marks":         func(m *Metadata, ctx context.Context) error { _, err := m.Marked(ctx, 5); return err },
		"locks":         func(m *Metadata, ctx context.Context) error { _, err := m.Locks(ctx); return err },
		"ledger count":  func(m *Metadata, ctx context.Context) error { _, err := m.LedgerCount(ctx); return err },
		"coverage": func(m *Metadata, ctx context.Context) error {
			_, err := m.Coverage(ctx, []string{""}, nil, CoverageOptions{})
			return err
		},
		"judgement": func(m *Metadata, ctx context.Context) error {
			_, err := m.Judge(ctx, []Mark{{Ledger: 1}}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, reason := range []error{ErrConnectionLost, ErrSessionExpired, ErrNotAllowed} {
				// Each single read in turn fails.
				for at := 0; ; at++ {
					tree, m := metadataOf(t, busyCluster)
					asked := 0
					tree.before = func(call, path string) error {
						if asked++; asked == at+1 {
							return fmt.Errorf("reading %s: %w", path, reason)
						}
						return nil
					}
					if err := question(m, t.Context()); asked > at && !errors.Is(err, reason) {
						t.Errorf("read %d fails: error %v, want %v", at, err, reason)
					}
					if asked <= at {
						break
					}
				}
			}
		})
	}
}

// busyCluster has something to read everywhere.
var busyCluster = map[string]string{
	"available/bk-0:3181":          realServiceInfo,
	"available/readonly/bk-1:3181": "",
	"cookies/bk-0:3181":            realCookie,
	"cookies/bk-1:3181":            realCookie,
	"00/0000/L0001":                realClosed,
	"00/0000/L0004":                realEmpty,
	"underreplication/LAYOUT":      "type: \"BASIC\"\nversion: 1\n",
	"underreplication/ledgers/0000/0000/0000/0001/urL0000000001": "replica: \"bk-1:3181\"\n",
	"underreplication/locks/urL0000000001":                       "bookieId: \"localhost\"\n",
	"underreplication/lostBookieRecoveryDelay":                   "30",
	"underreplication/auditorelection":                           "bookieId: \"long-gone:3181\"\n",
	"underreplication/auditorelection/V_0000000007":              "bookieId: \"bk-0:3181\"\n",
}

func TestRegistrations(t *testing.T) {
	tree, m := metadataOf(t, map[string]string{
		"available/bk-0:3181":          realServiceInfo,
		"available/bk-1:3181":          "",
		"available/bk-2:3181":          "\xff",
		"available/readonly/bk-1:3181": "",
		"available/readonly/bk-3":      realServiceInfo,
	})
	since := time.UnixMilli(1_763_676_000_000)
	tree.stats["/bk/available/bk-0:3181"] = Stat{CreatedBy: 12, Created: since, Session: 0x10000f807740003}
	tree.stats["/bk/available/bk-1:3181"] = Stat{Session: 1}
	tree.stats["/bk/available/readonly/bk-1:3181"] = Stat{Session: 2}
	got, err := m.Registrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	endpoints := []Endpoint{{ID: "httpserver", Protocol: "http", Host: "0.0.0.0", Port: 8080}, {ID: "bookie", Protocol: "bookie-rpc", Host: "10.98.0.5", Port: 3181}}
	want := []Registration{
		{ID: "bk-0:3181", Mode: Writable, Session: 0x10000f807740003, CreatedBy: 12, Since: since, Endpoints: endpoints},
		{ID: "bk-1:3181", Mode: Changing, Session: 1},
		{ID: "bk-2:3181", Mode: Writable, Unreadable: fmt.Errorf("bookie's service information: %w", errWire)},
		{ID: "bk-3", Mode: ReadOnly, Endpoints: endpoints},
	}
	if diff := cmp.Diff(want, got, sameErrors); diff != "" {
		t.Errorf("registrations (-want +got):\n%s", diff)
	}
	if address, admin := got[0].Address(), got[0].AdminAddress(); address != "10.98.0.5:3181" || admin != "10.98.0.5:8080" {
		t.Errorf("addresses %q and %q", address, admin)
	}
	if address, admin := got[1].Address(), got[1].AdminAddress(); address != "" || admin != "" {
		t.Errorf("addresses of a bookie that says nothing: %q and %q", address, admin)
	}
}

func TestRegistrationsWhileBookiesChange(t *testing.T) {
	for name, change := range map[string]func(*metadataTree){
		"it becomes writable": func(m *metadataTree) {
			m.set("/bk/available/bk-0", "")
			m.unset("/bk/available/readonly/bk-0")
		},
		"it registers anew": func(m *metadataTree) { m.unset("/bk/available/readonly/bk-0"); m.set("/bk/available/bk-0", "") },
	} {
		t.Run(name, func(t *testing.T) {
			// Before each read in turn the bookie moves on.
			for at := 1; at < 8; at++ {
				tree, m := metadataOf(t, map[string]string{"available/readonly/bk-0": "", "available/bk-1": ""})
				asked := 0
				tree.before = func(string, string) error {
					if asked++; asked == at {
						change(tree)
					}
					return nil
				}
				got, err := m.Registrations(t.Context())
				if err != nil || len(got) != 2 || got[0].ID != "bk-0" {
					t.Errorf("at read %d: %+v, error %v; want two bookies", at, got, err)
				}
			}
		})
	}
	tree, m := metadataOf(t, nil)
	asked := 0
	tree.before = func(call, node string) error {
		if call == "children" && node == "/bk/available" {
			asked++
			tree.set(fmt.Sprintf("/bk/available/bk-%d", asked), "")
		}
		return nil
	}
	if got, err := m.Registrations(t.Context()); err == nil {
		t.Errorf("they never hold still: %d bookies, want an error", len(got))
	}
}

func TestRegistrationsOfAFencedCluster(t *testing.T) {
	tree, m := metadataOf(t, nil)
	tree.unset("/bk/available/readonly")
	if got, err := m.Registrations(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("without readonly: %+v, error %v", got, err)
	}
	tree.unset("/bk/available")
	if _, err := m.Registrations(t.Context()); !errors.Is(err, ErrNoNode) {
		t.Errorf("without available: error %v, want %v", err, ErrNoNode)
	}
}
