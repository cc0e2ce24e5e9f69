package spec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDocuments(t *testing.T) {
	for name, test := range map[string]struct {
		data string
		want []string // the position of each root and its first key, then the problems
	}{
		"one document without markers":                 {"a: 1\n", []string{"f:1:1 a"}},
		"nothing at all":                               {"", nil},
		"blanks and comments only":                     {"# a\n---\n\n  # b\n---\n", nil},
		"comments after markers":                       {"--- # a\n# b\n... # c\n", nil},
		"null roots":                                   {"---\nnull\n---\n~\n--- \n...\n", nil},
		"several, with lines of the whole source":      {"a: 1\n---\nb: 1\n---\n# c\nc: 1\n", []string{"f:1:1 a", "f:3:1 b", "f:6:1 c"}},
		"content after the marker":                     {"--- {a: 1}\n---\t{b: 1}\n", []string{"f:1:5 a", "f:2:5 b"}},
		"a marker needs a blank after it":              {"---a: 1\n", []string{"f:1:1 ---a"}},
		"a marker inside a block scalar is indented":   {"a: |\n  ---\n  x\n---\nb: 1\n", []string{"f:1:1 a", "f:5:1 b"}},
		"end markers":                                  {"a: 1\n...\nb: 1\n...\n...\n", []string{"f:1:1 a", "f:3:1 b"}},
		"directives of YAML 1.2":                       {"%YAML 1.2\n---\na: 1\n...\n# c\n%YAML 1.2\n---\nb: 1\n", []string{"f:3:1 a", "f:8:1 b"}},
		"a directive after a byte order mark":          {"\ufeff%TAG ! !!\n---\na: 1\n", []string{"f:3:1 a"}},
		"a directive and no document":                  {"%YAML 1.2\n", nil},
		"the text %YAML in a value":                    {"a: |\n  x\n  %YAML\n", []string{"f:1:1 a"}},
		"CR LF":                                        {"a: 1\r\n---\r\nb: 1\r\n...\r\nc: 1\r\n", []string{"f:1:1 a", "f:3:1 b", "f:5:1 c"}},
		"CR alone":                                     {"a: 1\r---\rb: 1\r", []string{"f:1:1 a", "f:3:1 b"}},
		"a byte order mark":                            {"\ufeffa: 1\n", []string{"f:1:1 a"}},
		"two files with byte order marks, one source":  {"\ufeffa: 1\n\ufeff---\nb: 1\n", []string{"f:1:1 a", "f:3:1 b"}},
		"a byte order mark after comments":             {"# a\n\ufeff---\nb: 1\n", []string{"f:3:1 b"}},
		"a list is no document":                        {"a: 1\n---\n- a\n---\nb: 1\n", []string{"f:1:1 a", "f:5:1 b", "f:3:1: seen a list, allowed a mapping"}},
		"a scalar is no document":                      {"foo\n", []string{`f:1:1: seen the string "foo", allowed a mapping`}},
		"mistakes in two documents of three":           {"a: {\n---\nb: 1\n---\nc: 'x\n", []string{"f:3:1 b", "f:1: did not find expected node content", "f:5: found unexpected end of stream"}},
		"a mapping inside a scalar":                    {"a: 1\n  b: 2\n", []string{"f:2: mapping values are not allowed in this context"}},
		"a key that is indented less than its sisters": {"---\nspec:\n  a: 1\n b: 2\nc: 3\n", []string{"f:4: did not find expected key"}},
		"a key without a colon":                        {"a: 1\nfoo\nb: 2\n", []string{"f:2: could not find expected ':'"}},
		"a quote that is never closed":                 {"a: 1\nb: \"foo\nc: 1\nd: 2\n", []string{"f:2: found unexpected end of stream"}},
		"a bracket that is never closed":               {"a: 1\nb: [1, 2\nc: 3\n", []string{"f:2: did not find expected ',' or ']'"}},
		"an alias without an anchor":                   {"a: 1\nb: *nope\nc: 1\n", []string{"f:2: unknown anchor 'nope' referenced"}},
		"a control character":                          {"a: 1\nb: \x01\n", []string{"f:2: control characters are not allowed"}},
		"a directive after the marker":                 {"---\n%a\n", []string{"f:2: found unknown directive name"}},
		"two documents without a marker between them":  {"{a: 1}\nb\n", []string{"f:2: did not find expected <document start>"}},
		"text after the end marker":                    {"a: 1\n... b\nc: 1\n", []string{"f:3:1 c", "f:2: did not find expected <document start>"}},
	} {
		t.Run(name, func(t *testing.T) {
			docs, problems := documents(Source{Name: "f", Data: []byte(test.data)})
			var got []string
			for _, d := range docs {
				got = append(got, fmt.Sprint(d.at(""), " ", d.root.Content[0].Value))
			}
			if diff := cmp.Diff(test.want, append(got, texts(problems)...)); diff != "" {
				t.Errorf("documents and problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDocumentsWithTabs(t *testing.T) {
	const hint = "YAML allows no tabs for indentation; use spaces"
	for name, test := range map[string]struct{ data, want, hint string }{
		"a tab before a key":              {"---\na:\n\tb: 1\n", "f:3:1: found character that cannot start any token", hint},
		"a tab after spaces":              {"a:\n  - b\n  \t- c: 1\n", "f:3:3: found a tab character that violates indentation", hint},
		"a tab that ends a scalar":        {"a:\n  b: 1\n\tc: 2\n", "f:3:1: found a tab character that violates indentation", hint},
		"another mistake than the tab is": {"a:\tb: c\n", "f:1: mapping values are not allowed in this context", "look at the indentation of this line and of those above it, and for a missing space after a colon"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := documents(Source{Name: "f", Data: []byte(test.data)})
			if len(problems) != 1 || problems[0].String() != test.want || problems[0].Hint != test.hint {
				t.Errorf("problems %q, want %q with hint %q", problems, test.want, test.hint)
			}
		})
	}
}

func TestDocumentsOfALargeSourceNameTheParsersLine(t *testing.T) {
	data := "a: 1\nfoo\n" + strings.Repeat("# comment\n", maxSearched/10)
	_, problems := documents(Source{Name: "f", Data: []byte(data)})
	if len(problems) != 1 || problems[0].Position.Line == 0 {
		t.Errorf("problems %q, want one with a line", problems)
	}
}

func TestHeader(t *testing.T) {
	for name, test := range map[string]struct {
		data string
		want [4]string
	}{
		"all of it":                   {"apiVersion: v1\nkind: A\nmetadata: {namespace: n, name: b}\n", [4]string{"v1", "A", "n", "b"}},
		"nothing of it":               {"spec: {}\n", [4]string{}},
		"a name that is a number":     {"kind: A\nmetadata: {name: 12}\n", [4]string{"", "A", "", "12"}},
		"nulls, lists and mappings":   {"apiVersion: [v1]\nkind:\nmetadata: {name: {a: b}, namespace: ~}\n", [4]string{}},
		"metadata that is a list":     {"kind: A\nmetadata: [name]\n", [4]string{"", "A", "", ""}},
		"an alias":                    {"x: &x b\nkind: A\nmetadata: {name: *x}\n", [4]string{"", "A", "", "b"}},
		"the first of two keys":       {"kind: A\nkind: B\n", [4]string{"", "A", "", ""}},
		"below unknown fields":        {"foo: 1\nkind: A\nmetadata: {name: b, nmae: c}\n", [4]string{"", "A", "", "b"}},
		"in a mapping that is merged": {"x: &x {kind: A}\n<<: *x\n", [4]string{"", "A", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			d := parsed(t, test.data)
			var got [4]string
			got[0], got[1], got[2], got[3] = d.header()
			if got != test.want {
				t.Errorf("header %q, want %q", got, test.want)
			}
		})
	}
}

// parsed is the only document of a source.
func parsed(t testing.TB, data string) *document {
	t.Helper()
	docs, problems := documents(Source{Name: "f", Data: []byte(data)})
	if len(docs) != 1 || len(problems) > 0 {
		t.Fatalf("%d documents, problems %q; want one and none", len(docs), problems)
	}
	return docs[0]
}
