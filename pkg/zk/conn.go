package zk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	client "github.com/go-zookeeper/zk"
)

// Conn is one session with ZooKeeper. It goes from server to server as they come and go,
// and ends when ZooKeeper expires it, when a request has no answer in time, or by Close;
// then every request fails at once. It is safe for use by several goroutines.
type Conn struct {
	config Config
	client *client.Conn
	dialer *dialer

	// established is closed with the first session.
	established     chan struct{}
	establishedOnce sync.Once

	// ended is closed with the session; reason is set before it.
	ended   chan struct{}
	reason  error
	endOnce sync.Once
	// stop ends the dialer's context.
	stop context.CancelFunc
}

// Dial opens a session. It tries every host until one gives a session or ctx ends; then
// the error is an *UnreachableError that wraps the context's cause.
func Dial(ctx context.Context, config Config) (*Conn, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	alive, stop := context.WithCancel(context.Background())
	c := &Conn{
		config:      config,
		dialer:      &dialer{config: config, alive: alive, failures: map[string]error{}},
		established: make(chan struct{}),
		ended:       make(chan struct{}),
		stop:        stop,
	}
	c.client, _, err = client.Connect(config.Hosts, config.SessionTimeout,
		client.WithHostProvider(new(hosts)),
		client.WithDialer(func(_, address string, _ time.Duration) (net.Conn, error) { return c.dialer.dial(address) }),
		client.WithEventCallback(c.onEvent),
		client.WithLogger(silent{}))
	if err != nil {
		stop()
		return nil, fmt.Errorf("connecting to ZooKeeper: %w", err)
	}
	select {
	case <-c.established:
	case <-ctx.Done():
		err := c.dialer.unreachable(context.Cause(ctx))
		c.Close()
		return nil, err
	}
	if err := c.identify(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// identify says who asks. The library says it again to each server that it moves to.
func (c *Conn) identify(ctx context.Context) error {
	if c.config.Digest == "" {
		return nil
	}
	_, err := do(ctx, c, "authenticating with ZooKeeper", func() (struct{}, error) {
		return struct{}{}, c.client.AddAuth("digest", []byte(c.config.Digest))
	})
	return err
}

// silent drops what the library would log: errors come with the requests, and dialing
// has Config.OnDialError.
type silent struct{}

func (silent) Printf(string, ...any) {}

// onEvent follows the session. The library calls it from its own goroutine.
func (c *Conn) onEvent(event client.Event) {
	if event.Type != client.EventSession {
		return
	}
	switch event.State {
	case client.StateHasSession:
		c.dialer.gotSession()
		c.establishedOnce.Do(func() { close(c.established) })
	case client.StateDisconnected:
		c.dialer.lostConnection()
	case client.StateExpired:
		// The library would open another session and tell no request.
		go c.end(ErrSessionExpired)
	}
}

// Close ends the session: its ephemeral znodes are gone when it returns, if the server
// could still be told. It takes at most a few seconds.
func (c *Conn) Close() { c.end(ErrClosed) }

func (c *Conn) end(reason error) {
	c.endOnce.Do(func() {
		c.reason = reason
		close(c.ended)
		c.stop()
		c.client.Close()
		c.dialer.close()
	})
}

// do runs one request of the library, which knows no context, and ends the Conn if there
// is no answer in time: a late answer would belong to nobody.
func do[T any](ctx context.Context, c *Conn, what string, request func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	select {
	case <-c.ended:
		return none, fmt.Errorf("%s: %w", what, c.reason)
	default:
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.config.RequestTimeout, errNoAnswer)
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		value, err := request()
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return none, fmt.Errorf("%s: %w", what, c.reasonOf(a.err))
		}
		return a.value, nil
	case <-ctx.Done():
		err := fmt.Errorf("%w: %w (%w)", ErrConnectionLost, context.Cause(ctx), ErrClosed)
		go c.end(err)
		return none, fmt.Errorf("%s: %w", what, err)
	}
}

var errNoAnswer = errors.New("no answer in time")

// reasonOf puts the library's errors in this package's words. What is no verdict of the
// server on the request means that the connection broke.
func (c *Conn) reasonOf(err error) error {
	select {
	case <-c.ended:
		if !errors.Is(c.reason, ErrSessionExpired) {
			return fmt.Errorf("%w: %w", ErrConnectionLost, c.reason)
		}
		return c.reason
	default:
	}
	for _, verdict := range verdicts {
		if errors.Is(err, verdict.theirs) {
			return verdict.ours
		}
	}
	return fmt.Errorf("%w: %w", ErrConnectionLost, err)
}

// verdicts are the answers of a server that was reached. ErrShortBuffer is the library's:
// the request is too large to be sent.
var verdicts = []struct{ theirs, ours error }{
	{client.ErrNoNode, ErrNoNode},
	{client.ErrNodeExists, ErrNodeExists},
	{client.ErrNoAuth, ErrNotAllowed},
	{client.ErrAuthFailed, ErrNotAllowed},
	{client.ErrSessionExpired, ErrSessionExpired},
	{client.ErrAPIError, client.ErrAPIError},
	{client.ErrUnknown, client.ErrUnknown},
	{client.ErrBadVersion, ErrChanged},
	{client.ErrBadArguments, client.ErrBadArguments},
	{client.ErrNoChildrenForEphemerals, client.ErrNoChildrenForEphemerals},
	{client.ErrNotEmpty, client.ErrNotEmpty},
	{client.ErrInvalidACL, client.ErrInvalidACL},
	{client.ErrInvalidFlags, client.ErrInvalidFlags},
	{client.ErrInvalidPath, client.ErrInvalidPath},
	{client.ErrShortBuffer, client.ErrShortBuffer},
}

