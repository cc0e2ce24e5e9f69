package spec

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// at is the position of the value at a field path, such as spec.replicas,
// spec.labels["a.b/c"] or spec.tolerations[0].key, or of the nearest parent that is
// written. A value that is an alias is where the alias stands; "" is the document.
func (d *document) at(path string) Position { return d.position(d.find(path).value) }

// keyAt is the position of the key at a field path, or of the nearest parent that is
// written. A list item and the document have no key; theirs is the position of the value.
func (d *document) keyAt(path string) Position { return d.position(d.find(path).key) }

// has reports whether the path is written in the document with a value that is not null.
func (d *document) has(path string) bool {
	r := d.find(path)
	return r.whole && !isNull(follow(r.value))
}

// within is the position of byte i of the decoded scalar at path. It is exact for
// scalars that are written on one line, plain or in quotes without escapes; for all
// others it is where the value starts.
func (d *document) within(path string, i int) Position {
	r := d.find(path)
	p := d.position(r.value)
	if !r.whole || i < 0 || i > len(r.value.Value) {
		return p
	}
	if lead, ok := d.verbatim(r.value); ok {
		p.Column += lead + utf8.RuneCountInString(r.value.Value[:i])
	}
	return p
}

// verbatim reports whether a scalar stands in the text as it is decoded, and how many
// characters stand before it from its position on.
func (d *document) verbatim(n *yaml.Node) (lead int, ok bool) {
	if n.Kind != yaml.ScalarNode {
		return 0, false
	}
	quote := ""
	switch n.Style {
	case 0:
	case yaml.SingleQuotedStyle:
		quote = "'"
	case yaml.DoubleQuotedStyle:
		quote = `"`
	default:
		return 0, false
	}
	line := string(lineOf(d.text, n.Line))
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return len(quote), strings.HasPrefix(line, quote+n.Value+quote)
}

// position is where a node of the document stands in the source.
func (d *document) position(n *yaml.Node) Position {
	return Position{Source: d.source, Line: d.line + n.Line, Column: n.Column}
}

// reach is how far a field path leads in a document.
type reach struct {
	// key and value are those of the last step that is written; the root is both for none.
	key, value *yaml.Node
	// whole: all of the path is written.
	whole bool
}

func (d *document) find(path string) reach {
	r := reach{key: d.root, value: d.root}
	for path != "" {
		step, rest, ok := nextStep(path)
		if !ok {
			return r
		}
		key, value := step.in(follow(r.value))
		if value == nil {
			return r
		}
		r.key, r.value, path = key, value, rest
	}
	r.whole = true
	return r
}

// in is the key and value to which the step leads from a node, nil where there is none.
func (s pathStep) in(n *yaml.Node) (key, value *yaml.Node) {
	if s.index >= 0 {
		if n.Kind != yaml.SequenceNode || s.index >= len(n.Content) {
			return nil, nil
		}
		return n.Content[s.index], n.Content[s.index]
	}
	if n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for _, e := range entries(n) {
		if e.name == s.key {
			return e.key, e.value
		}
	}
	return nil, nil
}
