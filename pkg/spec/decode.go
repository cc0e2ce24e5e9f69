package spec

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decode fills into, a pointer to a struct with JSON tags, and returns every problem in
// the order of their positions. It is strict: unknown fields, keys that are written
// twice and values of another type are problems, and what has none of them is decoded
// all the same. Null leaves a field unset. A type that decodes itself from JSON is given
// the value as JSON. It panics where into is no such pointer, or holds a field of a kind
// that JSON has not.
func (d *document) decode(into any) []Problem {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("spec: decoding into %T, allowed a pointer to a struct", into))
	}
	if p := d.oversize(); p != nil {
		return []Problem{*p}
	}
	dec := &decoder{doc: d}
	dec.inspect(place{node: d.root})
	dec.value(place{node: d.root}, target.Elem())
	slices.SortStableFunc(dec.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Position.Line, b.Position.Line), cmp.Compare(a.Position.Column, b.Position.Column))
	})
	return dec.problems
}

// decoder collects the problems of one document.
type decoder struct {
	doc      *document
	problems []Problem
	reported map[mistake]struct{}
}

// mistake tells problems apart: what an anchor holds is decoded once more for each alias.
type mistake struct {
	position Position
	message  string
}

// place is a node, an alias where one is written, and the field path that led there.
type place struct {
	node *yaml.Node
	path *fieldPath
}

func (d *decoder) report(p place, format string, args ...any) {
	m := mistake{d.doc.position(p.node), fmt.Sprintf(format, args...)}
	if _, known := d.reported[m]; known {
		return
	}
	if d.reported == nil {
		d.reported = make(map[mistake]struct{})
	}
	d.reported[m] = struct{}{}
	d.problems = append(d.problems, Problem{Severity: Error, Position: m.position, Path: p.path.String(), Message: m.message})
}

// mismatch reports a value that is not what is allowed.
func (d *decoder) mismatch(p place, allowed string) {
	d.report(p, "seen %s, allowed %s", seen(follow(p.node)), allowed)
}

// value decodes what stands at p. Null, and what inspect has reported, leave into as it is.
func (d *decoder) value(p place, into reflect.Value) {
	n := follow(p.node)
	if isNull(n) || !allowedTag(n) {
		return
	}
	if into.Kind() == reflect.Pointer {
		if into.IsNil() {
			into.Set(reflect.New(into.Type().Elem()))
		}
		d.value(p, into.Elem())
		return
	}
	plan := planFor(into.Type())
	switch {
	case plan.custom:
		d.custom(p, into)
	case into.Kind() == reflect.Interface && into.NumMethod() == 0:
		if v, ok := d.freeform(p); ok {
			into.Set(reflect.ValueOf(v))
		}
	case n.Kind != nodeKindFor(into.Type()):
		d.mismatch(p, allowedFor(into.Type()))
	case into.Kind() == reflect.Struct:
		d.structure(place{n, p.path}, into)
	case into.Kind() == reflect.Map:
		d.mapping(place{n, p.path}, into)
	case n.Kind == yaml.SequenceNode:
		d.list(place{n, p.path}, into)
	default:
		d.scalar(p, into)
	}
}

func (d *decoder) structure(p place, into reflect.Value) {
	plan := planFor(into.Type())
	for _, e := range entries(p.node) {
		path := p.path.child(e.name)
		if index, ok := plan.fields[e.name]; ok {
			d.value(place{e.value, path}, fieldAt(into, index))
		} else {
			d.report(place{e.key, path}, "%s", unknownField(e.name, plan.names))
		}
	}
}

// maxNamed is how many fields are named to whoever wrote one that is like none of them.
const maxNamed = 12

func unknownField(name string, known []string) string {
	if near := suggest(name, known); near != "" {
		return fmt.Sprintf("unknown field (did you mean %q?)", near)
	}
	more := ""
	if len(known) > maxNamed {
		known, more = known[:maxNamed], ", …"
	}
	if len(known) == 0 {
		return "unknown field; allowed: none"
	}
	return "unknown field; allowed: " + strings.Join(known, ", ") + more
}

// mapping decodes into a map with string keys. A null is an error where a string is
// allowed, because others read it as "", and leaves the key out elsewhere.
func (d *decoder) mapping(p place, into reflect.Value) {
	t := into.Type()
	if into.IsNil() {
		into.Set(reflect.MakeMapWithSize(t, len(p.node.Content)/2))
	}
	for _, e := range entries(p.node) {
		at := place{e.value, p.path.child(e.name)}
		null := isNull(follow(e.value))
		if null && t.Elem().Kind() == reflect.String {
			d.mismatch(at, `a string: write "" for an empty one`)
		}
		if null && t.Elem().Kind() != reflect.Interface {
			continue
		}
		value := reflect.New(t.Elem()).Elem()
		d.value(at, value)
		into.SetMapIndex(reflect.ValueOf(e.name).Convert(t.Key()), value)
	}
}

// list decodes into a slice, or into an array of the same length. An item that is null
// is an error where its type takes no null.
func (d *decoder) list(p place, into reflect.Value) {
	items := p.node.Content
	if into.Kind() == reflect.Slice {
		into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	} else if into.Len() != len(items) {
		d.report(p, "seen a list of %d, allowed a list of %d", len(items), into.Len())
		return
	}
	for i, item := range items {
		at := place{item, p.path.item(i)}
		if isNull(follow(item)) && !takesNull(into.Type().Elem()) {
			d.mismatch(at, allowedFor(into.Type().Elem()))
			continue
		}
		d.value(at, into.Index(i))
	}
}

// takesNull reports whether null is a value of a type: of free-form ones.
func takesNull(t reflect.Type) bool {
	_, described := customTexts[t]
	return t.Kind() == reflect.Interface || planFor(t).custom && !described
}

// bytes decodes base64, which is how encoding/json writes a slice of bytes.
func (d *decoder) bytes(p place, into reflect.Value) {
	n := follow(p.node)
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
	if err != nil || kindOf(n) != stringScalar {
		d.mismatch(p, "a string in base64")
		return
	}
	into.SetBytes(data)
}
