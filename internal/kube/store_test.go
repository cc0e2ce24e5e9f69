package kube

import (
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWhatIsKnown(t *testing.T) {
	heard := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	forbidden := fmt.Errorf("watching pods: %w", ErrForbidden)
	unreachable := fmt.Errorf("watching pods: %w", ErrUnreachable)
	for _, test := range []struct {
		name    string
		objects Objects[corev1.Pod]
		age     time.Duration
		want    []error // none: known
	}{
		{"a kind that nobody watches", Objects[corev1.Pod]{}, 0, []error{ErrNotWatched}},
		{"no answer yet", Objects[corev1.Pod]{watched: true}, 0, []error{ErrNotListed}},
		{"refused from the beginning", Objects[corev1.Pod]{watched: true, Err: forbidden}, 0, []error{ErrForbidden}},
		{"listed and followed", Objects[corev1.Pod]{watched: true, listed: true}, time.Minute, nil},
		{"followed, but not a bookmark for long", Objects[corev1.Pod]{watched: true, listed: true}, 4 * time.Minute, []error{ErrStale}},
		{"out of reach a moment ago", Objects[corev1.Pod]{watched: true, listed: true, Err: unreachable}, 9 * time.Second, nil},
		{"out of reach for long", Objects[corev1.Pod]{watched: true, listed: true, Err: unreachable}, 11 * time.Second, []error{ErrStale, ErrUnreachable}},
		{"the right was taken away", Objects[corev1.Pod]{watched: true, listed: true, Err: forbidden}, 0, []error{ErrForbidden}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.objects.Heard = heard
			_, err := test.objects.Get(heard.Add(test.age), 10*time.Second)
			if (err == nil) != (len(test.want) == 0) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			for _, want := range test.want {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			}
		})
	}
}

func TestViewsAreSortedAndDoNotChange(t *testing.T) {
	var s store[corev1.Pod, *corev1.Pod]
	pod := func(name, version string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: version}}
	}
	s.replace([]*corev1.Pod{pod("b", "1"), pod("a", "1")}, time.Time{})
	before := s.view()
	s.put(pod("a", "2"), time.Time{})
	s.remove(pod("b", "2"), time.Time{})
	if len(before.items) != 2 || before.items[0].Name != "a" || before.items[0].ResourceVersion != "1" {
		t.Errorf("the view has become %+v", before.items)
	}
	if after := s.view(); len(after.items) != 1 || after.items[0].ResourceVersion != "2" {
		t.Errorf("the next view is %+v", after.items)
	}
}
