package zk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// LedgerState is where a ledger is in its life.
type LedgerState int

// Source of the numbers: bookkeeper, DataFormats.proto (LedgerMetadataFormat.State).
const (
	// Open: a client writes it, or wrote it when it died.
	Open LedgerState = 1 + iota
	// InRecovery: a client finds out where it ends.
	InRecovery
	// Closed: it ends with its last entry, for ever.
	Closed
)

// String is "open", "in recovery" or "closed".
func (s LedgerState) String() string {
	switch s {
	case Open:
		return "open"
	case InRecovery:
		return "in recovery"
	case Closed:
		return "closed"
	}
	return fmt.Sprintf("LedgerState(%d)", int(s))
}

// MarshalText is the state as words.
func (s LedgerState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Ledger is what a ledger's metadata say of its copies. The password in them is never kept.
type Ledger struct {
	ID int64
	// Format is the version of the metadata's own format: 1, 2 or 3.
	Format int
	State  LedgerState
	// Ensemble is over how many bookies entries are spread, WriteQuorum on how many of them
	// each is, AckQuorum how many must have it before it counts.
	Ensemble, WriteQuorum, AckQuorum int
	// LastEntry is the number of a closed ledger's last entry, -1 of one without entries and
	// of one that is not closed.
	LastEntry int64
	// Segments are in the order of their entries; there is one at least.
	Segments []Segment
}

// Segment is a run of entries on the same bookies.
type Segment struct {
	// First is the number of its first entry.
	First int64
	// Bookies are at least as many as the ensemble, each by its ID, in the order in which
	// entries are spread.
	Bookies []string
}

// errLedger: what is wrong is said without what the metadata hold, which is a password too.
var errLedger = errors.New("not the metadata of a ledger")

// The beginning of a ledger's metadata, behind which a number and a line break stand.
// Source: bookkeeper, meta/LedgerMetadataSerDe.java (readHeader).
const ledgerHeader = "BookieMetadataFormatVersion\t"

// ParseLedger reads the metadata of the ledger with that number, in any of the formats that
// BookKeeper has ever had. Its errors never quote them.
// Source: bookkeeper, meta/LedgerMetadataSerDe.java.
func ParseLedger(id int64, data []byte) (Ledger, error) {
	rest, ok := bytes.CutPrefix(data, []byte(ledgerHeader))
	version, body, found := bytes.Cut(rest, []byte("\n"))
	format, err := strconv.Atoi(string(version))
	if !ok || !found || err != nil {
		return Ledger{}, fmt.Errorf("ledger %d: %w: no header", id, errLedger)
	}
	ledger := Ledger{ID: id, Format: format, State: Open, LastEntry: -1}
	switch format {
	case 1:
		err = ledger.parseLines(string(body))
	case 2:
		err = ledger.parseText(string(body))
	case 3:
		err = ledger.parseWire(body)
	default:
		return Ledger{}, fmt.Errorf("ledger %d: format %d of its metadata is none of 1, 2 and 3", id, format)
	}
	if err == nil {
		err = ledger.check()
	}
	if err != nil {
		return Ledger{}, fmt.Errorf("ledger %d: %w (format %d)", id, err, format)
	}
	return ledger, nil
}

// check refuses metadata on which no arithmetic can be done.
func (l *Ledger) check() error {
	if l.State != Closed {
		l.LastEntry = -1
	}
	if l.AckQuorum < 1 || l.WriteQuorum < l.AckQuorum || l.Ensemble < l.WriteQuorum {
		return fmt.Errorf("%w: ensemble %d, write quorum %d, ack quorum %d", errLedger, l.Ensemble, l.WriteQuorum, l.AckQuorum)
	}
	if len(l.Segments) == 0 {
		return fmt.Errorf("%w: no segments", errLedger)
	}
	for i, s := range l.Segments {
		if len(s.Bookies) < l.Ensemble {
			return fmt.Errorf("%w: segment %d has %d bookies, the ensemble %d", errLedger, i, len(s.Bookies), l.Ensemble)
		}
		if s.First < 0 || i > 0 && s.First <= l.Segments[i-1].First {
			return fmt.Errorf("%w: segment %d begins with entry %d", errLedger, i, s.First)
		}
	}
	if l.LastEntry < -1 || l.State < Open || l.State > Closed {
		return fmt.Errorf("%w: last entry %d, %s", errLedger, l.LastEntry, l.State)
	}
	return nil
}

// Fields of LedgerMetadataFormat that are read. Its password is number 8.
// Source: bookkeeper, DataFormats.proto.
const (
	ledgerWriteQuorum = 1
	ledgerEnsemble    = 2
	ledgerLastEntry   = 4
	ledgerState       = 5
	ledgerSegment     = 6
	ledgerAckQuorum   = 9

	segmentMember = 1
	segmentFirst  = 2
)

// mostBookies is more bookies than any ensemble has.
const mostBookies = 1 << 16

// parseWire reads format 3: a protocol buffer that its length precedes.
func (l *Ledger) parseWire(body []byte) error {
	length, n := binary.Uvarint(body)
	if n <= 0 || length > uint64(len(body)-n) {
		return fmt.Errorf("%w: it is cut off", errLedger)
	}
	for field, err := range wireFields(body[n : n+int(length)]) {
		if err != nil {
			return err
		}
		switch field.number {
		case ledgerWriteQuorum:
			l.WriteQuorum = int(min(field.value, mostBookies))
		case ledgerEnsemble:
			l.Ensemble = int(min(field.value, mostBookies))
		case ledgerAckQuorum:
			l.AckQuorum = int(min(field.value, mostBookies))
		case ledgerLastEntry:
			l.LastEntry = int64(field.value)
		case ledgerState:
			l.State = LedgerState(min(field.value, 1<<8))
		case ledgerSegment:
			segment, err := parseSegment(field.bytes)
			if err != nil {
				return err
			}
			l.Segments = append(l.Segments, segment)
		}
	}
	l.defaultAckQuorum()
	return nil
}

// defaultAckQuorum: metadata that are older than the ack quorum mean the write quorum.
func (l *Ledger) defaultAckQuorum() {
	if l.AckQuorum == 0 {
		l.AckQuorum = l.WriteQuorum
	}
}

func parseSegment(data []byte) (Segment, error) {
	var s Segment
	for field, err := range wireFields(data) {
		if err != nil {
			return s, err
		}
		switch field.number {
		case segmentMember:
			s.Bookies = append(s.Bookies, string(field.bytes))
		case segmentFirst:
			s.First = int64(field.value)
		}
	}
	return s, nil
}
