package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// engineAnnotations are the annotations of an object that are a delivery engine's.
func engineAnnotations(o manifest.Object) map[string]any {
	annotations, _ := at(o, "metadata", "annotations").(map[string]any)
	found := map[string]any{}
	for key, value := range annotations {
		switch key {
		case argoWave, argoSyncOptions, fluxSubstitute:
			found[key] = value
		}
	}
	return found
}

func TestEngineAnnotations(t *testing.T) {
	argo := map[string]map[string]any{
		"StatefulSet": {argoWave: "1", argoSyncOptions: "Prune=confirm,Delete=confirm"},
		"Deployment":  {argoWave: "1"},
		"PodMonitor":  {argoSyncOptions: "SkipDryRunOnMissingResource=true"},
	}
	forEachRender(t, func(t *testing.T, c spec.Cluster, objects []manifest.Object) {
		for _, o := range objects {
			want := map[string]any{}
			switch c.Stanza().Engine {
			case spec.EngineArgoCD:
				want = argo[o.Key().Kind]
				if want == nil {
					want = map[string]any{}
				}
			case spec.EngineFlux:
				want[fluxSubstitute] = "disabled"
			}
			if diff := cmp.Diff(want, engineAnnotations(o)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", o.Key(), diff)
			}
		}
	})
}

// The engine is on the objects and nowhere else: changing it restarts nothing.
func TestEngineLeavesThePodsAlone(t *testing.T) {
	text := minimal(spec.Hardened, "podMonitor: {enabled: true}\n")
	want := rendered(t, decode(t, spec.Options{Engine: spec.EngineNone}, source(text, nil)))
	for _, engine := range []spec.Engine{spec.EngineArgoCD, spec.EngineFlux} {
		got := rendered(t, decode(t, spec.Options{Engine: engine}, source(text, nil)))
		for i, o := range got {
			if diff := cmp.Diff(at(want[i], "spec"), at(o, "spec")); diff != "" {
				t.Errorf("%s, %s:\n%s", engine, o.Key(), diff)
			}
		}
	}
}
