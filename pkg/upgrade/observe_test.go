package upgrade

import (
	"fmt"
	"time"
)

// observe is what an observer sees; of facts that it cannot see it says so.
func (w *world) observe(self string, blind func(fact string) bool) Snapshot {
	s := Snapshot{Now: w.now, Self: self}
	s.Policy = see1(blind("policy"), Policy{EnsembleSize: 3, WriteQuorum: 3, AckQuorum: ackQuorum, Soak: simSoak, Deadline: simDeadline,
		Paused: w.paused, RequireWritable: w.requireWritable})
	s.Set = see1(blind("set"), Set{Name: "bk", UID: "set", Generation: w.generation, ObservedGeneration: w.observed, Replicas: w.replicas,
		Strategy: map[bool]string{false: "OnDelete", true: "RollingUpdate"}[w.rolling], Wanted: []string{fmt.Sprint(w.update)},
		Terminating: w.deleted, ForeignOwners: map[bool][]string{true: {"kubectl-edit"}}[w.foreign]})
	var pods []Pod
	for ordinal := range w.replicas + 2 {
		if pod := w.pods[ordinal]; pod != nil {
			pods = append(pods, w.observePod(pod, blind))
		}
	}
	s.Pods = see1(blind("pods"), pods)
	s.Budget = see1(blind("budget"), Budget{Name: "bk", Allowed: w.allowed})
	s.Intent = see1(blind("intent"), w.intent)
	s.BookKeeper = w.observeBookKeeper(blind)
	return s
}

func see1[T any](blind bool, value T) Observed[T] {
	if blind {
		return Unseen[T]("the fault of this test")
	}
	return Seen(value)
}

func (w *world) observePod(pod *simPod, blind func(string) bool) Pod {
	p := Pod{Name: podName(pod.ordinal), Ordinal: pod.ordinal, UID: pod.uid, ResourceVersion: fmt.Sprint(pod.version), Revision: fmt.Sprint(pod.revision),
		Terminating: !pod.goneAt.IsZero(), Ready: pod.ready, ReadyChanged: pod.changed, Created: pod.created, Started: pod.started, Fault: pod.fault}
	if !w.nodes[pod.ordinal] && pod.started.IsZero() {
		p.Fault = "Unschedulable"
	}
	p.Member = see1(blind("member") || !w.quorum, w.member(pod.ordinal))
	return p
}

func podName(ordinal int) string { return fmt.Sprintf("bk-%d", ordinal) }

func (w *world) member(ordinal int) Member {
	m := Member{ID: podName(ordinal), Cookie: w.cookies[ordinal], Auditor: w.inside && w.auditor == ordinal}
	if s := w.registered[ordinal]; s != nil {
		m.Writable, m.ReadOnly, m.Since = !s.readOnly, s.readOnly, s.since
	}
	return m
}

func (w *world) observeBookKeeper(blind func(string) bool) *BookKeeper {
	away := !w.quorum
	var bookies []Member
	marked := 0
	for ordinal := range w.replicas + 2 {
		if w.cookies[ordinal] || w.registered[ordinal] != nil {
			bookies = append(bookies, w.member(ordinal))
		}
	}
	for _, l := range w.ledgers {
		if l.marked {
			marked++
		}
	}
	auditor := "autorecovery-0"
	if w.inside {
		auditor = ""
		if w.auditor >= 0 {
			auditor = podName(w.auditor)
		}
	}
	forbidden := map[string][]int64{}
	for ordinal := range w.replicas + 2 {
		forbidden[podName(ordinal)] = nil
		for i, l := range w.ledgers {
			if !w.dispensable(l, ordinal) {
				forbidden[podName(ordinal)] = append(forbidden[podName(ordinal)], int64(i))
			}
		}
	}
	return &BookKeeper{
		Quorum:          see1(blind("quorum"), w.quorum),
		InstanceID:      see1(away || blind("instance"), simID),
		RecordedID:      see1(blind("recorded"), w.recorded),
		Bookies:         see1(away || blind("bookies"), bookies),
		UnderReplicated: see1(away || blind("marks"), UnderReplicated{Count: marked}),
		Autorecovery: see1(away || blind("autorecovery"), Autorecovery{Enabled: w.disabledBy == "", DisabledBy: w.disabledBy,
			DisabledSince: w.disabledSince, Auditor: auditor, Delay: w.delay}),
		Coverage: see1(away || blind("coverage"), Coverage{Forbidden: forbidden, Checked: len(w.ledgers), Total: len(w.ledgers)}),
		Version:  see1(blind("version"), VersionFinding{Refused: map[bool]string{true: "a downgrade"}[w.refused]}),
	}
}

// dispensable reports whether a ledger has another reachable copy without the bookie, and
// could be recovered without it if it is open.
func (w *world) dispensable(l *ledger, ordinal int) bool {
	holds, alive := false, 0
	for _, member := range l.members {
		switch {
		case member == ordinal:
			holds = true
		case w.registered[member] != nil && w.registered[member].uid != "":
			alive++
		}
	}
	if !holds {
		return true
	}
	dead := len(l.members) - alive // the bookie itself is one of them
	return alive >= 1 && (!l.open || dead < ackQuorum)
}

// well says what keeps the world from having ended a rollout in truth.
func (w *world) well() error {
	for ordinal := range w.replicas {
		pod := w.pods[ordinal]
		switch {
		case pod == nil:
			return fmt.Errorf("pod %d is missing", ordinal)
		case pod.revision != w.template:
			return fmt.Errorf("pod %d has revision %d of %d", ordinal, pod.revision, w.template)
		case !pod.ready || !pod.goneAt.IsZero():
			return fmt.Errorf("pod %d is not ready", ordinal)
		case w.registered[ordinal] == nil:
			return fmt.Errorf("bookie %d is not registered", ordinal)
		}
	}
	return nil
}

// since is for messages: the virtual time of a step.
func (w *world) since() time.Duration { return time.Duration(w.step) * time.Second }
