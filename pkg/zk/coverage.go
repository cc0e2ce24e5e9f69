package zk

import (
	"fmt"
	"slices"
)

// Lack is why a ledger suffers from the bookies that are away.
type Lack int

const (
	// NoCopy: an entry has no copy on any live bookie.
	NoCopy Lack = 1 + iota
	// NoQuorum: of a ledger that is not closed, so many bookies of an entry are away that
	// nobody can tell any more where it ends: it can be neither recovered nor closed.
	NoQuorum
)

// String says what is lacking.
func (l Lack) String() string {
	switch l {
	case NoCopy:
		return "no live copy"
	case NoQuorum:
		return "no quorum to recover it"
	}
	return fmt.Sprintf("Lack(%d)", int(l))
}

// MarshalText is what is lacking as words.
func (l Lack) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Shortage is a run of slots of a ledger that lacks bookies.
type Shortage struct {
	Ledger int64
	State  LedgerState
	Lack   Lack
	// First is the first entry of the segment.
	First int64
	// Bookies are those that an entry is on, all of them, in their order.
	Bookies []string
}

// ShortWithout is the first shortage that taking the candidate away would bring about, or
// make worse; nil is none. The candidate must be live; "" takes nobody away and finds what is
// short already. Live are the bookies that serve reads, the read-only ones among them.
//
// Entries go round the ensemble: each is on as many bookies in a row as the write quorum is.
// Every entry needs a live copy. The last segment of a ledger that is not closed needs more:
// whoever recovers it must hear from so many bookies of every such row that an entry that
// was acknowledged cannot hide on the others. Segments before it are confirmed.
// Source: bookkeeper, client/RoundRobinDistributionSchedule.java (RRQuorumCoverageSet),
// client/LedgerRecoveryOp.java (initiate).
func (l Ledger) ShortWithout(candidate string, live map[string]bool) *Shortage {
	for i, segment := range l.Segments {
		last := i == len(l.Segments)-1
		entries := l.LastEntry - segment.First + 1
		if !last {
			entries = l.Segments[i+1].First - segment.First
		}
		away, lack := l.WriteQuorum, NoCopy
		if last && l.State != Closed {
			away, lack = l.AckQuorum, NoQuorum
			entries = int64(l.Ensemble)
		}
		for start := range min(entries, int64(l.Ensemble)) {
			row := l.row(segment, segment.First+start)
			if l.isShort(row, away, candidate, live) {
				return &Shortage{Ledger: l.ID, State: l.State, Lack: lack, First: segment.First, Bookies: row}
			}
		}
	}
	return nil
}

// row are the bookies of an entry.
func (l Ledger) row(s Segment, entry int64) []string {
	row := make([]string, l.WriteQuorum)
	for i := range row {
		row[i] = s.Bookies[(entry+int64(i))%int64(l.Ensemble)]
	}
	return row
}

// isShort reports whether that many bookies of a row are away with the candidate, who has a
// part in it.
func (l Ledger) isShort(row []string, most int, candidate string, live map[string]bool) bool {
	if candidate != "" && !slices.Contains(row, candidate) {
		return false
	}
	away := 0
	for _, id := range row {
		if id == candidate || !live[id] {
			away++
		}
	}
	return away >= most
}
