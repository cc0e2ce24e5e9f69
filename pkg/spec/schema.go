package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// schemaDraft is the draft that editors' YAML support reads.
const schemaDraft = "http://json-schema.org/draft-07/schema#"

// schema is a JSON Schema, of the keywords that are needed here.
// Source: https://json-schema.org/draft-07/json-schema-validation
type schema struct {
	Schema      string `json:"$schema,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// Type is a string or a list of strings.
	Type    any    `json:"type,omitempty"`
	Ref     string `json:"$ref,omitempty"`
	Const   string `json:"const,omitempty"`
	Default any    `json:"default,omitempty"`

	Enum    []string `json:"enum,omitempty"`
	Minimum *int64   `json:"minimum,omitempty"`
	Pattern string   `json:"pattern,omitempty"`
	Format  string   `json:"format,omitempty"`

	AllOf []*schema `json:"allOf,omitempty"`
	OneOf []*schema `json:"oneOf,omitempty"`

	Required   []string           `json:"required,omitempty"`
	Properties map[string]*schema `json:"properties,omitempty"`
	// AdditionalProperties is false or a *schema.
	AdditionalProperties any                `json:"additionalProperties,omitempty"`
	Items                *schema            `json:"items,omitempty"`
	Definitions          map[string]*schema `json:"definitions,omitempty"`
}

// Schema is the JSON Schema of a BookkeeperCluster document, for editors: types and
// unknown fields as Decode judges them, and of the rules those that one field can break
// by itself. It refuses null, which Decode takes for a field that is not written, and
// takes no text that Decode reads as a boolean.
func Schema() []byte {
	b := schemaBuilder{definitions: map[string]*schema{}, docs: ownDocs(), defaults: schemaDefaults()}
	root := &schema{
		Schema: schemaDraft, Title: bookKeeperKind,
		Description: "A BookKeeper cluster: the document of the Pravega operator, with bkgen's stanza spec.gitops.",
		Type:        "object", Required: []string{"apiVersion", "kind", "metadata"},
		Properties: map[string]*schema{
			"apiVersion": {Const: bookKeeperAPI},
			"kind":       {Const: bookKeeperKind},
			"metadata":   b.metadata(),
			"spec":       b.value("spec", reflect.TypeFor[BookKeeperSpec]()),
			"status":     {Description: "What a cluster adds; it is not looked at."},
		},
		AdditionalProperties: false,
	}
	root.Definitions = b.definitions
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic(fmt.Sprintf("spec: encoding the schema: %v", err))
	}
	return text.Bytes()
}

// schemaBuilder makes schemas of types. Our own stand where they are used, because their
// rules depend on the field path; those of Kubernetes, which may hold themselves, once
// each in definitions.
type schemaBuilder struct {
	definitions map[string]*schema
	docs        map[string]ownDoc // by the type's name
	defaults    map[string]any    // by field path
}

// metadata is Kubernetes' with what a cluster needs of it.
func (b *schemaBuilder) metadata() *schema {
	return &schema{
		AllOf:    []*schema{b.value("metadata", reflect.TypeFor[metav1.ObjectMeta]())},
		Required: []string{"name"},
		Properties: map[string]*schema{
			"name":      {Pattern: schemaPatterns["metadata.name"]},
			"namespace": {Pattern: schemaPatterns["metadata.namespace"]},
		},
	}
}

// value is the schema of a type at a field path, which is "" below Kubernetes' types.
func (b *schemaBuilder) value(path string, t reflect.Type) *schema {
	t = embedded(t)
	switch {
	case planFor(t).custom:
		return customSchema(t)
	case t.Kind() == reflect.Struct && t.PkgPath() == ownPackage:
		return b.own(path, t)
	case t.Kind() == reflect.Struct:
		return &schema{Ref: "#/definitions/" + b.define(t)}
	case t.Kind() == reflect.Map:
		return &schema{Type: "object", AdditionalProperties: b.value("", t.Elem())}
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		return &schema{Type: "array", Items: b.value(itemPath(path), t.Elem())}
	case t.Kind() == reflect.Bool:
		return &schema{Type: "boolean"}
	case t.Kind() == reflect.String || t.Kind() == reflect.Slice: // base64
		return &schema{Type: "string"}
	case reflect.Int <= t.Kind() && t.Kind() <= reflect.Uint64:
		return &schema{Type: "integer"}
	}
	panic(fmt.Sprintf("spec: a schema of %s, which no spec has", t))
}

// itemPath is the field path of every item of the list at path.
func itemPath(path string) string {
	if path == "" {
		return ""
	}
	return path + "[]"
}

// own is the schema of one of our structs.
func (b *schemaBuilder) own(path string, t reflect.Type) *schema {
	docs := b.docs[t.Name()]
	s := &schema{
		Description: docs.text, Type: "object", Required: schemaRequired[path], OneOf: schemaChoices[path],
		Properties: map[string]*schema{}, AdditionalProperties: false,
	}
	for _, f := range fieldsInOrder(t) {
		at, kind := joinPath(path, f.name), t.FieldByIndex(f.index).Type
		field := b.value(at, kind)
		field.Enum, field.Minimum, field.Pattern = schemaEnums[at], schemaMinimums[at], schemaPatterns[at]
		s.Properties[f.name] = field.with(b.description(docs.fields[f.name], f.name, kind), b.defaults[at])
	}
	return s
}

// description is what is said of a field of ours: its comment, else its type's.
func (b *schemaBuilder) description(comment, field string, t reflect.Type) string {
	t = embedded(t)
	if doc, ok := b.docs[t.Name()]; ok && comment == "" && t.PkgPath() == ownPackage {
		return doc.speakingOf(t, field)
	}
	return comment
}

// define adds a struct of Kubernetes to the definitions and returns its name there.
func (b *schemaBuilder) define(t reflect.Type) string {
	name := path.Base(path.Dir(t.PkgPath())) + "." + path.Base(t.PkgPath()) + "." + t.Name()
	if _, known := b.definitions[name]; known {
		return name
	}
	s := &schema{Type: "object", Properties: map[string]*schema{}, AdditionalProperties: false}
	b.definitions[name] = s // before its fields, which may lead back here
	s.Description = swaggerDocs(t)[""]
	for _, f := range fieldsInOrder(t) {
		field := t.FieldByIndex(f.index)
		owner := t
		if len(f.index) > 1 {
			owner = t.FieldByIndex(f.index[:len(f.index)-1]).Type
		}
		s.Properties[f.name] = b.value("", field.Type).with(swaggerDocs(owner)[f.name], nil)
		if required(field) {
			s.Required = append(s.Required, f.name)
		}
	}
	slices.Sort(s.Required)
	return name
}

// required reports whether Kubernetes demands a field: such fields are written even where
// they are empty. Pointers and lists that are written so are optional all the same.
func required(field reflect.StructField) bool {
	kind := field.Type.Kind()
	return kind != reflect.Pointer && kind != reflect.Slice && kind != reflect.Map &&
		!strings.Contains(field.Tag.Get("json"), ",omit")
}

// with adds a field's description and default. Beside a reference a validator looks at
// nothing else, so the reference goes into an allOf.
func (s *schema) with(description string, value any) *schema {
	if s.Ref != "" && (description != "" || value != nil) {
		s = &schema{AllOf: []*schema{{Ref: s.Ref}}}
	}
	if description != "" {
		s.Description = description
	}
	s.Default = value
	return s
}
