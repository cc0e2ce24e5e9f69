package zk

import (
	"fmt"
	"strconv"
	"strings"
)

// parseText reads format 2: a protocol buffer as text.
func (l *Ledger) parseText(body string) error {
	fields, err := parseText(body)
	if err != nil {
		return err
	}
	numbers := textNumbers{fields: fields}
	l.WriteQuorum = numbers.small("quorumSize")
	l.Ensemble = numbers.small("ensembleSize")
	l.AckQuorum = numbers.small("ackQuorumSize")
	l.LastEntry = numbers.number("lastEntryId", -1)
	if err := l.parseState(fields); err != nil {
		return err
	}
	for _, field := range fields {
		if field.name != "segment" {
			continue
		}
		first := textNumbers{fields: field.message}
		l.Segments = append(l.Segments, Segment{First: first.number("firstEntryId", -1), Bookies: field.message.texts("ensembleMember")})
		numbers.wrong = numbers.wrong || first.wrong
	}
	if numbers.wrong {
		return fmt.Errorf("%w: a number is none", errLedger)
	}
	l.defaultAckQuorum()
	return nil
}

func (l *Ledger) parseState(fields textMessage) error {
	name, _ := fields.text("state")
	state, ok := map[string]LedgerState{"OPEN": Open, "IN_RECOVERY": InRecovery, "CLOSED": Closed}[name]
	if !ok {
		return fmt.Errorf("%w: no known state", errLedger)
	}
	l.State = state
	return nil
}

// textNumbers reads numbers, and remembers whether one was none.
type textNumbers struct {
	fields textMessage
	wrong  bool
}

func (n *textNumbers) number(name string, missing int64) int64 {
	text, ok := n.fields.text(name)
	if !ok {
		return missing
	}
	number, err := strconv.ParseInt(text, 10, 64)
	n.wrong = n.wrong || err != nil
	return number
}

func (n *textNumbers) small(name string) int { return int(min(n.number(name, 0), mostBookies)) }

// The lines of format 1: the tag that ends a closed ledger, and the last entry that means
// one in recovery. Source: bookkeeper, meta/LedgerMetadataSerDe.java (parseVersion1Config).
const (
	closedTag       = "CLOSED"
	inRecoveryEntry = -102
)

// parseLines reads format 1: write quorum, ensemble and length, a line each; then a line a
// segment, and of a closed ledger one with its last entry.
func (l *Ledger) parseLines(body string) error {
	lines := strings.Split(strings.TrimRight(body, "\n"), "\n")
	if len(lines) < 4 {
		return fmt.Errorf("%w: %d lines", errLedger, len(lines))
	}
	var numbers [3]int64
	for i := range numbers {
		var err error
		if numbers[i], err = strconv.ParseInt(lines[i], 10, 64); err != nil {
			return fmt.Errorf("%w: line %d is not a number", errLedger, i+1)
		}
	}
	l.WriteQuorum, l.Ensemble = int(min(numbers[0], mostBookies)), int(min(numbers[1], mostBookies))
	l.AckQuorum = l.WriteQuorum
	for i, line := range lines[3:] {
		parts := strings.Split(line, "\t")
		entry, err := strconv.ParseInt(parts[0], 10, 64)
		if err != nil || len(parts) < 2 {
			return fmt.Errorf("%w: line %d is no segment", errLedger, i+4)
		}
		if parts[1] != closedTag {
			l.Segments = append(l.Segments, Segment{First: entry, Bookies: parts[1:]})
			continue
		}
		if l.State, l.LastEntry = Closed, entry; entry == inRecoveryEntry {
			l.State = InRecovery
		}
		return nil
	}
	return nil
}
