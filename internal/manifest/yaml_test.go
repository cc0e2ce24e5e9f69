package manifest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScalarStyles(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		// Plain.
		{"bookkeeper", "bookkeeper"},
		{"apps/v1", "apps/v1"},
		{"/bk/journal/j0", "/bk/journal/j0"},
		{"apache/bookkeeper:4.17.4@sha256:7c0f", "apache/bookkeeper:4.17.4@sha256:7c0f"},
		{"zookeeper-client:2181", "zookeeper-client:2181"},
		{"$(POD_NAME).svc", "$(POD_NAME).svc"},
		{"-Xmx2g", "-Xmx2g"},
		{"-c", "-c"},
		{"--gitops=argocd", "--gitops=argocd"},
		{"10Gi", "10Gi"},
		{"500m", "500m"},
		{"30s", "30s"},
		{"a#b", "a#b"},
		{"a b", "a b"},
		{`say "hi" it's`, `say "hi" it's`},
		{`C:\dir`, `C:\dir`},
		{"a, [b] {c}", "a, [b] {c}"},
		{"größe €", "größe €"},
		{"😀", "😀"},
		{"yesterday", "yesterday"},
		{"Nope", "Nope"},
		{".hidden", ".hidden"},
		{"-.hidden", "-.hidden"},
		{"7c0f", "7c0f"},
		{"infinity", "infinity"},
		// Words of YAML 1.1 or 1.2.
		{"true", `"true"`}, {"True", `"True"`}, {"FALSE", `"FALSE"`}, {"tRuE", `"tRuE"`},
		{"yes", `"yes"`}, {"No", `"No"`}, {"on", `"on"`}, {"OFF", `"OFF"`}, {"y", `"y"`}, {"N", `"N"`},
		{"null", `"null"`}, {"NULL", `"NULL"`}, {"~", `"~"`}, {"", `""`}, {"=", `"="`}, {"<<", `"<<"`},
		// Numbers, times and dates, by anyone's rules.
		{"1", `"1"`}, {"-1", `"-1"`}, {"+1", `"+1"`}, {"0777", `"0777"`}, {"0o17", `"0o17"`}, {"0x1F", `"0x1F"`}, {"0b11", `"0b11"`},
		{"1_000", `"1_000"`}, {"1,000", `"1,000"`}, {"0_x1f", `"0_x1f"`}, {"-_0x1f", `"-_0x1f"`}, {"-0X1", `"-0X1"`},
		{"1e3", `"1e3"`}, {"1E3", `"1E3"`}, {"1.5", `"1.5"`}, {".5", `".5"`}, {"1.", `"1."`}, {"-1.5e-3", `"-1.5e-3"`}, {"1E", `"1E"`},
		{".inf", `".inf"`}, {"-.INF", `"-.INF"`}, {"+.Inf", `"+.Inf"`}, {".NaN", `".NaN"`},
		{"12:30", `"12:30"`}, {"190:20:30.15", `"190:20:30.15"`}, {"3181:3181", `"3181:3181"`},
		{"2026-11-20", `"2026-11-20"`}, {"2001-12-14t21:59:43.10-05:00", `"2001-12-14t21:59:43.10-05:00"`}, {"2001-12-14 21:59:43.10 -5", `"2001-12-14 21:59:43.10 -5"`},
		{"10.0.0.1", `"10.0.0.1"`}, {"4.17.4", `"4.17.4"`},
		// Indicators and blanks.
		{"-", `"-"`}, {"- a", `"- a"`}, {"-[a]", `"-[a]"`}, {"?", `"?"`}, {"? a", `"? a"`}, {":", `":"`}, {":a", `":a"`},
		{"a: b", `"a: b"`}, {"a:", `"a:"`}, {"a #b", `"a #b"`}, {"#a", `"#a"`},
		{" a", `" a"`}, {"a ", `"a "`}, {" ", `" "`}, {"= ", `"= "`},
		{"---", `"---"`}, {"--- a", `"--- a"`}, {"...", `"..."`}, {"...a", `"...a"`},
		{"[a", `"[a"`}, {"]a", `"]a"`}, {"{a", `"{a"`}, {"}a", `"}a"`}, {",a", `",a"`}, {"&a", `"&a"`}, {"*", `"*"`}, {"!a", `"!a"`},
		{"|", `"|"`}, {">a", `">a"`}, {"'a'", `"'a'"`}, {`"a"`, `"\"a\""`}, {"%a", `"%a"`}, {"@a", `"@a"`}, {"`a`", "\"`a`\""},
		// What stands for itself nowhere.
		{"a\tb", `"a\tb"`}, {"a\rb", `"a\rb"`}, {"\x00", `"\u0000"`}, {"\x1b[0m", `"\u001b[0m"`}, {"\x7f", `"\u007f"`},
		{"a\u0085b", `"a\u0085b"`}, {"a\u2028b", `"a\u2028b"`}, {"a\u2029b", `"a\u2029b"`}, {"\ufeffa", `"\ufeffa"`}, {"\ufffe", `"\ufffe"`}, {"\uffff", `"\uffff"`},
		{"a\xffb", "\"a\ufffdb\""}, {"tab\there: é", `"tab\there: é"`},
		// Several lines.
		{"a\nb\n", "|\n  a\n  b"},
		{"a\nb", "|-\n  a\n  b"},
		{"a\n\n", "|+\n  a\n"},
		{"a\n\n\nb\n", "|\n  a\n\n\n  b"},
		{"  a\nb\n", "|2\n    a\n  b"},
		{"\na", "|2-\n\n  a"},
		{"\n\na\n\n", "|2+\n\n\n  a\n"},
		{"a\n  \n", "|\n  a\n    "},
		{"a\n   ", "|-\n  a\n     "},
		{"a: b # c\n---\n", "|\n  a: b # c\n  ---"},
		{"a\tb\nc", "|-\n  a\tb\n  c"},
		{"é\n😀\n", "|\n  é\n  😀"},
		{"a\n\tb", `"a\n\tb"`},
		{"\ta\nb", `"\ta\nb"`},
		{"a\r\nb\r\n", `"a\r\nb\r\n"`},
		{"a\nb\u2028", `"a\nb\u2028"`},
		{"a\n\xff", "\"a\\n\ufffd\""},
		{"\n", `"\n"`}, {" \n ", `" \n "`},
	} {
		t.Run(fmt.Sprintf("%q", test.in), func(t *testing.T) {
			text := appendYAML(nil, map[string]any{"k": test.in})
			if diff := cmp.Diff("k: "+test.want+"\n", string(text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			wantReadString(t, test.in)
		})
	}
}

// wantReadString checks a string as a value and as a key at every kind of place.
func wantReadString(t testing.TB, s string) {
	t.Helper()
	valid := string([]rune(s)) // each stray byte becomes U+FFFD
	tree := func(s string) map[string]any {
		return map[string]any{
			"map":  map[string]any{"inner": map[string]any{s: s}},
			"list": []any{s, []any{s, s}, map[string]any{s: []any{s}}, s},
			"long": map[string]any{s: map[string]any{s: int64(1)}},
			"next": s,
		}
	}
	wantRead(t, appendYAML(nil, tree(s)), tree(valid))
	wantRead(t, appendYAML(nil, map[string]any{s: s}), map[string]any{valid: valid})
}

// TestShortStrings has every string of up to three characters that mean something to YAML, as
// an item and as a key.
func TestShortStrings(t *testing.T) {
	const alphabet = "018x_o-+.eb:nyT~=<#?! \n\té"
	all := []string{""}
	for last := all; len(last[0]) < 3; {
		var next []string
		for _, s := range last {
			for _, r := range alphabet {
				next = append(next, s+string(r))
			}
		}
		all, last = append(all, next...), next
	}
	list := make([]any, len(all))
	for i, s := range all {
		list[i] = s
	}
	tree := map[string]any{"list": list}
	wantRead(t, appendYAML(nil, tree), tree)
	for chunk := range slices.Chunk(all, 500) { // yaml/v3 compares every key of a map with every other
		m := make(map[string]any, len(chunk))
		for _, s := range chunk {
			m[s] = true
		}
		wantRead(t, appendYAML(nil, m), m)
	}
}

func TestLayout(t *testing.T) {
	long := strings.Repeat("long ", 300)
	for _, test := range []struct {
		name string
		in   map[string]any
		want string
	}{
		{"an empty object", map[string]any{}, "{}\n"},
		{"no object", nil, "{}\n"},
		{"keys in the order of their bytes", map[string]any{"b": "x", "a": "x", "B": "x", "a10": "x", "a2": "x", "a.b": "x"}, "B: x\na: x\na.b: x\na10: x\na2: x\nb: x\n"},
		{"maps are indented and lists are not", map[string]any{"m": map[string]any{"l": []any{"a", "b"}}}, "m:\n  l:\n  - a\n  - b\n"},
		{
			"maps in lists begin on the line of the dash",
			map[string]any{"l": []any{map[string]any{"a": "x", "b": []any{"z"}}, map[string]any{"c": map[string]any{"d": "z"}}}},
			"l:\n- a: x\n  b:\n  - z\n- c:\n    d: z\n",
		},
		{"lists in lists", map[string]any{"l": []any{[]any{"a", []any{"b"}}, []any{}}}, "l:\n- - a\n  - - b\n- []\n"},
		{"empty collections", map[string]any{"l": []any{}, "m": map[string]any{}, "o": []any{map[string]any{}}}, "l: []\nm: {}\no:\n- {}\n"},
		{
			"scalars that are no strings",
			map[string]any{
				"a": int64(math.MinInt64), "b": 7, "c": true, "d": nil, "e": 1.5, "f": json.Number("18446744073709551615"), "g": json.Number("1e3"), "h": 1e21,
			},
			"a: -9223372036854775808\nb: 7\nc: true\nd: null\ne: 1.5\nf: 18446744073709551615\ng: 1e3\nh: 1e+21\n",
		},
		{
			"blocks in lists",
			map[string]any{"l": []any{"a\nb\n", map[string]any{"k": " a\nb"}, []any{"c\nd"}}},
			"l:\n- |\n  a\n  b\n- k: |2-\n     a\n    b\n- - |-\n    c\n    d\n",
		},
		{"keys are quoted like values", map[string]any{"true": "a", "1": "a", "": "a", "a\nb": "a", "*": "a"}, "\"\": a\n\"*\": a\n\"1\": a\n\"a\\nb\": a\n\"true\": a\n"},
		{"values are never folded", map[string]any{"k": long + "end"}, "k: " + long + "end\n"},
		{
			"a key that no scanner would see the end of",
			map[string]any{"m": map[string]any{long + "a": "x", long + "b": []any{"z"}, long + "c": map[string]any{"z": "z"}}},
			"m:\n  ? " + long + "a\n  : x\n  ? " + long + "b\n  :\n  - z\n  ? " + long + "c\n  :\n    z: z\n",
		},
		{"more keys than are sorted by insertion", numbered(20), numberedText(20)},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := Object{Data: test.in}.AppendYAML([]byte("before"))
			if diff := cmp.Diff("before"+test.want, string(text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if test.in != nil {
				wantRead(t, text[len("before"):], test.in)
			}
		})
	}
}

func numbered(n int) map[string]any {
	m := map[string]any{}
	for i := range n {
		m[fmt.Sprintf("key%02d", i)] = "x"
	}
	return m
}

func numberedText(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%02d: x\n", i)
	}
	return b.String()
}

