package main

import (
	"errors"
	"fmt"
	"strings"
)

// The trees of overlays that kustomize builds in one call: one of the size at which it
// needs the least time for an object, and a large one.
const (
	fewOverlays = 5
	maxOverlays = 200
)

// The one patch of an overlay, and of a spec with a patch. A spec's replicas say what the
// patch says, so that all results are the same.
const (
	statefulSet = clusterName + "-bookie"
	replicas    = "4"

	jsonPatches = `patches:
- target: {kind: StatefulSet, name: ` + statefulSet + `}
  patch: |
    - {op: replace, path: /spec/replicas, value: ` + replicas + `}
`
	strategicPatches = `patches:
- patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: ` + statefulSet + `
    spec:
      replicas: ` + replicas + `
`
)

const kustomizationHead = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"

// writeKustomize writes, below kustomize/:
//
//	base/               the objects without namespace, one label and the replica count
//	json/, strategic/   overlays that add them for the one cluster, the patch in either form
//	team-NNNN/          the same as json/ for each of maxOverlays namespaces
//	few/, tree/         kustomizations of fewOverlays and of all overlays
func (s sets) writeKustomize(objects []object) error {
	if err := s.writeBase(objects); err != nil {
		return err
	}
	files := map[string]string{
		"json":      overlay(namespace, jsonPatches),
		"strategic": overlay(namespace, strategicPatches),
		"few":       kustomizationHead + "resources:\n",
		"tree":      kustomizationHead + "resources:\n",
	}
	for i := range maxOverlays {
		name := manyNamespace(i)
		files[name] = overlay(name, jsonPatches)
		files["tree"] += "- ../" + name + "\n"
		if i < fewOverlays {
			files["few"] += "- ../" + name + "\n"
		}
	}
	for name, text := range files {
		if err := s.file("kustomize/"+name+"/kustomization.yaml", text); err != nil {
			return err
		}
	}
	return nil
}

func overlay(namespace, patches string) string {
	return kustomizationHead + "namespace: " + namespace + "\nresources:\n- ../base\n" +
		"labels:\n- pairs:\n" + managedBy + patches
}

const managedBy = "    app.kubernetes.io/managed-by: bkgen\n"

func (s sets) writeBase(objects []object) error {
	kustomization := kustomizationHead + "resources:\n"
	patched := false
	for _, o := range objects {
		text, err := once(o.text, namespaceLine, "\n")
		if err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		// The object's own label, not that of the pods, which is indented deeper.
		if text, err = once(text, "\n"+managedBy, "\n"); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		if strings.Contains(text, "\nkind: StatefulSet\n") && strings.Contains(text, "\n  name: "+statefulSet+"\n") {
			if text, err = once(text, "\n  replicas: "+replicas+"\n", "\n  replicas: 1\n"); err != nil {
				return fmt.Errorf("%s: %w", o.name, err)
			}
			patched = true
		}
		if err := s.file("kustomize/base/"+o.name, text); err != nil {
			return err
		}
		kustomization += "- " + o.name + "\n"
	}
	if !patched {
		return errors.New("no StatefulSet " + statefulSet + " to patch")
	}
	return s.file("kustomize/base/kustomization.yaml", kustomization)
}

// once replaces the one occurrence of a text.
func once(text, old, with string) (string, error) {
	if n := strings.Count(text, old); n != 1 {
		return "", fmt.Errorf("%q occurs %d times, not once", old, n)
	}
	return strings.Replace(text, old, with, 1), nil
}
