package upgrade

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var (
	simSeed  = flag.Uint64("seed", 0, "run this seed of the simulation alone")
	simSteps = flag.Int("steps", 20_000, "how many `STEPS` the simulation takes in all; make simulate takes a million")
)

// life is one run: a rollout or two under faults, then peace, in which it must end.
type life struct {
	*world
	conductors []*conductor
	history    []past
	log        []string
}

// past is what was seen some seconds ago: a stale read.
type past struct {
	Snapshot
	generation int64
	version    int
}

const (
	faultySteps = 900
	peaceLimit  = 4 * time.Hour
)

// live runs one seed with a planner, and says what went wrong.
func live(seed uint64, plan planner) (steps int, err error) {
	l := &life{world: newWorld(seed)}
	l.conductors = []*conductor{{name: podName(0), plan: plan}, {name: "gate", plan: plan}}
	l.change()
	for l.step < faultySteps && l.broken == "" {
		l.trouble()
		l.advance(l.blindness)
	}
	l.peace()
	end := l.now.Add(peaceLimit)
	for l.broken == "" {
		l.advance(func(string) bool { return false })
		if l.conductors[0].last.Kind == Done && l.well() == nil && l.disabledBy == "" {
			return l.step, nil
		}
		if l.now.After(end) {
			return l.step, fmt.Errorf("seed %d: it never ends: %v; they say %q and %q\n%s\n%s", seed, l.well(),
				l.conductors[0].last.Why, l.conductors[1].last.Why, strings.Join(l.log, "\n"), strings.Join(l.acted, "\n"))
		}
	}
	return l.step, fmt.Errorf("seed %d: %s\n%s\n%s", seed, l.broken, strings.Join(l.log, "\n"), strings.Join(l.acted, "\n"))
}

// advance lets a second pass, and each conductor do something.
func (l *life) advance(blind func(string) bool) {
	l.tick()
	for _, c := range l.conductors {
		var stale *past
		if l.step < faultySteps && len(l.history) > 0 && l.IntN(40) == 0 {
			stale = &l.history[l.IntN(len(l.history))]
		}
		c.step(l.world, blind, stale)
	}
	if l.step < faultySteps {
		l.history = append(l.history, past{l.observe("gate", func(string) bool { return false }), l.generation, l.intentVersion})
		l.history = l.history[max(0, len(l.history)-5):]
	}
}

func (l *life) blindness(string) bool { return l.IntN(150) == 0 }

func (l *life) note(format string, args ...any) {
	l.log = append(l.log, fmt.Sprintf("%d ", l.step)+fmt.Sprintf(format, args...))
}

// change gives the set another template: a good one, or one that is bad in some way.
func (l *life) change() {
	l.kinds = append(l.kinds, []kind{good, good, good, crashes, hangs, badProbe}[l.IntN(6)])
	l.template = len(l.kinds) - 1
	l.generation++
	l.note("revision %d of kind %d", l.template, l.kinds[l.template])
}

// trouble is a fault between any two steps.
func (l *life) trouble() {
	if l.IntN(20) > 0 {
		return
	}
	l.troubledAt = l.now
	ordinal := l.IntN(l.replicas)
	pod := l.pods[ordinal]
	switch fault := l.IntN(17); {
	case fault == 0 && pod != nil:
		l.note("pod %d crashes", ordinal)
		l.kill(pod)
	case fault == 1 && l.IntN(3) == 0:
		l.note("node %d fails", ordinal)
		l.nodes[ordinal] = false
		if pod != nil {
			l.kill(pod)
		}
	case fault == 2:
		for ordinal := range l.nodes {
			l.nodes[ordinal] = true
		}
	case fault == 3 && pod != nil && pod.ready && l.allowed > 0:
		l.note("node %d is drained", ordinal)
		l.allowed--
		l.disrupted[pod.uid] = true
		l.terminate(pod)
	case fault == 4:
		c := l.conductors[l.IntN(2)]
		l.note("conductor %s is killed", c.name)
		c.pending = Action{}
	case fault == 5 && l.registered[ordinal] != nil:
		l.note("the session of bookie %d expires", ordinal)
		delete(l.registered, ordinal)
		if pod != nil { // it is Ready all the while
			pod.registersAt = l.now.Add(time.Duration(10+l.IntN(30)) * time.Second)
		}
	case fault == 6 && l.IntN(3) == 0:
		l.change()
	case fault == 7 && l.IntN(3) == 0:
		l.template = l.IntN(len(l.kinds))
		l.generation++
		l.note("revert to revision %d", l.template)
	case fault == 8 && l.replicas < 7 && l.IntN(4) == 0:
		l.nodes[l.replicas+2] = true
		l.replicas++
		l.generation++
		l.note("scale up to %d", l.replicas)
	case fault == 9:
		l.quorum = l.IntN(4) > 0
		l.note("ZooKeeper has a quorum: %t", l.quorum)
	case fault == 10:
		l.paused = l.IntN(4) == 0
		l.note("paused: %t", l.paused)
	case fault == 11 && l.registered[ordinal] != nil:
		l.registered[ordinal].readOnly = l.IntN(3) == 0
		l.note("bookie %d is read-only: %t", ordinal, l.registered[ordinal].readOnly)
	case fault == 12:
		l.deleted = l.IntN(4) == 0
		l.note("being deleted: %t", l.deleted)
	case fault == 13:
		l.rolling = l.IntN(4) == 0
		l.note("RollingUpdate: %t", l.rolling)
	case fault == 14:
		l.foreign = l.IntN(4) == 0
		l.note("edited by hand: %t", l.foreign)
	case fault == 15:
		l.refused = l.IntN(4) == 0
		l.note("version refused: %t", l.refused)
	case fault == 16 && l.disabledBy == "" && l.IntN(3) == 0:
		l.disabledBy, l.disabledSince = human, l.now
		l.note("autorecovery is off")
	case fault == 16 && l.disabledBy == human:
		l.disabledBy = ""
	}
}

// peace mends what only people and machines can mend, and gives a template that is good.
func (l *life) peace() {
	l.troubledAt = l.now
	l.paused, l.quorum = false, true
	l.requireWritable = false
	l.deleted, l.rolling, l.foreign, l.refused = false, false, false, false
	if l.disabledBy == human {
		l.disabledBy = ""
	}
	for ordinal := range l.nodes {
		l.nodes[ordinal] = true
	}
	for _, s := range l.registered {
		s.readOnly = false
	}
	if l.kinds[l.template] != good {
		l.template = 0
		l.generation++
	}
	l.note("peace, with revision %d", l.template)
}

// TestSimulation lives many lives. A failing seed repeats: go test -run Simulation -seed N.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		if _, err := live(*simSeed, Next); err != nil {
			t.Fatal(err)
		}
		return
	}
	for seed, steps := uint64(1), 0; steps < *simSteps; seed++ {
		taken, err := live(seed, Next)
		if err != nil {
			t.Fatal(err)
		}
		steps += taken
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}
