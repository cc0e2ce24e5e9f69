package zk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Autorecovery is the state of the cluster's repair.
type Autorecovery struct {
	// Disabled is the switch that turns it off for the whole cluster; nil is on.
	Disabled *Switch
	// LostBookieDelay is how long the auditor waits for one lost bookie before it marks its
	// ledgers; 0 where nobody has set it. It protects one bookie at a time, and none when an
	// auditor begins.
	LostBookieDelay time.Duration
	// Auditor is the identity of the process that audits: that of its bookie where
	// autorecovery runs inside bookies. "" is nobody; then nothing is marked and the absence
	// of marks means nothing.
	Auditor string
	// AuditorSession is the auditor's own.
	AuditorSession int64
	// Candidates is how many processes would audit, the auditor among them.
	Candidates int
	// EverRan is whether any such process has ever started.
	EverRan bool
}

// Switch is a znode whose existence is its meaning.
type Switch struct {
	// Owner is its data: what DisableAutorecovery was told, or nothing where BookKeeper's
	// own shell or HTTP server made it for a person.
	Owner string
	// Since is when it was made.
	Since time.Time
}

// Names below underreplication.
// Source: bookkeeper, meta/ZkLedgerUnderreplicationManager.java, meta/ZkLedgerAuditorManager.java.
const (
	underreplicationNode = "underreplication"
	disableNode          = underreplicationNode + "/disable"
	delayNode            = underreplicationNode + "/lostBookieRecoveryDelay"
	electionNode         = underreplicationNode + "/auditorelection"
	locksNode            = underreplicationNode + "/locks"
	marksNode            = underreplicationNode + "/ledgers"
	marksLayoutNode      = underreplicationNode + "/LAYOUT"

	votePrefix = "V_"
)

// Autorecovery is the state of the cluster's repair as it is now.
func (m *Metadata) Autorecovery(ctx context.Context) (Autorecovery, error) {
	var a Autorecovery
	data, stat, err := m.reader.Read(ctx, m.at(disableNode))
	switch {
	case err == nil:
		a.Disabled = &Switch{Owner: string(data), Since: stat.Created}
	case !errors.Is(err, ErrNoNode):
		return Autorecovery{}, err
	}
	if a.LostBookieDelay, err = m.lostBookieDelay(ctx); err != nil {
		return Autorecovery{}, err
	}
	if err := m.findAuditor(ctx, &a); err != nil {
		return Autorecovery{}, err
	}
	return a, nil
}

func (m *Metadata) lostBookieDelay(ctx context.Context) (time.Duration, error) {
	data, _, err := m.reader.Read(ctx, m.at(delayNode))
	if errors.Is(err, ErrNoNode) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %q is not a number of seconds", m.at(delayNode), data)
	}
	return time.Duration(seconds) * time.Second, nil
}

// findAuditor asks the election: whose vote has the smallest number audits. The data of the
// election's own znode name the last winner, who may be gone.
func (m *Metadata) findAuditor(ctx context.Context, a *Autorecovery) error {
	for range steady {
		names, err := m.reader.Children(ctx, m.at(electionNode))
		if errors.Is(err, ErrNoNode) {
			return nil
		}
		if err != nil {
			return err
		}
		a.EverRan = true
		votes, err := sortVotes(names)
		if err != nil {
			return fmt.Errorf("listing %s: %w", m.at(electionNode), err)
		}
		if a.Candidates = len(votes); a.Candidates == 0 {
			return nil
		}
		data, stat, err := m.reader.Read(ctx, m.at(electionNode, votes[0]))
		if errors.Is(err, ErrNoNode) {
			continue // it has just left
		}
		if err != nil {
			return err
		}
		a.AuditorSession = stat.Session
		if a.Auditor, err = parseBookieID(data); err != nil {
			return fmt.Errorf("reading %s: %w", m.at(electionNode, votes[0]), err)
		}
		return nil
	}
	return fmt.Errorf("listing %s: it changes faster than it can be read", m.at(electionNode))
}

// sortVotes puts votes in the order of their numbers. What is no vote is left out.
func sortVotes(names []string) ([]string, error) {
	numbers := map[string]int64{}
	var votes []string
	for _, name := range names {
		digits, isVote := strings.CutPrefix(name, votePrefix)
		if !isVote {
			continue
		}
		// ZooKeeper's counter is an int32 that goes on below zero.
		number, err := strconv.ParseInt(digits, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("vote %q has no number", name)
		}
		numbers[name] = number
		votes = append(votes, name)
	}
	slices.SortFunc(votes, func(a, b string) int { return int(numbers[a] - numbers[b]) })
	return votes, nil
}

// parseBookieID reads who wrote a vote or a lock.
// Source: bookkeeper, DataFormats.proto (AuditorVoteFormat, LockDataFormat).
func parseBookieID(data []byte) (string, error) {
	fields, err := parseText(string(data))
	if err != nil {
		return "", err
	}
	id, ok := fields.text("bookieId")
	if !ok || id == "" {
		return "", errors.New("bookieId is missing")
	}
	return id, nil
}

// DisableAutorecovery turns autorecovery off for the whole cluster, in the name of owner,
// which must not be empty. ErrNodeExists: it is off already, by whoever; ErrNoNode: no
// autorecovery ever ran here. Where the answer is lost, ask Autorecovery.
// Source: bookkeeper, meta/ZkLedgerUnderreplicationManager.java (disableLedgerReplication).
func (m *Metadata) DisableAutorecovery(ctx context.Context, writer Writer, owner string) error {
	if owner == "" {
		return errors.New("disabling autorecovery: no owner given")
	}
	return writer.CreateOwned(ctx, Node{Path: m.at(disableNode), Data: []byte(owner)})
}

// NotOwnedError refuses to undo what somebody else has done.
type NotOwnedError struct {
	Path string
	// Owner is who did it, "" where it does not say: a person, with BookKeeper's own tools.
	Owner string
}

func (e *NotOwnedError) Error() string {
	if e.Owner == "" {
		return fmt.Sprintf("deleting %s: it names no owner, so a person has made it", e.Path)
	}
	return fmt.Sprintf("deleting %s: it belongs to %q", e.Path, e.Owner)
}

// EnableAutorecovery undoes DisableAutorecovery of the same owner, and nobody else's: that
// is refused with a *NotOwnedError, or with ErrChanged where somebody was faster. It does
// nothing where autorecovery is on. Nobody may be down: the auditor looks at once.
func (m *Metadata) EnableAutorecovery(ctx context.Context, writer Writer, owner string) error {
	path := m.at(disableNode)
	data, stat, err := m.reader.Read(ctx, path)
	if errors.Is(err, ErrNoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	if owner == "" || string(data) != owner || stat.Version != OwnedVersion {
		return &NotOwnedError{Path: path, Owner: string(data)}
	}
	if err := writer.Delete(ctx, path, OwnedVersion); err != nil && !errors.Is(err, ErrNoNode) {
		return err
	}
	return nil
}
