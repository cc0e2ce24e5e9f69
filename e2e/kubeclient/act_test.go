package kubeclient

import (
	"context"
	"fmt"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/bkgen/bkgen/e2e/apiproxy"
	"github.com/bkgen/bkgen/e2e/cluster"
	"github.com/bkgen/bkgen/internal/kube"
)

var evictions = apiproxy.Match{Verb: "create", Resource: "pods/eviction"}

// evictor may do what Evict does, to the members by name.
func (p *place) evictor(t *testing.T) *kube.Client {
	t.Helper()
	names := []string{"members-0", "members-1", "members-2"}
	return p.as(t, "evictor", rights("", "pods", []string{"get"}, names...), rights("", "pods/eviction", []string{"create"}, names...))
}

// expect checks an outcome, and that every other one but Done says why.
func expect(t *testing.T, what string, got kube.Result, want kube.Outcome) {
	t.Helper()
	if got.Outcome != want || (got.Err == nil) != (want == kube.Done) {
		t.Errorf("%s: %v (%v), want %v", what, got.Outcome, got.Err, want)
	}
}

// budget keeps so many of the members up.
func budget(name string, minAvailable int) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intstr.FromInt(minAvailable)),
			Selector:     &metav1.LabelSelector{MatchLabels: labels},
		},
	}
}

// guard makes a budget, and waits until as many disruptions are allowed.
func (p *place) guard(t *testing.T, name string, minAvailable, allowed int) {
	t.Helper()
	_, err := p.Client.PolicyV1().PodDisruptionBudgets(p.namespace).Create(t.Context(), budget(name, minAvailable), metav1.CreateOptions{})
	must(t, err)
	p.allows(t, name, allowed)
}

