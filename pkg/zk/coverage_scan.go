package zk

import (
	"context"
	"fmt"
	"iter"
)

// Coverage is what the metadata of the ledgers say about taking bookies away.
type Coverage struct {
	// Ledgers is how many there are, Checked how many of them were read.
	Ledgers, Checked int64
	// Sampled is whether some were left out, because there are too many.
	Sampled bool
	// Shortages are, by candidate, the first ledgers that forbid to take it away; Counts how
	// many do.
	Shortages map[string][]Shortage
	Counts    map[string]int64
	// Unreadable are the first ledgers whose metadata are not understood, Unread how many.
	// Nothing is known of these.
	Unreadable []error
	Unread     int64
}

// CoverageOptions bound a check. The zero value is for a large cluster.
type CoverageOptions struct {
	// Most is how many ledgers are read, about 20,000 in a second; 0 is 100,000.
	Most int64
	// First is how many ledgers are named for each candidate; 0 is 5.
	First int
}

// Coverage finds what the ledgers forbid, for each candidate by itself: see ShortWithout. Up
// to o.Most ledgers it is complete. Of more it reads a sample and says so: the newest ones,
// half of the sample, because those are written, and every so many of the others.
func (m *Metadata) Coverage(ctx context.Context, candidates []string, live map[string]bool, o CoverageOptions) (Coverage, error) {
	if o.Most <= 0 {
		o.Most = 100_000
	}
	if o.First <= 0 {
		o.First = 5
	}
	count, err := m.LedgerCount(ctx)
	if err != nil {
		return Coverage{}, err
	}
	c := Coverage{Ledgers: count, Shortages: map[string][]Shortage{}, Counts: map[string]int64{}}
	leaves := m.ledgerLeaves(ctx)
	if count > o.Most {
		c.Sampled = true
		leaves = sample(leaves, count, o.Most)
	}
	for ledger, err := range m.readLedgers(ctx, leaves) {
		if err != nil && ledger.ID < 0 {
			return Coverage{}, err
		}
		c.add(ledger, err, candidates, live, o.First)
	}
	return c, nil
}

func (c *Coverage) add(ledger Ledger, err error, candidates []string, live map[string]bool, first int) {
	c.Checked++
	c.Ledgers = max(c.Ledgers, c.Checked) // ledgers were created since they were counted
	if err != nil {
		if c.Unread++; len(c.Unreadable) < first {
			c.Unreadable = append(c.Unreadable, err)
		}
		return
	}
	for _, candidate := range candidates {
		short := ledger.ShortWithout(candidate, live)
		if short == nil {
			continue
		}
		if c.Counts[candidate]++; len(c.Shortages[candidate]) < first {
			c.Shortages[candidate] = append(c.Shortages[candidate], *short)
		}
	}
}

// String says how much was checked: "all 12 ledgers", "a sample of 100000 of 1000000 ledgers".
func (c Coverage) String() string {
	if c.Sampled {
		return fmt.Sprintf("a sample of %d of %d ledgers", c.Checked, c.Ledgers)
	}
	return fmt.Sprintf("all %d ledgers", c.Checked)
}

// sample passes on about most of count leaves, and errors. Ledgers that were created since
// they were counted are the newest and all passed on.
func sample(leaves iter.Seq[found], count, most int64) iter.Seq[found] {
	return func(yield func(found) bool) {
		newest := most / 2
		old := count - newest
		step := (old + most - newest - 1) / (most - newest)
		at := int64(0)
		for leaf := range leaves {
			if (leaf.err != nil || at >= old || at%step == 0) && !yield(leaf) {
				return
			}
			at++
		}
	}
}
