package upgrade

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is what an Action does. The zero value is none.
type Kind int

const (
	// Done: every pod is there, well, and on the wanted revision.
	Done Kind = 1 + iota
	// Wait: nothing may be done now; the report says for what to wait, or who must act.
	Wait
	// Evict a healthy pod through the Eviction API, so that budgets and drains are respected.
	Evict
	// Delete a pod that is broken and outdated: it serves nobody, and its budget would keep it.
	Delete
	// RecordIdentity of a cluster that is healthy for the first time.
	RecordIdentity
	// SwitchOff autorecovery for the one pod in which the auditor runs.
	SwitchOff
	// SwitchOn autorecovery, which we had switched off.
	SwitchOn
)

var kindNames = map[Kind]string{Done: "Done", Wait: "Wait", Evict: "Evict", Delete: "Delete",
	RecordIdentity: "RecordIdentity", SwitchOff: "SwitchOff", SwitchOn: "SwitchOn"}

func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// MarshalText is the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Action is the next step, with the preconditions under which it was decided.
type Action struct {
	Kind Kind `json:"kind"`
	// Pod, UID and ResourceVersion are those of the pod to evict or delete, and of the one for which
	// autorecovery is switched.
	Pod             string `json:"pod,omitempty"`
	UID             string `json:"uid,omitempty"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// Value is the identity to record, or the owner's text of the switch.
	Value string `json:"value,omitempty"`
	// Why says it in words.
	Why string `json:"why"`
}

// Next is the next step of the rollout, with the report that it follows from.
func Next(s Snapshot) (Action, Report) {
	v, verdict := see(s)
	if verdict != nil {
		return Action{Kind: Wait, Why: verdict.Seen}, Report{Verdicts: []Verdict{*verdict}, Status: verdict.Status}
	}
	if action, ok := v.housekeeping(); ok {
		return action, v.report(nil)
	}
	outdated := v.outdated()
	if len(outdated) == 0 {
		return v.finish()
	}
	for _, pod := range outdated {
		if v.broken(pod) {
			if action, report, ok := v.repair(pod); ok {
				return action, report
			}
		}
	}
	return v.replace(v.candidate(outdated))
}

// see looks whether the facts are there without which nothing can be judged.
func see(s Snapshot) (view, *Verdict) {
	set, haveSet := s.Set.Get()
	pods, havePods := s.Pods.Get()
	policy, havePolicy := s.Policy.Get()
	var missing Verdict
	switch {
	case !haveSet:
		missing = unknown("the StatefulSet", s.Set)
	case !havePods:
		missing = unknown("its pods", s.Pods)
	case !havePolicy:
		missing = unknown("the rollout's policy", s.Policy)
	default:
		pods = slices.Clone(pods)
		slices.SortFunc(pods, func(a, b Pod) int { return a.Ordinal - b.Ordinal })
		return view{Snapshot: s, set: set, pods: pods, policy: policy}, nil
	}
	missing.Gate = "observed"
	return view{}, &missing
}

// outdated are the pods that have a revision they may not have. Before the controller has
// named the wanted one nobody is.
func (v view) outdated() []Pod {
	var pods []Pod
	if v.set.ObservedGeneration < v.set.Generation || len(v.set.Wanted) == 0 {
		return pods
	}
	for _, pod := range v.pods {
		if !v.wanted(pod) && !pod.Terminating {
			pods = append(pods, pod)
		}
	}
	return pods
}

// broken reports whether taking an outdated pod costs nobody anything: it cannot become
// ready by waiting, or had its time, and its bookie serves nobody. A bookie that replays its journal is
// not broken, and one that cannot be seen may serve.
func (v view) broken(pod Pod) bool {
	if pod.Ready || pod.Fault == "" && !v.late(pod) {
		return false
	}
	if v.BookKeeper == nil {
		return true
	}
	if member, seen := pod.Member.Get(); seen {
		return !member.Registered()
	}
	return v.othersHaveAll(pod)
}

// othersHaveAll reports whether every registered bookie is seen to be another pod's: then one
// whose bookie is not known (under Operator it is known by its registration alone) has none.
func (v view) othersHaveAll(pod Pod) bool {
	bookies, seen := v.BookKeeper.Bookies.Get()
	if !seen {
		return false
	}
	theirs := map[string]bool{}
	for _, other := range others(v.pods, pod) {
		if member, seen := other.Member.Get(); seen {
			theirs[member.ID] = true
		}
	}
	return !slices.ContainsFunc(bookies, func(m Member) bool { return m.Registered() && !theirs[m.ID] })
}

// repair deletes a pod that is outdated and broken, so that a revert repairs itself: the
// broken one goes first, and asks nobody.
func (v view) repair(pod Pod) (Action, Report, bool) {
	report := v.report(&pod)
	report.Verdicts = judgeAll(v, pod, true)
	report.Status = worst(report.Verdicts)
	if report.Status != Passed || v.expecting(pod) && (pod.Fault == "" || !v.proven()) || v.stopped() {
		return Action{}, Report{}, false
	}
	return act(Delete, pod, "it is outdated and serves nobody: %s", v.fault(pod)), report, true
}

// expecting reports whether another pod is on its way. One without a fault may come back the very
// moment that it is taken, so such pods are taken one at a time.
func (v view) expecting(candidate Pod) bool {
	for _, pod := range others(v.pods, candidate) {
		if pod.Terminating || !pod.Ready && v.wanted(pod) && pod.Fault == "" && !v.late(pod) {
			return true
		}
	}
	return len(v.pods) != v.set.Replicas
}

// proven reports whether the wanted revision has come up anywhere.
func (v view) proven() bool {
	return slices.ContainsFunc(v.pods, func(pod Pod) bool { return pod.Ready && v.wanted(pod) })
}

// stopped reports whether the wanted revision has failed where it was tried, and come up nowhere.
// A pod that found no node says nothing of its revision.
func (v view) stopped() bool {
	return !v.proven() && slices.ContainsFunc(v.pods, func(pod Pod) bool {
		return v.wanted(pod) && (pod.Fault != "" || v.late(pod)) && (!pod.Started.IsZero() || pod.Node != "")
	})
}

// fault says why a pod is not Ready.
func (v view) fault(pod Pod) string {
	if pod.Fault != "" {
		return pod.Fault
	}
	return fmt.Sprintf("not Ready for %s", v.unreadyFor(pod).Round(time.Second))
}

// candidate is the pod that goes next: one that is stuck before those that are well. Racks go one after the other, so that two
// of them are never half new; within one, ordinals as numbers; last the auditor's pod, and
// the conductor's own, which cannot see its own successor come.
func (v view) candidate(outdated []Pod) Pod {
	return slices.MinFunc(outdated, func(a, b Pod) int {
		if c := v.lateness(a) - v.lateness(b); c != 0 {
			return c
		}
		if c := strings.Compare(a.Rack, b.Rack); c != 0 {
			return c
		}
		return a.Ordinal - b.Ordinal
	})
}

func (v view) lateness(pod Pod) int {
	late := 0
	switch {
	case v.stuck(pod):
		late -= 8
	case v.hinders(pod):
		late -= 4
	}
	if member, _ := pod.Member.Get(); member.Auditor {
		late++
	}
	if pod.Name == v.Self {
		late += 2
	}
	return late
}

// hinders reports whether a pod that is outdated keeps all others from being replaced: none of
// them passes its gates, and it may.
func (v view) hinders(pod Pod) bool {
	if pod.Fault != "" {
		return true
	}
	member, seen := pod.Member.Get()
	return v.BookKeeper != nil && seen && (member.ReadOnly || pod.Ready && !member.Registered())
}

// replace evicts the candidate where all gates pass.
func (v view) replace(candidate Pod) (Action, Report) {
	report := v.report(&candidate)
	if report.Status == Passed && v.stuck(candidate) {
		// The Eviction API asks for a budget of healthy pods, of which there may be none.
		return act(Delete, candidate, "it is outdated and %s, and all gates pass", v.fault(candidate)), report
	}
	if report.Status == Passed {
		return act(Evict, candidate, "it is outdated, and all gates pass"), report
	}
	if v.only(report, "auditor-elsewhere") {
		action := act(SwitchOff, candidate, "the auditor runs in it: a new auditor would mark all its ledgers at once")
		action.Value = owner(candidate)
		return action, report
	}
	return Action{Kind: Wait, Pod: candidate.Name, UID: candidate.UID, Why: report.Reason()}, report
}

// only reports whether one gate alone does not pass, and waits.
func (v view) only(report Report, gate string) bool {
	for _, verdict := range report.Verdicts {
		if verdict.Status == Passed {
			continue
		}
		if verdict.Gate != gate || verdict.Status != Pending {
			return false
		}
	}
	return report.Status == Pending
}

// housekeeping is what comes before all replacing: to record who the cluster is as soon as
// it is healthy, and to switch autorecovery on again.
func (v view) housekeeping() (Action, bool) {
	b := v.BookKeeper
	if b == nil {
		return Action{}, false
	}
	if a, seen := b.Autorecovery.Get(); seen && ours(a) && !v.awaited(a) {
		return Action{Kind: SwitchOn, Value: a.DisabledBy, Why: "autorecovery was switched off for a pod that is back, or does not go now"}, true
	}
	id, seenID := b.InstanceID.Get()
	recorded, seenRecord := b.RecordedID.Get()
	if seenID && seenRecord && recorded == "" && id != "" && len(v.pods) > 0 && worst(v.judge(whole)) == Passed {
		return Action{Kind: RecordIdentity, Value: id, Why: "all bookies are registered and the cluster's identity was not recorded yet"}, true
	}
	return Action{}, false
}

// awaited reports whether autorecovery is off for good reason: the pod that it was switched
// off for goes now, or its successor is not back yet. Neither may take longer than a pod's deadline.
func (v view) awaited(a Autorecovery) bool {
	if v.Now.Sub(a.DisabledSince) > v.policy.Deadline {
		return false
	}
	intent, seen := v.Intent.Get()
	if !seen || OwnerPrefix+intent.UID == a.DisabledBy && v.Now.Sub(intent.Since) < intentLife {
		return true
	}
	if outdated := v.outdated(); len(outdated) > 0 {
		if next := v.candidate(outdated); owner(next) == a.DisabledBy && (v.report(&next).Status == Passed || v.report(&next).Status == Unknown) {
			return true
		}
	}
	if slices.ContainsFunc(v.pods, func(pod Pod) bool { return owner(pod) == a.DisabledBy && !pod.Terminating }) {
		return false // it did not go
	}
	for _, pod := range v.pods {
		if member, seen := pod.Member.Get(); pod.Terminating || !seen || !member.Registered() {
			return true
		}
	}
	return len(v.pods) != v.set.Replicas
}

// finish is the end, or what is missing to it.
func (v view) finish() (Action, Report) {
	report := v.report(nil)
	if report.Status != Passed {
		return Action{Kind: Wait, Why: report.Reason()}, report
	}
	return Action{Kind: Done, Why: fmt.Sprintf("all %d pods are well and have the wanted revision", v.set.Replicas)}, report
}

// whole are the gates that a cluster passes which has all its bookies. Ready they need not be:
// a wrong probe must not keep it from being repaired.
var whole = []string{"not-deleted", "zookeeper-quorum", "nothing-terminating", "pods-complete", "bookies-registered"}

// well are the gates that a cluster passes whose rollout is done.
var well = append([]string{"on-delete", "generation-observed", "template-from-git", "identity", "claims-bound", "others-ready", "others-settled",
	"none-read-only", "fully-replicated", "autorecovery-on"}, whole...)

// judge asks the named gates about everybody.
func (v view) judge(names []string) []Verdict {
	var verdicts []Verdict
	for _, g := range gates {
		if slices.Contains(names, g.name) {
			verdict := g.judge(v, nobody)
			verdict.Gate = g.name
			verdicts = append(verdicts, verdict)
		}
	}
	return verdicts
}

// nobody is a candidate that is no pod, so that everybody is another.
var nobody = Pod{Member: Seen(Member{})}

func act(kind Kind, pod Pod, format string, args ...any) Action {
	return Action{Kind: kind, Pod: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion, Why: fmt.Sprintf(format, args...)}
}
