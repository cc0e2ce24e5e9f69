package apiproxy

import (
	"regexp"
	"slices"
)

// Match selects requests. What is empty matches all; the zero value matches every request.
type Match struct {
	// Verb, Resource, Namespace and Name are compared with those of Request.
	Verb, Resource, Namespace, Name string
	// Path finds a match in the path, UserAgent in the user agent.
	Path, UserAgent *regexp.Regexp
}

func (m Match) matches(r Request) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	found := func(want *regexp.Regexp, in string) bool { return want == nil || want.MatchString(in) }
	return same(m.Verb, r.Verb) && same(m.Resource, r.Resource) && same(m.Namespace, r.Namespace) &&
		same(m.Name, r.Name) && found(m.Path, r.Path) && found(m.UserAgent, r.UserAgent)
}

// Rule applies a fault to requests.
type Rule struct {
	Match Match
	// Skip is how many matching requests pass unharmed first.
	Skip int
	// Times is how many are struck after these; 0 is all.
	Times int
	Fault Fault
}

// active is a rule with the number of requests that it has matched.
type active struct {
	Rule
	matched int
}

// strikes counts a request that matches, and reports whether the fault is for it.
func (a *active) strikes() bool {
	a.matched++
	return a.matched > a.Skip && (a.Times == 0 || a.matched <= a.Skip+a.Times)
}

// Add adds a rule, which holds until the function returned is called. Of several rules the
// first one added that strikes a request decides.
func (p *Proxy) Add(r Rule) (remove func()) {
	rule := &active{Rule: r}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, rule)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.rules = slices.DeleteFunc(p.rules, func(a *active) bool { return a == rule })
	}
}

// faultFor is the fault that strikes the request, nil for none.
func (p *Proxy) faultFor(r Request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rule := range p.rules {
		if rule.Match.matches(r) && rule.strikes() {
			return rule.Fault
		}
	}
	return nil
}
