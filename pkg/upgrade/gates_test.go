package upgrade

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// healthy is a cluster of four bookies of the wanted revision in which nothing is wrong, seen
// from outside of it. Tests edit it.
func healthy() Snapshot { return healthyOf(4) }

func healthyOf(replicas int) Snapshot {
	var pods []Pod
	var bookies []Member
	for ordinal := range replicas {
		member := Member{ID: fmt.Sprintf("bookie-%d:3181", ordinal), Cookie: true, Writable: true, Since: noon.Add(-time.Hour)}
		bookies = append(bookies, member)
		pods = append(pods, Pod{Name: podName(ordinal), Ordinal: ordinal, UID: fmt.Sprintf("uid-%d", ordinal), ResourceVersion: "7", Revision: "new",
			Ready: true, ReadyChanged: noon.Add(-time.Hour), Created: noon.Add(-2 * time.Hour), Started: noon.Add(-2 * time.Hour), Member: Seen(member)})
	}
	return Snapshot{
		Now:    noon,
		Policy: Seen(Policy{EnsembleSize: 3, WriteQuorum: 3, AckQuorum: 2, Soak: 30 * time.Second, Deadline: 30 * time.Minute}),
		Set: Seen(Set{Name: "bk", Namespace: "prod", UID: "set", Generation: 5, ObservedGeneration: 5, Replicas: replicas,
			Strategy: "OnDelete", Wanted: []string{"new"}}),
		Pods:   Seen(pods),
		Budget: Seen(Budget{Name: "bk", Allowed: 1, Generation: 1, ObservedGeneration: 1}),
		Intent: Seen(Intent{}),
		BookKeeper: &BookKeeper{
			Quorum:          Seen(true),
			InstanceID:      Seen("id-1"),
			RecordedID:      Seen("id-1"),
			Bookies:         Seen(bookies),
			UnderReplicated: Seen(UnderReplicated{}),
			Autorecovery:    Seen(Autorecovery{Enabled: true, Auditor: "autorecovery-0", Delay: 10 * time.Minute}),
			Coverage:        Seen(Coverage{Forbidden: coveredWithout(bookies), Checked: 100, Total: 100}),
			Version:         Seen(VersionFinding{}),
		},
	}
}

// coveredWithout is the answer for bookies of which no ledger needs one alone.
func coveredWithout(bookies []Member) map[string][]int64 {
	forbidden := map[string][]int64{}
	for _, bookie := range bookies {
		forbidden[bookie.ID] = nil
	}
	return forbidden
}

// change edits a fact that was seen.
func change[T any](fact *Observed[T], edit func(*T)) {
	value, _ := fact.Get()
	edit(&value)
	*fact = Seen(value)
}

func set(edit func(*Set)) func(*Snapshot) { return func(s *Snapshot) { change(&s.Set, edit) } }

func policy(edit func(*Policy)) func(*Snapshot) { return func(s *Snapshot) { change(&s.Policy, edit) } }

func budget(edit func(*Budget)) func(*Snapshot) { return func(s *Snapshot) { change(&s.Budget, edit) } }

func autorecovery(a Autorecovery) func(*Snapshot) {
	return func(s *Snapshot) { s.BookKeeper.Autorecovery = Seen(a) }
}

// pod edits the pod of an ordinal.
func pod(ordinal int, edit func(*Pod)) func(*Snapshot) {
	return func(s *Snapshot) {
		pods, _ := s.Pods.Get()
		edit(&pods[slices.IndexFunc(pods, func(p Pod) bool { return p.Ordinal == ordinal })])
	}
}

// bookie edits the bookie of an ordinal, wherever it is seen.
func bookie(ordinal int, edit func(*Member)) func(*Snapshot) {
	return func(s *Snapshot) {
		pod(ordinal, func(p *Pod) { change(&p.Member, edit) })(s)
		bookies, _ := s.BookKeeper.Bookies.Get()
		edit(&bookies[ordinal])
	}
}

// gone takes a bookie's registration away, all that edits.
func gone(m *Member) { m.Writable, m.ReadOnly, m.Since = false, false, time.Time{} }

