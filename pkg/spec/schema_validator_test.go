package spec

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// validator validates against a schema of the keywords that Schema uses. Another keyword
// is an error of the test, so that none is overlooked.
type validator struct {
	t    *testing.T
	root map[string]any
}

func newValidator(t *testing.T) validator {
	t.Helper()
	v := validator{t: t}
	if err := json.Unmarshal(Schema(), &v.root); err != nil {
		t.Fatal(err)
	}
	return v
}

// object is a subschema, or a mapping of them.
func object(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

// validate returns what is wrong with a value, each problem after its field path.
func (v validator) validate(schema map[string]any, value any, path string) []string {
	var problems []string
	for keyword, rule := range schema {
		switch keyword {
		case "$schema", "title", "description", "default", "definitions", "format":
		case "properties", "additionalProperties", "required", "items":
			problems = append(problems, v.contents(schema, keyword, value, path)...)
		case "$ref":
			name, _ := strings.CutPrefix(rule.(string), "#/definitions/")
			definition := object(v.root["definitions"])[name].(map[string]any)
			problems = append(problems, v.validate(definition, value, path)...)
		case "allOf":
			for _, of := range rule.([]any) {
				problems = append(problems, v.validate(object(of), value, path)...)
			}
		case "oneOf":
			fails := func(of any) bool { return len(v.validate(object(of), value, path)) > 0 }
			if left := slices.DeleteFunc(slices.Clone(rule.([]any)), fails); len(left) != 1 {
				problems = append(problems, fmt.Sprintf("%s: %d alternatives match", path, len(left)))
			}
		default:
			if !v.holds(keyword, rule, value) {
				problems = append(problems, fmt.Sprintf("%s: %v breaks %s %v", path, value, keyword, rule))
			}
		}
	}
	return problems
}

// contents applies a keyword about what a mapping or a list holds.
func (v validator) contents(schema map[string]any, keyword string, value any, path string) []string {
	var problems []string
	of, properties := object(schema[keyword]), object(schema["properties"])
	mapping, isMapping := value.(map[string]any)
	switch keyword {
	case "items":
		list, _ := value.([]any)
		for i, item := range list {
			problems = append(problems, v.validate(of, item, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case "required":
		for _, key := range schema[keyword].([]any) {
			if _, ok := mapping[key.(string)]; isMapping && !ok {
				problems = append(problems, fmt.Sprintf("%s: no %s", path, key))
			}
		}
	case "properties":
		for key, of := range properties {
			if item, ok := mapping[key]; ok {
				problems = append(problems, v.validate(object(of), item, joinPath(path, key))...)
			}
		}
	case "additionalProperties":
		for key, item := range mapping {
			if _, known := properties[key]; known {
				continue
			}
			if schema[keyword] == false {
				problems = append(problems, fmt.Sprintf("%s: unknown field %q", path, key))
			}
			problems = append(problems, v.validate(of, item, joinPath(path, key))...)
		}
	}
	return problems
}

// holds applies a keyword about one value.
func (v validator) holds(keyword string, rule, value any) bool {
	switch keyword {
	case "type":
		types, several := rule.([]any)
		if !several {
			types = []any{rule}
		}
		return slices.Contains(types, any(typeOf(value))) || typeOf(value) == "integer" && slices.Contains(types, any("number"))
	case "const":
		return value == rule
	case "enum":
		return slices.Contains(rule.([]any), value)
	case "pattern":
		text, ok := value.(string)
		return !ok || regexp.MustCompile(rule.(string)).MatchString(text)
	case "minimum":
		n, ok := value.(int64)
		return !ok || float64(n) >= rule.(float64)
	}
	v.t.Errorf("the keyword %s is not one that this validator knows", keyword)
	return false
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int64, uint64:
		return "integer"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}
