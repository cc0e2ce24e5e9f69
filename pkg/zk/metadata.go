package zk

import (
	"context"
	"fmt"
	"path"
	"strings"
)

// Reader is what reading BookKeeper's metadata needs of ZooKeeper. A Conn is one.
type Reader interface {
	// Children are the names below a znode in no order, or ErrNoNode.
	Children(ctx context.Context, path string) ([]string, error)
	// Read is a znode's data and Stat, or ErrNoNode.
	Read(ctx context.Context, path string) ([]byte, Stat, error)
	// Stat is a znode's Stat, or ErrNoNode.
	Stat(ctx context.Context, path string) (Stat, error)
}

// Writer is what the few changes need that are made to the metadata of a running cluster.
// A Conn is one.
type Writer interface {
	// CreateOwned creates a znode whose version is OwnedVersion: ErrNodeExists where it is
	// there, ErrNoNode where its parent is not.
	CreateOwned(ctx context.Context, node Node) error
	// Delete deletes a znode of that version, or says ErrChanged or ErrNoNode.
	Delete(ctx context.Context, path string, version int32) error
}

// Metadata reads a BookKeeper cluster's metadata. Each method answers one question, so that
// one which cannot be answered hides no other; each may be asked by any number of goroutines.
//
// A method reads what the server at the other end has, which may be behind. Before reads
// that a decision rests on the caller syncs the root, or has CheckQuorum prove that there is
// a majority: what was written before is seen then.
//
// Names below the root of which BookKeeper knows nothing are an error wherever they could be
// bookies or ledgers: what cannot be understood is not left out.
type Metadata struct {
	reader Reader
	root   string
}

// NewMetadata reads the metadata at root, an absolute path below /.
func NewMetadata(reader Reader, root string) (*Metadata, error) {
	if err := checkRoot(root); err != nil {
		return nil, err
	}
	return &Metadata{reader: reader, root: root}, nil
}

// checkRoot refuses what is not the path of a znode below /.
func checkRoot(root string) error {
	if !strings.HasPrefix(root, "/") || path.Clean(root) != root || root == "/" {
		return fmt.Errorf("root of the metadata: %q is not the path of a znode below /", root)
	}
	return nil
}

// Root is the path of the cluster's root.
func (m *Metadata) Root() string { return m.root }

// at is the path of a znode below the root.
func (m *Metadata) at(names ...string) string { return m.root + "/" + strings.Join(names, "/") }
