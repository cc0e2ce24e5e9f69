package upgrade

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// world is a model of all that a rollout meets: the API server, the StatefulSet and
// disruption controllers, kubelets, bookies, ZooKeeper, autorecovery. It moves in steps of
// one second, and everything in it depends on its random source alone.
type world struct {
	*rand.Rand
	now  time.Time
	step int

	replicas             int
	generation, observed int64
	// template is the revision in the object, update the one that the controller has seen.
	template, update int
	// kinds says how pods of each revision behave.
	kinds  []kind
	paused bool
	// deleted, strategy and foreign are what people do to the set behind our back.
	deleted, rolling, foreign bool
	// refused is what the version rules say.
	refused         bool
	requireWritable bool
	// maxUnavailable is the budget's. With two, it does not help us to take one at a time.
	maxUnavailable int
	uids           int
	// troubledAt is when a person or a fault last changed something: whoever decided before
	// that could not know.
	troubledAt time.Time

	pods  map[int]*simPod
	nodes map[int]bool // up
	// registered are the sessions in ZooKeeper, cookies the bookies that hold data.
	registered map[int]*session
	cookies    map[int]bool
	ledgers    []*ledger
	// lost is since when the auditor misses a bookie.
	lost map[int]time.Time
	// inside says that autorecovery runs in the bookies; auditor is the elected one's ordinal, -1 for
	// a pod of its own.
	inside        bool
	auditor       int
	delay         time.Duration
	disabledBy    string
	disabledSince time.Time
	recorded      string
	quorum        bool

	allowed       int
	disrupted     map[string]bool
	intent        Intent
	intentVersion int
	// taken are the ordinals that we took and that are not back.
	taken map[int]bool
	// acted are the pods that were taken, for messages.
	acted []string
	// broken says what must never happen and did.
	broken string
}

// kind is how pods of a revision behave.
type kind int

const (
	good     kind = iota
	crashes       // a container waits for an error reason
	hangs         // runs, never registers
	badProbe      // registers, never becomes Ready
)

type simPod struct {
	ordinal           int
	uid               string
	version, revision int
	created, started  time.Time
	registersAt       time.Time
	ready             bool
	changed           time.Time
	fault             string
	// goneAt is when its termination ends; zero while nobody asked for it.
	goneAt time.Time
}

type session struct {
	uid      string
	since    time.Time
	readOnly bool
	// expires is when the session of a process that was killed ends.
	expires time.Time
}

type ledger struct {
	members []int
	open    bool
	marked  bool
}

const (
	simSoak     = 10 * time.Second
	simDeadline = 5 * time.Minute
	simID       = "cluster-1"
	ackQuorum   = 2
)

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_700_000_000, 0), generation: 1, quorum: true,
		pods: map[int]*simPod{}, nodes: map[int]bool{}, registered: map[int]*session{}, cookies: map[int]bool{},
		lost: map[int]time.Time{}, disrupted: map[string]bool{}, taken: map[int]bool{}, auditor: -1, kinds: []kind{good}}
	w.replicas = 3 + w.IntN(4)
	w.maxUnavailable = 1 + w.IntN(2)
	w.requireWritable = w.IntN(2) == 0
	w.inside = w.IntN(3) == 0
	if w.IntN(2) == 0 {
		w.delay = 10 * time.Minute
	}
	for i := range w.replicas + 2 {
		w.nodes[i] = true
	}
	for range 120 {
		w.tick()
	}
	for range 12 {
		members := w.Perm(w.replicas)[:3]
		w.ledgers = append(w.ledgers, &ledger{members: members, open: w.IntN(3) == 0})
	}
	return w
}

// tick lets a second pass.
func (w *world) tick() {
	w.step++
	w.now = w.now.Add(time.Second)
	w.controlSet()
	for ordinal := range w.replicas + 2 {
		if pod := w.pods[ordinal]; pod != nil {
			w.run(pod)
		}
		w.expire(ordinal)
	}
	w.audit()
	w.controlBudget()
}

// controlSet is the StatefulSet controller, with OnDelete and parallel pod management: a pod that
// it makes has the update revision, always.
func (w *world) controlSet() {
	if w.IntN(3) > 0 {
		w.observed, w.update = w.generation, w.template
	}
	for ordinal := range w.replicas + 2 {
		pod := w.pods[ordinal]
		switch {
		case pod == nil && ordinal < w.replicas && w.IntN(2) == 0:
			w.uids++
			w.pods[ordinal] = &simPod{ordinal: ordinal, uid: fmt.Sprintf("uid-%d", w.uids), revision: w.update, created: w.now, changed: w.now}
		case pod != nil && ordinal >= w.replicas && pod.goneAt.IsZero():
			w.terminate(pod)
		case pod != nil && !pod.goneAt.IsZero() && !w.now.Before(pod.goneAt) && w.nodes[ordinal]:
			delete(w.pods, ordinal)
			if s := w.registered[ordinal]; s != nil && s.uid == pod.uid {
				delete(w.registered, ordinal) // it ended in good order
			}
		}
	}
}

