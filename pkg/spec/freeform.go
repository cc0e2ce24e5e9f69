package spec

import (
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// freeform is a value of no given type as Kubernetes' unstructured objects hold it:
// nil, bool, int64 (uint64 where it is too large), float64, string, []any or
// map[string]any. Scalars are read as kubectl reads them: yes is true, 0x10 is 16. It
// reports what JSON has not, and ok is false.
func (d *decoder) freeform(p place) (value any, ok bool) {
	n := follow(p.node)
	if !allowedTag(n) {
		return nil, false
	}
	switch n.Kind {
	case yaml.MappingNode:
		return d.freeformMapping(place{n, p.path})
	case yaml.SequenceNode:
		return d.freeformList(place{n, p.path})
	}
	switch kindOf(n) {
	case nullScalar:
		return nil, true
	case boolScalar:
		if value, ok = boolWords[n.Value]; !ok {
			d.mismatch(p, "true or false")
		}
		return value, ok
	case intScalar, floatScalar:
		if value, ok = number(n.Value); !ok {
			d.mismatch(p, "a finite number")
		}
		return value, ok
	}
	return n.Value, true
}

func (d *decoder) freeformMapping(p place) (any, bool) {
	all := entries(p.node)
	values := make(map[string]any, len(all))
	whole := true
	for _, e := range all {
		value, ok := d.freeform(place{e.value, p.path.child(e.name)})
		values[e.name] = value
		whole = whole && ok
	}
	return values, whole
}

func (d *decoder) freeformList(p place) (any, bool) {
	values := make([]any, len(p.node.Content))
	whole := true
	for i, item := range p.node.Content {
		value, ok := d.freeform(place{item, p.path.item(i)})
		values[i] = value
		whole = whole && ok
	}
	return values, whole
}

// number reads a number of YAML 1.1: with underscores, or octal, hexadecimal, binary.
func number(text string) (any, bool) {
	text = strings.ReplaceAll(text, "_", "")
	if i, err := strconv.ParseInt(text, 0, 64); err == nil {
		return i, true
	}
	if u, err := strconv.ParseUint(text, 0, 64); err == nil {
		return u, true
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}
