package upgrade

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// outdated makes pods outdated; none named is all.
func outdated(ordinals ...int) func(*Snapshot) {
	return func(s *Snapshot) {
		for _, p := range mustGet(s.Pods) {
			if len(ordinals) == 0 || slices.Contains(ordinals, p.Ordinal) {
				pod(p.Ordinal, old)(s)
			}
		}
	}
}

// brokenPod is outdated, waits for an error and serves nobody.
func brokenPod(ordinal int) func(*Snapshot) {
	return with(pod(ordinal, with2(old, faulty)), bookie(ordinal, gone))
}

func self(ordinal int) func(*Snapshot) { return func(s *Snapshot) { s.Self = podName(ordinal) } }

func rack(name string, ordinals ...int) func(*Snapshot) {
	return func(s *Snapshot) {
		for _, ordinal := range ordinals {
			pod(ordinal, func(p *Pod) { p.Rack = name })(s)
		}
	}
}

// carryOut makes of a snapshot the one after an action, when all has settled. Pods of revision
// "bad" do not come up.
func carryOut(s *Snapshot, a Action) {
	switch a.Kind {
	case Evict, Delete:
		for _, p := range mustGet(s.Pods) {
			if p.UID == a.UID {
				succeed(s, p.Ordinal)
			}
		}
	case SwitchOff:
		change(&s.BookKeeper.Autorecovery, func(r *Autorecovery) { r.Enabled, r.DisabledBy, r.DisabledSince = false, a.Value, s.Now })
	case SwitchOn:
		change(&s.BookKeeper.Autorecovery, func(r *Autorecovery) { r.Enabled, r.DisabledBy = true, "" })
	case RecordIdentity:
		s.BookKeeper.RecordedID = Seen(a.Value)
	}
}

// succeed gives a pod a successor.
func succeed(s *Snapshot, ordinal int) {
	revision := mustGet(s.Set).Wanted[0]
	pod(ordinal, func(p *Pod) {
		p.UID, p.Revision, p.Fault, p.Ready, p.ReadyChanged = p.UID+"'", revision, "", true, noon.Add(-time.Hour)
	})(s)
	if revision == "bad" {
		pod(ordinal, faulty)(s)
	}
	if s.BookKeeper == nil {
		return
	}
	bookie(ordinal, func(m *Member) { m.Writable, m.ReadOnly, m.Since, m.Auditor = true, false, noon.Add(-time.Hour), false })(s)
	if revision == "bad" {
		bookie(ordinal, gone)(s)
	}
}

// play carries out what follows, to the end or until it waits.
func play(s *Snapshot) []string {
	var did []string
	for range 100 {
		action, _ := Next(*s)
		did = append(did, strings.TrimSpace(action.Kind.String()+" "+action.Pod))
		if action.Kind == Done || action.Kind == Wait {
			return did
		}
		carryOut(s, action)
	}
	return append(did, "…")
}