func (p *place) allows(t *testing.T, name string, allowed int) {
	t.Helper()
	must(t, cluster.Await(within(t, patience), "the budget", func(ctx context.Context) error {
		budget, err := p.Client.PolicyV1().PodDisruptionBudgets(p.namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && (budget.Status.ObservedGeneration != budget.Generation || int(budget.Status.DisruptionsAllowed) != allowed) {
			err = fmt.Errorf("%d are allowed, want %d", budget.Status.DisruptionsAllowed, allowed)
		}
		return err
	}))
}

// replaced waits until another pod has the name.
func (p *place) replaced(t *testing.T, name string, uid types.UID) {
	t.Helper()
	must(t, cluster.Await(within(t, patience), "the successor of "+name, func(ctx context.Context) error {
		pod, err := p.Client.CoreV1().Pods(p.namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && (pod.UID == uid || !cluster.Ready(pod)) {
			err = fmt.Errorf("it is not there: %s", pod.Status.Phase)
		}
		return err
	}))
}

func evictionUnderBudget(t *testing.T, p *place) {
	p.members(t, 2)
	p.guard(t, "members", 2, 0)
	client := p.evictor(t)
	pod := p.pod(t, "members-0")
	began := time.Now()
	expect(t, "under the budget", client.Evict(t.Context(), kube.TargetOf(pod)), kube.OverBudget)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the refusal took %s: somebody waited in our place", took)
	}
	if now := p.pod(t, "members-0"); now.ResourceVersion != pod.ResourceVersion {
		t.Error("the pod was touched")
	}
	patch := []byte(`{"spec":{"minAvailable":1}}`)
	_, err := p.Client.PolicyV1().PodDisruptionBudgets(p.namespace).Patch(t.Context(), "members", types.MergePatchType, patch, metav1.PatchOptions{})
	must(t, err)
	p.allows(t, "members", 1)
	expect(t, "with room", client.Evict(t.Context(), kube.TargetOf(pod)), kube.Done)
	p.replaced(t, "members-0", pod.UID)
	if n := len(p.proxy.Requests(evictions)); n != 2 {
		t.Errorf("%d evictions were sent, want 2", n)
	}
}

func twoBudgets(t *testing.T, p *place) {
	p.members(t, 2)
	p.guard(t, "one", 0, 2)
	p.guard(t, "two", 0, 2)
	pod := p.pod(t, "members-0")
	expect(t, "under two budgets", p.evictor(t).Evict(t.Context(), kube.TargetOf(pod)), kube.Unknown)
	if now := p.pod(t, "members-0"); now.UID != pod.UID || now.DeletionTimestamp != nil {
		t.Error("the pod was taken")
	}
}

func changedPod(t *testing.T, p *place) {
	p.members(t, 2)
	client := p.as(t, "actor", rights("", "pods", []string{"get", "delete"}), rights("", "pods/eviction", []string{"create"}))
	old := kube.TargetOf(p.pod(t, "members-0"))
	must(t, p.Client.CoreV1().Pods(p.namespace).Delete(t.Context(), "members-0", metav1.DeleteOptions{}))
	p.replaced(t, "members-0", old.UID)
	successor := p.pod(t, "members-0")
	expect(t, "evicting the pod that was", client.Evict(t.Context(), old), kube.Changed)
	expect(t, "deleting the pod that was", client.Delete(t.Context(), old), kube.Changed)
	stale := kube.TargetOf(successor)
	_, err := p.Client.CoreV1().Pods(p.namespace).Patch(t.Context(), "members-0", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	must(t, err)
	expect(t, "evicting the same pod, changed", client.Evict(t.Context(), stale), kube.Changed)
	expect(t, "deleting the same pod, changed", client.Delete(t.Context(), stale), kube.Changed)
	if now := p.pod(t, "members-0"); now.UID != successor.UID || now.DeletionTimestamp != nil {
		t.Error("the successor was taken")
	}
	expect(t, "evicting nobody", client.Evict(t.Context(), kube.Target{Name: "members-7", UID: "u", ResourceVersion: "1"}), kube.Gone)
	expect(t, "deleting nobody", client.Delete(t.Context(), kube.Target{Name: "members-7", UID: "u", ResourceVersion: "1"}), kube.Gone)
}

// The server would count the eviction and then refuse it.
func preconditionCostsNothing(t *testing.T, p *place) {
	p.members(t, 2)
	p.guard(t, "members", 1, 1)
	client := p.evictor(t)
	stale := kube.TargetOf(p.pod(t, "members-0"))
	_, err := p.Client.CoreV1().Pods(p.namespace).Patch(t.Context(), "members-0", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	must(t, err)
	expect(t, "a stale eviction", client.Evict(t.Context(), stale), kube.Changed)
	pod := p.pod(t, "members-1")
	expect(t, "the next one", client.Evict(t.Context(), kube.TargetOf(pod)), kube.Done)
	p.replaced(t, "members-1", pod.UID)
	p.allows(t, "members", 1)

	// Where the pod changes after it was read, it does cost: the server compares last.
	hold := apiproxy.NewHold()
	p.proxy.Add(apiproxy.Rule{Match: evictions, Times: 1, Fault: hold.Fault})
	result := make(chan kube.Result, 1)
	go func() { result <- client.Evict(t.Context(), kube.TargetOf(p.pod(t, "members-0"))) }()
	<-hold.Held()
	_, err = p.Client.CoreV1().Pods(p.namespace).Patch(t.Context(), "members-0", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"c"}}}`), metav1.PatchOptions{})
	must(t, err)
	hold.Release()
	expect(t, "an eviction that was overtaken", <-result, kube.Changed)
	expect(t, "the one after it", client.Evict(t.Context(), kube.TargetOf(p.pod(t, "members-1"))), kube.OverBudget)
}

func lostAnswer(t *testing.T, p *place) {
	p.members(t, 2)
	client := p.evictor(t)
	pod := p.pod(t, "members-0")
	p.proxy.Add(apiproxy.Rule{Match: evictions, Times: 1, Fault: apiproxy.LoseAnswer()})
	expect(t, "the lost one", client.Evict(t.Context(), kube.TargetOf(pod)), kube.Unknown)
	p.replaced(t, "members-0", pod.UID)
	if n := len(p.proxy.Requests(evictions)); n != 1 {
		t.Errorf("%d evictions were sent, want 1", n)
	}
	pod = p.pod(t, "members-0")
	p.proxy.Add(apiproxy.Rule{Match: evictions, Times: 1, Fault: apiproxy.Truncate()})
	expect(t, "the truncated one", client.Evict(t.Context(), kube.TargetOf(pod)), kube.Unknown)
	p.replaced(t, "members-0", pod.UID)
	pod = p.pod(t, "members-0")
	p.proxy.Add(apiproxy.Rule{Match: evictions, Times: 1, Fault: apiproxy.Fail(500, 0)})
	expect(t, "a server's failure", client.Evict(t.Context(), kube.TargetOf(pod)), kube.Unknown)
	p.proxy.Add(apiproxy.Rule{Match: evictions, Times: 1, Fault: apiproxy.Fail(503, time.Minute)})
	expect(t, "a server that is overwhelmed", client.Evict(t.Context(), kube.TargetOf(pod)), kube.Unknown)
}

func busyServer(t *testing.T, p *place) {
	p.members(t, 1)
	client := p.evictor(t)
	pod := p.pod(t, "members-0")
	p.proxy.Add(apiproxy.Rule{Match: evictions, Times: 1, Fault: apiproxy.Fail(429, 7*time.Second)})
	result := client.Evict(t.Context(), kube.TargetOf(pod))
	expect(t, "too many requests", result, kube.Busy)
	if result.RetryAfter != 7*time.Second {
		t.Errorf("to be retried after %s, want 7s", result.RetryAfter)
	}
	p.proxy.Add(apiproxy.Rule{Match: apiproxy.Match{Verb: "get", Resource: "pods"}, Times: 3, Fault: apiproxy.Fail(500, 0)})
	expect(t, "nothing was sent that writes", client.Evict(t.Context(), kube.TargetOf(pod)), kube.Busy)
	if n := len(p.proxy.Requests(evictions)); n != 1 {
		t.Errorf("%d evictions were sent, want 1", n)
	}
}

func deletion(t *testing.T, p *place) {
	p.members(t, 2)
	p.guard(t, "members", 2, 0)
	client := p.as(t, "deleter", rights("", "pods", []string{"delete"}, "members-0"))
	pod := p.pod(t, "members-0")
	expect(t, "the pod, without the budget", client.Delete(t.Context(), kube.TargetOf(pod)), kube.Done)
	p.replaced(t, "members-0", pod.UID)
}

func forbiddenActs(t *testing.T, p *place) {
	p.members(t, 1)
	target := kube.TargetOf(p.pod(t, "members-0"))
	nobody := p.as(t, "nobody")
	expect(t, "evicting without any right", nobody.Evict(t.Context(), target), kube.Refused)
	reader := p.as(t, "reader", rights("", "pods", []string{"get"}))
	expect(t, "evicting with the right to read", reader.Evict(t.Context(), target), kube.Refused)
	expect(t, "deleting with the right to read", reader.Delete(t.Context(), target), kube.Refused)
	readers := []rbacv1.PolicyRule{rights("", "pods", []string{"get"}, "members-0"), rights("", "pods", []string{"list"}), rights("apps", "statefulsets", []string{"get"}, "members")}
	both := p.as(t, "both", readers...)
	if pods, err := both.Pods(t.Context(), kube.Selection{Labels: selector}); err != nil || len(pods) != 1 || pods[0].UID != target.UID {
		t.Errorf("listing pods: %+v, %v", pods, err)
	}
	if set, err := both.StatefulSet(t.Context(), "members"); err != nil || set.Name != "members" {
		t.Errorf("reading the set: %+v, %v", set, err)
	}
	if _, err := nobody.Pod(t.Context(), "members-0"); err == nil {
		t.Error("nobody reads a pod")
	}
}
