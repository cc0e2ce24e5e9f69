package spec

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// maxNodes is how many keys and values one document may hold once its aliases are
// followed. A few lines of aliases to aliases stand for billions of nodes.
const maxNodes = 100_000

// oversize is the problem of a document that holds more than maxNodes, nil for others.
func (d *document) oversize() *Problem {
	e := expansion{left: maxNodes, open: make(map[*yaml.Node]struct{})}
	stop := e.visit(d.root)
	if stop == nil {
		return nil
	}
	p := &Problem{
		Severity: Error, Position: d.position(d.root), Message: "expands to more than 100,000 nodes",
		Hint: "split the document, or use fewer aliases",
	}
	if e.left >= 0 {
		p.Position = d.position(stop)
		p.Message = "the alias *" + stop.Value + " stands inside what it repeats, so the document expands to more than 100,000 nodes"
		p.Hint = ""
	}
	return p
}

// expansion counts the nodes of a document through its aliases.
type expansion struct {
	left int
	open map[*yaml.Node]struct{} // the anchors whose aliases are being followed
}

// visit returns the node at which it gave up: the one that is too many, or the alias
// that repeats what it stands in. It is nil where all were counted.
func (e *expansion) visit(n *yaml.Node) *yaml.Node {
	if e.left--; e.left < 0 {
		return n
	}
	if n.Kind == yaml.AliasNode {
		if _, loop := e.open[n.Alias]; loop {
			return n
		}
		e.open[n.Alias] = struct{}{}
		defer delete(e.open, n.Alias)
		return e.visit(n.Alias)
	}
	for _, child := range n.Content {
		if stop := e.visit(child); stop != nil {
			return stop
		}
	}
	return nil
}

// inspect reports what is wrong with a node as it is written, whatever type it is for:
// keys that are written twice or are no strings, merges of what is no mapping, tags.
// It goes through all that is written, unknown fields too, and follows no aliases.
func (d *decoder) inspect(p place) {
	if !allowedTag(p.node) {
		d.report(p, "the tag %s is not allowed: remove it", p.node.Tag)
	}
	switch p.node.Kind {
	case yaml.SequenceNode:
		for i, item := range p.node.Content {
			d.inspect(place{item, p.path.item(i)})
		}
	case yaml.MappingNode:
		d.inspectKeys(p)
	}
}

// writtenKey tells the merge key from a key "<<" in quotes.
type writtenKey struct {
	name  string
	merge bool
}

func (d *decoder) inspectKeys(p place) {
	content := p.node.Content
	first := make(map[writtenKey]*yaml.Node, len(content)/2)
	for i := 0; i+1 < len(content); i += 2 {
		key, value := content[i], content[i+1]
		name, ok := keyName(key)
		if !ok {
			d.reportKey(place{key, p.path})
			d.inspect(place{value, p.path})
			continue
		}
		at := p.path.child(name)
		written := writtenKey{name, isMerge(key)}
		if written.merge {
			d.inspectMerge(place{value, at})
		}
		if known := first[written]; known != nil {
			d.report(place{key, at}, "duplicate key, first written on line %d", d.doc.position(known).Line)
		} else {
			first[written] = key
		}
		d.inspect(place{value, at})
	}
}

// reportKey reports a key that is no string.
func (d *decoder) reportKey(p place) {
	quote := ""
	if follow(p.node).Kind == yaml.ScalarNode {
		quote = ": put it in quotes"
	}
	d.report(p, "seen %s as a key, allowed a string%s", seen(follow(p.node)), quote)
}

func (d *decoder) inspectMerge(p place) {
	n := follow(p.node)
	if n.Kind == yaml.MappingNode {
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.mismatch(p, "a mapping or a list of mappings")
		return
	}
	for i, item := range n.Content {
		if follow(item).Kind != yaml.MappingNode {
			d.mismatch(place{item, p.path.item(i)}, "a mapping")
		}
	}
}

// The tags of the JSON schema (https://yaml.org/spec/1.2.2/#102-json-schema) and those
// that the parser gives to plain scalars.
var scalarTags = []string{"!!str", "!!null", "!!bool", "!!int", "!!float", "!!timestamp", "!!merge"}

// allowedTag reports whether a node's tag, written or not, is one that JSON has a value for.
func allowedTag(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.MappingNode:
		return n.Tag == "!!map"
	case yaml.SequenceNode:
		return n.Tag == "!!seq"
	case yaml.ScalarNode:
		return slices.Contains(scalarTags, n.Tag)
	}
	return true
}
