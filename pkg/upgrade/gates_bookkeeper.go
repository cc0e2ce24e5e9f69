package upgrade

import (
	"fmt"
	"strings"
	"time"
)

func versionStep(s view, _ Pod) Verdict {
	return bookKeeper(s, func(b *BookKeeper) Verdict {
		finding, seen := b.Version.Get()
		switch {
		case !seen:
			return unknown("the versions", b.Version)
		case finding.Refused != "":
			return blocked(finding.Try, "%s", finding.Refused)
		}
		return passed("the step between the versions is allowed")
	})
}

func zooKeeperQuorum(s view, _ Pod) Verdict {
	return bookKeeper(s, func(b *BookKeeper) Verdict {
		quorum, seen := b.Quorum.Get()
		switch {
		case !seen:
			return unknown("ZooKeeper", b.Quorum)
		case !quorum:
			return blocked("bring ZooKeeper back first", "ZooKeeper has no quorum")
		}
		return passed("ZooKeeper has a quorum")
	})
}

// identity: the metadata at the root must be those of this cluster. A cluster that was
// initialised anew below running bookies has another INSTANCEID.
func identity(s view, candidate Pod) Verdict {
	return bookKeeper(s, func(b *BookKeeper) Verdict {
		id, seen := b.InstanceID.Get()
		if !seen {
			return unknown("INSTANCEID", b.InstanceID)
		}
		recorded, seen := b.RecordedID.Get()
		switch {
		case !seen:
			return unknown("the recorded identity", b.RecordedID)
		case recorded == "" && s.broken(candidate):
			return passed("the cluster was never healthy: there is no identity to differ from")
		case recorded == "":
			return pending("the cluster's identity is not recorded yet: it is when all is well for the first time")
		case recorded != id:
			return blocked("find out who initialised the metadata anew; nothing is replaced until they are the recorded ones",
				"the metadata are those of cluster %s, recorded is %s", id, recorded)
		}
		return passed("the metadata are those of cluster %s, as recorded", id)
	})
}

// bookiesRegistered: no under-replicated ledger says nothing as long as a bookie is away and
// the auditor waits or is switched off (Auditor.java).
func bookiesRegistered(s view, candidate Pod) Verdict {
	return besides(s, candidate, func(bookies []Member, mine Member) Verdict {
		for _, pod := range others(s.pods, candidate) {
			member, seen := pod.Member.Get()
			switch {
			case !seen:
				return unknown("the bookie of pod "+pod.Name, pod.Member)
			case !member.Registered():
				return pending("the bookie of pod %s is not registered", pod.Name)
			}
		}
		for _, bookie := range bookies {
			switch {
			case bookie.Registered() || bookie.ID == mine.ID:
			case s.podOf(bookie.ID):
				return pending("bookie %s holds data and is not registered", bookie.ID)
			default:
				return blocked("bring it back, or decommission it: bookkeeper shell decommissionbookie -bookieid "+bookie.ID,
					"bookie %s holds data, is not registered, and no pod is that bookie", bookie.ID)
			}
		}
		return passed("%s registered, none is missing", plural(len(bookies), "bookie"))
	})
}

// besides wraps a gate that holds all bookies against the candidate's own.
func besides(s view, candidate Pod, judge func(bookies []Member, mine Member) Verdict) Verdict {
	return bookKeeper(s, func(b *BookKeeper) Verdict {
		bookies, seen := b.Bookies.Get()
		if !seen {
			return unknown("the registered bookies", b.Bookies)
		}
		mine, seen := candidate.Member.Get()
		if !seen {
			return unknown("the bookie of pod "+candidate.Name, candidate.Member)
		}
		return judge(bookies, mine)
	})
}

// podOf reports whether a pod is that bookie.
func (s view) podOf(id string) bool {
	for _, pod := range s.pods {
		if member, seen := pod.Member.Get(); seen && member.ID == id {
			return true
		}
	}
	return false
}

// noneReadOnly: a read-only bookie takes no new entries, and counts as missing for ledgers
// that are being written.
func noneReadOnly(s view, candidate Pod) Verdict {
	return besides(s, candidate, func(bookies []Member, mine Member) Verdict {
		for _, bookie := range bookies {
			if bookie.ReadOnly && bookie.ID != mine.ID {
				return blocked("free its disks, or see why it refuses writes", "bookie %s is read-only", bookie.ID)
			}
		}
		return passed("no other bookie is read-only")
	})
}

func fullyReplicated(s view, _ Pod) Verdict {
	return bookKeeper(s, func(b *BookKeeper) Verdict {
		ledgers, seen := b.UnderReplicated.Get()
		if !seen {
			return unknown("the under-replicated ledgers", b.UnderReplicated)
		}
		if ledgers.Count > 0 || ledgers.AtLeast {
			return pending("%s", marked(s.Now, ledgers))
		}
		if n := len(ledgers.Hopeless); n > 0 {
			return passed("no ledger can be replicated further; %s that no replication clears: %s", plural(n, "mark"), hopeless(ledgers.Hopeless))
		}
		return passed("no ledger is under-replicated")
	})
}

func marked(now time.Time, ledgers UnderReplicated) string {
	text := plural(ledgers.Count, "ledger")
	if ledgers.AtLeast {
		text = "at least " + text
	}
	text += " under-replicated"
	if !ledgers.Oldest.IsZero() {
		text += fmt.Sprintf(", the first for %s", now.Sub(ledgers.Oldest).Round(time.Second))
	}
	return text
}

