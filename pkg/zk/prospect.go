package zk

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Prospect is what will become of a mark.
type Prospect int

const (
	// Heals: autorecovery will make the copies and remove the mark.
	Heals Prospect = 1 + iota
	// Deleted: the ledger is gone, and a worker will remove the mark.
	Deleted
	// Empty: the ledger is closed without an entry. There is nothing to copy, and workers of
	// some versions never find the mark done. Nothing can be lost.
	// Source: https://github.com/apache/bookkeeper/issues/3220
	Empty
	// SingleCopy: entries were only ever on one bookie, which is away. It cannot heal before
	// that bookie is back.
	SingleCopy
	// AllCopiesGone: all bookies of some entries are away. It cannot heal before one of them
	// is back.
	AllCopiesGone
	// NoQuorumLeft: the ledger is not closed, and so many bookies are away that it cannot be
	// recovered. It cannot heal before one of them is back.
	NoQuorumLeft
	// NoSubstitute: no other writable bookie is there to take the copies. It cannot heal
	// before there is one more, or the lost one is back.
	NoSubstitute
	// Incomprehensible: the ledger's metadata, or the mark, are not understood.
	Incomprehensible
)

var prospects = map[Prospect]string{
	Heals:            "heals",
	Deleted:          "its ledger is deleted",
	Empty:            "its ledger is closed and empty",
	SingleCopy:       "its only copy is on a bookie that is away",
	AllCopiesGone:    "all copies of some entries are on bookies that are away",
	NoQuorumLeft:     "too many bookies are away to recover the open ledger",
	NoSubstitute:     "no other writable bookie is there to take the copies",
	Incomprehensible: "its metadata are not understood",
}

// String says it in words that continue "cannot heal:".
func (p Prospect) String() string {
	if text, ok := prospects[p]; ok {
		return text
	}
	return fmt.Sprintf("Prospect(%d)", int(p))
}

// MarshalText is String.
func (p Prospect) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Harmless reports that nothing is lost whatever becomes of the mark.
func (p Prospect) Harmless() bool { return p == Deleted || p == Empty }

// Judge says what will become of a mark from the metadata of its ledger and from the
// bookies: by ID whether each is writable; those that are not registered are not in it.
func (mark Mark) Judge(ledger Ledger, bookies map[string]bool) Prospect {
	if mark.Unreadable != nil {
		return Incomprehensible
	}
	if ledger.State == Closed && ledger.LastEntry < 0 {
		return Empty
	}
	live := map[string]bool{}
	for id := range bookies {
		live[id] = true
	}
	if short := ledger.ShortWithout("", live); short != nil {
		switch {
		case short.Lack == NoQuorum:
			return NoQuorumLeft
		case ledger.WriteQuorum == 1:
			return SingleCopy
		}
		return AllCopiesGone
	}
	if !ledger.hasSubstitutes(bookies) {
		return NoSubstitute
	}
	return Heals
}

// hasSubstitutes reports whether for each segment there is a writable bookie outside of it
// where one of its own is away. A worker puts copies on its own bookie, if that is not in
// the segment.
// Source: bookkeeper, replication/ReplicationWorker.java (rereplicate).
func (l Ledger) hasSubstitutes(bookies map[string]bool) bool {
	for _, segment := range l.Segments {
		away, free := 0, 0
		inside := map[string]bool{}
		for _, id := range segment.Bookies {
			inside[id] = true
			if _, there := bookies[id]; !there {
				away++
			}
		}
		for id, writable := range bookies {
			if writable && !inside[id] {
				free++
			}
		}
		if away > 0 && free == 0 {
			return false
		}
	}
	return true
}

// Judged is a mark with what will become of it.
type Judged struct {
	Mark
	Prospect Prospect
	// Reason is the error behind Incomprehensible.
	Reason error
}

// Judge reads the ledgers of marks and says what will become of each.
func (m *Metadata) Judge(ctx context.Context, marks []Mark, registrations []Registration) ([]Judged, error) {
	bookies := map[string]bool{}
	for _, r := range registrations {
		bookies[r.ID] = r.Mode == Writable
	}
	layout, err := m.Layout(ctx)
	if err != nil {
		return nil, err
	}
	type one struct {
		judged Judged
		err    error
	}
	var all []Judged
	for got := range pipeline(slices.Values(marks), readsInFlight, func(mark Mark) one {
		judged, err := m.judge(patient(ctx), layout, mark, bookies)
		return one{judged, err}
	}) {
		if got.err != nil {
			return nil, got.err
		}
		all = append(all, got.judged)
	}
	return all, nil
}

func (m *Metadata) judge(ctx context.Context, layout Layout, mark Mark, bookies map[string]bool) (Judged, error) {
	judged := Judged{Mark: mark, Prospect: Incomprehensible, Reason: mark.Unreadable}
	path, err := m.ledgerPath(layout, mark.Ledger)
	if err != nil {
		return judged, err
	}
	ledger, err := m.readLedger(ctx, path)
	switch {
	case errors.Is(err, ErrNoNode):
		judged.Prospect = Deleted
	case err != nil && ledger.ID < 0:
		return judged, err
	case err != nil:
		judged.Reason = err
	default:
		judged.Prospect = mark.Judge(ledger, bookies)
	}
	return judged, nil
}
