package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// controller is kustomize-controller's name as a field manager.
	controller = "kustomize-controller"
	// group is of its API, its labels and its annotations.
	group = "kustomize.toolkit.fluxcd.io"
	// kustomization and its namespace own all objects.
	kustomization, kustomizationNamespace = "bookkeeper", "flux-system"
)

// fluxManager returns Flux's resource manager and the objects as the controller hands them
// to it. Source: kustomize-controller v1.9, internal/controller/kustomization_controller.go.
func fluxManager(config *rest.Config, objects []*unstructured.Unstructured) (*ssa.ResourceManager, error) {
	c, err := client.New(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	manager := ssa.NewResourceManager(c, nil, ssa.Owner{Field: controller, Group: group})
	manager.SetConcurrency(4)
	manager.SetOwnerLabels(objects, kustomization, kustomizationNamespace)
	if err := normalize.UnstructuredList(objects); err != nil {
		return nil, fmt.Errorf("normalizing the objects: %w", err)
	}
	return manager, nil
}

// fluxSync applies the objects as a reconciliation does: what drifted, and nothing else.
func fluxSync(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) ([]result, error) {
	manager, err := fluxManager(config, objects)
	if err != nil {
		return nil, err
	}
	changes, err := manager.ApplyAllStaged(ctx, objects, fluxOptions())
	if err != nil {
		return nil, err
	}
	results := make([]result, 0, len(changes.Entries))
	for _, entry := range changes.Entries {
		at := entry.ObjMetadata
		results = append(results, result{
			Object:  at.GroupKind.Kind + "/" + at.Namespace + "/" + at.Name,
			Way:     "flux " + string(entry.Action),
			Changed: entry.Action != ssa.UnchangedAction && entry.Action != ssa.SkippedAction,
		})
	}
	return results, nil
}

// fluxOptions are the controller's options for a Kustomization that sets none: the function
// apply of the same file.
func fluxOptions() ssa.ApplyOptions {
	options := ssa.DefaultApplyOptions()
	options.ExclusionSelector = map[string]string{group + "/reconcile": "disabled", group + "/ssa": "Ignore"}
	options.IfNotPresentSelector = map[string]string{group + "/ssa": "IfNotPresent"}
	options.ForceSelector = map[string]string{group + "/force": "enabled"}
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{corev1.LastAppliedConfigAnnotation},
		// Whatever a person changed by kubectl is undone.
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: controller, OperationType: metav1.ManagedFieldsOperationUpdate},
		},
		Exclusions: map[string]string{group + "/ssa": "Merge"},
	}
	return options
}

// fluxDiff compares by a server-side dry run and changes nothing.
func fluxDiff(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) ([]result, error) {
	manager, err := fluxManager(config, objects)
	if err != nil {
		return nil, err
	}
	results := make([]result, len(objects))
	for i, object := range objects {
		results[i] = result{Object: name(object), Way: "flux"}
		entry, live, predicted, err := manager.Diff(ctx, object, ssa.DefaultDiffOptions())
		if err != nil {
			results[i].Error = err.Error()
			continue
		}
		results[i].Changed = entry.Action != ssa.UnchangedAction
		if live != nil {
			if results[i].Live, err = json.Marshal(live); err != nil {
				return nil, fmt.Errorf("encoding %s: %w", name(object), err)
			}
			if results[i].Predicted, err = json.Marshal(predicted); err != nil {
				return nil, fmt.Errorf("encoding %s: %w", name(object), err)
			}
		}
	}
	return results, nil
}
