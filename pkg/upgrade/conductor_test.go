package upgrade

import (
	"fmt"
	"strconv"
	"time"
)

// planner is Next, or one that a test has broken on purpose.
type planner func(Snapshot) (Action, Report)

// conductor decides from what it saw, and acts later: in between, anything may happen.
type conductor struct {
	name string
	plan planner
	// pending is what it decided, due when it acts; version is that of the intention that it saw.
	pending    Action
	due        time.Time
	generation int64
	version    int
	last       Action
}

// step lets the conductor do one thing.
func (c *conductor) step(w *world, blind func(string) bool, stale *past) {
	if c.pending.Kind != 0 {
		if !w.now.Before(c.due) {
			c.act(w)
			c.pending = Action{}
		}
		return
	}
	snapshot, generation, version := w.observe(c.name, blind), w.generation, w.intentVersion
	if stale != nil {
		snapshot, generation, version = stale.Snapshot, stale.generation, stale.version
	}
	action, report := c.plan(snapshot)
	c.last = action
	w.check(snapshot, action, report)
	if action.Kind != Wait && action.Kind != Done {
		c.pending, c.due = action, w.now.Add(time.Duration(w.IntN(3))*time.Second)
		c.generation, c.version = generation, version
	}
}

// act carries an action out under its preconditions, as whoever conducts must: what it replaces
// is written down first, a template that changed since is not acted upon, and what was decided must
// follow once more from what is seen now.
func (c *conductor) act(w *world) {
	a := c.pending
	switch a.Kind {
	case RecordIdentity:
		if w.recorded == "" {
			w.recorded = a.Value
		}
	case SwitchOff:
		if w.disabledBy == "" && w.quorum {
			w.disabledBy, w.disabledSince = a.Value, w.now
		}
	case SwitchOn:
		if w.disabledBy == a.Value && w.quorum {
			w.disabledBy = ""
		}
	case Evict, Delete:
		if w.generation != c.generation || w.intentVersion != c.version {
			return
		}
		again, _ := c.plan(w.observe(c.name, func(string) bool { return false }))
		if again.Kind != a.Kind || again.UID != a.UID || again.ResourceVersion != a.ResourceVersion {
			return
		}
		w.intent, w.intentVersion = Intent{UID: a.UID, Since: w.now}, w.intentVersion+1
		w.take(a)
	}
}

// take evicts or deletes a pod.
func (w *world) take(a Action) {
	pod := w.find(a.UID)
	if pod == nil || strconv.Itoa(pod.version) != a.ResourceVersion || !pod.goneAt.IsZero() {
		return
	}
	if a.Kind == Evict {
		switch {
		case !pod.ready && w.healthyPods() < w.replicas-w.maxUnavailable, pod.ready && w.allowed < 1:
			return // the budget refuses
		case pod.ready:
			w.allowed--
			w.disrupted[pod.uid] = true
		}
	}
	w.checkTaken(pod)
	w.acted = append(w.acted, fmt.Sprintf("%d %s %s of revision %d: %s", w.step, a.Kind, a.Pod, pod.revision, a.Why))
	w.terminate(pod)
}

// checkTaken holds the moment at which a pod is taken against what must never happen.
func (w *world) checkTaken(pod *simPod) {
	if pod.ready && pod.revision == w.template {
		w.breaks("pod %d is well and has the wanted revision, and was taken", pod.ordinal)
	}
	if w.now.Sub(w.troubledAt) > blindness {
		w.checkRules(pod)
	}
	if s := w.registered[pod.ordinal]; s == nil && !pod.ready && pod.fault == "" && !pod.started.IsZero() && w.now.Sub(later(pod.created, pod.changed)) < simDeadline-blindness {
		w.breaks("pod %d was taken while it starts", pod.ordinal)
	}
	if w.registered[pod.ordinal] == nil || w.registered[pod.ordinal].uid == "" {
		return // it serves nobody
	}
	if len(w.taken) > 0 {
		w.breaks("bookie %d was taken while %v are away by our hand", pod.ordinal, w.taken)
	}
	if w.now.Sub(w.troubledAt) > blindness {
		w.checkData(pod)
	}
	w.taken[pod.ordinal] = true
}

// checkRules are those that hold for every pod, broken or not.
func (w *world) checkRules(pod *simPod) {
	for wrong, what := range map[string]bool{"the rollout is paused": w.paused, "the set is being deleted": w.deleted,
		"the controller rolls by itself": w.rolling, "the template is not Git's": w.foreign, "the versions forbid it": w.refused,
		"ZooKeeper has no quorum": !w.quorum} {
		if what {
			w.breaks("pod %d was taken while %s", pod.ordinal, wrong)
		}
	}
}

