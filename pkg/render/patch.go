package render

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// patch applies the user's patches one by one, so that each answers for what it does,
// and checks the invariants after each.
func patch(objects []manifest.Object, patches []spec.Patch) ([]manifest.Object, []spec.Problem) {
	original, err := typedSet(objects)
	if err != nil {
		return nil, []spec.Problem{{Severity: spec.Error, Position: patches[0].Position, Message: err.Error()}}
	}
	var problems []spec.Problem
	for i, p := range patches {
		patched, reasons := applyPatch(original, objects, p)
		for _, reason := range reasons {
			problems = append(problems, spec.Problem{
				Severity: spec.Error, Position: p.Position, Path: fmt.Sprintf("spec.gitops.patches[%d]", i), Message: reason,
			})
		}
		if len(reasons) == 0 {
			objects = patched
		}
	}
	return objects, problems
}

// applyPatch returns the patched objects, or why it is refused.
func applyPatch(original objectSet, objects []manifest.Object, p spec.Patch) ([]manifest.Object, []string) {
	if reason := notAPatch(p); reason != "" {
		return nil, []string{reason}
	}
	if p.Target == nil {
		p.Target = namedTarget(objects, p.Patch)
	}
	patched, err := kustomize(objects, p)
	if err != nil {
		return nil, []string{err.Error()}
	}
	set, err := typedSet(patched)
	if err != nil {
		return nil, []string{err.Error()}
	}
	// What is left out and what is written out are the same to the API server.
	for _, o := range set {
		complete(o.typed)
	}
	if broken := original.broken(set); len(broken) > 0 {
		return nil, broken
	}
	out := make([]manifest.Object, 0, len(set))
	for _, o := range set {
		object, err := manifest.FromTyped(o.typed)
		if err != nil {
			return nil, []string{err.Error()}
		}
		out = append(out, object)
	}
	manifest.Sort(out)
	return out, nil
}

// kustomizationFields are what a kustomization has and a patch has not.
var kustomizationFields = []string{
	"resources", "bases", "components", "crds", "generators", "transformers", "validators",
	"configMapGenerator", "secretGenerator", "helmCharts", "helmGlobals", "patches", "openapi",
}

// notAPatch says why a text is no patch: patches change objects, and bring none from elsewhere.
func notAPatch(p spec.Patch) string {
	decoder := yaml.NewDecoder(strings.NewReader(p.Patch))
	for empty := true; ; empty = false {
		var document any
		switch err := decoder.Decode(&document); {
		case errors.Is(err, io.EOF) && empty:
			return "the patch is empty"
		case errors.Is(err, io.EOF):
			return ""
		case err != nil:
			return fmt.Sprintf("reading the patch: %v", err)
		}
		if fields, ok := document.(map[string]any); ok {
			if reason := notAPatchDocument(fields); reason != "" {
				return reason
			}
		}
	}
}

func notAPatchDocument(fields map[string]any) string {
	for _, field := range kustomizationFields {
		if _, found := fields[field]; found {
			return fmt.Sprintf("%q is a kustomization's field: a patch may name no resource, generator or transformer; allowed: a strategic merge patch or a list of JSON 6902 operations", field)
		}
	}
	if version, _ := fields["apiVersion"].(string); version == "builtin" || strings.HasPrefix(version, "kustomize.config.k8s.io/") {
		return fmt.Sprintf("apiVersion %q is kustomize's own: a patch may name no generator or transformer", version)
	}
	return ""
}

// namedTarget is the object that a patch names without its namespace, which kustomize
// takes for another object; nil where there is none, or not one alone.
func namedTarget(objects []manifest.Object, patch string) *spec.PatchTarget {
	named, err := manifest.Parse([]byte(patch))
	if err != nil || len(named) != 1 || named[0].Key().Namespace != "" {
		return nil
	}
	for _, o := range objects {
		key := o.Key()
		key.Namespace = ""
		if key == named[0].Key() {
			group, version := "", key.APIVersion
			if g, v, ok := strings.Cut(key.APIVersion, "/"); ok {
				group, version = g, v
			}
			return &spec.PatchTarget{Group: group, Version: version, Kind: key.Kind, Name: regexp.QuoteMeta(key.Name)}
		}
	}
	return nil
}
