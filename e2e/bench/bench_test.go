package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []float64
		want   float64
	}{
		{"nothing measured", nil, 0},
		{"an odd number of values", []float64{9, 1, 5}, 5},
		{"an even number of values", []float64{8, 1, 2, 4}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := median(test.values); got != test.want {
				t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
			}
		})
	}
}

// The second tool makes twice the objects in four times the time. In the last round the
// machine was slow for both.
func TestTimesComparesWithinARound(t *testing.T) {
	result := func(objects int, walls ...time.Duration) result {
		r := result{objects: objects}
		for _, wall := range walls {
			r.samples = append(r.samples, sample{wall: wall})
		}
		return r
	}
	ours := result(10, 10, 11, 90)
	theirs := result(20, 40, 44, 360)
	if got := theirs.times(ours); got != 2 {
		t.Errorf("times = %v, want 2", got)
	}
}

func TestParseGoBench(t *testing.T) {
	got, err := parseGoBench(`goos: linux
pkg: example.org/a/spec
BenchmarkDecode-2     	     100	   20000 ns/op	 3.50 MB/s	    512 B/op	      7 allocs/op
BenchmarkDecode-2     	     100	   30000 ns/op	 2.50 MB/s	    512 B/op	      7 allocs/op
PASS
pkg: example.org/a/render
BenchmarkRender/small-case 	     100	   5.5 ns/op	    0 B/op	      0 allocs/op
ok  	example.org/a/render	1.2s
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []packageBench{
		{pkg: "example.org/a/spec", name: "Decode", times: []float64{20000, 30000}, rates: []float64{3.5, 2.5},
			sizes: []float64{512, 512}, allocations: []float64{7, 7}},
		{pkg: "example.org/a/render", name: "Render/small-case", times: []float64{5.5},
			sizes: []float64{0}, allocations: []float64{0}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("parsed %+v\nwant %+v", got, want)
	}
}

func TestReplaceSection(t *testing.T) {
	page := "before\n" + sectionBegin + "old\n" + sectionEnd + "after\n"
	got, err := replaceSection(page, "new\n")
	if want := "before\n" + sectionBegin + "\nnew\n\n" + sectionEnd + "after\n"; err != nil || got != want {
		t.Errorf("replaced: %q, %v; want %q", got, err, want)
	}
	if _, err := replaceSection("a page without markers", "new"); err == nil {
		t.Error("a page without markers was accepted")
	}
}

func TestSame(t *testing.T) {
	ours := "# a comment\n---\nkind: A\n---\nkind: B\n"
	if err := same(ours, "---\n# Source: b\nkind: B\n---\n# Source: a\nkind: A\n"); err != nil {
		t.Errorf("the same documents in another order: %v", err)
	}
	if err := same(ours, "kind: A\n"); err == nil {
		t.Error("a missing document went unnoticed")
	}
	if err := same(ours, "kind: A\n---\nkind: C\n"); err == nil {
		t.Error("another document went unnoticed")
	}
}

func TestTemplate(t *testing.T) {
	text := `kind: StatefulSet
metadata:
  name: bookkeeper-bookie
  namespace: storage
spec:
  replicas: 4
  cpu: "1"
`
	got, used := template(text, "object0")
	want := `kind: StatefulSet
metadata:
  name: {{ .Release.Name }}-bookie
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.object0.replicas0 }}
  cpu: {{ .Values.object0.cpu1 | quote }}
