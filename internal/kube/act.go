package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Target is a pod as it was when somebody decided about it. In any other state it is left alone.
type Target struct {
	Name            string
	UID             types.UID
	ResourceVersion string
}

// TargetOf is the pod as it was seen.
func TargetOf(p *corev1.Pod) Target {
	return Target{Name: p.Name, UID: p.UID, ResourceVersion: p.ResourceVersion}
}

func (t Target) preconditions() *metav1.Preconditions {
	return &metav1.Preconditions{UID: &t.UID, ResourceVersion: &t.ResourceVersion}
}

// Outcome is what became of an Evict or a Delete. The zero value is none.
type Outcome int

const (
	// Done: the pod is terminating, or gone already.
	Done Outcome = 1 + iota
	// OverBudget: a PodDisruptionBudget refuses now, or has not been computed yet.
	OverBudget
	// Changed: the pod is not what it was, or another one has its name.
	Changed
	// Gone: there is no such pod.
	Gone
	// Refused: the request is not allowed or not possible: RBAC, an admission webhook, an invalid
	// request.
	Refused
	// Busy: the server takes no request now, or could not be reached before anything was sent.
	Busy
	// Unknown: there was no verdict. The pod may be terminating or not: look before anything else
	// is done. A pod under more than one PodDisruptionBudget comes here too, and always: the server
	// answers 500 without a reason that a program could read.
	Unknown
)

var outcomes = map[Outcome]string{
	Done: "done", OverBudget: "over budget", Changed: "changed", Gone: "gone",
	Refused: "refused", Busy: "busy", Unknown: "unknown",
}

func (o Outcome) String() string {
	if text, ok := outcomes[o]; ok {
		return text
	}
	return fmt.Sprintf("Outcome(%d)", int(o))
}

// MarshalText makes JSON say the word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Result is an Outcome with its evidence. Of all Outcomes but Done and Unknown the pod was left alone.
type Result struct {
	Outcome Outcome
	// RetryAfter is what the server asks to wait, where it does.
	RetryAfter time.Duration
	// Err is the server's answer in full; nil where it is Done.
	Err error
}

// Evict takes a healthy pod away, if its PodDisruptionBudget allows that and it still is as it was
// (https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/).
//
// It reads the pod first. The server counts an eviction against the budget before it compares the
// preconditions, so one that fails by them blocks others for two minutes (Kubernetes 1.36,
// pkg/registry/core/pod/storage/eviction.go and DeletionTimeout in pkg/controller/disruption).
// A pod that is terminating, pending or finished is not under the budget: the server does
// not ask it.
func (c *Client) Evict(ctx context.Context, t Target) Result {
	live, err := c.Pod(ctx, t.Name)
	switch {
	case errors.Is(err, ErrUnreachable):
		return Result{Outcome: Busy, Err: err} // nothing was sent that writes
	case err != nil:
		return resultOf(err)
	case live.UID != t.UID || live.ResourceVersion != t.ResourceVersion:
		return Result{Outcome: Changed, Err: fmt.Errorf("evicting pod %s/%s: %w: resource version %s of %s, was %s of %s",
			c.namespace, t.Name, ErrChanged, live.ResourceVersion, live.UID, t.ResourceVersion, t.UID)}
	}
	eviction := &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Name: t.Name, Namespace: c.namespace},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: t.preconditions()},
	}
	request := c.request(http.MethodPost, pods).Name(t.Name).SubResource("eviction").Body(eviction)
	return c.act(ctx, fmt.Sprintf("evicting pod %s/%s", c.namespace, t.Name), request)
}

// Delete takes a broken pod away, if it still is as it was. It respects no PodDisruptionBudget: its
// caller knows that the pod serves nobody. The pod has its grace period.
func (c *Client) Delete(ctx context.Context, t Target) Result {
	options := &metav1.DeleteOptions{Preconditions: t.preconditions()}
	request := c.request(http.MethodDelete, pods).Name(t.Name).Body(options)
	return c.act(ctx, fmt.Sprintf("deleting pod %s/%s", c.namespace, t.Name), request)
}

// act sends a request that takes a pod away.
func (c *Client) act(ctx context.Context, doing string, request *rest.Request) Result {
	return resultOf(c.do(ctx, doing, request, nil))
}

func resultOf(err error) Result {
	return Result{Outcome: outcomeOf(err), RetryAfter: retryAfter(err), Err: err}
}

func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Done
	case errors.Is(err, ErrBusy) && apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause):
		return OverBudget
	case errors.Is(err, ErrBusy):
		return Busy
	case errors.Is(err, ErrChanged):
		return Changed
	case errors.Is(err, ErrNotFound):
		return Gone
	case errors.Is(err, ErrUnreachable):
		return Unknown
	}
	return Refused
}