// run is the kubelet and the bookie of one pod.
func (w *world) run(pod *simPod) {
	if !w.nodes[pod.ordinal] || !pod.goneAt.IsZero() {
		w.setReady(pod, false)
		return
	}
	if pod.started.IsZero() {
		if w.IntN(2) == 0 {
			pod.started, pod.version = w.now, pod.version+1
			pod.registersAt = w.now.Add(time.Duration(1+w.IntN(20)) * time.Second)
		}
		return
	}
	behaves := w.kinds[pod.revision]
	if behaves == crashes {
		w.fault(pod, "CrashLoopBackOff")
		return
	}
	if behaves == hangs || w.now.Before(pod.registersAt) {
		return
	}
	if s := w.registered[pod.ordinal]; s == nil {
		if w.quorum {
			w.registered[pod.ordinal] = &session{uid: pod.uid, since: w.now}
			w.cookies[pod.ordinal] = true
			delete(w.taken, pod.ordinal)
		}
	} else if s.uid == pod.uid && behaves == good {
		w.setReady(pod, true)
	}
}

func (w *world) fault(pod *simPod, why string) {
	if pod.fault != why {
		pod.fault, pod.version = why, pod.version+1
	}
	w.setReady(pod, false)
}

func (w *world) setReady(pod *simPod, ready bool) {
	if pod.ready != ready {
		pod.ready, pod.changed, pod.version = ready, w.now, pod.version+1
	}
}

func (w *world) expire(ordinal int) {
	if s := w.registered[ordinal]; s != nil && !s.expires.IsZero() && !w.now.Before(s.expires) && w.quorum {
		delete(w.registered, ordinal)
	}
}

// kill ends a pod's processes: its session outlives them.
func (w *world) kill(pod *simPod) {
	if s := w.registered[pod.ordinal]; s != nil && s.uid == pod.uid {
		s.expires, s.uid = w.now.Add(time.Duration(1+w.IntN(10))*time.Second), ""
	}
	pod.started = time.Time{}
	w.setReady(pod, false)
}

func (w *world) terminate(pod *simPod) {
	pod.goneAt, pod.version = w.now.Add(time.Duration(1+w.IntN(6))*time.Second), pod.version+1
}

// audit is autorecovery: it marks the ledgers of bookies that are away, after a delay that a
// second loss, or a new auditor, ends; and it heals what is marked.
func (w *world) audit() {
	elected := w.elect()
	away := 0
	for ordinal := range w.cookies {
		if w.registered[ordinal] != nil {
			delete(w.lost, ordinal)
			continue
		}
		away++
		if _, known := w.lost[ordinal]; !known {
			w.lost[ordinal] = w.now
		}
	}
	if w.disabledBy != "" || w.auditor == noAuditor {
		return
	}
	for _, l := range w.ledgers {
		for _, member := range l.members {
			if since, lost := w.lost[member]; lost && (elected || away > 1 || w.now.Sub(since) > w.delay) {
				l.marked = true
			}
		}
		if l.marked && w.IntN(4) == 0 {
			w.heal(l)
		}
	}
}

const noAuditor = -2

// elect reports whether an auditor is new.
func (w *world) elect() bool {
	if !w.inside {
		w.auditor = -1
		return false
	}
	if w.auditor >= 0 && w.registered[w.auditor] != nil {
		return false
	}
	w.auditor = noAuditor
	for ordinal := range w.replicas {
		if w.registered[ordinal] != nil {
			w.auditor = ordinal
			return true
		}
	}
	return false
}

// heal copies a ledger's lost parts to other bookies, or finds that none is lost any more.
func (w *world) heal(l *ledger) {
	has := map[int]bool{}
	for _, member := range l.members {
		has[member] = true
	}
	for i, member := range l.members {
		if w.registered[member] != nil {
			continue
		}
		for ordinal := range w.replicas {
			if s := w.registered[ordinal]; s != nil && !s.readOnly && !has[ordinal] {
				l.members[i], has[ordinal] = ordinal, true
				break
			}
		}
		if w.registered[l.members[i]] == nil {
			return // nobody can take it
		}
	}
	l.marked = false
}

// controlBudget is the disruption controller, which lags.
func (w *world) controlBudget() {
	if w.IntN(2) == 0 {
		return
	}
	healthy := 0
	for _, pod := range w.pods {
		if pod.ready && !w.disrupted[pod.uid] {
			healthy++
		}
	}
	w.allowed = max(0, healthy-(w.replicas-w.maxUnavailable))
	for uid := range w.disrupted {
		if pod := w.find(uid); pod == nil || !pod.goneAt.IsZero() {
			delete(w.disrupted, uid)
		}
	}
}

func (w *world) find(uid string) *simPod {
	for _, pod := range w.pods {
		if pod.uid == uid {
			return pod
		}
	}
	return nil
}

// healthyPods counts as the API server does when somebody evicts a pod that is not Ready.
func (w *world) healthyPods() int {
	n := 0
	for _, pod := range w.pods {
		if pod.ready {
			n++
		}
	}
	return n
}
