package spec

import (
	"fmt"
	"strings"
)

// Severity says what a problem does to the run.
type Severity uint8

const (
	// Warning is printed and changes nothing else.
	Warning Severity = 1 + iota
	// Error keeps everything from being rendered.
	Error
)

// String is the word that stands in a message.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// Position is a place in an input. Line and Column count from 1, Column in
// characters; both are 0 where only the source is known.
type Position struct {
	Source string
	Line   int
	Column int
}

// String is source, source:line or source:line:column, the form that editors jump to.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.Source
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.Source, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.Source, p.Line, p.Column)
}

// Problem is one thing that is wrong with an input, or doubtful in it.
type Problem struct {
	Severity Severity
	Position Position
	// Path is the field path, such as spec.gitops.durability.ackQuorum; empty where
	// the problem is the document's.
	Path string
	// Message says what was seen and what is allowed.
	Message string
	// Hint says what to try; empty where the message leaves no doubt.
	Hint string
}

// String is the problem on one line, without its hint:
// cluster.yaml:12:5: spec.replica: unknown field (did you mean "replicas"?)
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Position.String())
	b.WriteString(": ")
	if p.Severity == Warning {
		b.WriteString("warning: ")
	}
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Failed reports whether any of the problems is an Error.
func Failed(problems []Problem) bool {
	for _, p := range problems {
		if p.Severity == Error {
			return true
		}
	}
	return false
}
