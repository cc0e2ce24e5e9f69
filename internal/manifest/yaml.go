package manifest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// AppendYAML appends the object as a YAML document, without "---", to dst. Equal objects
// give equal bytes. Keys stand in the order of their bytes, lists are not indented under
// their key, nothing is folded. A string is plain only where YAML 1.1 and 1.2 parsers all
// read it back as that string; it is a literal block where it has several lines and a block
// can hold it; else it is double-quoted, with the escapes that JSON has. Bytes that are not UTF-8
// become U+FFFD, as encoding/json does it. It panics where Data holds what Object does not allow.
//
// The layout is that of sigs.k8s.io/yaml, which differs in that it quotes with single quotes,
// folds long lines, and puts digits in keys in numeric order and punctuation before letters.
func (o Object) AppendYAML(dst []byte) []byte {
	return appendYAML(dst, o.Data)
}

func appendYAML(dst []byte, m map[string]any) []byte {
	if len(m) == 0 {
		return append(dst, "{}\n"...)
	}
	var entries [64]entry
	return appendMapping(dst, entries[:0], m, 0)
}

// entry is one of a map. Slices of them serve as a stack: on it stand the entries of the maps
// that are being written, those of the outermost first, each map's sorted. A callee pushes and its
// caller does not see it, so nobody pops; and the stack stays off the heap.
type entry struct {
	key   string
	value any
}

// The functions below append the text of a value at the column of the collection that it is,
// or that it is an item of. The first line is begun already; what they append ends with a newline.

func appendMapping(dst []byte, stack []entry, m map[string]any, column int) []byte {
	start := len(stack)
	for key, value := range m {
		stack = append(stack, entry{key, value})
	}
	sortEntries(stack[start:])
	for i := start; i < len(stack); i++ {
		if i > start {
			dst = appendIndent(dst, column)
		}
		dst = appendKey(dst, stack[i].key, column)
		dst = appendValueOfKey(dst, stack, stack[i].value, column)
	}
	return dst
}

// sortEntries sorts by insertion where that is faster, which is nearly every map of a manifest.
func sortEntries(entries []entry) {
	if len(entries) > 16 {
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
		return
	}
	for i := 1; i < len(entries); i++ {
		next, j := entries[i], i
		for ; j > 0 && next.key < entries[j-1].key; j-- {
			entries[j] = entries[j-1]
		}
		entries[j] = next
	}
}

// maxSimpleKey is the length in bytes beyond which a key is written in the long form, "? key";
// the scanners give up looking for a colon after 1024 characters (YAML 1.2.2 section 7.4.2).
const maxSimpleKey = 1000

func appendKey(dst []byte, key string, column int) []byte {
	start := len(dst)
	if isPlain(key) {
		dst = append(dst, key...)
	} else {
		dst = appendQuoted(dst, key)
	}
	if len(dst)-start > maxSimpleKey {
		dst = slices.Insert(dst, start, '?', ' ')
		dst = appendIndent(append(dst, '\n'), column)
	}
	return append(dst, ':')
}

func appendValueOfKey(dst []byte, stack []entry, value any, column int) []byte {
	switch value := value.(type) {
	case map[string]any:
		if len(value) > 0 {
			dst = appendIndent(append(dst, '\n'), column+2)
			return appendMapping(dst, stack, value, column+2)
		}
	case []any:
		if len(value) > 0 {
			dst = appendIndent(append(dst, '\n'), column)
			return appendSequence(dst, stack, value, column)
		}
	}
	return appendScalar(append(dst, ' '), value, column)
}

func appendSequence(dst []byte, stack []entry, list []any, column int) []byte {
	for i, item := range list {
		if i > 0 {
			dst = appendIndent(dst, column)
		}
		dst = append(dst, '-', ' ')
		dst = appendItem(dst, stack, item, column)
	}
	return dst
}

func appendItem(dst []byte, stack []entry, item any, column int) []byte {
	switch item := item.(type) {
	case map[string]any:
		if len(item) > 0 {
			return appendMapping(dst, stack, item, column+2)
		}
	case []any:
		if len(item) > 0 {
			return appendSequence(dst, stack, item, column+2)
		}
	}
	return appendScalar(dst, item, column)
}

// appendScalar also appends the collections that have no items.
func appendScalar(dst []byte, value any, column int) []byte {
	switch value := value.(type) {
	case string:
		return appendString(dst, value, column)
	case bool:
		dst = strconv.AppendBool(dst, value)
	case int64:
		dst = strconv.AppendInt(dst, value, 10)
	case int:
		dst = strconv.AppendInt(dst, int64(value), 10)
	case json.Number:
		dst = append(dst, value...)
	case float64:
		dst = append(dst, jsonFloat(value)...)
	case nil:
		dst = append(dst, "null"...)
	case map[string]any:
		dst = append(dst, "{}"...)
	case []any:
		dst = append(dst, "[]"...)
	default:
		panic(fmt.Sprintf("manifest: a tree holds no %T", value))
	}
	return append(dst, '\n')
}

// jsonFloat is a number as JSON writes it; there is none for NaN and the infinities.
func jsonFloat(f float64) []byte {
	text, err := json.Marshal(f)
	if err != nil {
		panic(fmt.Sprintf("manifest: a tree holds no %v", f))
	}
	return text
}

func appendString(dst []byte, s string, column int) []byte {
	switch {
	case isPlain(s):
		return append(append(dst, s...), '\n')
	case isBlock(s):
		return appendBlock(dst, s, column+2)
	}
	return append(appendQuoted(dst, s), '\n')
}

const spaces = "                                                                "

func appendIndent(dst []byte, column int) []byte {
	for ; column > len(spaces); column -= len(spaces) {
		dst = append(dst, spaces...)
	}
	return append(dst, spaces[:column]...)
}
