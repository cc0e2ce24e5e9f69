// Package zk speaks with ZooKeeper and knows how BookKeeper lays out its metadata there.
//
// Its input and output is a Conn: one session, opened by Dial. All else works on small
// interfaces that a Conn satisfies, so that it can be tested with a tree in memory. Every
// request takes a context and ends with it; the clock, the standard streams and the
// environment are never touched.
package zk

import (
	"errors"
	"time"
)

// What a request can fail with, beside the reasons that only a person can act on. Errors
// are wrapped with the operation and its path: ask with errors.Is.
var (
	// ErrNoNode: the znode is not there, or of one to be created the parent.
	ErrNoNode = errors.New("znode does not exist")
	// ErrNodeExists: the znode to be created is there already.
	ErrNodeExists = errors.New("znode exists")
	// ErrNotAllowed: the access control list of the znode, or of its parent, refuses it to
	// this identity.
	ErrNotAllowed = errors.New("not allowed by the znode's access control list")
	// ErrChanged: the znode was changed, or made anew, since the version that the request
	// names.
	ErrChanged = errors.New("znode has changed")
	// ErrConnectionLost: the connection broke, or the request had no answer in time. A
	// request that writes may have been done or not: read again before anything else. The
	// Conn goes on where the error does not wrap ErrClosed too.
	ErrConnectionLost = errors.New("connection to ZooKeeper lost")
	// ErrSessionExpired: ZooKeeper has ended the session, with its ephemeral znodes and
	// watches. A request that writes may have been done or not. The Conn is of no more use.
	ErrSessionExpired = errors.New("ZooKeeper session expired")
	// ErrClosed: the Conn is closed, by Close or by a request that had no answer in time.
	ErrClosed = errors.New("connection to ZooKeeper closed")
)

// Node is a persistent znode that anyone may read and change: what BookKeeper creates
// where it is not told to use Kerberos.
// Source: bookkeeper, discover/ZKRegistrationManager.java (initNewCluster), util/ZkUtils.java (getACLs).
type Node struct {
	Path string
	Data []byte
}

// Stat is what ZooKeeper knows of a znode beside its data.
// Source: ZooKeeper, Programmer's Guide, "ZooKeeper Stat Structure".
type Stat struct {
	// CreatedBy and ChangedBy are the transactions that created the znode and last wrote its
	// data. They grow with every write to the ensemble.
	CreatedBy, ChangedBy int64
	// Created and Changed are when, to the millisecond, by the clock of the server that led.
	Created, Changed time.Time
	// Version counts the writes of the data since the creation, which is 0.
	Version int32
	// Session is whose end removes the znode; 0 for one that stays.
	Session int64
	// Children is how many znodes are below it, their own left out.
	Children int
}
