package upgrade

import (
	"fmt"
	"strings"
	"time"
)

func notPaused(s view, _ Pod) Verdict {
	if s.policy.Paused {
		return blocked("remove spec.gitops.rollout.paused in Git", "paused: %s", s.policy.PausedWhy)
	}
	return passed("not paused")
}

func notDeleted(s view, _ Pod) Verdict {
	if s.set.Terminating {
		return blocked("let the deletion end", "StatefulSet %s is being deleted", s.set.Name)
	}
	return passed("StatefulSet %s is there to stay", s.set.Name)
}

// onDelete: with another strategy the StatefulSet controller replaces pods by itself.
func onDelete(s view, _ Pod) Verdict {
	if s.set.Strategy != "OnDelete" {
		return blocked("set updateStrategy to OnDelete, as bkgen renders it", "updateStrategy is %q: the controller replaces pods by itself", s.set.Strategy)
	}
	return passed("updateStrategy is OnDelete")
}

// generationObserved: before the controller has seen a template, its update revision is that
// of the one before.
func generationObserved(s view, _ Pod) Verdict {
	if s.set.ObservedGeneration < s.set.Generation {
		return pending("the controller has observed generation %d of %d", s.set.ObservedGeneration, s.set.Generation)
	}
	if len(s.set.Wanted) == 0 {
		return pending("the controller has named no update revision yet")
	}
	return passed("generation %d is observed, revision %s is wanted", s.set.Generation, s.set.Wanted[0])
}

func templateFromGit(s view, _ Pod) Verdict {
	if owners := s.set.ForeignOwners; len(owners) > 0 {
		return blocked("undo the edit, or make it in Git: kubectl get statefulset --show-managed-fields shows it",
			"fields of the pod template belong to %s", strings.Join(owners, ", "))
	}
	return passed("the pod template is the delivery engine's alone")
}

// intentLife is for how long an intention counts: longer than any request takes.
const intentLife = time.Minute

func nothingTerminating(s view, candidate Pod) Verdict {
	intent, seen := s.Intent.Get()
	if !seen {
		return unknown("what conductors intend", s.Intent)
	}
	for _, pod := range s.pods {
		switch {
		case pod.Terminating:
			return pending("pod %s is terminating", pod.Name)
		case pod.UID == intent.UID && pod.UID != candidate.UID && s.Now.Sub(intent.Since) < intentLife:
			return pending("pod %s is about to be replaced", pod.Name)
		}
	}
	return passed("no pod is terminating")
}

func podsComplete(s view, _ Pod) Verdict {
	have := map[int]bool{}
	for _, pod := range s.pods {
		if pod.Ordinal >= s.set.Replicas {
			return pending("pod %s is one too many for %s", pod.Name, plural(s.set.Replicas, "replica"))
		}
		have[pod.Ordinal] = true
	}
	if len(have) != s.set.Replicas {
		return pending("%d of %d pods exist", len(have), s.set.Replicas)
	}
	return passed("all %d pods exist", s.set.Replicas)
}

// candidateStarted: a bookie that replays its journal is not registered, and a restart makes it begin
// again.
func candidateStarted(s view, candidate Pod) Verdict {
	if candidate.Ready || s.late(candidate) || candidate.UID == "" {
		return passed("the candidate is not starting")
	}
	member, seen := candidate.Member.Get()
	if s.BookKeeper != nil && seen && member.Registered() {
		return passed("the candidate's bookie is registered")
	}
	return pending("pod %s is starting", candidate.Name)
}

func claimsBound(s view, _ Pod) Verdict {
	for _, pod := range s.pods {
		if len(pod.UnboundClaims) > 0 {
			return blocked("see why no volume is provided: kubectl describe pvc "+pod.UnboundClaims[0],
				"claims %s of pod %s have no volume", strings.Join(pod.UnboundClaims, ", "), pod.Name)
		}
	}
	return passed("all claims have their volumes")
}

