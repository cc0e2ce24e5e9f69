package spec

import (
	"regexp"
	"strconv"
	"strings"
)

var plainKeyPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// joinPath is the field path of a key below path, which is "" for the document's root:
// spec.replicas, or spec.labels["a.b/c"] for a key of more than letters, digits, _ and -.
func joinPath(path, key string) string {
	switch {
	case !plainKeyPattern.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// fieldPath is a field path as a list from its end, so that none is written out unless
// a problem needs it. nil is the document's root.
type fieldPath struct {
	parent *fieldPath
	key    string
	index  int // -1: a key
}

func (p *fieldPath) child(key string) *fieldPath { return &fieldPath{parent: p, key: key, index: -1} }

func (p *fieldPath) item(i int) *fieldPath { return &fieldPath{parent: p, index: i} }

func (p *fieldPath) String() string {
	var steps []*fieldPath
	for ; p != nil; p = p.parent {
		steps = append(steps, p)
	}
	path := ""
	for i := len(steps) - 1; i >= 0; i-- {
		if step := steps[i]; step.index < 0 {
			path = joinPath(path, step.key)
		} else {
			path += "[" + strconv.Itoa(step.index) + "]"
		}
	}
	return path
}

// pathStep is one key, or one list index, of a field path.
type pathStep struct {
	key   string
	index int // -1: a key
}

// nextStep cuts the first step from a field path that is not empty.
func nextStep(path string) (step pathStep, rest string, ok bool) {
	if !strings.HasPrefix(path, "[") {
		path = strings.TrimPrefix(path, ".")
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		return pathStep{key: path[:end], index: -1}, path[end:], end > 0
	}
	if quoted, err := strconv.QuotedPrefix(path[1:]); err == nil {
		key, err := strconv.Unquote(quoted)
		rest, found := strings.CutPrefix(path[1+len(quoted):], "]")
		return pathStep{key: key, index: -1}, rest, err == nil && found
	}
	digits, rest, found := strings.Cut(path[1:], "]")
	index, err := strconv.Atoi(digits)
	return pathStep{index: index}, rest, found && err == nil && index >= 0
}
