package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Parse reads a stream of YAML documents, one object each; it skips empty documents. Scalars
// mean what they mean to kubectl, Argo CD and Flux, which read YAML 1.1: yes is a boolean, a
// date is a string. Aliases and merge keys are resolved.
//
// The error names the document, counted from 1: for text that is not YAML, a key that is
// there twice or is no string, a number that JSON does not have, and an object without apiVersion,
// kind or metadata.name.
func Parse(text []byte) ([]Object, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var objects []Object
	for number := 1; ; number++ {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", number, err)
		}
		o, err := fromNode(&node)
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", number, err)
		}
		if o.Data == nil {
			continue
		}
		if err := o.identified(); err != nil {
			return nil, fmt.Errorf("document %d: %w", number, err)
		}
		objects = append(objects, o)
	}
}

// fromNode makes an object of a document; one without Data where the document is empty.
func fromNode(node *yaml.Node) (Object, error) {
	if err := asYAML11(node); err != nil {
		return Object{}, err
	}
	var v any
	if err := node.Decode(&v); err != nil {
		return Object{}, err
	}
	v, err := normalize(v)
	if err != nil {
		return Object{}, err
	}
	switch v := v.(type) {
	case nil:
		return Object{}, nil
	case map[string]any:
		return Object{Data: v}, nil
	}
	return Object{}, fmt.Errorf("line %d: not an object but %.20q", node.Line, fmt.Sprint(v))
}

// asYAML11 tags what YAML 1.1, as Kubernetes' tools read it, takes for something else than
// yaml/v3 does, and refuses keys that are no strings.
func asYAML11(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		tagScalar(node)
	}
	for i, child := range node.Content {
		if err := asYAML11(child); err != nil {
			return err
		}
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			if err := keyIsString(child); err != nil {
				return err
			}
		}
	}
	return nil
}

func tagScalar(node *yaml.Node) {
	switch node.ShortTag() {
	case "!!timestamp":
		node.Tag = "!!str"
	case "!!str":
		if node.Style != 0 {
			return
		}
		switch node.Value {
		case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
			node.Tag, node.Value = "!!bool", "true"
		case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
			node.Tag, node.Value = "!!bool", "false"
		}
	}
}

func keyIsString(key *yaml.Node) error {
	line := key.Line
	if key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	if tag := key.ShortTag(); tag != "!!str" && tag != "!!merge" {
		return fmt.Errorf("line %d: key %q is read as %s, keys are strings: quote it", line, key.Value, tag)
	}
	return nil
}

// normalize turns what yaml/v3 decodes into a tree as Object.Data describes it.
func normalize(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if v[key], err = normalize(value); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
		return v, nil
	case []any:
		for i, item := range v {
			if v[i], err = normalize(item); err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return v, nil
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("%.20q: not UTF-8", v)
		}
		return v, nil
	case nil, bool:
		return v, nil
	}
	return normalizeNumber(v)
}

func normalizeNumber(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case uint64:
		return json.Number(strconv.FormatUint(v, 10)), nil
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil, fmt.Errorf("%v: not a number that JSON has", v)
		}
		text := string(jsonFloat(v))
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i, nil
		}
		return json.Number(text), nil
	}
	return nil, fmt.Errorf("%v: a %T has no place in an object", v, v)
}
