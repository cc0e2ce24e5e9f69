package upgrade

import "fmt"

// Report is what the gates say about the next step.
type Report struct {
	// Status is that of the verdict that decides.
	Status Status `json:"status"`
	// Candidate is the pod that would go next; "" where none is outdated.
	Candidate string    `json:"candidate,omitempty"`
	Verdicts  []Verdict `json:"verdicts"`
	// Outdated, Total count pods.
	Outdated int `json:"outdated"`
	Total    int `json:"total"`
}

// report judges a candidate; without one, whether all is well.
func (v view) report(candidate *Pod) Report {
	r := Report{Outdated: len(v.outdated()), Total: v.set.Replicas}
	if candidate != nil {
		r.Candidate = candidate.Name
		r.Verdicts = judgeAll(v, *candidate, false)
	} else {
		r.Verdicts = v.judge(well)
	}
	r.Status = worst(r.Verdicts)
	return r
}

// Reason is the verdict that decides, in a line.
func (r Report) Reason() string {
	for _, verdict := range r.Verdicts {
		if verdict.Status == r.Status && verdict.Status != Passed {
			return fmt.Sprintf("%s: %s", verdict.Gate, verdict.Seen)
		}
	}
	return "all gates pass"
}
