package main

import (
	"slices"
	"time"
)

// median is the middle of the values, or the mean of the two in the middle; of none, zero.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func (r result) wall() time.Duration {
	return r.median(func(s sample) time.Duration { return s.wall })
}

func (r result) cpu() time.Duration { return r.median(func(s sample) time.Duration { return s.cpu }) }

func (r result) median(of func(sample) time.Duration) time.Duration {
	var values []float64
	for _, s := range r.samples {
		values = append(values, float64(of(s)))
	}
	return time.Duration(median(values))
}

// perObject is the median wall time for each object.
func (r result) perObject() time.Duration { return r.wall() / time.Duration(r.objects) }

// peak is the most memory that any run had resident, in bytes.
func (r result) peak() int64 {
	var most int64
	for _, s := range r.samples {
		most = max(most, s.peak)
	}
	return most
}

// memoryPerOutput is the peak divided by the size of the output.
func (r result) memoryPerOutput() float64 { return float64(r.peak()) / float64(r.bytes) }

// times is how many times the other result's time for an object this one's is: the
// median of the ratios in the rounds, so that a slow moment of the machine, which meets
// both in the same round, counts little.
func (r result) times(other result) float64 {
	var ratios []float64
	for i := range min(len(r.samples), len(other.samples)) {
		mine := float64(r.samples[i].wall) / float64(r.objects)
		its := float64(other.samples[i].wall) / float64(other.objects)
		ratios = append(ratios, mine/its)
	}
	return median(ratios)
}
