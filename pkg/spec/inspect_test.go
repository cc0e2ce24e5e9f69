package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// laughs is a document of few lines whose last stands for 10^9 nodes.
func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String() + "spec: {status: *a8}\n"
}

func TestDecodeOfBombs(t *testing.T) {
	const tooMany = "expands to more than 100,000 nodes"
	mergeBomb := "a0: &a0 {x0: 1}\n"
	for i := 1; i < 40; i++ {
		mergeBomb += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d], x%d: 1}\n", i, i, i-1, i-1, i)
	}
	for name, test := range map[string]struct{ data, want string }{
		"a billion laughs":         {laughs(), "f:1:1: " + tooMany},
		"merges of merges":         {mergeBomb, "f:1:1: " + tooMany},
		"a list that holds itself": {"spec:\n  args: &a [b, *a]", "f:2:16: the alias *a stands inside what it repeats, so the document " + tooMany},
		"a mapping that merges itself": {
			"spec: &s\n  <<: *s", "f:2:7: the alias *s stands inside what it repeats, so the document " + tooMany,
		},
		"two that hold each other": {
			"spec: &s {status: &t {a: *s, b: *t}}", "f:1:26: the alias *s stands inside what it repeats, so the document " + tooMany,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := parsed(t, test.data)
			if diff := cmp.Diff([]string{test.want}, texts(d.decode(new(shapes)))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if d.at("spec.none").Line == 0 || d.has("spec.status.none") {
				t.Error("positions are lost")
			}
		})
	}
}

func TestDecodeOfAsManyNodesAsAreAllowed(t *testing.T) {
	const others = 5 // the root, spec and its value, args and its value
	d := parsed(t, "spec: {args: [a]}")
	args := d.find("spec.args").value
	args.Content = slices.Repeat(args.Content, maxNodes-others)
	if problems := d.decode(new(shapes)); len(problems) > 0 {
		t.Errorf("problems %q, want none", problems)
	}
	args.Content = append(args.Content, args.Content[0])
	if problems := d.decode(new(shapes)); len(problems) != 1 {
		t.Errorf("problems %q, want one", problems)
	}
}
