package zk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Tree is what EnsureCluster needs of ZooKeeper. A Conn is one.
type Tree interface {
	// Sync makes the reads that follow see all that was written before it.
	Sync(ctx context.Context, path string) error
	// Children are the names below a znode, or ErrNoNode.
	Children(ctx context.Context, path string) ([]string, error)
	// Get is a znode's data, or ErrNoNode.
	Get(ctx context.Context, path string) ([]byte, error)
	// CreateAll creates all nodes or none: ErrNodeExists where one is there, ErrNoNode
	// where a parent is not.
	CreateAll(ctx context.Context, nodes []Node) error
}

// Names of the znodes below a cluster's root.
// Source: bookkeeper, util/BookKeeperConstants.java.
const (
	availableNode  = "available"
	readonlyNode   = availableNode + "/readonly"
	instanceIDNode = "INSTANCEID"
	layoutNode     = "LAYOUT"
)

// newLayout says how ledgers are laid out: version 2 of this text, the class, and the
// class's version. It is what BookKeeper writes for a metadataServiceUri of scheme zk.
// Source: bookkeeper, meta/LedgerLayout.java, meta/AbstractZkLedgerManagerFactory.java.
const newLayout = "2\norg.apache.bookkeeper.meta.HierarchicalLedgerManagerFactory:1"

// Result says what EnsureCluster has done.
type Result int

const (
	// Created: there was nothing, and now there is the metadata of a new cluster.
	Created Result = 1 + iota
	// AlreadyThere: the metadata of a cluster is there, and was not touched.
	AlreadyThere
)

// String is "created" or "already there".
func (r Result) String() string {
	switch r {
	case Created:
		return "created"
	case AlreadyThere:
		return "already there"
	}
	return fmt.Sprintf("Result(%d)", int(r))
}

// MarshalText is the result as a word.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Outcome is what EnsureCluster has done, and which cluster it has found or made.
type Outcome struct {
	Result Result
	// InstanceID is the cluster's identity, which its bookies' cookies repeat.
	InstanceID string
}

// HalfThereError refuses a root that is neither free nor a cluster's.
type HalfThereError struct {
	Root string
	// Found are the names below the root, sorted; Missing what a cluster has and the root
	// has not. A name that is there and empty is in both.
	Found, Missing []string
}

func (e *HalfThereError) Error() string {
	found := "is there with nothing below it"
	if len(e.Found) > 0 {
		found = "holds " + shorten(e.Found)
	}
	return fmt.Sprintf("metadata at %q is half there: it %s, and lacks %s", e.Root, found, strings.Join(e.Missing, ", "))
}

// OfBookKeeper reports whether one of the names found is one that BookKeeper gives.
// Source: bookkeeper, meta/AbstractZkLedgerManager.java (isSpecialZnode).
func (e *HalfThereError) OfBookKeeper() bool {
	return slices.ContainsFunc(e.Found, func(name string) bool { return slices.Contains(ownNames, name) })
}

var ownNames = []string{availableNode, instanceIDNode, layoutNode, "cookies", "underreplication", "idgen", "idgen-long"}