func unready(p *Pod) { p.Ready, p.ReadyChanged = false, noon.Add(-time.Minute) }

func late(p *Pod) { p.Ready, p.ReadyChanged = false, noon.Add(-time.Hour) }

func faulty(p *Pod) { unready(p); p.Fault = "CrashLoopBackOff" }

func old(p *Pod) { p.Revision = "old" }

func away[T any](fact func(*Snapshot) *Observed[T]) func(*Snapshot) {
	return func(s *Snapshot) { *fact(s) = Unseen[T]("timeout") }
}

// with makes one edit of several.
func with(edits ...func(*Snapshot)) func(*Snapshot) {
	return func(s *Snapshot) {
		for _, edit := range edits {
			edit(s)
		}
	}
}

const unseenTry = "see that bkcheck may read it and that it can be reached"

// gateCases judge pod bk-1.
var gateCases = []struct {
	gate, name string
	edit       func(*Snapshot)
	status     Status
	seen, try  string
}{
	{"not-paused", "not paused", with(), Passed, "not paused", ""},
	{"not-paused", "paused with a reason", policy(func(p *Policy) { p.Paused, p.PausedWhy = true, "INC-7" }),
		Blocked, "paused: INC-7", "remove spec.gitops.rollout.paused in Git"},

	{"not-deleted", "the set stays", with(), Passed, "StatefulSet bk is there to stay", ""},
	{"not-deleted", "the set goes", set(func(s *Set) { s.Terminating = true }), Blocked, "StatefulSet bk is being deleted", "let the deletion end"},

	{"on-delete", "OnDelete", with(), Passed, "updateStrategy is OnDelete", ""},
	{"on-delete", "RollingUpdate", set(func(s *Set) { s.Strategy = "RollingUpdate" }),
		Blocked, `updateStrategy is "RollingUpdate": the controller replaces pods by itself`, "set updateStrategy to OnDelete, as bkgen renders it"},

	{"generation-observed", "the controller has seen the template", with(), Passed, "generation 5 is observed, revision new is wanted", ""},
	{"generation-observed", "the controller has not seen the template", set(func(s *Set) { s.Generation = 6 }),
		Pending, "the controller has observed generation 5 of 6", ""},
	{"generation-observed", "the controller has named no revision", set(func(s *Set) { s.Wanted = nil }),
		Pending, "the controller has named no update revision yet", ""},

	{"template-from-git", "the engine owns the template", with(), Passed, "the pod template is the delivery engine's alone", ""},
	{"template-from-git", "others own fields of the template", set(func(s *Set) { s.ForeignOwners = []string{"kubectl-edit", "hpa"} }), Blocked,
		"fields of the pod template belong to kubectl-edit, hpa", "undo the edit, or make it in Git: kubectl get statefulset --show-managed-fields shows it"},

	{"version-step", "an allowed step", with(), Passed, "the step between the versions is allowed", ""},
	{"version-step", "a downgrade", func(s *Snapshot) {
		s.BookKeeper.Version = Seen(VersionFinding{Refused: "4.15 cannot read cookies of 4.16", Try: "stay on 4.16"})
	}, Blocked, "4.15 cannot read cookies of 4.16", "stay on 4.16"},
	{"version-step", "versions not seen", away(func(s *Snapshot) *Observed[VersionFinding] { return &s.BookKeeper.Version }),
		Unknown, "the versions: timeout", unseenTry},

	{"zookeeper-quorum", "ZooKeeper answers", with(), Passed, "ZooKeeper has a quorum", ""},
	{"zookeeper-quorum", "no quorum", func(s *Snapshot) { s.BookKeeper.Quorum = Seen(false) },
		Blocked, "ZooKeeper has no quorum", "bring ZooKeeper back first"},
	{"zookeeper-quorum", "ZooKeeper not seen", away(func(s *Snapshot) *Observed[bool] { return &s.BookKeeper.Quorum }),
		Unknown, "ZooKeeper: timeout", unseenTry},

	{"identity", "the recorded cluster", with(), Passed, "the metadata are those of cluster id-1, as recorded", ""},
	{"identity", "not recorded, and the pod is broken", with(recorded(""), pod(1, with2(old, faulty)), bookie(1, gone)),
		Passed, "the cluster was never healthy: there is no identity to differ from", ""},
	{"identity", "not recorded, and the pod is well", recorded(""),
		Pending, "the cluster's identity is not recorded yet: it is when all is well for the first time", ""},
	{"identity", "another cluster", recorded("id-0"), Blocked, "the metadata are those of cluster id-1, recorded is id-0",
		"find out who initialised the metadata anew; nothing is replaced until they are the recorded ones"},
	{"identity", "INSTANCEID not seen", away(func(s *Snapshot) *Observed[string] { return &s.BookKeeper.InstanceID }),
		Unknown, "INSTANCEID: timeout", unseenTry},
	{"identity", "the record not seen", away(func(s *Snapshot) *Observed[string] { return &s.BookKeeper.RecordedID }),
		Unknown, "the recorded identity: timeout", unseenTry},

	{"nothing-terminating", "all stay", with(), Passed, "no pod is terminating", ""},
	{"nothing-terminating", "another pod goes", pod(2, func(p *Pod) { p.Terminating = true }), Pending, "pod bk-2 is terminating", ""},
	{"nothing-terminating", "the pod itself goes", pod(1, func(p *Pod) { p.Terminating = true }), Pending, "pod bk-1 is terminating", ""},
	{"nothing-terminating", "another pod is intended", intent("uid-2", time.Second), Pending, "pod bk-2 is about to be replaced", ""},
	{"nothing-terminating", "the pod itself is intended", intent("uid-1", time.Second), Passed, "no pod is terminating", ""},
	{"nothing-terminating", "an intention of long ago", intent("uid-2", time.Hour), Passed, "no pod is terminating", ""},
	{"nothing-terminating", "an intention for a pod that went", intent("uid-9", time.Second), Passed, "no pod is terminating", ""},
	{"nothing-terminating", "intentions not seen", away(func(s *Snapshot) *Observed[Intent] { return &s.Intent }),
		Unknown, "what conductors intend: timeout", unseenTry},

	{"pods-complete", "all exist", with(), Passed, "all 4 pods exist", ""},
	{"pods-complete", "one missing", without(3), Pending, "3 of 4 pods exist", ""},
	{"pods-complete", "one too many", set(func(s *Set) { s.Replicas = 3 }), Pending, "pod bk-3 is one too many for 3 replicas", ""},

	{"candidate-started", "it is Ready", with(), Passed, "the candidate is not starting", ""},
	{"candidate-started", "its probe fails, its bookie is registered", pod(1, unready), Passed, "the candidate's bookie is registered", ""},
	{"candidate-started", "it replays its journal", with(pod(1, unready), bookie(1, gone)), Pending, "pod bk-1 is starting", ""},
	{"candidate-started", "its bookie is not seen", with(pod(1, unready), unseenMember(1)), Pending, "pod bk-1 is starting", ""},
	{"candidate-started", "it had its time", with(pod(1, late), bookie(1, gone)), Passed, "the candidate is not starting", ""},

	{"claims-bound", "all bound", with(), Passed, "all claims have their volumes", ""},
	{"claims-bound", "two unbound", pod(2, func(p *Pod) { p.UnboundClaims = []string{"journal-bk-2", "ledgers-bk-2"} }), Blocked,
		"claims journal-bk-2, ledgers-bk-2 of pod bk-2 have no volume", "see why no volume is provided: kubectl describe pvc journal-bk-2"},

	{"others-ready", "all ready", with(), Passed, "all other pods are Ready", ""},
	{"others-ready", "the pod itself is not", pod(1, unready), Passed, "all other pods are Ready", ""},
	{"others-ready", "another is starting", pod(2, unready), Pending, "pod bk-2 is not Ready", ""},
	{"others-ready", "another of the wanted revision is broken", pod(2, faulty), Blocked, "pod bk-2 of the wanted revision does not become ready: CrashLoopBackOff",
		"correct the template in Git, or revert it: a broken pod of an older revision is replaced without asking anybody"},
	{"others-ready", "another of an older revision is broken", pod(2, with2(old, faulty)),
		Blocked, "pod bk-2 is broken: CrashLoopBackOff", "see kubectl describe pod bk-2"},
	{"others-ready", "another had its time", pod(2, late), Blocked,
		"pod bk-2 is not Ready for 1h0m0s, more than the deadline of 30m0s", "see kubectl describe pod bk-2 and its log"},
	{"others-ready", "another is stuck, the pod is not", pod(2, with2(old, late)), Blocked,
		"pod bk-2 is not Ready for 1h0m0s, more than the deadline of 30m0s", "see kubectl describe pod bk-2 and its log"},
	{"others-ready", "both are stuck", with(pod(1, with2(old, late)), pod(2, with2(old, late))), Passed, "all other pods are Ready", ""},

	{"others-settled", "all well for long", with(), Passed, "all other pods have been well for 30s", ""},
	{"others-settled", "another just became ready", pod(2, func(p *Pod) { p.ReadyChanged = noon.Add(-10 * time.Second) }),
		Pending, "pod bk-2 settles for another 20s", ""},
	{"others-settled", "another just registered", bookie(2, func(m *Member) { m.Since = noon.Add(-5 * time.Second) }),
		Pending, "pod bk-2 settles for another 25s", ""},
	{"others-settled", "another's clock is ahead", bookie(2, func(m *Member) { m.Since = noon.Add(10 * time.Second) }),
		Pending, "pod bk-2 settles for another 30s", ""},
	{"others-settled", "another's registration is that of the process before", pod(2, func(p *Pod) { p.Started = noon.Add(-10 * time.Minute) }),
		Pending, "the registration of pod bk-2 is older than its process", ""},
	{"others-settled", "clocks apart by less than is allowed", pod(2, func(p *Pod) { p.Started = noon.Add(-time.Hour + clockSkew) }),
		Passed, "all other pods have been well for 30s", ""},
	{"others-settled", "another is not registered, which is another gate's matter", bookie(2, gone),
		Passed, "all other pods have been well for 30s", ""},
	{"others-settled", "no bookies", func(s *Snapshot) { s.BookKeeper = nil }, Passed, "all other pods have been well for 30s", ""},
	{"others-settled", "another's bookie not seen", unseenMember(2), Unknown, "the bookie of pod bk-2: timeout", unseenTry},

	{"disruption-budget", "one allowed", with(), Passed, "PodDisruptionBudget bk allows 1", ""},
	{"disruption-budget", "none allowed", budget(func(b *Budget) { b.Allowed = 0 }), Pending, "PodDisruptionBudget bk allows no disruption now", ""},
	{"disruption-budget", "none allowed, and the pod is not ready", with(budget(func(b *Budget) { b.Allowed = 0 }), pod(1, unready)),
		Passed, "PodDisruptionBudget bk does not count a pod that is not Ready", ""},
	{"disruption-budget", "not computed", budget(func(b *Budget) { b.Generation = 2 }), Pending, "PodDisruptionBudget bk is not computed yet", ""},
	{"disruption-budget", "budget not seen", away(func(s *Snapshot) *Observed[Budget] { return &s.Budget }),
		Unknown, "the PodDisruptionBudget: timeout", unseenTry},

	{"bookies-registered", "all registered", with(), Passed, "4 bookies registered, none is missing", ""},
	{"bookies-registered", "the pod's own is not", bookie(1, gone), Passed, "4 bookies registered, none is missing", ""},
	{"bookies-registered", "another is not", bookie(2, gone), Pending, "the bookie of pod bk-2 is not registered", ""},
	{"bookies-registered", "one without data is not", with(bookie(3, gone), func(s *Snapshot) {
		change(&s.BookKeeper.Bookies, func(all *[]Member) { *all = (*all)[:3] })
	}), Pending, "the bookie of pod bk-3 is not registered", ""},
	{"bookies-registered", "one that is no pod's is not", func(s *Snapshot) {
		change(&s.BookKeeper.Bookies, func(all *[]Member) { *all = append(*all, Member{ID: "bookie-7:3181", Cookie: true}) })
	}, Blocked, "bookie bookie-7:3181 holds data, is not registered, and no pod is that bookie",
		"bring it back, or decommission it: bookkeeper shell decommissionbookie -bookieid bookie-7:3181"},
	{"bookies-registered", "bookies not seen", away(func(s *Snapshot) *Observed[[]Member] { return &s.BookKeeper.Bookies }),
		Unknown, "the registered bookies: timeout", unseenTry},
	{"bookies-registered", "the pod's bookie not seen", unseenMember(1), Unknown, "the bookie of pod bk-1: timeout", unseenTry},
	{"bookies-registered", "another's bookie not seen", unseenMember(2), Unknown, "the bookie of pod bk-2: timeout", unseenTry},

	{"none-read-only", "all writable", with(), Passed, "no other bookie is read-only", ""},
	{"none-read-only", "the pod's own is read-only", bookie(1, readOnly), Passed, "no other bookie is read-only", ""},
	{"none-read-only", "another is read-only", bookie(2, readOnly), Blocked, "bookie bookie-2:3181 is read-only", "free its disks, or see why it refuses writes"},
	{"none-read-only", "another is registered as both", bookie(2, func(m *Member) { m.ReadOnly = true }),
		Blocked, "bookie bookie-2:3181 is read-only", "free its disks, or see why it refuses writes"},
	{"none-read-only", "bookies not seen", away(func(s *Snapshot) *Observed[[]Member] { return &s.BookKeeper.Bookies }),
		Unknown, "the registered bookies: timeout", unseenTry},

	{"fully-replicated", "no marks", with(), Passed, "no ledger is under-replicated", ""},
	{"fully-replicated", "one mark", marks(UnderReplicated{Count: 1}), Pending, "1 ledger under-replicated", ""},
	{"fully-replicated", "more marks than were counted", marks(UnderReplicated{Count: 1000, AtLeast: true, Oldest: noon.Add(-time.Minute)}),
		Pending, "at least 1000 ledgers under-replicated, the first for 1m0s", ""},
	{"fully-replicated", "marks that never clear", marks(UnderReplicated{Hopeless: []Hopeless{{3, "closed and empty"}}}),
		Passed, "no ledger can be replicated further; 1 mark that no replication clears: ledger 3 (closed and empty)", ""},
	{"fully-replicated", "many marks that never clear", marks(UnderReplicated{Hopeless: []Hopeless{{1, "a"}, {2, "a"}, {3, "a"}, {4, "a"}, {5, "a"}}}),
		Passed, "no ledger can be replicated further; 5 marks that no replication clears: ledger 1 (a), ledger 2 (a), ledger 3 (a), 2 more", ""},
	{"fully-replicated", "marks that clear and others", marks(UnderReplicated{Count: 2, Hopeless: []Hopeless{{3, "closed and empty"}}}),
		Pending, "2 ledgers under-replicated", ""},
	{"fully-replicated", "marks not seen", away(func(s *Snapshot) *Observed[UnderReplicated] { return &s.BookKeeper.UnderReplicated }),
		Unknown, "the under-replicated ledgers: timeout", unseenTry},

	{"autorecovery-on", "on", with(), Passed, "autorecovery is on, the auditor is autorecovery-0", ""},
	{"autorecovery-on", "off for the pod", autorecovery(Autorecovery{DisabledBy: "bkcheck uid-1"}),
		Passed, "autorecovery is switched off by us for this one pod", ""},
	{"autorecovery-on", "off for another pod", autorecovery(Autorecovery{DisabledBy: "bkcheck uid-2"}),
		Pending, "autorecovery is switched off by us for another pod", ""},
	{"autorecovery-on", "off by a person", autorecovery(Autorecovery{DisabledBy: "jane"}), Blocked, `autorecovery is switched off by "jane"`,
		"switch it on when nobody needs it off any more: bookkeeper shell autorecovery -enable"},
	{"autorecovery-on", "nobody elected", autorecovery(Autorecovery{Enabled: true}), Pending, "no auditor is elected", ""},
	{"autorecovery-on", "its own rollout", autorecovery(Autorecovery{Enabled: true, Auditor: "autorecovery-0", Rolling: true}),
		Pending, "autorecovery's own Deployment is being rolled out", ""},
	{"autorecovery-on", "autorecovery not seen", away(func(s *Snapshot) *Observed[Autorecovery] { return &s.BookKeeper.Autorecovery }),
		Unknown, "autorecovery: timeout", unseenTry},

	{"auditor-elsewhere", "in a pod of its own", with(), Passed, "the auditor is not disturbed", ""},
	{"auditor-elsewhere", "in another bookie", bookie(2, auditor), Passed, "the auditor is not disturbed", ""},
	{"auditor-elsewhere", "in the pod, switched off", with(bookie(1, auditor), autorecovery(Autorecovery{DisabledBy: "bkcheck uid-1"})),
		Passed, "the auditor is not disturbed", ""},
	{"auditor-elsewhere", "in the pod", bookie(1, auditor), Pending, "the auditor runs in pod bk-1: autorecovery is switched off for it first", ""},
	{"auditor-elsewhere", "the pod's bookie not seen", unseenMember(1), Unknown, "the bookie of pod bk-1: timeout", unseenTry},
	{"auditor-elsewhere", "autorecovery not seen", away(func(s *Snapshot) *Observed[Autorecovery] { return &s.BookKeeper.Autorecovery }),
		Unknown, "autorecovery: timeout", unseenTry},

	{"writable-left", "an ensemble is left", with(), Passed, "3 bookies remain writable, an ensemble is 3", ""},
	{"writable-left", "fewer than an ensemble is left", policy(func(p *Policy) { p.EnsembleSize = 4 }), Passed,
		"3 bookies remain writable, fewer than an ensemble of 4: no ledger can be created meanwhile, and writers may stop", ""},
	{"writable-left", "fewer than is required", policy(func(p *Policy) { p.EnsembleSize, p.RequireWritable = 4, true }), Blocked,
		"3 bookies would remain writable, fewer than an ensemble of 4", "add a bookie, or set spec.gitops.rollout.writeAvailability to BestEffort"},
	{"writable-left", "fewer than acknowledge", with(bookie(2, readOnly), bookie(3, func(m *Member) { m.ReadOnly = true })), Blocked,
		"1 bookie would remain writable, fewer than the ack quorum of 2", "bring other bookies back first"},
	{"writable-left", "bookies not seen", away(func(s *Snapshot) *Observed[[]Member] { return &s.BookKeeper.Bookies }),
		Unknown, "the registered bookies: timeout", unseenTry},

	{"copies-elsewhere", "no ledger needs it", with(), Passed, "none of 100 ledgers needs this bookie alone", ""},
	{"copies-elsewhere", "a sample of too many", func(s *Snapshot) { change(&s.BookKeeper.Coverage, func(c *Coverage) { c.Total = 5000 }) },
		Passed, "no ledger needs this bookie alone, as far as 100 of 5000 were looked at", ""},
	{"copies-elsewhere", "ledgers need another", forbid(2, 8), Passed, "none of 100 ledgers needs this bookie alone", ""},
	{"copies-elsewhere", "ledgers need it", forbid(1, 8, 9), Blocked, "ledgers [8 9] cannot do without bookie bookie-1:3181",
		"see that these ledgers get their copies back, or that whoever wrote them with too few closes them"},
	{"copies-elsewhere", "copies not seen", away(func(s *Snapshot) *Observed[Coverage] { return &s.BookKeeper.Coverage }),
		Unknown, "the ledgers' copies: timeout", unseenTry},
	{"copies-elsewhere", "the pod's bookie not seen", unseenMember(1), Unknown, "the bookie of pod bk-1: timeout", unseenTry},
}