func TestDeepTrees(t *testing.T) {
	var v any = "a\nb"
	for i := range 100 {
		if i%3 == 0 {
			v = []any{v, "c"}
		} else {
			v = map[string]any{"k": v}
		}
	}
	tree := map[string]any{"v": v}
	wantRead(t, appendYAML(nil, tree), tree)
}

func TestForeignTypesPanic(t *testing.T) {
	for _, v := range []any{int32(1), []string{"a"}, map[string]string{}, math.NaN(), math.Inf(1)} {
		t.Run(fmt.Sprintf("%T %v", v, v), func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			appendYAML(nil, map[string]any{"k": v})
		})
	}
}

func TestYAMLIsDeterministic(t *testing.T) {
	o, err := FromTyped(bookies())
	if err != nil {
		t.Fatal(err)
	}
	want := o.AppendYAML(nil)
	for range 20 {
		o, err := FromTyped(bookies())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(o.AppendYAML(nil))); diff != "" {
			t.Fatalf("(-first +now):\n%s", diff)
		}
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "a", "yes", "-_0x1", "0_x1", "1e3", "2026-11-20", " a\n b\n\n", "\n\n", "a\n \t", "\ufeff", "\u0085", "a\xff", "? ", "<<", "a\n\u2028", strings.Repeat("k", 1025)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { wantReadString(t, s) })
}

