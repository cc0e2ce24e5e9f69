package upgrade

import (
	"slices"
	"testing"
)

// TestSimulationFindsBrokenPlanners takes one safety rule away at a time: the simulation must
// notice within 100,000 steps, or it proves nothing about that rule.
func TestSimulationFindsBrokenPlanners(t *testing.T) {
	if *simSteps < 100_000 {
		t.Skip("it takes long: make simulate")
	}
	whole := slices.Clone(gates)
	defer func() { gates = whole }()
	for _, g := range whole {
		if g.name == "claims-bound" {
			continue // it names a cause: a pod without its volume is not Ready
		}
		t.Run("without "+g.name, func(t *testing.T) {
			gates = slices.DeleteFunc(slices.Clone(whole), func(other gate) bool { return other.name == g.name })
			checkFound(t)
		})
	}
}

func checkFound(t *testing.T) {
	t.Helper()
	for seed, steps := uint64(1), 0; steps < 100_000; seed++ {
		taken, err := live(seed, Next)
		if err != nil {
			t.Logf("found after %d steps: %.300s", steps+taken, err)
			return
		}
		steps += taken
	}
	t.Error("nobody noticed")
}
