// Package render turns a cluster spec into the complete Kubernetes objects of the
// cluster, in the order in which they are applied.
//
// Each kind has one lowering function, from its spec to workloads: there the product's
// knowledge ends. From workloads on everything is Kubernetes': objects, the delivery
// engine's annotations, the user's kustomize patches, and the invariants that hold
// after them. Output depends on the spec alone; the package does no I/O.
package render

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// Render returns the objects of a cluster that Decode found valid, in the order in
// which they are applied. Its problems are all errors, of patches that cannot be
// applied or that break an invariant; with any of them the objects are of no use.
func Render(c spec.Cluster) ([]manifest.Object, []spec.Problem) {
	objects, err := build(c)
	if err != nil {
		return nil, []spec.Problem{{Severity: spec.Error, Position: spec.Position{Source: c.ClusterName()}, Message: err.Error()}}
	}
	if patches := c.Stanza().Patches; len(patches) > 0 {
		return patch(objects, patches)
	}
	return objects, nil
}

// build lowers the cluster and makes objects of its workloads.
func build(c spec.Cluster) ([]manifest.Object, error) {
	var typed []any
	for _, w := range lower(c) {
		typed = append(typed, w.objects()...)
	}
	typed = append(typed, beside(c)...)
	objects := make([]manifest.Object, 0, len(typed))
	for _, t := range typed {
		complete(t)
		annotate(t, c.Stanza().Engine)
		object, err := manifest.FromTyped(t)
		if err != nil {
			return nil, fmt.Errorf("encoding an object of cluster %s: %w", c.ClusterName(), err)
		}
		objects = append(objects, object)
	}
	manifest.Sort(objects)
	return objects, nil
}

// lower is the one switch over the kinds of this package.
func lower(c spec.Cluster) []workload {
	switch c := c.(type) {
	case *spec.BookKeeper:
		if c.Spec.GitOps.Profile == spec.Operator {
			return lowerBookKeeperOperator(c)
		}
		return lowerBookKeeper(c)
	}
	panic(fmt.Sprintf("render: %T is no kind of cluster", c))
}

// beside are objects that come with the cluster and are no workload's.
func beside(c spec.Cluster) []any {
	b, ok := c.(*spec.BookKeeper)
	if !ok || b.Facts.EnvConfigMap == nil || b.Spec.GitOps.Profile != spec.Operator {
		return nil
	}
	given := b.Facts.EnvConfigMap
	return []any{&corev1.ConfigMap{
		TypeMeta:   typeMeta("v1", "ConfigMap"),
		ObjectMeta: objectMeta(given.Name, given.Namespace, given.Labels, given.Annotations),
		Data:       given.Data, BinaryData: given.BinaryData, Immutable: given.Immutable,
	}}
}