func recorded(id string) func(*Snapshot) {
	return func(s *Snapshot) { s.BookKeeper.RecordedID = Seen(id) }
}

func intent(uid string, ago time.Duration) func(*Snapshot) {
	return func(s *Snapshot) { s.Intent = Seen(Intent{UID: uid, Since: noon.Add(-ago)}) }
}

func without(ordinal int) func(*Snapshot) {
	return func(s *Snapshot) {
		change(&s.Pods, func(pods *[]Pod) {
			*pods = slices.DeleteFunc(slices.Clone(*pods), func(p Pod) bool { return p.Ordinal == ordinal })
		})
	}
}

func unseenMember(ordinal int) func(*Snapshot) {
	return pod(ordinal, func(p *Pod) { p.Member = Unseen[Member]("timeout") })
}

func marks(u UnderReplicated) func(*Snapshot) {
	return func(s *Snapshot) { s.BookKeeper.UnderReplicated = Seen(u) }
}

func forbid(ordinal int, ledgers ...int64) func(*Snapshot) {
	return func(s *Snapshot) {
		change(&s.BookKeeper.Coverage, func(c *Coverage) { c.Forbidden[fmt.Sprintf("bookie-%d:3181", ordinal)] = ledgers })
	}
}

// with2 makes one edit of a pod of two.
func with2(a, b func(*Pod)) func(*Pod) { return func(p *Pod) { a(p); b(p) } }

