package manifest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yaml2 "sigs.k8s.io/yaml"
)

const header = "apiVersion: v1\nkind: K\nmetadata: {name: bk}\n"

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name string
		in   string
		want map[string]any // beside the header's keys
	}{
		{"booleans and strings as YAML 1.1 has them", "a: yes\nb: Off\nc: \"yes\"\nd: !!str no\ne: y\nf: |\n  on\n", map[string]any{"a": true, "b": false, "c": "yes", "d": "no", "e": true, "f": "on\n"}},
		{"numbers", "a: 1\nb: 0777\nc: 0x1f\nd: 1_000\ne: 1e3\nf: 1.50\ng: 18446744073709551615\nh: -.5\n", map[string]any{
			"a": int64(1), "b": int64(511), "c": int64(31), "d": int64(1000), "e": int64(1000), "f": json.Number("1.5"), "g": json.Number("18446744073709551615"), "h": json.Number("-0.5"),
		}},
		{"dates and times are text", "a: 2026-11-20\nb: 2026-11-20T10:00:00Z\nc: 12:30\n", map[string]any{"a": "2026-11-20", "b": "2026-11-20T10:00:00Z", "c": "12:30"}},
		{"null stays", "a: null\nb: ~\nc:\nd: [null]\n", map[string]any{"a": nil, "b": nil, "c": nil, "d": []any{nil}}},
		{"empty collections stay", "a: {}\nb: []\nc: ''\n", map[string]any{"a": map[string]any{}, "b": []any{}, "c": ""}},
		{"aliases and merge keys", "a: &a {x: 1, z: 2}\nb: *a\nc:\n  <<: *a\n  z: 3\n", map[string]any{
			"a": map[string]any{"x": int64(1), "z": int64(2)}, "b": map[string]any{"x": int64(1), "z": int64(2)}, "c": map[string]any{"x": int64(1), "z": int64(3)},
		}},
		{"a quoted merge key is a key", `"<<": {a: b}`, map[string]any{"<<": map[string]any{"a": "b"}}},
		{"quoted keys of any text", "\"1\": a\n'yes': b\n\"\": c\n", map[string]any{"1": "a", "yes": "b", "": "c"}},
		{"binary that is text", "a: !!binary aGk=\n", map[string]any{"a": "hi"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects, err := Parse([]byte(header + test.in))
			if err != nil {
				t.Fatal(err)
			}
			if len(objects) != 1 {
				t.Fatalf("%d objects", len(objects))
			}
			got := objects[0].Data
			for _, key := range []string{"apiVersion", "kind", "metadata"} {
				delete(got, key)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseStreams(t *testing.T) {
	for _, test := range []struct {
		name string
		in   string
		want int
	}{
		{"no text", "", 0},
		{"comments", "# nothing\n\n# here\n", 0},
		{"empty documents", "---\n---\n# nothing\n---\nnull\n--- ~\n", 0},
		{"one without a marker", header, 1},
		{"several, some empty", "# first\n---\n" + header + "---\n---\n" + header + "...\n---\n" + header, 3},
		{"CRLF", strings.ReplaceAll("---\n"+header+"---\n"+header, "\n", "\r\n"), 2},
		{"a marker within a block", header + "a: |\n  ---\n  b\n", 1},
		{"JSON", `{"apiVersion": "v1", "kind": "K", "metadata": {"name": "bk"}}`, 1},
		{"a byte order mark", "\ufeff" + header, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects, err := Parse([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if len(objects) != test.want {
				t.Errorf("%d objects, want %d", len(objects), test.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"not YAML", header + "---\na: [\n", "document 2: yaml:"},
		{"a key twice", header + "---\na: 1\nb:\n  c: 1\n  c: 2\n", `document 2: yaml: unmarshal errors:` + "\n" + `  line 8: mapping key "c" already defined at line 7`},
		{"a key that is a number", header + "1: a\n", `document 1: line 4: key "1" is read as !!int, keys are strings: quote it`},
		{"a key that is a boolean", header + "on: a\n", `document 1: line 4: key "true" is read as !!bool`},
		{"a key that is a list", header + "? [a]\n: b\n", "document 1: line 4: key"},
		{"a key that is an alias of a number", header + "a: &a 1\nb:\n  *a : c\n", `document 1: line 6: key "1" is read as !!int`},
		{"a list", "- a\n", "document 1: line 1: not an object but"},
		{"text", header + "---\nhello\n", `document 2: line 4: not an object but "hello"`},
		{"no apiVersion", "kind: K\n", "document 1: apiVersion: missing or not text"},
		{"no kind", "---\n---\napiVersion: v1\n", "document 2: kind: missing or not text"},
		{"no name", "apiVersion: v1\nkind: K\nmetadata: {generateName: a-}\n", "document 1: metadata.name: missing or not text"},
		{"a name that is a number", "apiVersion: v1\nkind: K\nmetadata: {name: 1}\n", "document 1: metadata.name: missing or not text"},
		{"an empty object", "{}\n", "document 1: apiVersion: missing or not text"},
		{"infinity", header + "a:\n- b: .inf\n", "document 1: a: [0]: b: +Inf: not a number that JSON has"},
		{"binary that is no text", header + "a: !!binary /w==\n", `document 1: a: "\xff": not UTF-8`},
		{"an alias within itself", header + "a: &a [*a]\n", "document 1: yaml: anchor 'a' value contains itself"},
		{"more by aliases than was written", header + bomb(), "document 1: yaml: document contains excessive aliasing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.in))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// bomb is a document whose aliases would expand to 10^8 items.
func bomb() string {
	text := "a0: &a0 x\n"
	for i := range 8 {
		last := string(rune('0' + i))
		text += "a" + string(rune('1'+i)) + ": &a" + string(rune('1'+i)) + " [" + strings.Repeat("*a"+last+", ", 10) + "]\n"
	}
	return text
}

// TestRecordedOutputRoundTrips reads what the operator made, writes it, and reads it again.
func TestRecordedOutputRoundTrips(t *testing.T) {
	files, err := filepath.Glob("../../testdata/parity/bookkeeper/*/operator.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded output (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			objects, err := Parse(text)
			if err != nil || len(objects) == 0 {
				t.Fatalf("%d objects, %v", len(objects), err)
			}
			for _, o := range objects {
				written := o.AppendYAML(nil)
				again, err := Parse(written)
				if err != nil || len(again) != 1 {
					t.Fatalf("%s: %d objects, %v\n%s", o.Key(), len(again), err, written)
				}
				if diff := cmp.Diff(o.Data, again[0].Data); diff != "" {
					t.Errorf("%s (-first +again):\n%s", o.Key(), diff)
				}
				wantRead(t, written, o.Data)
			}
			wantSameDocuments(t, text, objects)
		})
	}
}

// wantSameDocuments checks objects against what the parser of kubectl reads in the documents.
func wantSameDocuments(t *testing.T, text []byte, objects []Object) {
	t.Helper()
	var i int
	for _, document := range strings.Split("\n"+string(text), "\n---\n") {
		if strings.TrimSpace(document) == "" {
			continue
		}
		var want any
		if err := yaml2.Unmarshal([]byte(document), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plainJSON(t, want), plainJSON(t, objects[i].Data)); diff != "" {
			t.Errorf("%s (-kubectl +Parse):\n%s", objects[i].Key(), diff)
		}
		i++
	}
	if i != len(objects) {
		t.Errorf("%d objects of %d documents", len(objects), i)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(header))
	f.Add([]byte("---\n" + header + "a: [yes, 1e3, 0x1f, 2026-11-20, ~, .5, \"\\u2028\"]\n---\n" + header))
	f.Add([]byte(header + "a: &a {x: 1}\nb: {<<: *a, z: *a}\n? c\n: |2-\n   d\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, err := Parse(text)
		if err != nil {
			return
		}
		for _, o := range objects {
			written := o.AppendYAML(nil)
			again, err := Parse(written)
			if err != nil || len(again) != 1 {
				t.Fatalf("%d objects, %v\n%s", len(again), err, written)
			}
			if got := again[0].AppendYAML(nil); string(got) != string(written) {
				t.Fatalf("first:\n%s\nagain:\n%s", written, got)
			}
		}
	})
}
