package bookkeeper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// WriteOptions say how a Writer writes. The zero value keeps each entry on three bookies, and
// counts it when all of them have it.
type WriteOptions struct {
	// Ensemble is how many bookies a ledger is written to at a time, each of them all of it;
	// 0 is 3. (A write quorum that is smaller than the ensemble is another thing:
	// https://github.com/apache/bookkeeper/issues/4097 loses entries.)
	Ensemble int
	// AckQuorum is how many of them must have an entry; 0 is all.
	AckQuorum int
	// PerLedger is after how many entries a ledger is closed and the next one begun; 0 is 1000.
	PerLedger int
	// PerSecond is how many entries of 1 KiB are written in a second, at most; 0 is 500.
	PerSecond int
}

func (o WriteOptions) flags() []string {
	var flags []string
	add := func(name string, value int) {
		if value != 0 {
			flags = append(flags, name, strconv.Itoa(value))
		}
	}
	add("--ensemble", o.Ensemble)
	add("--ack-quorum", o.AckQuorum)
	add("--per-ledger", o.PerLedger)
	add("--per-second", o.PerSecond)
	return flags
}

// Progress is how far a Writer is.
type Progress struct {
	// Acknowledged is how many entries BookKeeper acknowledged and the record holds.
	Acknowledged int
	// Ledgers is how many ledgers were begun, Failures how many of them, and of attempts to
	// begin one, failed.
	Ledgers, Failures int
}

// Writer is a ledger client that writes ledgers, one after the other, until it is stopped. It
// goes on with another ledger where one fails, and records what was acknowledged.
type Writer struct {
	*Process
	// Record is the file with the record, which Verify reads.
	Record string

	progress *progress
}

// progress is what the writer's standard output said last.
type progress struct {
	mu   sync.Mutex
	rest []byte // of a line
	last Progress
	err  error
}

// Write takes a piece of the writer's standard output.
func (p *progress) Write(piece []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, piece...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(piece), nil
		}
		p.rest = rest
		if err := json.Unmarshal(line, &p.last); err != nil && p.err == nil {
			p.err = fmt.Errorf("reading the writer's progress %q: %w", line, err)
		}
	}
}

func (p *progress) read() (Progress, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, p.err
}

// Write starts a Writer, which has begun to write when it returns and ends with the test.
func (c *Cluster) Write(t testing.TB, o WriteOptions) *Writer {
	t.Helper()
	c.records++
	name := fmt.Sprintf("writer-%d", c.records)
	w := &Writer{Process: newProcess(t, name, filepath.Join(c.dir, name+".log")), progress: new(progress)}
	w.Record = filepath.Join(c.dir, name+".record")
	w.output = w.progress
	w.command = c.java.command("Ledgers", append([]string{"write", "--metadata", c.Metadata, "--record", w.Record}, o.flags()...)...)
	w.Start(t)
	w.AwaitMore(t, 1)
	return w
}

// Progress is how far the Writer is. It may be further by a tenth of a second.
func (w *Writer) Progress(t testing.TB) Progress {
	t.Helper()
	progress, err := w.progress.read()
	if err != nil {
		t.Fatal(err)
	}
	return progress
}

// AwaitMore waits until that many entries more than now are acknowledged.
func (w *Writer) AwaitMore(t testing.TB, entries int) {
	t.Helper()
	want := w.Progress(t).Acknowledged + entries
	w.await(t, func() error {
		if got := w.Progress(t); got.Acknowledged < want {
			return fmt.Errorf("%d of %d entries are written", got.Acknowledged, want)
		}
		return nil
	})
}

// Finish stops the Writer in good order, its last ledger closed, and returns how far it came.
// Kill leaves a ledger open.
func (w *Writer) Finish(t testing.TB) Progress {
	t.Helper()
	w.Stop(t)
	if code := w.running.ExitCode(); code != 0 {
		t.Fatalf("%s ended with code %d", w.Name, code)
	}
	return w.Progress(t)
}