// full is a path as the server knows it.
func (c *Conn) full(path string) string {
	if path == "/" && c.config.Chroot != "" {
		return c.config.Chroot
	}
	return c.config.Chroot + path
}

// Sync makes the server that is connected catch up with the leader, so that what is read
// next is what was written before, by anyone. The path need not exist.
// Source: ZooKeeper, Programmer's Guide, "Consistency Guarantees".
func (c *Conn) Sync(ctx context.Context, path string) error {
	_, err := do(ctx, c, "syncing "+path, func() (string, error) { return c.client.Sync(c.full(path)) })
	return err
}

// Children are the names below a znode, in no order.
func (c *Conn) Children(ctx context.Context, path string) ([]string, error) {
	return do(ctx, c, "listing "+path, func() ([]string, error) {
		names, _, err := c.client.Children(c.full(path))
		return names, err
	})
}

// Get is a znode's data.
func (c *Conn) Get(ctx context.Context, path string) ([]byte, error) {
	return do(ctx, c, "reading "+path, func() ([]byte, error) {
		data, _, err := c.client.Get(c.full(path))
		return data, err
	})
}

// Read is a znode's data and Stat.
func (c *Conn) Read(ctx context.Context, path string) ([]byte, Stat, error) {
	got, err := do(ctx, c, "reading "+path, func() (read, error) {
		data, stat, err := c.client.Get(c.full(path))
		return read{data, statOf(stat)}, err
	})
	return got.data, got.stat, err
}

type read struct {
	data []byte
	stat Stat
}

// Stat is a znode's Stat, without its data.
func (c *Conn) Stat(ctx context.Context, path string) (Stat, error) {
	return do(ctx, c, "looking at "+path, func() (Stat, error) {
		there, stat, err := c.client.Exists(c.full(path))
		if err == nil && !there {
			err = client.ErrNoNode
		}
		return statOf(stat), err
	})
}

func statOf(s *client.Stat) Stat {
	if s == nil {
		return Stat{}
	}
	return Stat{
		CreatedBy: s.Czxid,
		ChangedBy: s.Mzxid,
		Created:   time.UnixMilli(s.Ctime),
		Changed:   time.UnixMilli(s.Mtime),
		Version:   s.Version,
		Session:   s.EphemeralOwner,
		Children:  int(s.NumChildren),
	}
}

// Membership is what ZooKeeper keeps of its own servers, for ParseEnsemble. It lies outside
// of the Chroot.
// Source: ZooKeeper, Dynamic Reconfiguration, "Retrieving the current dynamic configuration".
func (c *Conn) Membership(ctx context.Context) ([]byte, error) {
	const path = "/zookeeper/config"
	return do(ctx, c, "reading "+path, func() ([]byte, error) {
		data, _, err := c.client.Get(path)
		return data, err
	})
}

// CheckQuorum proves that the ensemble commits: it has a majority agree on a transaction
// that changes nothing. What is read after it is at least as new. The znode must exist.
//
// A Sync is weaker: a leader that is cut off from its followers answers one until it notices,
// which takes syncLimit ticks; and each CheckQuorum is a write to the ensemble's disks, made
// once before an act and never in a loop.
// Source: ZooKeeper, server/quorum/Leader.java (lead, processSync), PrepRequestProcessor.java (check).
func (c *Conn) CheckQuorum(ctx context.Context, path string) error {
	_, err := do(ctx, c, "checking for a quorum at "+path, func() (struct{}, error) {
		_, err := c.client.Multi(&client.CheckVersionRequest{Path: c.full(path), Version: anyVersion})
		return struct{}{}, err
	})
	return err
}

// anyVersion is a version that fits every znode.
const anyVersion = -1

// CreateOwned creates a znode and writes its data over it in one multi. So its version is
// OwnedVersion, and Delete with that version spares one that somebody else has made in its
// place, which begins with version 0.
func (c *Conn) CreateOwned(ctx context.Context, node Node) error {
	path := c.full(node.Path)
	_, err := do(ctx, c, "creating "+node.Path, func() (struct{}, error) {
		_, err := c.client.Multi(
			&client.CreateRequest{Path: path, Data: node.Data, Acl: client.WorldACL(client.PermAll)},
			&client.SetDataRequest{Path: path, Data: node.Data, Version: 0})
		return struct{}{}, err
	})
	return err
}

// OwnedVersion is the version of a znode that CreateOwned made and nobody wrote since.
const OwnedVersion = 1

// Delete deletes a znode of that version: ErrChanged where it has another one.
func (c *Conn) Delete(ctx context.Context, path string, version int32) error {
	_, err := do(ctx, c, "deleting "+path, func() (struct{}, error) {
		return struct{}{}, c.client.Delete(c.full(path), version)
	})
	return err
}

// CreateAll creates the nodes in their order in one multi: all of them or, with an
// error, none. The first node that could not be created gives the error.
func (c *Conn) CreateAll(ctx context.Context, nodes []Node) error {
	if len(nodes) == 0 {
		return nil
	}
	what, operations := "creating "+nodes[0].Path, []any{}
	for _, node := range nodes {
		operations = append(operations, &client.CreateRequest{
			Path: c.full(node.Path),
			Data: node.Data,
			Acl:  client.WorldACL(client.PermAll),
		})
	}
	_, err := do(ctx, c, what, func() (struct{}, error) {
		// Where a multi fails, the results of its single operations mean nothing.
		_, err := c.client.Multi(operations...)
		return struct{}{}, err
	})
	return err
}
