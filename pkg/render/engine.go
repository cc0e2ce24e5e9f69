package render

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/bkgen/bkgen/pkg/spec"
)

// Annotations of the delivery engines.
// Sources: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/,
// https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/,
// https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution.
const (
	argoWave        = "argocd.argoproj.io/sync-wave"
	argoSyncOptions = "argocd.argoproj.io/sync-options"
	fluxSubstitute  = "kustomize.toolkit.fluxcd.io/substitute"
)

// lastWave is the wave of everything that has pods. They share it, so that no broken
// workload keeps a sync, and with it the revert that mends it, from reaching another.
const lastWave = "1"

// annotate puts the engine's annotations on an object.
func annotate(object any, engine spec.Engine) {
	switch engine {
	case spec.EngineArgoCD:
		annotateArgoCD(object)
	case spec.EngineFlux:
		// Flux would read ${…} in a setting or a JVM option as a variable of its own.
		setAnnotation(object, fluxSubstitute, "disabled")
	}
}

func annotateArgoCD(object any) {
	switch object.(type) {
	case *appsv1.StatefulSet:
		setAnnotation(object, argoWave, lastWave)
		// A bookie set is pruned or deleted only after a person has said so.
		setAnnotation(object, argoSyncOptions, "Prune=confirm,Delete=confirm")
	case *appsv1.Deployment:
		setAnnotation(object, argoWave, lastWave)
	case map[string]any:
		// The Prometheus operator may be installed later than this.
		setAnnotation(object, argoSyncOptions, "SkipDryRunOnMissingResource=true")
	}
}

func setAnnotation(object any, key, value string) {
	switch o := object.(type) {
	case metav1.Object:
		annotations := o.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[key] = value
		o.SetAnnotations(annotations)
	case map[string]any:
		metadata := o["metadata"].(map[string]any)
		annotations, _ := metadata["annotations"].(map[string]any)
		if annotations == nil {
			annotations = map[string]any{}
			metadata["annotations"] = annotations
		}
		annotations[key] = value
	}
}
