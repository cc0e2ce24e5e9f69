package zk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mark says that a ledger lacks copies. The auditor makes it, and a replication worker
// removes it when the copies are there again: never is it withdrawn because a bookie is back.
type Mark struct {
	// Ledger is the ledger's number.
	Ledger int64
	// Replicas are the bookies whose copies are missing.
	Replicas []string
	// Since is when the ledger was marked first.
	Since time.Time
	// Unreadable is why Replicas are not known.
	Unreadable error
}

// Marks are the ledgers that lack copies, as far as they were listed.
type Marks struct {
	// Listed are the first of them, in the order of their numbers.
	Listed []Mark
	// More is whether there are more than are listed.
	More bool
}

// None reports that no ledger is marked. It means nothing unless an auditor is there and
// every bookie with a cookie is registered.
func (m Marks) None() bool { return len(m.Listed) == 0 && !m.More }

// String is a count: "no ledgers", "3 ledgers", "more ledgers than 100".
func (m Marks) String() string {
	switch n := len(m.Listed); {
	case m.None():
		return "no ledgers"
	case m.More:
		return fmt.Sprintf("more ledgers than %d", n)
	case n == 1:
		return "1 ledger"
	default:
		return fmt.Sprintf("%d ledgers", n)
	}
}

// Marked lists ledgers that lack copies, at most that many and at least one. Directories
// without a mark, which workers leave behind, are passed over: they are no marks. Every mark
// that was there before the call and is not removed is found.
// Source: bookkeeper, meta/ZkLedgerUnderreplicationManager.java (getParentZnodePath,
// getUrLedgerZnode).
func (m *Metadata) Marked(ctx context.Context, most int) (Marks, error) {
	if err := m.checkMarksLayout(ctx); err != nil {
		return Marks{}, err
	}
	found := Marks{}
	for mark, err := range m.marks(ctx) {
		if err != nil {
			return Marks{}, err
		}
		if len(found.Listed) >= max(most, 1) {
			found.More = true
			break
		}
		found.Listed = append(found.Listed, mark)
	}
	return found, nil
}

// checkMarksLayout refuses marks that are laid out in a way that is not known. Without a
// layout there are none: no autorecovery ever ran.
func (m *Metadata) checkMarksLayout(ctx context.Context) error {
	path := m.at(marksLayoutNode)
	data, _, err := m.reader.Read(ctx, path)
	if errors.Is(err, ErrNoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	fields, err := parseText(string(data))
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	kind, _ := fields.text("type")
	version, _ := fields.text("version")
	if kind != "BASIC" || version != "1" {
		return fmt.Errorf("reading %s: layout %q, version %q; only BASIC, version 1 is known", path, kind, version)
	}
	return nil
}

// marks yields all marks in the order of their ledgers.
func (m *Metadata) marks(ctx context.Context) iter.Seq2[Mark, error] {
	return func(yield func(Mark, error) bool) {
		leaves := walk(ctx, m.reader, m.at(marksNode), markLevels)
		marks := pipeline(leaves, readsInFlight, func(leaf found) (got struct {
			mark Mark
			err  error
		}) {
			if got.err = leaf.err; got.err == nil {
				got.mark, got.err = m.readMark(patient(ctx), leaf.path)
			}
			return got
		})
		for got := range marks {
			if errors.Is(got.err, ErrNoNode) {
				continue // it was removed meanwhile
			}
			if !yield(got.mark, got.err) || got.err != nil {
				return
			}
		}
	}
}

// markLevels are the names below underreplication/ledgers: sixteen hexadecimal digits of the
// ledger's number in four levels, and its decimal ones.
var markLevels = []*regexp.Regexp{hexDigits, hexDigits, hexDigits, hexDigits, regexp.MustCompile(`^urL\d{10,19}$`)}

var hexDigits = regexp.MustCompile(`^[0-9a-f]{4}$`)

func (m *Metadata) readMark(ctx context.Context, path string) (Mark, error) {
	data, stat, err := m.reader.Read(ctx, path)
	if err != nil {
		return Mark{}, err
	}
	mark, unreadable := ParseMark(data)
	mark.Unreadable = unreadable
	if mark.Since.IsZero() {
		mark.Since = stat.Created
	}
	mark.Ledger, err = ledgerOf(path)
	return mark, err
}

// ledgerOf is the number at the end of the name of a mark or a lock.
func ledgerOf(path string) (int64, error) {
	_, digits, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], "urL")
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading %s: its name does not end in a ledger's number", path)
	}
	return id, nil
}

// ParseMark reads the data of a mark: the missing replicas, and since when where the auditor
// was told to write it (storeSystemTimeAsLedgerUnderreplicatedMarkTime, the default).
// Source: bookkeeper, DataFormats.proto (UnderreplicatedLedgerFormat).
func ParseMark(data []byte) (Mark, error) {
	fields, err := parseText(string(data))
	if err != nil {
		return Mark{}, fmt.Errorf("mark of an under-replicated ledger: %w", err)
	}
	mark := Mark{Replicas: fields.texts("replica")}
	if text, ok := fields.text("ctime"); ok {
		millis, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Mark{}, fmt.Errorf("mark of an under-replicated ledger: ctime %q is not a number", text)
		}
		mark.Since = time.UnixMilli(millis)
	}
	return mark, nil
}

// Locks are the ledgers that replication workers hold, each by its number with the name or
// address of the machine that the worker is on, "" where it is not legible. A worker also
// holds one without working on it: for a while after a failure, and before it fences a
// ledger that is open.
// Source: bookkeeper, replication/ReplicationWorker.java (deferLedgerLockRelease),
// meta/ZkLedgerUnderreplicationManager.java (getLockData).
type Locks map[int64]string

// Sorted are the ledgers' numbers.
func (l Locks) Sorted() []int64 { return slices.Sorted(maps.Keys(l)) }

// Locks are those that are held now, often several by one worker.
func (m *Metadata) Locks(ctx context.Context) (Locks, error) {
	names, err := m.reader.Children(ctx, m.at(locksNode))
	if errors.Is(err, ErrNoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	type one struct {
		ledger int64
		owner  string
		err    error
	}
	locks := Locks{}
	for got := range pipeline(slices.Values(names), readsInFlight, func(name string) one {
		ledger, err := ledgerOf(m.at(locksNode, name))
		if err != nil {
			return one{err: err}
		}
		data, _, err := m.reader.Read(ctx, m.at(locksNode, name))
		owner, _ := parseBookieID(data)
		return one{ledger, owner, err}
	}) {
		switch {
		case errors.Is(got.err, ErrNoNode):
		case got.err != nil:
			return nil, got.err
		default:
			locks[got.ledger] = got.owner
		}
	}
	return locks, nil
}