func readOnly(m *Member) { m.Writable, m.ReadOnly = false, true }

func auditor(m *Member) { m.Auditor = true }

func TestGates(t *testing.T) {
	for _, c := range gateCases {
		t.Run(c.gate+"/"+c.name, func(t *testing.T) {
			s := healthy()
			c.edit(&s)
			want := Verdict{Gate: c.gate, Status: c.status, Seen: c.seen, Try: c.try}
			if diff := cmp.Diff(want, verdictOf(t, s, c.gate)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// verdictOf is what a gate says about pod bk-1.
func verdictOf(t *testing.T, s Snapshot, name string) Verdict {
	t.Helper()
	v, missing := see(s)
	if missing != nil {
		t.Fatalf("nothing can be judged: %v", missing)
	}
	for _, verdict := range judgeAll(v, v.pods[1], false) {
		if verdict.Gate == name {
			return verdict
		}
	}
	t.Fatalf("there is no gate %q", name)
	return Verdict{}
}

// TestEveryVerdictHasACase: what a gate can say, its cases show.
func TestEveryVerdictHasACase(t *testing.T) {
	can := map[string][]Status{
		"not-paused": {Passed, Blocked}, "not-deleted": {Passed, Blocked}, "on-delete": {Passed, Blocked},
		"generation-observed": {Passed, Pending}, "template-from-git": {Passed, Blocked}, "version-step": {Passed, Blocked, Unknown},
		"zookeeper-quorum": {Passed, Blocked, Unknown}, "identity": {Passed, Pending, Blocked, Unknown},
		"nothing-terminating": {Passed, Pending, Unknown}, "pods-complete": {Passed, Pending}, "claims-bound": {Passed, Blocked},
		"candidate-started": {Passed, Pending}, "others-ready": {Passed, Pending, Blocked}, "others-settled": {Passed, Pending, Unknown},
		"disruption-budget": {Passed, Pending, Unknown}, "bookies-registered": {Passed, Pending, Blocked, Unknown},
		"none-read-only": {Passed, Blocked, Unknown}, "fully-replicated": {Passed, Pending, Unknown},
		"autorecovery-on": {Passed, Pending, Blocked, Unknown}, "auditor-elsewhere": {Passed, Pending, Unknown},
		"writable-left": {Passed, Blocked, Unknown}, "copies-elsewhere": {Passed, Blocked, Unknown},
	}
	has := map[string][]Status{}
	for _, c := range gateCases {
		if !slices.Contains(has[c.gate], c.status) {
			has[c.gate] = append(has[c.gate], c.status)
		}
	}
	for _, g := range gates {
		want, got := can[g.name], has[g.name]
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || want == nil {
			t.Errorf("%s (-what it can say +what its cases show):\n%s", g.name, diff)
		}
	}
}

// TestGatesOfOtherMembers: what reads BookKeeper's metadata passes where there are none.
func TestGatesOfOtherMembers(t *testing.T) {
	s := healthy()
	s.BookKeeper = nil
	for _, name := range []string{"version-step", "zookeeper-quorum", "identity", "bookies-registered", "none-read-only", "fully-replicated",
		"autorecovery-on", "auditor-elsewhere", "writable-left", "copies-elsewhere"} {
		want := Verdict{Gate: name, Status: Passed, Seen: "the members are no bookies"}
		if diff := cmp.Diff(want, verdictOf(t, s, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