// shorten lists names, the first of many only: below a root may be hundreds of ledger directories.
func shorten(names []string) string {
	const most = 12
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// attempts bound how often EnsureCluster looks again after somebody was faster or the
// answer was lost. Each of them needs somebody else's doing in between.
const attempts = 10

// EnsureCluster sees to it that the metadata of a BookKeeper cluster is at root. Where
// nothing is, it creates in one multi what BookKeeper's own `initnewcluster` leaves, and
// parents that are missing before it; a cluster that is there is left alone. Any number
// of processes may call it at once: one creates. It never changes and never deletes.
//
// A root that is half there is refused with a *HalfThereError: a cluster that is being
// deleted looks like that, and to complete it would give its bookies a new identity.
// Errors that wrap ErrConnectionLost or ErrSessionExpired may be tried again, on a new
// Conn where they wrap ErrClosed too or the session is gone.
// Source: bookkeeper, discover/ZKRegistrationManager.java (initNewCluster).
func EnsureCluster(ctx context.Context, tree Tree, root string) (Outcome, error) {
	if err := checkRoot(root); err != nil {
		return Outcome{}, err
	}
	// One identity for all attempts: if a multi whose answer was lost was applied, however
	// late, its result is recognised as ours.
	id := newInstanceID()
	var last error
	for range attempts {
		seen, err := look(ctx, tree, root)
		if err != nil {
			return Outcome{}, err
		}
		if seen.there {
			return judge(seen, id)
		}
		last = tree.CreateAll(ctx, newCluster(root, id))
		switch {
		case last == nil:
			return Outcome{Created, id}, nil
		case errors.Is(last, ErrNoNode):
			if err := createParent(ctx, tree, root); err != nil {
				return Outcome{}, err
			}
		case errors.Is(last, ErrNodeExists), errors.Is(last, ErrConnectionLost):
		default:
			return Outcome{}, last
		}
	}
	return Outcome{}, fmt.Errorf("creating the metadata at %q: given up after %d attempts: %w", root, attempts, last)
}

// newCluster are the znodes of a cluster without bookies and ledgers, parents first.
func newCluster(root, id string) []Node {
	return []Node{
		{Path: root},
		{Path: root + "/" + availableNode},
		{Path: root + "/" + readonlyNode},
		{Path: root + "/" + instanceIDNode, Data: []byte(id)},
		{Path: root + "/" + layoutNode, Data: []byte(newLayout)},
	}
}

// createParent creates the znode above one, and those above it that are missing. It
// begins below: the upper ones may be closed to this identity, which ZooKeeper would say
// before it says that they exist.
func createParent(ctx context.Context, tree Tree, child string) error {
	parent := path.Dir(child)
	if parent == "/" {
		return nil
	}
	err := tree.CreateAll(ctx, []Node{{Path: parent}})
	if errors.Is(err, ErrNoNode) {
		if err := createParent(ctx, tree, parent); err != nil {
			return err
		}
		err = tree.CreateAll(ctx, []Node{{Path: parent}})
	}
	// Whatever else befalls it, the next attempt at the whole sees: its parent is there or not.
	if err == nil || errors.Is(err, ErrNodeExists) || errors.Is(err, ErrNoNode) || errors.Is(err, ErrConnectionLost) {
		return nil
	}
	return err
}

// observed is what was seen of a root.
type observed struct {
	root  string
	there bool
	names []string
	// data are what INSTANCEID and LAYOUT hold, as far as they are there.
	data map[string]string
}

// look reads a root as it is after all that was written before the call.
func look(ctx context.Context, tree Tree, root string) (observed, error) {
	seen := observed{root: root, data: map[string]string{}}
	if err := tree.Sync(ctx, root); err != nil {
		return seen, err
	}
	names, err := tree.Children(ctx, root)
	if errors.Is(err, ErrNoNode) {
		return seen, nil
	}
	if err != nil {
		return seen, err
	}
	seen.there, seen.names = true, slices.Sorted(slices.Values(names))
	for _, name := range []string{instanceIDNode, layoutNode} {
		data, err := tree.Get(ctx, root+"/"+name)
		if errors.Is(err, ErrNoNode) {
			continue
		}
		if err != nil {
			return seen, err
		}
		seen.data[name] = string(data)
	}
	return seen, nil
}

// judge says whether a root that is there is a cluster's. available/readonly is not asked
// for: every bookie and client of BookKeeper creates it where available is.
// Source: bookkeeper, meta/zk/ZKMetadataDriverBase.java (initialize).
func judge(seen observed, ours string) (Outcome, error) {
	var missing []string
	for _, name := range []string{instanceIDNode, layoutNode} {
		if data, ok := seen.data[name]; !ok {
			missing = append(missing, name)
		} else if strings.TrimSpace(data) == "" {
			missing = append(missing, name+" (it is empty)")
		}
	}
	if !slices.Contains(seen.names, availableNode) {
		missing = append(missing, availableNode)
	}
	if len(missing) > 0 {
		return Outcome{}, &HalfThereError{Root: seen.root, Found: seen.names, Missing: missing}
	}
	if id := seen.data[instanceIDNode]; id != ours {
		return Outcome{AlreadyThere, id}, nil
	}
	return Outcome{Created, ours}, nil
}

// newInstanceID is a random UUID, version 4, as BookKeeper's own identities are.
// Source: RFC 9562, section 5.4.
func newInstanceID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails: crypto/rand ends the process instead
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
