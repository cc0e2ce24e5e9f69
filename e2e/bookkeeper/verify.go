package bookkeeper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"
)

// Verdict is what Verify saw.
type Verdict struct {
	// Entries are acknowledged, in so many Ledgers. There is at least one.
	Entries, Ledgers int
	// Missing are those that no bookie which should have them has, or that lie behind the end
	// of their ledger. Different are those whose content is not what was written.
	Missing, Different int
	// First names the first few that are not as they were written.
	First []Problem
}

// Problem is what is wrong with an entry.
type Problem struct {
	Ledger, Entry int64
	// Problem is "missing", "different" or, beside others that are lost, "unreadable".
	Problem string
}

// Lost is how many of the acknowledged entries cannot be had as they were written.
func (v Verdict) Lost() int { return v.Missing + v.Different }

// lost is the ledger client's exit code for entries that are lost.
const lost = 1

// Verify reads every entry of a record with a BookKeeper client of its own, in a new process,
// after it opened its ledger with recovery: a Writer of the record that still lives is fenced
// off. The error says why there is no verdict: a record without entries, or an entry that is
// not lost but cannot be read now.
func (c *Cluster) Verify(t testing.TB, record string) (Verdict, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := c.java.command("Ledgers", "verify", "--metadata", c.Metadata, "--record", record)
	process := exec.CommandContext(ctx, command[0], command[1:]...)
	var log bytes.Buffer
	process.Stderr = &log
	answer, err := process.Output()
	var code *exec.ExitError
	if err != nil && (!errors.As(err, &code) || code.ExitCode() != lost) {
		return Verdict{}, fmt.Errorf("verifying ledgers: %w\n%s%s", err, answer, log.Bytes())
	}
	var verdict Verdict
	if err := json.Unmarshal(answer, &verdict); err != nil {
		return Verdict{}, fmt.Errorf("verifying ledgers: reading the answer %q: %w", answer, err)
	}
	if (code == nil) != (verdict.Lost() == 0) || verdict.Entries == 0 {
		return Verdict{}, fmt.Errorf("verifying ledgers: the answer %s contradicts the exit code (%v)", answer, err)
	}
	return verdict, nil
}

// CheckKept fails the test unless every entry that the writers' records hold is there as it
// was written, and each record holds as many as its writer said at least.
func (c *Cluster) CheckKept(t testing.TB, writers ...*Writer) {
	t.Helper()
	for _, w := range writers {
		verdict, err := c.Verify(t, w.Record)
		if err != nil {
			t.Error(err)
			continue
		}
		if verdict.Lost() > 0 {
			t.Errorf("of %d entries that were acknowledged, %d are missing and %d different: %v",
				verdict.Entries, verdict.Missing, verdict.Different, verdict.First)
		}
		if said := w.Progress(t).Acknowledged; verdict.Entries < said {
			t.Errorf("the record of %s has %d entries, fewer than the %d that it counted", w.Name, verdict.Entries, said)
		}
		t.Logf("%d acknowledged entries in %d ledgers are all there", verdict.Entries, verdict.Ledgers)
	}
}
