package zk

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testRoot = "/bookkeeper/storage/bk/ledgers"

// whole is a cluster at testRoot as BookKeeper's initnewcluster leaves it.
func whole(id string) map[string]string {
	return map[string]string{
		"/bookkeeper": "", "/bookkeeper/storage": "", "/bookkeeper/storage/bk": "",
		testRoot:                         "",
		testRoot + "/available":          "",
		testRoot + "/available/readonly": "",
		testRoot + "/INSTANCEID":         id,
		testRoot + "/LAYOUT":             "2\norg.apache.bookkeeper.meta.HierarchicalLedgerManagerFactory:1",
	}
}

func TestEnsureClusterCreates(t *testing.T) {
	for name, before := range map[string]map[string]string{
		"an empty ensemble":            {},
		"the topmost parent is there":  {"/bookkeeper": "not ours"},
		"all parents are there":        {"/bookkeeper": "", "/bookkeeper/storage": "", "/bookkeeper/storage/bk": ""},
		"another cluster is beside it": {"/bookkeeper": "", "/bookkeeper/storage": "", "/bookkeeper/storage/bk2": "", "/bookkeeper/storage/bk2/ledgers": ""},
	} {
		t.Run(name, func(t *testing.T) {
			tree := newMemory(before)
			outcome, err := EnsureCluster(t.Context(), tree, testRoot)
			if err != nil || outcome.Result != Created {
				t.Fatalf("outcome %v, error %v; want created", outcome, err)
			}
			if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(outcome.InstanceID) {
				t.Errorf("instance ID %q is not a random UUID", outcome.InstanceID)
			}
			want := newMemory(whole(outcome.InstanceID)).below(testRoot)
			if diff := cmp.Diff(want, tree.below(testRoot)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			for node, data := range before {
				if tree.nodes[node] != data {
					t.Errorf("%s was %q and is %q", node, data, tree.nodes[node])
				}
			}
			again, err := EnsureCluster(t.Context(), tree, testRoot)
			if want := (Outcome{AlreadyThere, outcome.InstanceID}); err != nil || again != want {
				t.Errorf("the second time: outcome %v, error %v; want %v", again, err, want)
			}
		})
	}
}

func TestEnsureClusterDirectlyBelowTheTop(t *testing.T) {
	tree := newMemory(nil)
	if outcome, err := EnsureCluster(t.Context(), tree, "/ledgers"); err != nil || outcome.Result != Created {
		t.Errorf("outcome %v, error %v; want created", outcome, err)
	}
	if tree.multis != 1 {
		t.Errorf("%d multis, want 1", tree.multis)
	}
}

// with is a cluster that was changed: "-name" removes below the root, "name" adds.
func with(changes map[string]string) map[string]string {
	nodes := whole("6ed6b8b5-0000-4000-8000-000000000000")
	for name, data := range changes {
		if name[0] == '-' {
			delete(nodes, testRoot+"/"+name[1:])
		} else {
			nodes[testRoot+"/"+name] = data
		}
	}
	return nodes
}

func TestEnsureClusterLeavesAClusterAlone(t *testing.T) {
	for name, before := range map[string]map[string]string{
		"fresh":                           with(nil),
		"in use":                          with(map[string]string{"available/bk-0:3181": "", "cookies": "", "cookies/bk-0:3181": "5\n", "00": "", "underreplication": ""}),
		"with another layout":             with(map[string]string{"LAYOUT": "2\norg.apache.bookkeeper.meta.LongHierarchicalLedgerManagerFactory:1"}),
		"no readonly, which bookies make": with(map[string]string{"-available/readonly": ""}),
	} {
		t.Run(name, func(t *testing.T) {
			tree := newMemory(before)
			kept := tree.below("/")
			outcome, err := EnsureCluster(t.Context(), tree, testRoot)
			if want := (Outcome{AlreadyThere, "6ed6b8b5-0000-4000-8000-000000000000"}); err != nil || outcome != want {
				t.Errorf("outcome %v, error %v; want %v", outcome, err, want)
			}
			if diff := cmp.Diff(kept, tree.below("/")); diff != "" || tree.multis != 0 {
				t.Errorf("%d multis; tree (-before +after):\n%s", tree.multis, diff)
			}
		})
	}
}

func TestEnsureClusterRefusesWhatIsHalfThere(t *testing.T) {
	for name, test := range map[string]struct {
		before map[string]string
		want   string
	}{
		"an empty root": {
			map[string]string{"/bookkeeper": "", "/bookkeeper/storage": "", "/bookkeeper/storage/bk": "", testRoot: ""},
			`metadata at "/bookkeeper/storage/bk/ledgers" is half there: it is there with nothing below it, and lacks INSTANCEID, LAYOUT, available`,
		},
		"no LAYOUT: initnewcluster died between its two steps": {
			with(map[string]string{"-LAYOUT": ""}),
			`metadata at "/bookkeeper/storage/bk/ledgers" is half there: it holds INSTANCEID, available, and lacks LAYOUT`,
		},
		"no INSTANCEID": {
			with(map[string]string{"-INSTANCEID": "", "cookies": ""}),
			`metadata at "/bookkeeper/storage/bk/ledgers" is half there: it holds LAYOUT, available, cookies, and lacks INSTANCEID`,
		},
		"no available: a cleanup has fenced the cluster": {
			with(map[string]string{"-available": "", "-available/readonly": ""}),
			`metadata at "/bookkeeper/storage/bk/ledgers" is half there: it holds INSTANCEID, LAYOUT, and lacks available`,
		},
		"an empty INSTANCEID": {
			with(map[string]string{"INSTANCEID": "\n"}),
			`metadata at "/bookkeeper/storage/bk/ledgers" is half there: it holds INSTANCEID, LAYOUT, available, and lacks INSTANCEID (it is empty)`,
		},
		"an empty LAYOUT": {
			with(map[string]string{"LAYOUT": ""}),
			`metadata at "/bookkeeper/storage/bk/ledgers" is half there: it holds INSTANCEID, LAYOUT, available, and lacks LAYOUT (it is empty)`,
		},
		"ledgers alone, many": {
			manyLedgers(),
			`metadata at "/bookkeeper/storage/bk/ledgers" is half there: it holds 00, 01, 02, 03, 04, 05, 06, 07, 08, 09, 10, 11 and 8 more, and lacks INSTANCEID, LAYOUT, available`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := newMemory(test.before)
			_, err := EnsureCluster(t.Context(), tree, testRoot)
			half := (*HalfThereError)(nil)
			if !errors.As(err, &half) {
				t.Fatalf("error %v, want a HalfThereError", err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if tree.multis != 0 {
				t.Errorf("%d multis, want none", tree.multis)
			}
		})
	}
}

func manyLedgers() map[string]string {
	nodes := with(map[string]string{"-available": "", "-available/readonly": "", "-LAYOUT": "", "-INSTANCEID": ""})
	for i := range 20 {
		nodes[fmt.Sprintf("%s/%02d", testRoot, i)] = ""
	}
	return nodes
}

func TestEnsureClusterRefusesARootThatIsNone(t *testing.T) {
	for _, root := range []string{"", "/", "ledgers", "/ledgers/", "/a//b", "/a/../b"} {
		t.Run(root, func(t *testing.T) {
			tree := newMemory(nil)
			if _, err := EnsureCluster(t.Context(), tree, root); err == nil || tree.multis != 0 {
				t.Errorf("error %v, %d multis; want an error and none", err, tree.multis)
			}
		})
	}
}

func TestEnsureClusterByManyAtOnce(t *testing.T) {
	for range 50 {
		tree := newMemory(nil)
		checkRace(t, func() (Outcome, error) { return EnsureCluster(t.Context(), tree, testRoot) })
		if got := len(tree.below(testRoot)); got != 5 {
			t.Fatalf("%d znodes, want 5", got)
		}
	}
}

// checkRace calls twenty times at once: all succeed, one creates, all name one cluster.
func checkRace(t *testing.T, ensure func() (Outcome, error)) {
	t.Helper()
	const callers = 20
	outcomes, failures := make([]Outcome, callers), make([]error, callers)
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range callers {
		group.Go(func() {
			<-start
			outcomes[i], failures[i] = ensure()
		})
	}
	close(start)
	group.Wait()
	results, ids := map[Result]int{}, map[string]int{}
	for i := range callers {
		if failures[i] != nil {
			t.Errorf("caller %d: %v", i, failures[i])
		}
		results[outcomes[i].Result]++
		ids[outcomes[i].InstanceID]++
	}
	if diff := cmp.Diff(map[Result]int{Created: 1, AlreadyThere: callers - 1}, results); diff != "" || len(ids) != 1 {
		t.Errorf("instance IDs %v; results (-want +got):\n%s", ids, diff)
	}
}

// faulty is a tree whose requests go wrong by a script.
type faulty struct {
	*memory
	// creates hold what befalls each CreateAll, in turn; then all goes well.
	creates []func(tree *memory, nodes []Node) error
	// read, if there is one, befalls every Sync, Children and Get.
	read func(call, path string) error
}

func (f *faulty) CreateAll(ctx context.Context, nodes []Node) error {
	if len(f.creates) == 0 {
		return f.memory.CreateAll(ctx, nodes)
	}
	next := f.creates[0]
	f.creates = f.creates[1:]
	return next(f.memory, nodes)
}

func (f *faulty) fault(call, path string) error {
	if f.read == nil {
		return nil
	}
	return f.read(call, path)
}

func (f *faulty) Sync(ctx context.Context, path string) error {
	return errors.Join(f.fault("sync", path), f.memory.Sync(ctx, path))
}

func (f *faulty) Children(ctx context.Context, path string) ([]string, error) {
	if err := f.fault("children", path); err != nil {
		return nil, err
	}
	return f.memory.Children(ctx, path)
}

func (f *faulty) Get(ctx context.Context, path string) ([]byte, error) {
	if err := f.fault("get", path); err != nil {
		return nil, err
	}
	return f.memory.Get(ctx, path)
}

// What can befall a CreateAll.
func lostBefore(*memory, []Node) error { return fmt.Errorf("creating: %w", ErrConnectionLost) }

func lostAfter(tree *memory, nodes []Node) error {
	return errors.Join(tree.CreateAll(context.Background(), nodes), ErrConnectionLost)
}

func somebodyFaster(tree *memory, nodes []Node) error {
	if _, err := EnsureCluster(context.Background(), tree, testRoot); err != nil {
		return err
	}
	return tree.CreateAll(context.Background(), nodes)
}

func somebodyDeletesParents(tree *memory, nodes []Node) error {
	delete(tree.nodes, "/bookkeeper/storage/bk")
	return tree.CreateAll(context.Background(), nodes)
}

func refused(*memory, []Node) error { return fmt.Errorf("creating: %w", ErrNotAllowed) }

func expired(*memory, []Node) error { return fmt.Errorf("creating: %w", ErrSessionExpired) }

func TestEnsureClusterWhenThingsGoWrong(t *testing.T) {
	type fault = func(*memory, []Node) error
	always := func(f fault) []fault {
		var all []fault
		for range 10 * attempts {
			all = append(all, f)
		}
		return all
	}
	parents := map[string]string{"/bookkeeper": "", "/bookkeeper/storage": "", "/bookkeeper/storage/bk": ""}
	for name, test := range map[string]struct {
		before  map[string]string
		creates []fault
		want    Result
		err     error
	}{
		"the connection breaks before the multi is applied":       {parents, []fault{lostBefore}, Created, nil},
		"the connection breaks after the multi is applied":        {parents, []fault{lostAfter}, Created, nil},
		"it breaks before and after":                              {parents, []fault{lostBefore, lostBefore, lostAfter}, Created, nil},
		"it breaks while parents are created":                     {nil, []fault{(*memory).create, lostBefore}, Created, nil},
		"it breaks when a parent was created":                     {nil, []fault{(*memory).create, (*memory).create, lostAfter}, Created, nil},
		"somebody else is faster":                                 {parents, []fault{somebodyFaster}, AlreadyThere, nil},
		"somebody else is faster and the answer is lost":          {parents, []fault{func(tree *memory, nodes []Node) error { _ = somebodyFaster(tree, nodes); return ErrConnectionLost }}, AlreadyThere, nil},
		"a parent is deleted meanwhile":                           {parents, []fault{somebodyDeletesParents}, Created, nil},
		"the access control list refuses it":                      {parents, []fault{refused}, 0, ErrNotAllowed},
		"the access control list refuses a parent":                {nil, []fault{(*memory).create, refused}, 0, ErrNotAllowed},
		"the session expires":                                     {parents, []fault{expired}, 0, ErrSessionExpired},
		"the connection breaks for ever":                          {parents, always(lostBefore), 0, ErrConnectionLost},
		"the znode above is deleted again and again":              {parents, always(func(*memory, []Node) error { return ErrNoNode }), 0, ErrNoNode},
		"the answer to the multi is lost and it applies later on": {parents, []fault{lostBefore, lateFirst()}, Created, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tree := &faulty{memory: newMemory(test.before), creates: test.creates}
			outcome, err := EnsureCluster(t.Context(), tree, testRoot)
			if outcome.Result != test.want || !errors.Is(err, test.err) {
				t.Fatalf("outcome %v, error %v; want %v, %v", outcome, err, test.want, test.err)
			}
			below := tree.below(testRoot)
			if test.err != nil {
				if len(below) != 0 {
					t.Errorf("tree %q, want nothing", below)
				}
				return
			}
			if diff := cmp.Diff(newMemory(whole(outcome.InstanceID)).below(testRoot), below); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

// create is CreateAll as a fault that is none.
func (m *memory) create(nodes []Node) error { return m.CreateAll(context.Background(), nodes) }

// lateFirst applies a multi just before the one that is sent in its place.
func lateFirst() func(*memory, []Node) error {
	return func(tree *memory, nodes []Node) error {
		if err := tree.create(nodes); err != nil {
			return err
		}
		return tree.create(nodes)
	}
}

func TestEnsureClusterJudgesNothingThatItCouldNotRead(t *testing.T) {
	for name, test := range map[string]struct{ call, path string }{
		"the sync has no answer":    {"sync", testRoot},
		"the root cannot be listed": {"children", testRoot},
		"INSTANCEID cannot be read": {"get", testRoot + "/INSTANCEID"},
		"LAYOUT cannot be read":     {"get", testRoot + "/LAYOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, reason := range []error{ErrConnectionLost, ErrSessionExpired, ErrNotAllowed} {
				tree := &faulty{memory: newMemory(with(nil)), read: func(call, path string) error {
					if call == test.call && path == test.path {
						return reason
					}
					return nil
				}}
				outcome, err := EnsureCluster(t.Context(), tree, testRoot)
				if outcome != (Outcome{}) || !errors.Is(err, reason) || tree.multis != 0 {
					t.Errorf("outcome %v, error %v, %d multis; want %v", outcome, err, tree.multis, reason)
				}
			}
		})
	}
}

func TestEnsureClusterSyncsBeforeItReads(t *testing.T) {
	var calls []string
	tree := &faulty{memory: newMemory(with(nil)), read: func(call, _ string) error {
		calls = append(calls, call)
		return nil
	}}
	if _, err := EnsureCluster(t.Context(), tree, testRoot); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sync", "children", "get", "get"}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestResultAsText(t *testing.T) {
	for result, want := range map[Result]string{0: "Result(0)", Created: "created", AlreadyThere: "already there"} {
		if got, err := result.MarshalText(); err != nil || string(got) != want {
			t.Errorf("%d is %q, error %v; want %q", int(result), got, err, want)
		}
	}
}
