// Package upgrade decides whether the pods of a stateful set may be replaced, which one is next, and
// why: gates judge a Snapshot, their verdicts make a Report, and Next makes one action of them.
//
// All of it is pure. A Snapshot is what an observer saw, with what it could not see marked as
// such; nothing is remembered from one Snapshot to the next but what the cluster itself holds, so
// that any process can decide, die at any instant, and be succeeded by another. An action
// carries the preconditions (UID, resource version) under which it was decided: whoever carries it
// out when these no longer hold changes nothing.
//
// What must never happen, and is tested as such (simulation_test.go):
//
//   - more pods down by our hand than the budget;
//   - a bookie taken while a ledger has no other reachable copy, or could not be recovered without it;
//   - a healthy pod on the wanted revision replaced;
//   - "done" said while it is not;
//   - a fact that nobody saw taken for good.
//
// And what must happen: from every state in which the cluster can heal, the rollout ends.
package upgrade

import "time"

// Observed is a fact, or the reason why nobody saw it. The zero value is a fact that was not seen.
type Observed[T any] struct {
	value T
	seen  bool
	why   string
}

// Seen is a fact that was seen.
func Seen[T any](value T) Observed[T] { return Observed[T]{value: value, seen: true} }

// Unseen is a fact that was not: why says what went wrong, for a person.
func Unseen[T any](why string) Observed[T] { return Observed[T]{why: why} }

// Get returns the fact and whether it was seen.
func (o Observed[T]) Get() (T, bool) { return o.value, o.seen }

// Why says why the fact was not seen; "" where it was.
func (o Observed[T]) Why() string {
	if o.seen || o.why != "" {
		return o.why
	}
	return "not observed"
}

// Snapshot is all that was seen at one time. Gates read nothing else.
type Snapshot struct {
	// Now is the observer's clock when it had seen everything. All times in a Snapshot are
	// by clocks that may differ from it by seconds.
	Now time.Time
	// Self is the name of the pod in which the conductor runs; "" outside of the set's pods.
	Self   string
	Policy Observed[Policy]
	Set    Observed[Set]
	// Pods are those that the set's selector selects, in any order.
	Pods Observed[[]Pod]
	// Budget is the PodDisruptionBudget of the pods.
	Budget Observed[Budget]
	// Intent is what a conductor was about to do when it last said so.
	Intent Observed[Intent]
	// BookKeeper is what BookKeeper's gates read; nil for members of another kind.
	BookKeeper *BookKeeper
}

// Policy is what the spec says about rollouts: annotations of the StatefulSet.
type Policy struct {
	// EnsembleSize, WriteQuorum and AckQuorum are those of the clients' ledgers.
	EnsembleSize, WriteQuorum, AckQuorum int
	// RequireWritable forbids a replacement that leaves fewer than EnsembleSize writable bookies.
	RequireWritable bool
	// Soak is for how long a replaced pod must have been well before the next one goes.
	Soak time.Duration
	// Deadline is how long one pod's replacement may take before the rollout counts as stuck.
	Deadline time.Duration
	// NoAutorecovery says that the spec has none: lost copies are somebody else's care.
	NoAutorecovery bool
	// Paused holds the rollout; PausedWhy is the text given with it.
	Paused    bool
	PausedWhy string
}

// Set is a StatefulSet.
type Set struct {
	Name, Namespace, UID string
	// Generation is the object's, ObservedGeneration the one that its status speaks of.
	Generation, ObservedGeneration int64
	Replicas                       int
	// Strategy is its update strategy, "OnDelete" where it is ours to replace pods.
	Strategy string
	// Wanted are the revisions that a pod may have: the update revision, and those that are
	// equal to it in meaning. Never currentRevision, which OnDelete does not advance.
	Wanted []string
	// ForeignOwners are the field managers that own a field of the pod template but are not the
	// delivery engine: the template is then not what Git says.
	ForeignOwners []string
	// Terminating tells that it is being deleted.
	Terminating bool
}

// Pod is one of its pods.
type Pod struct {
	Name string
	// Ordinal is the number at the name's end, as Kubernetes labels it.
	Ordinal              int
	UID, ResourceVersion string
	Revision             string
	Node                 string
	// Rack is the failure domain of its node; "" where it is not known.
	Rack        string
	Terminating bool
	// Ready says whether it is, ReadyChanged since when that is so.
	Ready        bool
	ReadyChanged time.Time
	// Created is when it was, Started when its main container began to run; zero before.
	Created, Started time.Time
	// Fault is why it cannot become ready by waiting: an error for which a container waits
	// (CrashLoopBackOff, ErrImagePull, CreateContainerConfigError …) or why it cannot be
	// scheduled; "" where there is none.
	Fault string
	// UnboundClaims are its claims that have no volume.
	UnboundClaims []string
	// Member is the bookie that it is.
	Member Observed[Member]
}

