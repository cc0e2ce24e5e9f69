package bookie

import (
	"context"
	"errors"
	"net/http"
)

// State is what a bookie says about itself. It is no proof that clients can use it: whether it
// is registered stands in ZooKeeper alone.
type State struct {
	// Running: its parts have started. It stays true when the registration is lost.
	Running bool
	// ReadOnly: it takes no writes, by its own decision (a full disk) or by order.
	ReadOnly bool
	// ShuttingDown: it has been asked to end.
	ShuttingDown bool
	// HighPriorityWrites: a read-only bookie still takes the writes of recoveries. It is true,
	// too, of a bookie that is writable.
	HighPriorityWrites bool
}

// State asks for the bookie's state, which has 200 whatever it is. All four fields are there in
// every version that has the path (4.9.2): where one is absent, this is another program.
// Source: BookKeeper, server/http/service/BookieStateService.java, bookie/BookieStateManager.java.
func (c *Client) State(ctx context.Context) (State, error) {
	body, err := c.askOK(ctx, state)
	if err != nil {
		return State{}, err
	}
	s, err := parseState(body)
	if err != nil {
		return State{}, c.misread(state, err)
	}
	return s, nil
}

func parseState(body []byte) (State, error) {
	var s State
	o, err := parseObject(body)
	if err != nil {
		return s, err
	}
	err = errors.Join(
		field(o, "running", &s.Running),
		field(o, "readOnly", &s.ReadOnly),
		field(o, "shuttingDown", &s.ShuttingDown),
		field(o, "availableForHighPriorityWrites", &s.HighPriorityWrites))
	if err != nil {
		return State{}, err
	}
	return s, nil
}

// Ready asks whether the bookie runs and has not been asked to end. It is true of a bookie that
// is read-only and of one that has lost ZooKeeper: ask for its State and for its registration.
// It has been there since 4.9.2; 4.10 answers with no text, later versions with "OK".
// Source: BookKeeper, server/http/service/BookieIsReadyService.java of 4.10.0 and 4.17.3.
func (c *Client) Ready(ctx context.Context) (bool, error) {
	a, err := c.ask(ctx, isReady)
	switch {
	case err != nil:
		return false, err
	case a.isText(http.StatusOK, "OK"), a.isText(http.StatusOK, ""):
		return true, nil
	case a.isText(http.StatusServiceUnavailable, "Bookie is not fully started yet"):
		return false, nil
	}
	return false, c.unexpected(isReady, a)
}

// Heartbeat asks whether the process serves HTTP, which says nothing else. It is all that can
// be asked of an autorecovery process and of a bookie alike.
// Source: BookKeeper, http/service/HeartbeatService.java.
func (c *Client) Heartbeat(ctx context.Context) error {
	a, err := c.ask(ctx, heartbeat)
	if err != nil {
		return err
	}
	if !a.isText(http.StatusOK, "OK") {
		return c.unexpected(heartbeat, a)
	}
	return nil
}

// Info is the space on the file systems of a bookie's ledger directories, in bytes. Several
// directories on one file system count once.
type Info struct {
	// Free is what the process may still use, Total all there is.
	Free, Total int64
}

// Info asks for the bookie's space, since 4.11.0.
// Source: BookKeeper 4.17.3, server/http/service/BookieInfoService.java, util/DiskChecker.java.
func (c *Client) Info(ctx context.Context) (Info, error) {
	body, err := c.askOK(ctx, info)
	if err != nil {
		return Info{}, err
	}
	i, err := parseInfo(body)
	if err != nil {
		return Info{}, c.misread(info, err)
	}
	return i, nil
}

func parseInfo(body []byte) (Info, error) {
	var i Info
	o, err := parseObject(body)
	if err != nil {
		return i, err
	}
	if err := errors.Join(field(o, "freeSpace", &i.Free), field(o, "totalSpace", &i.Total)); err != nil {
		return Info{}, err
	}
	if i.Free < 0 || i.Total < 0 {
		return Info{}, errors.New("space of less than 0 bytes")
	}
	return i, nil
}
