package manifest

import (
	"encoding/json"
	"fmt"
)

// FromTyped makes an Object of v, a typed API object (k8s.io/api) with its TypeMeta set, or
// a map[string]any. What it drops is what Go's zero values leave in the JSON and no manifest
// should hold, because delivery tools would compare it with the live object:
//
//   - null, wherever it stands, which takes creationTimestamp: null with it;
//   - status at the top and in the items of spec.volumeClaimTemplates;
//   - an empty map under resources, strategy, updateStrategy and metadata;
//   - targetPort: 0, which the API server reads as "not set" and replaces by the port
//     (SetDefaults_Service in pkg/apis/core/v1/defaults.go).
//
// Every other empty map, list and text stays, since emptyDir: {}, podSelector: {} and
// ingress: [] say something.
//
// It fails where v cannot be JSON, is not an object, holds a number that no float64 can hold,
// or lacks apiVersion, kind or metadata.name.
func FromTyped(v any) (Object, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return Object{}, fmt.Errorf("encoding %T: %w", v, err)
	}
	tree, err := jsonTree(text, omitted)
	if err != nil {
		return Object{}, fmt.Errorf("encoding %T: %w", v, err)
	}
	data, ok := tree.(map[string]any)
	if !ok {
		return Object{}, fmt.Errorf("encoding %T: not an object but %.20q", v, text)
	}
	dropStatus(data)
	o := Object{Data: data}
	if err := o.identified(); err != nil {
		return Object{}, fmt.Errorf("encoding %T: %w", v, err)
	}
	return o, nil
}

// omitted reports whether a value is a zero value that its key does not need.
func omitted(key string, value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case int64:
		return value == 0 && key == "targetPort"
	case map[string]any:
		if len(value) > 0 {
			return false
		}
		switch key {
		case "resources", "strategy", "updateStrategy", "metadata":
			return true
		}
	}
	return false
}

func dropStatus(data map[string]any) {
	delete(data, "status")
	spec, _ := data["spec"].(map[string]any)
	claims, _ := spec["volumeClaimTemplates"].([]any)
	for _, claim := range claims {
		if claim, ok := claim.(map[string]any); ok {
			delete(claim, "status")
		}
	}
}