// Member is a bookie, as ZooKeeper knows it.
type Member struct {
	// ID is the bookie's.
	ID string
	// Cookie says that it has one: it held data once.
	Cookie bool
	// Writable and ReadOnly say how it is registered; both for an instant when that changes,
	// neither where it is not registered.
	Writable, ReadOnly bool
	// Since is when that registration was made, by ZooKeeper's clock; zero without one.
	Since time.Time
	// Auditor says that autorecovery's elected auditor runs in this pod.
	Auditor bool
}

// Registered reports whether the bookie is registered at all.
func (m Member) Registered() bool { return m.Writable || m.ReadOnly }

// Intent is the pod that a conductor wrote down before it acted: another one that decides from
// a Snapshot in between must count that pod as gone. It counts for a minute (intentLife), so the
// request that follows it must have ended or been given up well before, by a monotonic clock.
type Intent struct {
	// UID is the pod's; "" where nothing is intended.
	UID string
	// Since is when it was written.
	Since time.Time
}

// Budget is a PodDisruptionBudget.
type Budget struct {
	Name string
	// Allowed is how many disruptions it allows now. ObservedGeneration lags behind Generation
	// where it has not been computed yet.
	Allowed                        int
	Generation, ObservedGeneration int64
}

// BookKeeper is the cluster of the members, as its metadata describe it.
type BookKeeper struct {
	// Quorum says that ZooKeeper answered a sync: what follows is not older than that.
	Quorum Observed[bool]
	// InstanceID is the cluster's; RecordedID the one in <name>-identity, "" before the first.
	InstanceID, RecordedID Observed[string]
	// Bookies are all that have a cookie or a registration, those of no pod included.
	Bookies Observed[[]Member]
	// UnderReplicated are ledgers that miss a copy.
	UnderReplicated Observed[UnderReplicated]
	Autorecovery    Observed[Autorecovery]
	// Coverage answers whether every ledger can do without a bookie.
	Coverage Observed[Coverage]
	// Version is the outcome of comparing the versions that run with the one wanted.
	Version Observed[VersionFinding]
}

// UnderReplicated are the ledgers marked as missing a copy.
type UnderReplicated struct {
	// Count is how many can be healed; AtLeast says that there are more than were counted.
	Count   int
	AtLeast bool
	// Oldest is when the first of them was marked; zero where that is not known.
	Oldest time.Time
	// Hopeless are those that no replication can ever clear, with the reason: they do not
	// hold a rollout up, and are named.
	Hopeless []Hopeless
}

// Hopeless is a mark that never clears.
type Hopeless struct {
	Ledger int64
	Why    string
}

// Autorecovery is BookKeeper's replication of lost copies.
type Autorecovery struct {
	// Enabled says that it is not switched off.
	Enabled bool
	// DisabledBy is the owner's text where it is: ours begins with OwnerPrefix.
	DisabledBy string
	// DisabledSince is when it was, by ZooKeeper's clock.
	DisabledSince time.Time
	// Auditor is the elected one's name; "" where nobody is elected.
	Auditor string
	// Delay is lostBookieRecoveryDelay.
	Delay time.Duration
	// Rolling says that its own Deployment is in the middle of a rollout.
	Rolling bool
}

// OwnerPrefix begins the text with which bkcheck switches autorecovery off.
const OwnerPrefix = "bkcheck "

// Coverage is the deep check: for each bookie that has been asked about, and has a key here,
// whether a ledger forbids to take it.
type Coverage struct {
	// Forbidden names, for a bookie's ID, ledgers that would lose their last copy or could not
	// be recovered while it is away, at most a few.
	Forbidden map[string][]int64
	// Checked of Total ledgers were looked at: fewer in a cluster with too many, and then the
	// report says so. Unread are those whose metadata nobody could make sense of.
	Checked, Total, Unread int
}

// VersionFinding is what the version rules say about this rollout.
type VersionFinding struct {
	// Refused is why the step must not be taken; "" where it may.
	Refused string
	// Try is what to do instead.
	Try string
}
