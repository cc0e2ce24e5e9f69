package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// krustyLock: krusty.Run sets schemas for the whole process (kustomize issues 4824, 5805).
var krustyLock sync.Mutex

const objectsFile = "objects.yaml"

// kustomize runs one patch over the objects, in memory: over those alone that its target
// matches, where it has one. Nothing outside is read: the kustomization is ours and names
// one file, which is there.
func kustomize(objects []manifest.Object, p spec.Patch) ([]manifest.Object, error) {
	var others []manifest.Object
	if p.Target != nil {
		var err error
		if objects, others, err = split(objects, *selector(p.Target)); err != nil {
			return nil, err
		}
	}
	after, err := runKustomize(stream(objects), types.Patch{Patch: p.Patch, Target: selector(p.Target)})
	if err != nil {
		return nil, shorten(err)
	}
	for _, r := range after.Resources() {
		o, err := fromResource(r)
		if err != nil {
			return nil, fmt.Errorf("reading the patched objects: %w", err)
		}
		others = append(others, o)
	}
	return others, nil
}

func stream(objects []manifest.Object) []byte {
	var text []byte
	for _, o := range objects {
		text = append(text, "---\n"...)
		text = o.AppendYAML(text)
	}
	return text
}

// split parts the objects that a target matches from the others. That it matches none is
// an error here; kustomize does not mind.
func split(objects []manifest.Object, target types.Selector) (matched, others []manifest.Object, err error) {
	krustyLock.Lock()
	defer krustyLock.Unlock()
	all, err := resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory()).NewResMapFromBytes(stream(objects))
	if err != nil {
		return nil, nil, err
	}
	found, err := all.Select(target)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the target: %w", err)
	}
	keys := map[manifest.Key]bool{}
	for _, r := range found {
		keys[manifest.Key{APIVersion: r.GetApiVersion(), Kind: r.GetKind(), Namespace: r.GetNamespace(), Name: r.GetName()}] = true
	}
	for _, o := range objects {
		if keys[o.Key()] {
			matched = append(matched, o)
		} else {
			others = append(others, o)
		}
	}
	if len(matched) == 0 {
		return nil, nil, fmt.Errorf("the target matches no object; there are %s", names(objects))
	}
	return matched, others, nil
}

// fromResource reads a resource by its JSON: kustomize's YAML would lose some characters.
func fromResource(r json.Marshaler) (manifest.Object, error) {
	text, err := r.MarshalJSON()
	if err != nil {
		return manifest.Object{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var data map[string]any
	if err := decoder.Decode(&data); err != nil {
		return manifest.Object{}, err
	}
	return manifest.Object{Data: data}, nil
}

func runKustomize(text []byte, patch types.Patch) (resmap.ResMap, error) {
	kustomization, err := yaml.Marshal(types.Kustomization{Resources: []string{objectsFile}, Patches: []types.Patch{patch}})
	if err != nil {
		return nil, fmt.Errorf("encoding the kustomization: %w", err)
	}
	fs := filesys.MakeFsInMemory()
	if err := fs.WriteFile(objectsFile, text); err != nil {
		return nil, err
	}
	if err := fs.WriteFile("kustomization.yaml", kustomization); err != nil {
		return nil, err
	}
	krustyLock.Lock()
	defer krustyLock.Unlock()
	return krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, ".")
}

func selector(t *spec.PatchTarget) *types.Selector {
	if t == nil {
		return nil
	}
	s := &types.Selector{LabelSelector: t.LabelSelector, AnnotationSelector: t.AnnotationSelector}
	s.Group, s.Version, s.Kind = t.Group, t.Version, t.Kind
	s.Name, s.Namespace = t.Name, t.Namespace
	return s
}

// shorten drops what kustomize says of its own files, and the patch that it repeats.
func shorten(err error) error {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	const most = 300
	if len(text) > most {
		text = text[:most] + "…"
	}
	return fmt.Errorf("applying the patch: %s", text)
}

func names(objects []manifest.Object) string {
	list := make([]string, len(objects))
	for i, o := range objects {
		list[i] = o.Key().Kind + "/" + o.Key().Name
	}
	return strings.Join(list, ", ")
}
