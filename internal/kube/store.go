package kube

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// store holds the objects of one kind, and what is known about how well they are known.
type store[T any, P object[T]] struct {
	mu      sync.Mutex
	objects map[string]P
	listed  bool
	heard   time.Time
	err     error
}

// replace takes a list in place of all.
func (s *store[T, P]) replace(all []P, now time.Time) {
	objects := make(map[string]P, len(all))
	for _, o := range all {
		objects[o.GetName()] = o
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects, s.listed, s.heard, s.err = objects, true, now, nil
}

func (s *store[T, P]) put(o P, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[o.GetName()] = o
	s.heard, s.err = now, nil
}

func (s *store[T, P]) remove(o P, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, o.GetName())
	s.heard, s.err = now, nil
}

// hear notes that the server has nothing new to say, and reports whether that ends a trouble.
func (s *store[T, P]) hear(now time.Time) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	news = s.err != nil
	s.heard, s.err = now, nil
	return news
}

func (s *store[T, P]) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// view is what is held now, by name.
func (s *store[T, P]) view() Objects[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := make([]*T, 0, len(s.objects))
	sorted := slices.SortedFunc(maps.Values(s.objects), func(a, b P) int { return strings.Compare(a.GetName(), b.GetName()) })
	for _, o := range sorted {
		items = append(items, o)
	}
	return Objects[T]{Heard: s.heard, Err: s.err, items: items, listed: s.listed, watched: true}
}

// Objects are those of one kind, as far as they are known. The zero value is a kind that is not watched.
type Objects[T any] struct {
	// Heard is when the server last said something about the kind, be it that nothing has
	// changed, which it says about each minute; zero before the first time.
	Heard time.Time
	// Err is why the kind cannot be followed now; nil where it is.
	Err error

	items   []*T
	listed  bool
	watched bool
}

// Why objects are not known, beside the errors of requests.
var (
	// ErrNotWatched: nobody asked for this kind.
	ErrNotWatched = errors.New("not watched")
	// ErrNotListed: the first answer has not come yet.
	ErrNotListed = errors.New("not listed yet")
	// ErrStale: the last answer is too old.
	ErrStale = errors.New("out of date")
)

// Get returns the objects, sorted by name, or why they are not known. They belong to the Cache and must
// not be changed. An empty result is one: there are none.
//
// Where the server refuses (ErrForbidden, ErrUnauthorized, ErrNotFound), what it said before is no
// answer. Where it cannot be reached, it is one until patience after it was last heard; a watch that
// looks healthy is believed as long as bookmarks come.
func (o Objects[T]) Get(now time.Time, patience time.Duration) ([]*T, error) {
	age := now.Sub(o.Heard)
	switch {
	case !o.watched:
		return nil, ErrNotWatched
	case !o.listed && o.Err != nil:
		return nil, o.Err
	case !o.listed:
		return nil, ErrNotListed
	case o.Err == nil && age <= silence+requestTimeout:
		return o.items, nil
	case o.Err == nil:
		return nil, fmt.Errorf("%w: nothing heard for %s", ErrStale, age.Round(time.Second))
	case refused(o.Err):
		return nil, o.Err
	case age > patience:
		return nil, fmt.Errorf("%w: nothing heard for %s: %w", ErrStale, age.Round(time.Second), o.Err)
	}
	return o.items, nil
}

func refused(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrNotFound)
}
