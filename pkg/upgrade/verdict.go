package upgrade

import "fmt"

// Status is what a gate says. The zero value is no answer, which is never a good one.
type Status int

const (
	// Passed: what the gate asks for was seen.
	Passed Status = 1 + iota
	// Pending: not yet, and waiting is enough.
	Pending
	// Blocked: no, and somebody must do something.
	Blocked
	// Unknown: what the gate reads was not seen. It never passes.
	Unknown
)

var statusNames = map[Status]string{Passed: "Passed", Pending: "Pending", Blocked: "Blocked", Unknown: "Unknown"}

func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return fmt.Sprintf("Status(%d)", int(s))
}

// MarshalText is the status's name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// rank orders by what decides of several: Unknown before Blocked before Pending before
// Passed (docs/design.md §6). What is none of them comes before all.
func (s Status) rank() int {
	switch s {
	case Passed:
		return 0
	case Pending:
		return 1
	case Blocked:
		return 2
	default:
		return 3
	}
}

// Verdict is a gate's answer.
type Verdict struct {
	Gate   string `json:"gate"`
	Status Status `json:"status"`
	// Seen says what was seen, also where the gate passed.
	Seen string `json:"seen"`
	// Try says what would change the answer; "" where waiting is all, or nothing is needed.
	Try string `json:"try,omitempty"`
}

func passed(format string, args ...any) Verdict {
	return Verdict{Status: Passed, Seen: fmt.Sprintf(format, args...)}
}

func pending(format string, args ...any) Verdict {
	return Verdict{Status: Pending, Seen: fmt.Sprintf(format, args...)}
}

func blocked(try, format string, args ...any) Verdict {
	return Verdict{Status: Blocked, Seen: fmt.Sprintf(format, args...), Try: try}
}

// unknown is the verdict on a fact that was not seen.
func unknown[T any](what string, fact Observed[T]) Verdict {
	return Verdict{Status: Unknown, Seen: fmt.Sprintf("%s: %s", what, fact.Why()),
		Try: "see that bkcheck may read it and that it can be reached"}
}
