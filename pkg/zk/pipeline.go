package zk

import (
	"context"
	"iter"
)

// How many requests of one walk are on their way at a time. A server answers one connection's
// requests in their order: more would gain nothing and make others wait.
const (
	readsInFlight = 128
	// listsInFlight is less: a list can hold ten thousand names.
	listsInFlight = 16
)

// pipeline does a piece of work for each input, so many at a time, and yields the results in
// the order of the inputs. It takes inputs only as fast as its results are taken, and
// returns when all work that it has begun is done.
func pipeline[In, Out any](inputs iter.Seq[In], inFlight int, work func(In) Out) iter.Seq[Out] {
	return func(yield func(Out) bool) {
		var begun []chan Out // oldest first
		defer func() {
			for _, done := range begun {
				<-done
			}
		}()
		next := func() bool {
			done := begun[0]
			begun = begun[1:]
			return yield(<-done)
		}
		for input := range inputs {
			if len(begun) == inFlight && !next() {
				return
			}
			done := make(chan Out, 1)
			begun = append(begun, done)
			go func() { done <- work(input) }()
		}
		for len(begun) > 0 && next() {
		}
	}
}

// patient is the context of the single requests of a walk. A request that is given up ends
// the Conn, which a walk that is given up should not: it begins no further request, and
// waits for the answers that are on their way, each of which has its own time limit.
func patient(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }
