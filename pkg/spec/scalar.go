package spec

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalarKind is what the tools of Kubernetes read a scalar as.
type scalarKind uint8

const (
	nullScalar scalarKind = 1 + iota
	boolScalar
	intScalar
	floatScalar
	stringScalar
)

// boolWords are the booleans of YAML 1.1 (https://yaml.org/type/bool.html), which
// kubectl reads as such.
var boolWords = map[string]bool{
	"true": true, "True": true, "TRUE": true, "yes": true, "Yes": true, "YES": true,
	"on": true, "On": true, "ON": true, "y": true, "Y": true,
	"false": false, "False": false, "FALSE": false, "no": false, "No": false, "NO": false,
	"off": false, "Off": false, "OFF": false, "n": false, "N": false,
}

// kindOf is what a scalar node is. The parser has tagged it by the rules of YAML 1.2;
// the booleans of 1.1 are added. A timestamp is a string, as in JSON.
func kindOf(n *yaml.Node) scalarKind {
	switch n.Tag {
	case "!!null":
		return nullScalar
	case "!!bool":
		return boolScalar
	case "!!int":
		return intScalar
	case "!!float":
		return floatScalar
	}
	if _, word := boolWords[n.Value]; word && n.Style == 0 {
		return boolScalar
	}
	return stringScalar
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && kindOf(n) == nullScalar }

// isQuoted reports whether a node is a scalar in quotes, single or double.
func isQuoted(n *yaml.Node) bool { return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 }

// seen describes a node for a message: a list, the string "three".
func seen(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch kindOf(n) {
	case nullScalar:
		return "null"
	case boolScalar:
		return "the boolean " + clipped(n.Value)
	case intScalar:
		return "the integer " + clipped(n.Value)
	case floatScalar:
		return "the number " + clipped(n.Value)
	}
	return fmt.Sprintf("the string %q", clipped(n.Value))
}

// maxShown is how many characters of a value stand in a message.
const maxShown = 60

func clipped(text string) string {
	shown := 0
	for i := range text {
		if shown++; shown > maxShown {
			return text[:i] + "…"
		}
	}
	return text
}

// nodeKindFor is the kind of node that a type is decoded from.
func nodeKindFor(t reflect.Type) yaml.Kind {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return yaml.MappingNode
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return yaml.ScalarNode // base64
		}
		return yaml.SequenceNode
	case reflect.Array:
		return yaml.SequenceNode
	}
	return yaml.ScalarNode
}

// allowedFor describes for a message what a type is decoded from.
func allowedFor(t reflect.Type) string {
	if text, ok := customTexts[t]; ok {
		return text.String()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return allowedFor(t.Elem())
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Slice, reflect.Array:
		if nodeKindFor(t) == yaml.ScalarNode {
			return "a string in base64"
		}
		return "a list"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "an integer"
}

func (d *decoder) scalar(p place, into reflect.Value) {
	switch into.Kind() {
	case reflect.String:
		d.text(p, into)
	case reflect.Bool:
		d.boolean(p, into)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.integer(p, into)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.unsigned(p, into)
	case reflect.Float32, reflect.Float64:
		d.float(p, into)
	case reflect.Slice:
		d.bytes(p, into)
	default:
		panic(fmt.Sprintf("spec: decoding into %s, which JSON has not", into.Type()))
	}
}

func (d *decoder) text(p place, into reflect.Value) {
	n := follow(p.node)
	if kindOf(n) != stringScalar {
		d.mismatch(p, "a string: put it in quotes")
		return
	}
	into.SetString(n.Value)
}

func (d *decoder) boolean(p place, into reflect.Value) {
	n := follow(p.node)
	value, word := boolWords[n.Value]
	switch {
	case word && kindOf(n) == boolScalar:
		into.SetBool(value)
	case word && isQuoted(n):
		d.mismatch(p, "true or false: drop the quotes")
	default:
		d.mismatch(p, "true or false")
	}
}

func (d *decoder) integer(p place, into reflect.Value) {
	if !d.isInteger(p) {
		return
	}
	bits := into.Type().Bits()
	value, err := strconv.ParseInt(follow(p.node).Value, 10, bits)
	if err != nil {
		least := int64(-1) << (bits - 1)
		d.mismatch(p, fmt.Sprintf("%d to %d", least, -(least+1)))
		return
	}
	into.SetInt(value)
}

func (d *decoder) unsigned(p place, into reflect.Value) {
	if !d.isInteger(p) {
		return
	}
	bits := into.Type().Bits()
	value, err := strconv.ParseUint(strings.TrimPrefix(follow(p.node).Value, "+"), 10, bits)
	if err != nil {
		d.mismatch(p, fmt.Sprintf("0 to %d", ^uint64(0)>>(64-bits)))
		return
	}
	into.SetUint(value)
}

// isInteger reports whether an integer is written at p as it is allowed, and if not so
// reports it.
func (d *decoder) isInteger(p place) bool {
	n := follow(p.node)
	kind, decimal := kindOf(n), isDecimal(n.Value)
	switch {
	// The parser takes an integer of more than 64 bits for a float.
	case decimal && (kind == intScalar || kind == floatScalar && n.Style == 0):
		return true
	case decimal && isQuoted(n):
		d.mismatch(p, "an integer: drop the quotes")
	case kind == intScalar:
		d.mismatch(p, "an integer in plain decimal, without prefix, leading zero or underscore")
	default:
		d.mismatch(p, "an integer")
	}
	return false
}

// isDecimal reports whether a text is an integer that every parser reads alike: digits
// after an optional sign, the first of several no zero.
func isDecimal(text string) bool {
	if text != "" && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	return text != "" && strings.Trim(text, "0123456789") == "" && (text[0] != '0' || text == "0")
}

func (d *decoder) float(p place, into reflect.Value) {
	n := follow(p.node)
	value, err := strconv.ParseFloat(n.Value, into.Type().Bits())
	kind := kindOf(n)
	number := kind == intScalar || kind == floatScalar
	switch {
	case err == nil && number && strings.Trim(n.Value, "0123456789+-.eE") == "":
		into.SetFloat(value)
	case err == nil && isQuoted(n):
		d.mismatch(p, "a number: drop the quotes")
	default:
		d.mismatch(p, "a number")
	}
}