func FuzzTree(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `"a"`, `null`, `-0`, `1e3`, `1E-7`, `123456789012345678901234567890`, `[[[]],{},[{}]]`, `[{"a":[{"b":" x\ny\n\n"}]},[["\t\n"]]]`,
		`{"a":{"b":null,"":[null,true,false,1,1.5,"é\ud83d\ude00\ud800\u2028\/"]}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var v any
		if json.Unmarshal([]byte(s), &v) != nil {
			return
		}
		// As written, with all its spellings of numbers and escapes, but without its blanks.
		text, err := json.Marshal(json.RawMessage(s))
		if err != nil {
			t.Fatal(err)
		}
		tree, err := jsonTree(text, keep)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plainJSON(t, v), plainJSON(t, tree)); diff != "" {
			t.Fatalf("jsonTree (-encoding/json +got):\n%s", diff)
		}
		o := Object{Data: map[string]any{
			"apiVersion": "v1", "kind": "K", "metadata": map[string]any{"name": "bk"},
			"map": map[string]any{"v": tree}, "list": []any{tree, []any{tree}}, "v": tree,
		}}
		written := o.AppendYAML(nil)
		wantRead(t, written, o.Data)
		objects, err := Parse(written)
		if err != nil || len(objects) != 1 {
			t.Fatalf("%d objects, %v\n%s", len(objects), err, written)
		}
		if diff := cmp.Diff(plainJSON(t, o.Data), plainJSON(t, objects[0].Data)); diff != "" {
			t.Fatalf("Parse (-want +got):\n%s", diff)
		}
	})
}

func BenchmarkAppendYAML(b *testing.B) {
	o, err := FromTyped(bookies())
	if err != nil {
		b.Fatal(err)
	}
	dst := o.AppendYAML(nil)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst = o.AppendYAML(dst[:0])
	}
}
