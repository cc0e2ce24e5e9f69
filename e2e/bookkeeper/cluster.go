// Package bookkeeper runs real bookies and autorecovery, each as a process on a host of its
// own, and does to them what machines and networks do: it kills, stops, pauses and cuts them
// off. Its Writer writes ledgers all the while and records what was acknowledged; Verify
// reads that record back through a client of its own. Remove and Alter take an entry from
// the bookies' disks, so that a test can see Verify fail.
//
// I/O: processes and hosts of the sandbox that the test runs in, and files in the tests'
// temporary directories. What a process prints is shown when its test fails.
package bookkeeper

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// Options say what a cluster consists of.
type Options struct {
	// ZooKeeper is where the cluster's metadata are: addresses of servers of one ensemble.
	ZooKeeper []string
	// Root is the znode of its metadata, whose parent exists; "" is /ledgers.
	Root string
	// Bookies is how many there are.
	Bookies int
	// Settings are lines of every process's bk_server.conf, ahead of this package's own.
	Settings map[string]string
}

// Cluster is a BookKeeper cluster.
type Cluster struct {
	// Metadata is its metadataServiceUri.
	Metadata string
	// Bookies are its bookies.
	Bookies []*Bookie

	java     java
	dir      string
	settings map[string]string
	records  int
}

// Start makes a new cluster with BookKeeper's own initnewcluster. All bookies are ready when
// it returns, and end with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	if o.Root == "" {
		o.Root = "/ledgers"
	}
	c := &Cluster{
		Metadata: MetadataURI(o.ZooKeeper, o.Root),
		java:     findJava(t),
		dir:      t.TempDir(),
		settings: o.Settings,
	}
	if out, err := Shell(t, c.Metadata, "initnewcluster"); err != nil {
		t.Fatalf("making a BookKeeper cluster: %v\n%s", err, out)
	}
	for range o.Bookies {
		c.add(t)
	}
	c.AwaitReady(t)
	return c
}

// MetadataURI is the metadataServiceUri of the cluster that these ZooKeeper servers keep at root.
func MetadataURI(zooKeeper []string, root string) string {
	return "zk://" + strings.Join(zooKeeper, ";") + root
}

func (c *Cluster) add(t testing.TB) {
	t.Helper()
	name := fmt.Sprintf("bookie-%d", len(c.Bookies))
	b := newBookie(t, c, name, filepath.Join(c.dir, name))
	c.Bookies = append(c.Bookies, b)
	b.Start(t)
}

// AwaitReady waits until all bookies are ready.
func (c *Cluster) AwaitReady(t testing.TB) {
	t.Helper()
	for _, b := range c.Bookies {
		b.AwaitReady(t)
	}
}

// StopAll asks all bookies to end, all at once, and waits until they have.
func (c *Cluster) StopAll(t testing.TB) {
	t.Helper()
	for _, b := range c.Bookies {
		b.terminate(t)
	}
	for _, b := range c.Bookies {
		b.Stop(t)
	}
}

// StartAll starts all bookies again, all at once, and waits until they are ready.
func (c *Cluster) StartAll(t testing.TB) {
	t.Helper()
	for _, b := range c.Bookies {
		b.Start(t)
	}
	c.AwaitReady(t)
}