`
	if got != want {
		t.Errorf("template:\n%s\nwant:\n%s", got, want)
	}
	if values := []value{{"replicas0", "4"}, {"cpu1", `"1"`}}; !reflect.DeepEqual(used, values) {
		t.Errorf("values %v, want %v", used, values)
	}
}

// Whole processes, here a shell: the first run is not counted, and what they write is.
func TestComparisonRun(t *testing.T) {
	shell := "/bin/sh"
	if _, err := os.Stat(shell); err != nil {
		t.Skip("there is no " + shell)
	}
	s := sets{dir: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(s.dir, "out/tree"), 0o755); err != nil {
		t.Fatal(err)
	}
	clock := time.Time{}
	now := func() time.Time { clock = clock.Add(time.Second); return clock }
	results, err := comparison{s, "a shell", 3, []command{
		{name: "file", argv: []string{shell, "-c", "echo kind: A; echo ' kind: not'; echo kind: B"}, out: "out/file.yaml"},
		{name: "tree", argv: []string{shell, "-c", "echo kind: C > out/tree/c.yaml"}, out: "out/tree/"},
	}}.run(t.Context(), now, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		objects int
		bytes   int64
	}{{2, 27}, {1, 8}} {
		r := results[i]
		if r.objects != want.objects || r.bytes != want.bytes {
			t.Errorf("%s: %d objects, %d bytes; want %d, %d", r.name, r.objects, r.bytes, want.objects, want.bytes)
		}
		if len(r.samples) != 3 || r.wall() != time.Second || r.peak() < 1e5 {
			t.Errorf("%s: %d samples, %v, %d bytes resident", r.name, len(r.samples), r.wall(), r.peak())
		}
	}
}

func TestComparisonRunReportsAFailure(t *testing.T) {
	s := sets{dir: t.TempDir()}
	_, err := comparison{s, "a shell", 1, []command{
		{name: "false", argv: []string{"/bin/sh", "-c", "echo reason >&2; exit 3"}, out: "out"},
	}}.run(context.Background(), time.Now, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "reason") {
		t.Errorf("error %v, want one that says the reason", err)
	}
}

func TestTargets(t *testing.T) {
	of := func(name, what string, wall time.Duration, peak int64) result {
		return result{command{name: name, what: what}, 9, 1000, []sample{{wall, wall, peak}}}
	}
	r := report{
		small: []result{
			of("bkgen", "a spec", 10, 1), of("kustomize", "an overlay "+withJSONPatch, 9, 1), of("bkgen", "a spec "+withJSONPatch, 9, 1),
			of("bkgen", "a spec "+withStrategicPatch, 21, 1), of("kustomize", "an overlay "+withStrategicPatch, 20, 1),
		},
		large: []result{
			of("bkgen", toStdout, 10, 3000), of("bkgen", toNewDirectory, 1, 3001), of("bkgen", toSameDirectory, 1, 1),
			of("kustomize", "a few overlays", 100, 1), of("kustomize", "a tree", 200, 1),
		},
	}
	var got []string
	for _, target := range r.targets() {
		got = append(got, fmt.Sprint(target.measured, " ", target.met))
	}
	want := []string{
		"kustomize takes 0.90 × bkgen's time false",
		"kustomize takes 10.0 × bkgen's time true",
		"3.00 × the output true", "3.00 × the output false", "0.00 × the output true",
		"kustomize takes 1.00 × bkgen's time true", "kustomize takes 0.95 × bkgen's time false",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("judged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every case that the targets name is measured.
func TestTargetsAreMeasured(t *testing.T) {
	s := sets{}
	cases := func(c comparison) (results []result) {
		for _, cmd := range c.commands {
			results = append(results, result{command: cmd, objects: 1})
		}
		return results
	}
	small, large := cases(s.smallComparison(1)), cases(s.largeComparison(1))
	for _, what := range []string{withJSONPatch, withStrategicPatch} {
		if find(small, "bkgen", what).objects == 0 || find(small, "kustomize", what).objects == 0 {
			t.Errorf("one cluster %s is not measured with both tools", what)
		}
	}
	for _, what := range []string{toStdout, toNewDirectory, toSameDirectory} {
		if find(large, "bkgen", what).objects == 0 {
			t.Errorf("many clusters %s are not measured", what)
		}
	}
}

func TestWriteChartRefusesAnothersTemplate(t *testing.T) {
	s := sets{dir: t.TempDir()}
	if err := s.writeChart([]object{{"a.yaml", "kind: {{ .Mine }}\n"}}); err == nil {
		t.Error("an object with a template in it was accepted")
	}
	if text, err := os.ReadFile(filepath.Join(s.dir, "chart/templates/a.yaml")); err == nil {
		t.Errorf("it was written: %s", bytes.TrimSpace(text))
	}
}