func TestOrder(t *testing.T) {
	cases := []struct {
		name     string
		replicas int
		edit     func(*Snapshot)
		want     []string
	}{
		{"the lowest ordinal is the canary", 3, outdated(), []string{"Evict bk-0", "Evict bk-1", "Evict bk-2", "Done"}},
		{"pods that a drain has replaced are left alone", 4, outdated(0, 2), []string{"Evict bk-0", "Evict bk-2", "Done"}},
		{"ordinals are numbers", 12, outdated(1, 2, 9, 10, 11), []string{"Evict bk-1", "Evict bk-2", "Evict bk-9", "Evict bk-10", "Evict bk-11", "Done"}},
		{"whatever the order in which pods are listed", 3, with(outdated(), func(s *Snapshot) { slices.Reverse(mustGet(s.Pods)) }),
			[]string{"Evict bk-0", "Evict bk-1", "Evict bk-2", "Done"}},
		{"rack by rack", 6, with(outdated(), rack("a", 1, 4), rack("b", 0, 3), rack("c", 2, 5)),
			[]string{"Evict bk-1", "Evict bk-4", "Evict bk-0", "Evict bk-3", "Evict bk-2", "Evict bk-5", "Done"}},
		{"the auditor's pod is last", 3, with(outdated(), bookie(0, auditor)),
			[]string{"Evict bk-1", "Evict bk-2", "SwitchOff bk-0", "Evict bk-0", "SwitchOn", "Done"}},
		{"the conductor's own pod is last", 3, with(outdated(), self(1)), []string{"Evict bk-0", "Evict bk-2", "Evict bk-1", "Done"}},
		{"the conductor's own after the auditor's", 3, with(outdated(), self(0), bookie(1, auditor)),
			[]string{"Evict bk-2", "SwitchOff bk-1", "Evict bk-1", "SwitchOn", "Evict bk-0", "Done"}},
		{"the conductor's own is the auditor's", 3, with(outdated(), self(0), bookie(0, auditor)),
			[]string{"Evict bk-1", "Evict bk-2", "SwitchOff bk-0", "Evict bk-0", "SwitchOn", "Done"}},
		{"the auditor's is last of all, not of its rack", 4, with(outdated(), rack("a", 0, 1), rack("b", 2, 3), bookie(0, auditor)),
			[]string{"Evict bk-1", "Evict bk-2", "Evict bk-3", "SwitchOff bk-0", "Evict bk-0", "SwitchOn", "Done"}},
		{"one that is stuck is first", 4, with(outdated(), pod(2, late)), []string{"Delete bk-2", "Evict bk-0", "Evict bk-1", "Evict bk-3", "Done"}},
		{"all that are stuck, one by one", 3, with(outdated(), pod(0, late), pod(1, late), pod(2, late)),
			[]string{"Delete bk-0", "Delete bk-1", "Delete bk-2", "Done"}},
		{"one that is broken is before one that is stuck", 4, with(outdated(), pod(1, late), brokenPod(3)),
			[]string{"Delete bk-3", "Delete bk-1", "Evict bk-0", "Evict bk-2", "Done"}},
		{"the identity is recorded before anything is replaced", 3, with(outdated(), recorded("")),
			[]string{"RecordIdentity", "Evict bk-0", "Evict bk-1", "Evict bk-2", "Done"}},
		{"another revision equal in meaning", 3, with(outdated(1), set(func(s *Set) { s.Wanted = append(s.Wanted, "old") })), []string{"Done"}},
		{"nothing is outdated", 3, with(), []string{"Done"}},
		{"members of another kind", 3, with(outdated(), pod(1, with2(old, faulty)), func(s *Snapshot) { s.BookKeeper = nil }),
			[]string{"Delete bk-1", "Evict bk-0", "Evict bk-2", "Done"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := healthyOf(c.replicas)
			c.edit(&s)
			if diff := cmp.Diff(c.want, play(&s)); diff != "" {
				t.Errorf("what is done (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNext(t *testing.T) {
	evict := func(why string) Action {
		return Action{Kind: Evict, Pod: "bk-0", UID: "uid-0", ResourceVersion: "7", Why: why}
	}
	deleted := func(why string) Action {
		return Action{Kind: Delete, Pod: "bk-1", UID: "uid-1", ResourceVersion: "7", Why: "it is outdated and serves nobody: " + why}
	}
	waitFor := func(pod, why string) Action { return Action{Kind: Wait, Pod: "bk-" + pod, UID: "uid-" + pod, Why: why} }
	waits := func(why string) Action { return Action{Kind: Wait, Why: why} }
	done := func(n string) Action {
		return Action{Kind: Done, Why: "all " + n + " pods are well and have the wanted revision"}
	}
	switchOff := Action{Kind: SwitchOff, Pod: "bk-0", UID: "uid-0", ResourceVersion: "7", Value: "bkcheck uid-0",
		Why: "the auditor runs in it: a new auditor would mark all its ledgers at once"}
	switchOn := Action{Kind: SwitchOn, Value: "bkcheck uid-0", Why: "autorecovery was switched off for a pod that is back, or does not go now"}
	record := Action{Kind: RecordIdentity, Value: "id-1", Why: "all bookies are registered and the cluster's identity was not recorded yet"}
	// off is for pod bk-0, since a minute ago.
	off := autorecovery(Autorecovery{DisabledBy: "bkcheck uid-0", DisabledSince: noon.Add(-time.Minute), Auditor: "bk-0"})
	successor := pod(0, func(p *Pod) { p.UID = "uid-0'" })

	cases := []struct {
		name string
		edit func(*Snapshot)
		want Action
	}{
		{"all gates pass", outdated(), evict("it is outdated, and all gates pass")},
		{"all that is missing is a soak", with(outdated(0), pod(2, func(p *Pod) { p.ReadyChanged = noon })),
			waitFor("0", "others-settled: pod bk-2 settles for another 30s")},
		{"unknown decides before blocked, blocked before pending", with(outdated(0), budget(func(b *Budget) { b.Allowed = 0 }), bookie(2, readOnly),
			away(func(s *Snapshot) *Observed[UnderReplicated] { return &s.BookKeeper.UnderReplicated })),
			waitFor("0", "fully-replicated: the under-replicated ledgers: timeout")},
		{"blocked decides before pending", with(outdated(0), budget(func(b *Budget) { b.Allowed = 0 }), bookie(2, readOnly)),
			waitFor("0", "none-read-only: bookie bookie-2:3181 is read-only")},
		{"paused", with(outdated(), policy(func(p *Policy) { p.Paused, p.PausedWhy = true, "INC-7" })), waitFor("0", "not-paused: paused: INC-7")},
		{"paused, and all is done", policy(func(p *Policy) { p.Paused = true }), done("4")},

		{"the canary of a bad revision stops the line", with(outdated(1, 2, 3), pod(0, faulty), bookie(0, gone)),
			waitFor("1", "others-ready: pod bk-0 of the wanted revision does not become ready: CrashLoopBackOff")},
		{"the canary that never comes up stops the line", with(outdated(1, 2, 3), pod(0, late), bookie(0, gone)),
			waitFor("1", "others-ready: pod bk-0 is not Ready for 1h0m0s, more than the deadline of 30m0s")},
		{"after the revert the canary is replaced", brokenPod(1), deleted("CrashLoopBackOff")},
		{"after the revert the canary that hung is replaced", with(pod(1, with2(old, late)), bookie(1, gone)), deleted("not Ready for 1h0m0s")},
		{"no budget is asked for one that serves nobody", with(brokenPod(1), budget(func(b *Budget) { b.Allowed = 0 })), deleted("CrashLoopBackOff")},
		{"nor that anything else is well", with(brokenPod(1), bookie(2, gone), pod(2, unready), without(3), marks(UnderReplicated{Count: 9}), bookie(2, readOnly)),
			deleted("CrashLoopBackOff")},
		{"but paused is paused", with(brokenPod(1), policy(func(p *Policy) { p.Paused, p.PausedWhy = true, "INC-7" })), waitFor("1", "not-paused: paused: INC-7")},
		{"and nothing goes without ZooKeeper", with(brokenPod(1), func(s *Snapshot) { s.BookKeeper.Quorum = Seen(false) }),
			waitFor("1", "zookeeper-quorum: ZooKeeper has no quorum")},
		{"one of the wanted revision is left as it is", with(pod(1, faulty), bookie(1, gone)),
			waits("others-ready: pod bk-1 of the wanted revision does not become ready: CrashLoopBackOff")},
		{"one that may serve is not broken", with(pod(1, with2(old, faulty)), unseenMember(1)),
			waitFor("1", "bookies-registered: the bookie of pod bk-1: timeout")},
		{"one that replays its journal is not broken", with(outdated(0), pod(1, with2(old, unready)), bookie(1, gone)),
			waitFor("0", "others-ready: pod bk-1 is not Ready")},
		{"of those that may come back, one at a time", with(outdated(0), pod(0, late), bookie(0, gone), pod(1, unready), bookie(1, gone)),
			waitFor("0", "others-ready: pod bk-1 is not Ready")},

		{"identity, at the first healthy sight", recorded(""), record},
		{"identity, although pods are not ready", with(recorded(""), pod(1, late)), record},
		{"no identity while a bookie is away", with(recorded(""), bookie(1, gone), pod(1, unready)), waits("others-ready: pod bk-1 is not Ready")},
		{"no identity without its record", with(outdated(0), away(func(s *Snapshot) *Observed[string] { return &s.BookKeeper.RecordedID })),
			waitFor("0", "identity: the recorded identity: timeout")},

		{"off for the auditor's pod when all else passes", with(outdated(0), bookie(0, auditor)), switchOff},
		{"not off while something else is missing", with(outdated(0), bookie(0, auditor), marks(UnderReplicated{Count: 1})),
			waitFor("0", "fully-replicated: 1 ledger under-replicated")},
		{"off: now the pod goes", with(outdated(0), bookie(0, auditor), off), evict("it is outdated, and all gates pass")},
		{"on again when the pod does not go now", with(outdated(0), bookie(0, auditor), off, marks(UnderReplicated{Count: 1})), switchOn},
		{"on again when the template was reverted", with(bookie(0, auditor), off), switchOn},
		{"on again when another goes first", with(outdated(0, 1), bookie(0, auditor), off), switchOn},
		{"off while the pod terminates", with(outdated(0), off, pod(0, func(p *Pod) { p.Terminating = true })), waits("nothing-terminating: pod bk-0 is terminating")},
		{"off while its successor is not created", with(off, without(0)), waits("pods-complete: 3 of 4 pods exist")},
		{"off while its successor is not registered", with(off, successor, pod(0, unready), bookie(0, gone)), waits("others-ready: pod bk-0 is not Ready")},
		{"off while its successor is not seen", with(off, successor, unseenMember(0)), waits("others-settled: the bookie of pod bk-0: timeout")},
		{"on when the successor is registered", with(off, successor, pod(0, unready)), switchOn},
		{"on when the successor takes longer than the deadline", with(successor, pod(0, unready), bookie(0, gone),
			autorecovery(Autorecovery{DisabledBy: "bkcheck uid-0", DisabledSince: noon.Add(-31 * time.Minute)})), switchOn},
		{"on when it was left off long ago, for whomever", autorecovery(Autorecovery{DisabledBy: "bkcheck uid-99"}),
			Action{Kind: SwitchOn, Value: "bkcheck uid-99", Why: switchOn.Why}},
		{"what a person switched off stays off", with(outdated(0), autorecovery(Autorecovery{DisabledBy: "jane"})),
			waitFor("0", `autorecovery-on: autorecovery is switched off by "jane"`)},

		{"done", with(), done("4")},
		{"not done while one is not ready", pod(1, unready), waits("others-ready: pod bk-1 is not Ready")},
		{"not done while one settles", pod(1, func(p *Pod) { p.ReadyChanged = noon.Add(-time.Second) }), waits("others-settled: pod bk-1 settles for another 29s")},
		{"not done while one terminates", with(outdated(1), pod(1, func(p *Pod) { p.Terminating = true })), waits("nothing-terminating: pod bk-1 is terminating")},
		{"not done while the last successor is not created", without(1), waits("pods-complete: 3 of 4 pods exist")},
		{"not done while a bookie is away", bookie(1, gone), waits("bookies-registered: the bookie of pod bk-1 is not registered")},
		{"not done while one is read-only", bookie(1, readOnly), waits("none-read-only: bookie bookie-1:3181 is read-only")},
		{"not done while ledgers miss copies", marks(UnderReplicated{Count: 2}), waits("fully-replicated: 2 ledgers under-replicated")},
		{"not done before the controller has seen the template", set(func(s *Set) { s.Generation = 6 }), waits("generation-observed: the controller has observed generation 5 of 6")},
		{"not done before a revision is named", set(func(s *Set) { s.Wanted = nil }), waits("generation-observed: the controller has named no update revision yet")},
		{"not done while the set goes", set(func(s *Set) { s.Terminating = true }), waits("not-deleted: StatefulSet bk is being deleted")},
		{"not done without ZooKeeper", func(s *Snapshot) { s.BookKeeper.Quorum = Seen(false) }, waits("zookeeper-quorum: ZooKeeper has no quorum")},
		{"not done without seeing a bookie", unseenMember(1), waits("others-settled: the bookie of pod bk-1: timeout")},

		{"scaled up in mid-rollout, the new pod is not there", with(outdated(2, 3), set(func(s *Set) { s.Replicas = 5 })), waitFor("2", "pods-complete: 4 of 5 pods exist")},
		{"scaled down in mid-rollout, the pod is still there", with(outdated(2, 3), set(func(s *Set) { s.Replicas = 3 })), waitFor("2", "pods-complete: pod bk-3 is one too many for 3 replicas")},
		{"scaled down in mid-rollout, its bookie holds data", with(outdated(2), set(func(s *Set) { s.Replicas = 3 }), bookie(3, gone), without(3)),
			waitFor("2", "bookies-registered: bookie bookie-3:3181 holds data, is not registered, and no pod is that bookie")},

		{"the set was not seen", away(func(s *Snapshot) *Observed[Set] { return &s.Set }), waits("the StatefulSet: timeout")},
		{"the pods were not seen", away(func(s *Snapshot) *Observed[[]Pod] { return &s.Pods }), waits("its pods: timeout")},
		{"the policy was not seen", away(func(s *Snapshot) *Observed[Policy] { return &s.Policy }), waits("the rollout's policy: timeout")},
		{"nothing was seen", func(s *Snapshot) { *s = Snapshot{} }, waits("the StatefulSet: not observed")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := healthy()
			c.edit(&s)
			got, _ := Next(s)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("action (-want +got):\n%s", diff)
			}
		})
	}
}

// TestABadRevision is stopped by its canary, and mended by whatever template comes next.
func TestABadRevision(t *testing.T) {
	cases := []struct {
		name, next string
		want       []string
	}{
		{"a revert", "new", []string{"Delete bk-0", "Done"}},
		{"a correction", "newer", []string{"Delete bk-0", "Evict bk-1", "Evict bk-2", "Done"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := healthyOf(3)
			set(func(s *Set) { s.Wanted = []string{"bad"} })(&s)
			if diff := cmp.Diff([]string{"Evict bk-0", "Wait bk-1"}, play(&s)); diff != "" {
				t.Errorf("the bad revision (-want +got):\n%s", diff)
			}
			set(func(s *Set) { s.Wanted = []string{c.next} })(&s)
			if diff := cmp.Diff(c.want, play(&s)); diff != "" {
				t.Errorf("what came next (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReportOfACandidate(t *testing.T) {
	s := healthy()
	with(outdated(2, 3), bookie(0, readOnly))(&s)
	_, got := Next(s)
	var names []string
	for _, verdict := range got.Verdicts {
		names = append(names, verdict.Gate)
	}
	var want []string
	for _, g := range gates {
		want = append(want, g.name)
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("gates (-want +got):\n%s", diff)
	}
	got.Verdicts = nil
	if diff := cmp.Diff(Report{Status: Blocked, Candidate: "bk-2", Outdated: 2, Total: 4}, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestReportWithoutABasicFact(t *testing.T) {
	s := healthy()
	s.Pods = Unseen[[]Pod]("forbidden")
	_, got := Next(s)
	want := Report{Status: Unknown, Verdicts: []Verdict{{Gate: "observed", Status: Unknown, Seen: "its pods: forbidden", Try: unseenTry}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
