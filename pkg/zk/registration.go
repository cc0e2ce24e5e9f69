package zk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Mode is what a bookie is registered for.
type Mode int

const (
	// Writable: new ledgers may be put on the bookie.
	Writable Mode = 1 + iota
	// ReadOnly: it serves what it has. For an open ledger it counts as missing.
	ReadOnly
	// Changing: it is registered as both, which it is for a moment on its way from one to
	// the other. Clients put nothing on it.
	Changing
)

// String is "writable", "read-only" or "changing".
func (m Mode) String() string {
	switch m {
	case Writable:
		return "writable"
	case ReadOnly:
		return "read-only"
	case Changing:
		return "changing"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

// MarshalText is the mode as a word.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Registration is a bookie that is registered: its process holds a session with ZooKeeper,
// or held it a moment ago. After kill -9 the registration stays until the session expires.
type Registration struct {
	// ID is the bookie's identity.
	ID   string
	Mode Mode
	// Session is that of the bookie's process, another one for each process; CreatedBy is
	// the transaction that registered it and Since when that was. Of one that is Changing
	// they are those of the writable registration.
	Session   int64
	CreatedBy int64
	Since     time.Time
	// Endpoints are where the bookie says that it listens. A BookKeeper before 4.12 says
	// nothing: then there are none, and clients take the ID for host:port.
	Endpoints []Endpoint
	// Unreadable is why the endpoints are not known though the bookie gave some.
	Unreadable error
}

// steady bounds how often registrations are read again because they changed meanwhile.
const steady = 20

// Registrations are all bookies that are registered, sorted by ID, as they were at one
// moment of the call. ErrNoNode: there is no cluster, or it is fenced.
//
// A bookie that changes its mode is registered as both for a moment, so each of two lists
// read one after the other could lack it: they are read until nothing changed in between.
// Source: bookkeeper, discover/ZKRegistrationManager.java (doRegisterReadOnlyBookie),
// bookie/BookieStateManager.java (doTransitionToWritableMode).
func (m *Metadata) Registrations(ctx context.Context) ([]Registration, error) {
	before, err := m.registered(ctx)
	if err != nil {
		return nil, err
	}
	for range steady {
		found, err := m.readRegistrations(ctx, before)
		if err != nil {
			return nil, err
		}
		after, err := m.registered(ctx)
		if err != nil {
			return nil, err
		}
		if found != nil && before.equal(after) {
			return found, nil
		}
		before = after
	}
	return nil, fmt.Errorf("listing %s: it changes faster than it can be read", m.at(availableNode))
}

// registered are the names of bookies, sorted.
type registered struct{ writable, readonly []string }

func (r registered) equal(other registered) bool {
	return slices.Equal(r.writable, other.writable) && slices.Equal(r.readonly, other.readonly)
}

func (m *Metadata) registered(ctx context.Context) (registered, error) {
	writable, err := m.reader.Children(ctx, m.at(availableNode))
	if err != nil {
		return registered{}, err
	}
	// Every bookie and client creates it where available is: without it nobody is read-only.
	readonly, err := m.reader.Children(ctx, m.at(readonlyNode))
	if err != nil && !errors.Is(err, ErrNoNode) {
		return registered{}, err
	}
	writable = slices.DeleteFunc(writable, func(name string) bool { return name == "readonly" })
	slices.Sort(writable)
	slices.Sort(readonly)
	return registered{writable, readonly}, nil
}

// readRegistrations reads what the bookies say of themselves; nothing, not even an empty
// list, where one of them is gone.
func (m *Metadata) readRegistrations(ctx context.Context, names registered) ([]Registration, error) {
	type one struct {
		registration Registration
		err          error
	}
	found := []Registration{}
	for got := range pipeline(names.all(), readsInFlight, func(r Registration) one {
		parent := availableNode
		if r.Mode == ReadOnly {
			parent = readonlyNode
		}
		data, stat, err := m.reader.Read(ctx, m.at(parent, r.ID))
		r.Session, r.CreatedBy, r.Since = stat.Session, stat.CreatedBy, stat.Created
		r.Endpoints, r.Unreadable = ParseServiceInfo(data)
		return one{r, err}
	}) {
		if errors.Is(got.err, ErrNoNode) {
			return nil, nil
		}
		if got.err != nil {
			return nil, got.err
		}
		found = append(found, got.registration)
	}
	return found, nil
}

// all yields each bookie once, by name.
func (r registered) all() iter.Seq[Registration] {
	return func(yield func(Registration) bool) {
		names := slices.Concat(r.writable, r.readonly)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			mode := Writable
			if _, readonly := slices.BinarySearch(r.readonly, name); readonly {
				mode = ReadOnly
				if _, writable := slices.BinarySearch(r.writable, name); writable {
					mode = Changing
				}
			}
			if !yield(Registration{ID: name, Mode: mode}) {
				return
			}
		}
	}
}