// hopeless names a few.
func hopeless(all []Hopeless) string {
	const few = 3
	var names []string
	for _, one := range all[:min(few, len(all))] {
		names = append(names, fmt.Sprintf("ledger %d (%s)", one.Ledger, one.Why))
	}
	if len(all) > few {
		names = append(names, fmt.Sprintf("%d more", len(all)-few))
	}
	return strings.Join(names, ", ")
}

// autorecoveryOn: while it is off, or nobody is elected, lost copies stay lost.
func autorecoveryOn(s view, candidate Pod) Verdict {
	return bookKeeper(s, func(b *BookKeeper) Verdict {
		a, seen := b.Autorecovery.Get()
		switch {
		case !seen:
			return unknown("autorecovery", b.Autorecovery)
		case s.policy.NoAutorecovery:
			return passed("the spec has no autorecovery: nothing restores lost copies by itself")
		case !a.Enabled && a.DisabledBy == owner(candidate):
			return passed("autorecovery is switched off by us for this one pod")
		case !a.Enabled && ours(a):
			return pending("autorecovery is switched off by us for another pod")
		case !a.Enabled:
			return blocked("switch it on when nobody needs it off any more: bookkeeper shell autorecovery -enable",
				"autorecovery is switched off by %q", a.DisabledBy)
		case a.Auditor == "":
			return pending("no auditor is elected")
		case a.Rolling:
			return pending("autorecovery's own Deployment is being rolled out")
		}
		return passed("autorecovery is on, the auditor is %s", a.Auditor)
	})
}

// auditorElsewhere: a new auditor ignores lostBookieRecoveryDelay and marks all ledgers of
// the bookie that is away (Auditor.java, scheduleBookieCheckTask). So the pod with the auditor goes last,
// with autorecovery switched off for it alone.
func auditorElsewhere(s view, candidate Pod) Verdict {
	return bookKeeper(s, func(b *BookKeeper) Verdict {
		member, seen := candidate.Member.Get()
		if !seen {
			return unknown("the bookie of pod "+candidate.Name, candidate.Member)
		}
		a, seen := b.Autorecovery.Get()
		switch {
		case !seen:
			return unknown("autorecovery", b.Autorecovery)
		case member.Auditor && a.Enabled:
			return pending("the auditor runs in pod %s: autorecovery is switched off for it first", candidate.Name)
		}
		return passed("the auditor is not disturbed")
	})
}

// writableLeft: a writer whose ensemble cannot be replaced fails, unless it may go on with
// fewer (delayEnsembleChange). So what a restart costs is said, and forbidden where asked.
func writableLeft(s view, candidate Pod) Verdict {
	return besides(s, candidate, func(bookies []Member, mine Member) Verdict {
		left := 0
		for _, bookie := range bookies {
			if bookie.Writable && !bookie.ReadOnly && bookie.ID != mine.ID {
				left++
			}
		}
		switch {
		case left >= s.policy.EnsembleSize:
			return passed("%s remain writable, an ensemble is %d", plural(left, "bookie"), s.policy.EnsembleSize)
		case s.policy.RequireWritable:
			return blocked("add a bookie, or set spec.gitops.rollout.writeAvailability to BestEffort",
				"%s would remain writable, fewer than an ensemble of %d", plural(left, "bookie"), s.policy.EnsembleSize)
		case left < s.policy.AckQuorum:
			return blocked("bring other bookies back first", "%s would remain writable, fewer than the ack quorum of %d", plural(left, "bookie"), s.policy.AckQuorum)
		}
		return passed("%s remain writable, fewer than an ensemble of %d: no ledger can be created meanwhile, and writers may stop", plural(left, "bookie"), s.policy.EnsembleSize)
	})
}

// copiesElsewhere is the deep check.
func copiesElsewhere(s view, candidate Pod) Verdict {
	return bookKeeper(s, func(b *BookKeeper) Verdict {
		coverage, seen := b.Coverage.Get()
		if !seen {
			return unknown("the ledgers' copies", b.Coverage)
		}
		mine, seen := candidate.Member.Get()
		if !seen {
			return unknown("the bookie of pod "+candidate.Name, candidate.Member)
		}
		ledgers, asked := coverage.Forbidden[mine.ID]
		switch {
		case !asked || coverage.Checked == 0 && coverage.Total > 0:
			return Verdict{Status: Unknown, Seen: "no ledger was looked at for bookie " + mine.ID}
		case coverage.Unread > 0:
			return Verdict{Status: Unknown, Seen: "the metadata of " + plural(coverage.Unread, "ledger") + " make no sense",
				Try: "see whether a newer bkcheck knows their format"}
		}
		if len(ledgers) > 0 {
			return blocked("see that these ledgers get their copies back, or that whoever wrote them with too few closes them",
				"ledgers %v cannot do without bookie %s", ledgers, mine.ID)
		}
		if coverage.Checked < coverage.Total {
			return passed("no ledger needs this bookie alone, as far as %d of %d were looked at", coverage.Checked, coverage.Total)
		}
		return passed("none of %s needs this bookie alone", plural(coverage.Total, "ledger"))
	})
}

// owner is the text with which autorecovery is switched off for one pod.
func owner(pod Pod) string { return OwnerPrefix + pod.UID }

// ours reports whether we switched autorecovery off.
func ours(a Autorecovery) bool { return !a.Enabled && strings.HasPrefix(a.DisabledBy, OwnerPrefix) }
