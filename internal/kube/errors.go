package kube

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// The verdicts of an API server, as far as anybody acts on them. They wrap the server's own error, with
// its message.
var (
	// ErrForbidden: RBAC or an admission webhook says no (403).
	ErrForbidden = errors.New("forbidden")
	// ErrUnauthorized: the server does not know who asks (401), such as a token that has expired.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrNotFound: there is no such object, namespace or kind (404).
	ErrNotFound = errors.New("not found")
	// ErrChanged: the object is not what the request expected it to be (409); nothing was done.
	ErrChanged = errors.New("changed meanwhile")
	// ErrBusy: the server asks to come back later (429); nothing was done.
	ErrBusy = errors.New("server is busy")
	// ErrUnreachable: there was no verdict. No connection, no answer in time, an answer that
	// broke off, or a failure inside the server (5xx).
	ErrUnreachable = errors.New("no answer from the API server")
)

// errExpired says that what was to be read from has been forgotten by the server (410).
var errExpired = errors.New("resource version expired")

var verdicts = []struct {
	is      func(error) bool
	verdict error
}{
	{apierrors.IsForbidden, ErrForbidden},
	{apierrors.IsUnauthorized, ErrUnauthorized},
	{apierrors.IsNotFound, ErrNotFound},
	{apierrors.IsConflict, ErrChanged},
	{apierrors.IsTooManyRequests, ErrBusy},
	{apierrors.IsResourceExpired, errExpired},
	{apierrors.IsGone, errExpired},
}

// judge puts an error of client-go into this package's words.
func judge(doing string, err error) error {
	if err == nil {
		return nil
	}
	for _, v := range verdicts {
		if v.is(err) {
			return fmt.Errorf("%s: %w: %w", doing, v.verdict, err)
		}
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Code < http.StatusInternalServerError && status.Status().Code >= http.StatusBadRequest {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnreachable, err)
}

// retryAfter is how long the server asked to wait; 0 where it did not.
func retryAfter(err error) time.Duration {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil {
		return time.Duration(status.Status().Details.RetryAfterSeconds) * time.Second
	}
	return 0
}