// othersReady: a candidate that is not Ready itself does not stand in its own way; nor do
// others that share its fate, of which only one at a time is taken.
func othersReady(s view, candidate Pod) Verdict {
	for _, pod := range others(s.pods, candidate) {
		switch {
		case pod.Ready, s.stuck(candidate) && s.stuck(pod):
		case pod.Fault != "" && s.wanted(pod):
			return blocked("correct the template in Git, or revert it: a broken pod of an older revision is replaced without asking anybody",
				"pod %s of the wanted revision does not become ready: %s", pod.Name, pod.Fault)
		case pod.Fault != "":
			return blocked("see kubectl describe pod "+pod.Name, "pod %s is broken: %s", pod.Name, pod.Fault)
		case s.late(pod):
			return blocked("see kubectl describe pod "+pod.Name+" and its log",
				"pod %s is not Ready for %s, more than the deadline of %s", pod.Name, s.unreadyFor(pod).Round(time.Second), s.policy.Deadline)
		default:
			return pending("pod %s is not Ready", pod.Name)
		}
	}
	return passed("all other pods are Ready")
}

// unreadyFor is how long a pod that is not Ready has been so, or exists.
func (s view) unreadyFor(pod Pod) time.Duration {
	return s.Now.Sub(later(pod.Created, pod.ReadyChanged))
}

// late reports whether a pod that is not Ready had its time to become so.
func (s view) late(pod Pod) bool {
	return !pod.Ready && s.unreadyFor(pod) > s.policy.Deadline
}

// stuck reports whether an outdated pod had its time to become Ready. Its bookie may serve all the
// same: a probe may be what is wrong.
func (s view) stuck(pod Pod) bool {
	return s.late(pod) && !s.wanted(pod) && !pod.Terminating && pod.UID != ""
}

// clockSkew is how far the clocks of ZooKeeper and of a node may be apart.
const clockSkew = 30 * time.Second

// othersSettled: the others have been well for the soak time, and their registration is that
// of the process that runs. A registration outlives its process by a session's timeout.
func othersSettled(s view, candidate Pod) Verdict {
	for _, pod := range others(s.pods, candidate) {
		since := pod.ReadyChanged
		if s.BookKeeper != nil {
			member, seen := pod.Member.Get()
			if !seen {
				return unknown("the bookie of pod "+pod.Name, pod.Member)
			}
			if !member.Registered() {
				continue // bookies-registered says it
			}
			if member.Since.Add(clockSkew).Before(pod.Started) {
				return pending("the registration of pod %s is older than its process", pod.Name)
			}
			since = later(since, member.Since)
		}
		if left := s.policy.Soak - s.Now.Sub(since); left > 0 {
			return pending("pod %s settles for another %s", pod.Name, min(left, s.policy.Soak).Round(time.Second))
		}
	}
	return passed("all other pods have been well for %s", s.policy.Soak)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// disruptionBudget: a pod that is not Ready is none of those that the budget keeps.
func disruptionBudget(s view, candidate Pod) Verdict {
	budget, seen := s.Budget.Get()
	switch {
	case !seen:
		return unknown("the PodDisruptionBudget", s.Budget)
	case !candidate.Ready:
		return passed("PodDisruptionBudget %s does not count a pod that is not Ready", budget.Name)
	case budget.ObservedGeneration < budget.Generation:
		return pending("PodDisruptionBudget %s is not computed yet", budget.Name)
	case budget.Allowed < 1:
		return pending("PodDisruptionBudget %s allows no disruption now", budget.Name)
	}
	return passed("PodDisruptionBudget %s allows %d", budget.Name, budget.Allowed)
}

// others are all pods but the candidate.
func others(pods []Pod, candidate Pod) []Pod {
	var rest []Pod
	for _, pod := range pods {
		if pod.UID != candidate.UID {
			rest = append(rest, pod)
		}
	}
	return rest
}

// wanted reports whether the pod has a revision that it may have.
func (s view) wanted(pod Pod) bool {
	for _, revision := range s.set.Wanted {
		if pod.Revision == revision {
			return true
		}
	}
	return false
}

// plural is "1 bookie", "2 bookies".
func plural(n int, what string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
