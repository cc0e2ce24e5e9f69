package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

const parity = "../../testdata/parity/bookkeeper"

// parityText is a recorded document, under profile Operator.
func parityText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	switch {
	case strings.Contains(text, "\nspec: {}"):
		text = strings.Replace(text, "\nspec: {}", "\nspec: {gitops: {profile: Operator}}", 1)
	case strings.Contains(text, "\nspec:\n"):
		text = strings.Replace(text, "\nspec:\n", "\nspec:\n  gitops: {profile: Operator}\n", 1)
	default:
		text += "spec: {gitops: {profile: Operator}}\n"
	}
	return text
}

// TestOperatorDefaultsAreTheOperators compares what we make of a resource with what we
// make of the same one once the operator had written its defaults into it. Not compared
// are metadata (the operator's cluster added a uid and a namespace), whether a map or
// list is empty or missing (the operator writes empty ones), and TypeMeta.
func TestOperatorDefaultsAreTheOperators(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(parity, "*", "defaulted.yaml"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, error %v", len(cases), err)
	}
	for _, defaulted := range cases {
		t.Run(filepath.Base(filepath.Dir(defaulted)), func(t *testing.T) {
			given := decoded(t, parityText(t, filepath.Join(filepath.Dir(defaulted), "cluster.yaml")))
			want := decoded(t, parityText(t, defaulted))
			if diff := cmp.Diff(want.Spec, given.Spec, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("spec (-as the operator defaulted it +ours):\n%s", diff)
			}
			if diff := cmp.Diff(want.Facts, given.Facts, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("facts (-as the operator defaulted it +ours):\n%s", diff)
			}
		})
	}
}

// TestOperatorsDocumentsAreAccepted: nothing that the operator ran is an error.
func TestOperatorsDocumentsAreAccepted(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(parity, "*", "cluster.yaml"))
	if err != nil || len(cases) < 12 {
		t.Fatalf("%d cases, error %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) { decoded(t, parityText(t, path)) })
	}
}

func TestHardenedDefaults(t *testing.T) {
	b := decoded(t, `apiVersion: bookkeeper.pravega.io/v1alpha1
kind: BookkeeperCluster
metadata: {name: bk, namespace: ns}
spec:
  storage: {ledgerVolumeClaimTemplate: {storageClassName: fast}}
  probes: {livenessProbe: {timeoutSeconds: 3}}
`)
	claim := defaultClaim()
	claim.StorageClassName = new("fast")
	if diff := cmp.Diff(&claim, b.Spec.Storage.LedgerVolumeClaimTemplate); diff != "" {
		t.Errorf("a claim keeps its class where the operator dropped it (-want +got):\n%s", diff)
	}
	want := &Probe{InitialDelaySeconds: new(int32(0)), PeriodSeconds: new(int32(30)), FailureThreshold: new(int32(10)), SuccessThreshold: new(int32(1)), TimeoutSeconds: new(int32(3))}
	if diff := cmp.Diff(want, b.Spec.Probes.LivenessProbe); diff != "" {
		t.Errorf("a probe is filled field by field (-want +got):\n%s", diff)
	}
	if terms := b.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution; len(terms) != 1 || terms[0].TopologyKey != corev1.LabelHostname {
		t.Errorf("anti-affinity %+v, want a hard one by node", b.Spec.Affinity.PodAntiAffinity)
	}
	g := b.Spec.GitOps
	if g.Profile != Hardened || g.Engine != EngineNone || g.KubeVersion != "1.33" || !*g.NetworkPolicy.Enabled || g.Bkcheck.Image != BkcheckImage {
		t.Errorf("stanza %+v", g)
	}
	if b.Spec.Version != "0.11.0" || b.ImageReference() != "pravega/bookkeeper:0.11.0" || b.Facts.BookKeeperVersion != "4.14.1" || b.Facts.Java != 11 {
		t.Errorf("image %s with BookKeeper %s, Java %d", b.ImageReference(), b.Facts.BookKeeperVersion, b.Facts.Java)
	}
}

func TestOperatorGivesAClaimWithoutASizeUpAsTheOperatorDid(t *testing.T) {
	b := decoded(t, clusterText(Operator, "storage: {indexVolumeClaimTemplate: {storageClassName: fast}}"))
	claim := b.Spec.Storage.IndexVolumeClaimTemplate
	if claim.StorageClassName != nil || !claim.Resources.Requests.Storage().Equal(resource.MustParse("10Gi")) {
		t.Errorf("claim %+v, want the default", claim)
	}
}

func TestOptionsFillAndOverride(t *testing.T) {
	text := strings.Replace(clusterText(Hardened, "gitops: {profile: PROFILE, engine: flux}"), ", namespace: ns", "", 1)
	clusters, problems := Decode([]Source{{Name: "f", Data: []byte(text)}}, Options{Namespace: "given", Engine: EngineArgoCD})
	if Failed(problems) || clusters[0].ClusterNamespace() != "given" || clusters[0].Stanza().Engine != EngineArgoCD {
		t.Errorf("problems %q, clusters %+v", texts(problems), clusters)
	}
	_, problems = decodeText(text)
	if diff := cmp.Diff([]string{"f:3:11: metadata.namespace: required: the bookies' identities contain it"}, texts(problems)); diff != "" {
		t.Errorf("problems without a namespace (-want +got):\n%s", diff)
	}
}

func TestDurabilityDefaults(t *testing.T) {
	for name, test := range map[string]struct {
		given   string
		e, w, a int32
	}{
		"nothing given":                     {"{}", 3, 3, 2},
		"a larger ensemble":                 {"{ensembleSize: 5}", 5, 3, 2},
		"a smaller ensemble":                {"{ensembleSize: 2}", 2, 2, 2},
		"one copy":                          {"{ensembleSize: 1}", 1, 1, 1},
		"a write quorum below the defaults": {"{writeQuorum: 1}", 3, 1, 1},
		"an ack quorum alone":               {"{ackQuorum: 3}", 3, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			d := decoded(t, clusterText(Hardened, "replicas: 6\ngitops: {profile: PROFILE, durability: "+test.given+"}")).Spec.GitOps.Durability
			if *d.EnsembleSize != test.e || *d.WriteQuorum != test.w || *d.AckQuorum != test.a {
				t.Errorf("%d/%d/%d, want %d/%d/%d", *d.EnsembleSize, *d.WriteQuorum, *d.AckQuorum, test.e, test.w, test.a)
			}
		})
	}
}
