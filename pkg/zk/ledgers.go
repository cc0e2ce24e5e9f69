package zk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// How ledgers' numbers become paths below the root: ten digits as 2-4-4 up to 2³¹-2, and
// nineteen as 3-4-4-4-4 above; ten in one name where the cluster is very old. An L stands
// before the digits in the last name.
// Source: bookkeeper, util/StringUtils.java (getShortHierarchicalLedgerPath,
// getLongHierarchicalLedgerPath), meta/FlatLedgerManager.java.
var (
	shortTop = regexp.MustCompile(`^\d{2}$`)
	longTop  = regexp.MustCompile(`^\d{3}$`)
	flat     = regexp.MustCompile(`^L\d{10}$`)

	fourDigits = regexp.MustCompile(`^\d{4}$`)
	leafDigits = regexp.MustCompile(`^L\d{4}$`)
)

// ledgerDirs yields the directories that ledgers lie in, and the ledgers of a flat layout
// themselves: a znode without children either way or the other.
func (m *Metadata) ledgerDirs(ctx context.Context) iter.Seq[found] {
	return m.ledgerTree(ctx, []*regexp.Regexp{fourDigits}, []*regexp.Regexp{fourDigits, fourDigits, fourDigits})
}

// ledgerLeaves yields the znodes of all ledgers.
func (m *Metadata) ledgerLeaves(ctx context.Context) iter.Seq[found] {
	return m.ledgerTree(ctx, []*regexp.Regexp{fourDigits, leafDigits}, []*regexp.Regexp{fourDigits, fourDigits, fourDigits, leafDigits})
}

func (m *Metadata) ledgerTree(ctx context.Context, short, long []*regexp.Regexp) iter.Seq[found] {
	return func(yield func(found) bool) {
		names, err := m.reader.Children(patient(ctx), m.root)
		if err == nil && ctx.Err() != nil {
			err = fmt.Errorf("listing %s: %w", m.root, context.Cause(ctx))
		}
		if err != nil {
			yield(found{err: err})
			return
		}
		slices.SortFunc(names, func(a, b string) int { // the numbers' order: 99 before 000
			return 2*(len(a)-len(b)) + strings.Compare(a, b)
		})
		for _, name := range names {
			top := m.at(name)
			var below iter.Seq[found]
			switch {
			case flat.MatchString(name):
				below = func(yield func(found) bool) { yield(found{path: top}) }
			case shortTop.MatchString(name):
				below = walk(ctx, m.reader, top, short)
			case longTop.MatchString(name):
				below = walk(ctx, m.reader, top, long)
			default:
				continue // what else BookKeeper has there
			}
			for leaf := range below {
				if !yield(leaf) || leaf.err != nil {
					return
				}
			}
		}
	}
}

// LedgerCount is how many ledgers the cluster has, from the counts of their directories: for
// a million ledgers that is a hundred.
func (m *Metadata) LedgerCount(ctx context.Context) (int64, error) {
	type one struct {
		ledgers int
		err     error
	}
	var count int64
	for got := range pipeline(m.ledgerDirs(ctx), readsInFlight, func(dir found) one {
		if dir.err != nil || flat.MatchString(dir.path[strings.LastIndexByte(dir.path, '/')+1:]) {
			return one{1, dir.err}
		}
		stat, err := m.reader.Stat(patient(ctx), dir.path)
		return one{stat.Children, err}
	}) {
		if errors.Is(got.err, ErrNoNode) {
			continue // deleted meanwhile, so empty
		}
		if got.err != nil {
			return 0, got.err
		}
		count += int64(got.ledgers)
	}
	return count, nil
}

// Ledger reads one ledger's metadata: ErrNoNode where it was deleted.
func (m *Metadata) Ledger(ctx context.Context, id int64) (Ledger, error) {
	layout, err := m.Layout(ctx)
	if err != nil {
		return Ledger{}, err
	}
	path, err := m.ledgerPath(layout, id)
	if err != nil {
		return Ledger{}, err
	}
	return m.readLedger(ctx, path)
}

// ledgerPath is where a ledger's metadata are. Source: bookkeeper, meta/
// HierarchicalLedgerManager.java, LegacyHierarchicalLedgerManager.java,
// LongHierarchicalLedgerManager.java, FlatLedgerManager.java (getLedgerPath).
func (m *Metadata) ledgerPath(layout Layout, id int64) (string, error) {
	const firstLong = 1<<31 - 1
	short, long := fmt.Sprintf("%010d", id), fmt.Sprintf("%019d", id)
	switch factory := layout.Factory[strings.LastIndexByte(layout.Factory, '.')+1:]; {
	case id < 0:
	case factory == "FlatLedgerManagerFactory":
		return m.at("L" + short), nil
	case factory == "LongHierarchicalLedgerManagerFactory", factory == "HierarchicalLedgerManagerFactory" && id >= firstLong:
		return m.at(long[:3], long[3:7], long[7:11], long[11:15], "L"+long[15:]), nil
	case factory == "HierarchicalLedgerManagerFactory", factory == "LegacyHierarchicalLedgerManagerFactory":
		return m.at(short[:2], short[2:6], "L"+short[6:]), nil
	}
	return "", fmt.Errorf("ledger %d: layout %q is not known", id, layout.Factory)
}

// Ledgers yields all ledgers in the order of their numbers, streaming. A ledger that cannot
// be understood comes with its error, and the walk goes on; an error without a ledger (its
// Format is 0 and its ID -1) ends it.
func (m *Metadata) Ledgers(ctx context.Context) iter.Seq2[Ledger, error] {
	return m.readLedgers(ctx, m.ledgerLeaves(ctx))
}

func (m *Metadata) readLedgers(ctx context.Context, leaves iter.Seq[found]) iter.Seq2[Ledger, error] {
	type one struct {
		ledger Ledger
		err    error
	}
	return func(yield func(Ledger, error) bool) {
		for got := range pipeline(leaves, readsInFlight, func(leaf found) one {
			if leaf.err != nil {
				return one{Ledger{ID: -1}, leaf.err}
			}
			ledger, err := m.readLedger(patient(ctx), leaf.path)
			return one{ledger, err}
		}) {
			if errors.Is(got.err, ErrNoNode) && got.ledger.ID >= 0 {
				continue // deleted meanwhile
			}
			if !yield(got.ledger, got.err) || got.ledger.ID < 0 {
				return
			}
		}
	}
}

// readLedger reads the metadata at a path. An error of ZooKeeper's has the ledger's ID -1,
// but for ErrNoNode; one of the metadata has their ID.
func (m *Metadata) readLedger(ctx context.Context, path string) (Ledger, error) {
	id, err := m.ledgerAt(path)
	if err != nil {
		return Ledger{ID: -1}, err
	}
	data, _, err := m.reader.Read(ctx, path)
	if errors.Is(err, ErrNoNode) {
		return Ledger{ID: id}, err
	}
	if err != nil {
		return Ledger{ID: -1}, err
	}
	ledger, err := ParseLedger(id, data)
	ledger.ID = id
	return ledger, err
}

// ledgerAt is the number that a path stands for.
func (m *Metadata) ledgerAt(path string) (int64, error) {
	digits := strings.NewReplacer("/", "", "L", "").Replace(strings.TrimPrefix(path, m.root))
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading %s: its path is no ledger's", path)
	}
	return id, nil
}