// checkData are those for a pod that serves.
func (w *world) checkData(pod *simPod) {
	for i, l := range w.ledgers {
		if !w.dispensable(l, pod.ordinal) {
			w.breaks("bookie %d was taken, and ledger %d of %v cannot do without it", pod.ordinal, i, l.members)
		}
		if l.marked {
			w.breaks("bookie %d was taken while ledger %d is under-replicated", pod.ordinal, i)
		}
	}
	writable := 0
	for ordinal := range w.replicas {
		other, s := w.pods[ordinal], w.registered[ordinal]
		switch {
		case ordinal == pod.ordinal:
			continue
		case s == nil && w.cookies[ordinal]:
			w.breaks("bookie %d was taken while bookie %d is away", pod.ordinal, ordinal)
		case s != nil && s.readOnly:
			w.breaks("bookie %d was taken while bookie %d is read-only", pod.ordinal, ordinal)
		case s != nil:
			writable++
		}
		if pod.ready && (other == nil || !other.ready) {
			w.breaks("pod %d was taken while pod %d is not ready: a bad revision does not stop", pod.ordinal, ordinal)
		}
		if other != nil && other.ready && w.now.Sub(other.changed) < simSoak-5*time.Second {
			w.breaks("pod %d was taken when pod %d had just become ready", pod.ordinal, ordinal)
		}
	}
	if w.requireWritable && writable < 3 {
		w.breaks("bookie %d was taken, and %d remain writable", pod.ordinal, writable)
	}
	if w.recorded != simID {
		w.breaks("bookie %d of a cluster without a recorded identity was taken", pod.ordinal)
	}
	if w.inside && w.auditor == pod.ordinal && w.disabledBy == "" {
		w.breaks("bookie %d was taken, in which the auditor runs", pod.ordinal)
	}
	if w.disabledBy == human {
		w.breaks("bookie %d was taken while autorecovery is off", pod.ordinal)
	}
}

// blindness is for how long a conductor may act on what it saw before a fault: a stale read of
// up to five seconds, and two until it acts.
const blindness = 8 * time.Second

// human is who else switches autorecovery off.
const human = "maintenance"

// check holds a decision against what was seen.
func (w *world) check(s Snapshot, a Action, r Report) {
	if a.Kind == Done {
		for _, pod := range mustGet(s.Pods) {
			member, seen := pod.Member.Get()
			if !pod.Ready || pod.Terminating || !seen || !member.Registered() {
				w.breaks("done, it says, and pod %s is not well", pod.Name)
			}
		}
		if set := mustGet(s.Set); set.ObservedGeneration < set.Generation || len(mustGet(s.Pods)) != set.Replicas {
			w.breaks("done, it says, before the controller is")
		}
	}
	if a.Kind == Evict {
		if r.Status != Passed {
			w.breaks("eviction with the status %s", r.Status)
		}
		if blindTo(s) {
			w.breaks("eviction without having seen everything")
		}
	}
}

func mustGet[T any](o Observed[T]) T {
	value, seen := o.Get()
	if !seen {
		panic("decided without a basic fact")
	}
	return value
}

// blindTo reports whether a fact is missing on which an eviction must rest.
func blindTo(s Snapshot) bool {
	b := s.BookKeeper
	_, set := s.Set.Get()
	_, pods := s.Pods.Get()
	_, policy := s.Policy.Get()
	_, budget := s.Budget.Get()
	_, intent := s.Intent.Get()
	_, quorum := b.Quorum.Get()
	_, id := b.InstanceID.Get()
	_, recorded := b.RecordedID.Get()
	_, bookies := b.Bookies.Get()
	_, marks := b.UnderReplicated.Get()
	_, auto := b.Autorecovery.Get()
	_, coverage := b.Coverage.Get()
	_, version := b.Version.Get()
	for _, pod := range mustGet(s.Pods) {
		if _, seen := pod.Member.Get(); !seen {
			return true
		}
	}
	return !(set && pods && policy && budget && intent && quorum && id && recorded && bookies && marks && auto && coverage && version)
}

// breaks notes the first thing that must never happen.
func (w *world) breaks(format string, args ...any) {
	if w.broken == "" {
		w.broken = fmt.Sprintf("at %s: ", w.since()) + fmt.Sprintf(format, args...)
	}
}
