package kube

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestVerdictsAndOutcomes(t *testing.T) {
	pod := schema.GroupResource{Resource: "pods"}
	budget := apierrors.NewTooManyRequests("no", 10)
	budget.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause}}
	for _, test := range []struct {
		name    string
		err     error
		verdict error // nil: none of this package's
		outcome Outcome
		after   time.Duration
	}{
		{"an answer", nil, nil, Done, 0},
		{"a budget", budget, ErrBusy, OverBudget, 10 * time.Second},
		{"a busy server", apierrors.NewTooManyRequests("later", 3), ErrBusy, Busy, 3 * time.Second},
		{"a precondition", apierrors.NewConflict(pod, "a", io.EOF), ErrChanged, Changed, 0},
		{"no pod", apierrors.NewNotFound(pod, "a"), ErrNotFound, Gone, 0},
		{"no right", apierrors.NewForbidden(pod, "a", io.EOF), ErrForbidden, Refused, 0},
		{"no identity", apierrors.NewUnauthorized("who?"), ErrUnauthorized, Refused, 0},
		{"an invalid request", apierrors.NewBadRequest("no"), nil, Refused, 0},
		{"a failure inside the server", apierrors.NewInternalError(io.EOF), ErrUnreachable, Unknown, 0},
		{"a server that gave up", apierrors.NewTimeoutError("slow", 10), ErrUnreachable, Unknown, 10 * time.Second},
		{"a server that is not ready", apierrors.NewServiceUnavailable("no"), ErrUnreachable, Unknown, 0},
		{"a connection that broke", io.ErrUnexpectedEOF, ErrUnreachable, Unknown, 0},
		{"no answer in time", context.DeadlineExceeded, ErrUnreachable, Unknown, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := judge("evicting", test.err)
			if test.verdict != nil && !errors.Is(err, test.verdict) {
				t.Errorf("judged %v, want %v", err, test.verdict)
			}
			if test.verdict == nil && errors.Is(err, ErrUnreachable) {
				t.Errorf("judged %v", err)
			}
			if !errors.Is(err, test.err) && test.err != nil {
				t.Errorf("the cause is lost: %v", err)
			}
			if got := resultOf(err); got.Outcome != test.outcome || got.RetryAfter != test.after {
				t.Errorf("got %v after %s, want %v after %s", got.Outcome, got.RetryAfter, test.outcome, test.after)
			}
		})
	}
}

func TestTheZeroOutcomeIsNone(t *testing.T) {
	if text := Outcome(0).String(); text != "Outcome(0)" {
		t.Errorf("it says %q", text)
	}
}
