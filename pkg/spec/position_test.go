package spec

import "testing"

const located = `# comment
kind: A
metadata:
  labels:
    a.b/c: d
    plain: e
    "é": ü  # two bytes each
spec:
  empty:
  list:
  - key: one
  - {key: "two", next: 'it''s'}
  text: &text plain text
  tagged: !!str abc
  copied: *text
  wörter: mit "äöü"
  quoted: "äöü x"
  escaped: "a\tb"
  folded: one
    two
  block: |
    three
  base: &base {from: base, kept: base}
  merged:
    <<: *base
    kept: own
`

func TestPositions(t *testing.T) {
	d := parsed(t, "---\n"+located)
	for path, test := range map[string]struct{ at, keyAt string }{
		"":                         {"f:3:1", "f:3:1"},
		"kind":                     {"f:3:7", "f:3:1"},
		"metadata":                 {"f:5:3", "f:4:1"},
		`metadata.labels["a.b/c"]`: {"f:6:12", "f:6:5"},
		"metadata.labels.plain":    {"f:7:12", "f:7:5"},
		`metadata.labels["é"]`:     {"f:8:10", "f:8:5"},
		"spec.empty":               {"f:10:9", "f:10:3"},
		"spec.list":                {"f:12:3", "f:11:3"},
		"spec.list[0]":             {"f:12:5", "f:12:5"},
		"spec.list[1].key":         {"f:13:11", "f:13:6"},
		"spec.copied":              {"f:16:11", "f:16:3"},
		"spec.merged.kept":         {"f:27:11", "f:27:5"},
		"spec.merged.from":         {"f:24:22", "f:24:16"},
		// The nearest parent of what is not written.
		"nope":                         {"f:3:1", "f:3:1"},
		"spec.list[2].key":             {"f:12:3", "f:11:3"},
		"spec.list[0].nope.deeper":     {"f:12:5", "f:12:5"},
		"spec.list.key":                {"f:12:3", "f:11:3"},
		"kind[0]":                      {"f:3:7", "f:3:1"},
		"metadata.labels[plain]":       {"f:6:5", "f:5:3"},
		"metadata.labels..plain":       {"f:6:5", "f:5:3"},
		`metadata.labels["plain`:       {"f:6:5", "f:5:3"},
		"spec.list[-1]":                {"f:12:3", "f:11:3"},
		"spec.list[99999999999999999]": {"f:12:3", "f:11:3"},
	} {
		t.Run("path "+path, func(t *testing.T) {
			if got := d.at(path).String(); got != test.at {
				t.Errorf("value at %s, want %s", got, test.at)
			}
			if got := d.keyAt(path).String(); got != test.keyAt {
				t.Errorf("key at %s, want %s", got, test.keyAt)
			}
		})
	}
}

func TestWithin(t *testing.T) {
	d := parsed(t, located)
	for name, test := range map[string]struct {
		path   string
		offset int
		want   string
	}{
		"a plain scalar":                         {"metadata.labels.plain", 1, "f:6:13"},
		"a plain scalar after characters of two": {`spec["wörter"]`, 8, "f:16:18"},
		"a quoted scalar":                        {"spec.quoted", 6, "f:17:15"},
		"a scalar in single quotes with a quote": {"spec.list[1].next", 4, "f:12:24"},
		"a scalar with an escape":                {"spec.escaped", 1, "f:18:12"},
		"a scalar of two lines":                  {"spec.folded", 4, "f:19:11"},
		"a block":                                {"spec.block", 2, "f:21:10"},
		"a scalar with an anchor":                {"spec.text", 6, "f:13:9"},
		"a scalar with a tag":                    {"spec.tagged", 1, "f:14:11"},
		"an alias":                               {"spec.copied", 2, "f:15:11"},
		"its end":                                {"kind", 1, "f:2:8"},
		"behind its end":                         {"kind", 2, "f:2:7"},
		"before its start":                       {"kind", -1, "f:2:7"},
		"a mapping":                              {"metadata", 0, "f:4:3"},
		"what is not written":                    {"metadata.labels.nope", 1, "f:5:5"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := d.within(test.path, test.offset).String(); got != test.want {
				t.Errorf("at %s, want %s", got, test.want)
			}
		})
	}
}

func TestHas(t *testing.T) {
	d := parsed(t, located+"nothing: &nothing ~\nagain: *nothing\n")
	for path, want := range map[string]bool{
		"": true, "kind": true, `metadata.labels["a.b/c"]`: true, "spec.list[1].key": true, "spec.merged.from": true, "spec.copied": true,
		"spec.empty": false, "nothing": false, "again": false, "nope": false, "spec.list[2]": false, "kind.nope": false,
	} {
		if got := d.has(path); got != want {
			t.Errorf("has(%q) is %v, want %v", path, got, want)
		}
	}
}

func TestFieldPathsReadAsTheyAreWritten(t *testing.T) {
	var root *fieldPath
	for want, path := range map[string]*fieldPath{
		"":                     root,
		"spec.a_b-C9":          root.child("spec").child("a_b-C9"),
		`spec["a.b/c"].d`:      root.child("spec").child("a.b/c").child("d"),
		"list[0][12].key":      root.child("list").item(0).item(12).child("key"),
		`["a.b"]`:              root.child("a.b"),
		`a[""]["é\"]\n[0]"].b`: root.child("a").child("").child("é\"]\n[0]").child("b"),
		"a.0":                  root.child("a").child("0"),
	} {
		got := path.String()
		if got != want {
			t.Errorf("path %q, want %q", got, want)
		}
		var read *fieldPath
		for rest := got; rest != ""; {
			step, next, ok := nextStep(rest)
			if !ok {
				t.Fatalf("step of %q: not ok", rest)
			}
			read, rest = &fieldPath{read, step.key, step.index}, next
		}
		if read.String() != got {
			t.Errorf("path %q reads as %q", got, read)
		}
	}
}
