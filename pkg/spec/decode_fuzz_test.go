package spec

import "testing"

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		laughs(), located, "--- |\n a\n...\n%YAML 1.2\n---\nspec: &a {<<: *a}\n", "\ufeffa: 'x\n---\n\tb: 1\r\n", "spec: {replicas: 0x3, args: [1, ~], ? [a] : b, kind: A, kind: B}",
		"a: \"\u0085b\u2028\"\n---\u2029c: !x |+\n  d\n", "spec: {claim: {resources: {requests: {storage: 1e9, cpu: 10Gx}}}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, problems := documents(Source{Name: "f", Data: data})
		for _, d := range docs {
			d.header()
			found := d.decode(new(shapes))
			problems = append(problems, found...)
			for _, p := range found {
				for _, at := range []Position{d.at(p.Path), d.keyAt(p.Path), d.within(p.Path, 1)} {
					checkInside(t, data, at)
				}
				d.has(p.Path)
			}
		}
		for _, p := range problems {
			checkInside(t, data, p.Position)
			if p.Message == "" || p.Severity != Error {
				t.Errorf("problem %+v", p)
			}
		}
	})
}

// checkInside fails where a position is behind the last character of its line, or of the source.
func checkInside(t *testing.T, data []byte, p Position) {
	t.Helper()
	if p.Line == 0 && p.Column == 0 {
		return
	}
	lines := 1
	for rest := data; endsInBreak(rest[:lineLength(rest)]); lines++ {
		rest = rest[lineLength(rest):]
	}
	if width := len([]rune(string(lineOf(data, p.Line)))); p.Line < 1 || p.Line > lines || p.Column > width+1 {
		t.Errorf("position %s in a source of %d lines, %d columns in this", p, lines, width)
	}
}
