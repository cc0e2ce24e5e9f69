package spec

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// baseLines is a document of which neither profile complains; its spec is the lines
// from the fifth on. profile and the eight letters of either go where PROFILE stands.
var baseLines = []string{
	"apiVersion: bookkeeper.pravega.io/v1alpha1",
	"kind: BookkeeperCluster",
	"metadata: {name: bk, namespace: ns}",
	"spec:",
	"  image: {imageSpec: {repository: apache/bookkeeper}}",
	"  version: 4.17.4",
	"  replicas: 4",
	"  resources: {limits: {memory: 8Gi}}",
	"  affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname}]}}",
	"  gitops: {profile: PROFILE}",
}

// clusterText is the base document with the lines of spec after it, from line 11 on. A
// line that gives a field anew takes the base's away, and no line moves.
func clusterText(profile Profile, spec string) string {
	lines := slices.Clone(baseLines)
	for _, line := range strings.Split(spec, "\n") {
		field, _, _ := strings.Cut(line, ":")
		for i, base := range lines[4:] {
			if strings.HasPrefix(base, "  "+field+":") {
				lines[4+i] = "  # below"
			}
		}
	}
	text := strings.Join(lines, "\n") + "\n"
	for _, line := range strings.Split(spec, "\n") {
		text += "  " + line + "\n"
	}
	return strings.ReplaceAll(text, "PROFILE", string(profile))
}

// decodeText decodes one source named f, beside which patches/a.yaml stands.
func decodeText(text string) ([]Cluster, []Problem) {
	dir := fstest.MapFS{"patches/a.yaml": {Data: []byte("kind: Service\n")}}
	return Decode([]Source{{Name: "f", Data: []byte(text), Dir: dir}}, Options{})
}

// decoded is the only cluster of a text without errors.
func decoded(t testing.TB, text string) *BookKeeper {
	t.Helper()
	clusters, problems := decodeText(text)
	if Failed(problems) || len(clusters) != 1 {
		t.Fatalf("%d clusters, problems %q", len(clusters), texts(problems))
	}
	return clusters[0].(*BookKeeper)
}

// checkCase is a spec and what each profile says to it.
type checkCase struct {
	spec string
	// both are what both say; bad is an error to Hardened and a warning to Operator.
	both, bad, hardened, operator []string
	// hint is that of the first problem under Hardened, where it matters.
	hint string
}

func (c checkCase) want(p Profile) []string {
	want := slices.Clone(c.both)
	for _, bad := range c.bad {
		if p == Operator {
			bad = strings.Replace(bad, ": ", ": warning: ", 1)
		}
		want = append(want, bad)
	}
	if p == Operator {
		return append(want, c.operator...)
	}
	return append(want, c.hardened...)
}

// compare minds which problems there are; TestProblemsAreInTheirOrder looks at the order.
func (c checkCase) compare(t *testing.T, p Profile, problems []Problem) {
	t.Helper()
	want, got := c.want(p), texts(problems)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func runChecks(t *testing.T, cases map[string]checkCase) {
	t.Helper()
	for name, test := range cases {
		for _, profile := range []Profile{Hardened, Operator} {
			t.Run(string(profile)+": "+name, func(t *testing.T) {
				_, problems := decodeText(clusterText(profile, test.spec))
				test.compare(t, profile, problems)
				hinted := slices.ContainsFunc(problems, func(p Problem) bool { return p.Hint == test.hint })
				if test.hint != "" && profile == Hardened && !hinted {
					t.Errorf("problems %+v, want the hint %q", problems, test.hint)
				}
			})
		}
	}
}

func TestTheBaseOfTheChecksIsAccepted(t *testing.T) {
	runChecks(t, map[string]checkCase{"nothing added": {}})
}
