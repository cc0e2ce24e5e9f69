package zk

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPipelineKeepsOrderAndBounds(t *testing.T) {
	numbers := make([]int, 1000)
	for i := range numbers {
		numbers[i] = i
	}
	var now, most atomic.Int64
	work := func(n int) int {
		running := now.Add(1)
		for seen := most.Load(); running > seen && !most.CompareAndSwap(seen, running); seen = most.Load() {
		}
		now.Add(-1)
		return 2 * n
	}
	var got []int
	for n := range pipeline(slices.Values(numbers), 8, work) {
		got = append(got, n/2)
	}
	if diff := cmp.Diff(numbers, got); diff != "" || most.Load() > 8 || now.Load() != 0 {
		t.Errorf("at most %d at a time, %d still run; (-want +got):\n%s", most.Load(), now.Load(), diff)
	}
	taken := 0
	inputs := func(yield func(int) bool) {
		for n := range 1000 {
			if taken++; !yield(n) {
				return
			}
		}
	}
	for n := range pipeline(inputs, 8, work) {
		if n == 20 {
			break
		}
	}
	if taken > 20 || now.Load() != 0 {
		t.Errorf("stopped at the eleventh: %d inputs taken, %d still run", taken, now.Load())
	}
}
