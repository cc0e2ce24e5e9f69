package upgrade

// gate is one condition under which a pod may be replaced.
type gate struct {
	// name is what output and docs/rollout.md call it.
	name string
	// repair tells that it holds for a pod that is broken anyhow too: taking that one costs
	// nobody anything, but gives it the wanted revision.
	repair bool
	judge  func(s view, candidate Pod) Verdict
}

// view is a Snapshot whose most basic facts were seen; without them there is nothing to judge.
type view struct {
	Snapshot
	set    Set
	pods   []Pod // by ordinal
	policy Policy
}

// gates are in the order in which a person wants to read them: what forbids everything first,
// the state of the pods, then that of the data.
var gates = []gate{
	{name: "not-paused", repair: true, judge: notPaused},
	{name: "not-deleted", repair: true, judge: notDeleted},
	{name: "on-delete", repair: true, judge: onDelete},
	{name: "generation-observed", repair: true, judge: generationObserved},
	{name: "template-from-git", repair: true, judge: templateFromGit},
	{name: "version-step", repair: true, judge: versionStep},
	{name: "zookeeper-quorum", repair: true, judge: zooKeeperQuorum},
	{name: "identity", repair: true, judge: identity},
	{name: "nothing-terminating", judge: nothingTerminating},
	{name: "pods-complete", judge: podsComplete},
	{name: "claims-bound", judge: claimsBound},
	{name: "candidate-started", judge: candidateStarted},
	{name: "others-ready", judge: othersReady},
	{name: "others-settled", judge: othersSettled},
	{name: "disruption-budget", judge: disruptionBudget},
	{name: "bookies-registered", judge: bookiesRegistered},
	{name: "none-read-only", judge: noneReadOnly},
	{name: "fully-replicated", judge: fullyReplicated},
	{name: "autorecovery-on", judge: autorecoveryOn},
	{name: "auditor-elsewhere", judge: auditorElsewhere},
	{name: "writable-left", judge: writableLeft},
	{name: "copies-elsewhere", judge: copiesElsewhere},
}

// judgeAll asks the gates about a candidate; for one that is broken only those that hold then
// too.
func judgeAll(v view, candidate Pod, broken bool) []Verdict {
	var verdicts []Verdict
	for _, g := range gates {
		if broken && !g.repair {
			continue
		}
		verdict := g.judge(v, candidate)
		verdict.Gate = g.name
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// worst is the status that decides of several verdicts; Unknown where there are none.
func worst(verdicts []Verdict) Status {
	if len(verdicts) == 0 {
		return Unknown
	}
	status := verdicts[0].Status
	for _, v := range verdicts {
		if v.Status.rank() > status.rank() {
			status = v.Status
		}
	}
	return status
}

// bookKeeper wraps a gate that reads BookKeeper's metadata: members of another kind have none.
func bookKeeper(s view, judge func(*BookKeeper) Verdict) Verdict {
	if s.BookKeeper == nil {
		return passed("the members are no bookies")
	}
	return judge(s.BookKeeper)
}
