package spec

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// fields lists what a cluster's document may say, without sources.
func (e *explainer) fields(b *BookKeeper) []Field {
	w := fieldWalk{places: e.places}
	w.value("metadata.name", reflect.ValueOf(b.Name))
	w.value("metadata.namespace", reflect.ValueOf(b.Namespace))
	w.value("spec", reflect.ValueOf(b.Spec))
	return w.list
}

// fieldWalk collects the fields of a value. Of our own types it lists those that are not
// set too; of Kubernetes' only what is set or written, because they have thousands.
type fieldWalk struct {
	places map[string]Position
	list   []Field
}

func (w *fieldWalk) written(path string) bool {
	_, ok := w.places[path]
	return ok
}

func (w *fieldWalk) add(path string, value any) {
	w.list = append(w.list, Field{Path: path, Value: value})
}

func (w *fieldWalk) value(path string, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			w.add(path, nil)
		} else {
			w.value(path, v.Elem())
		}
		return
	}
	switch {
	case planFor(v.Type()).custom:
		w.add(path, throughJSON(v))
	case v.Kind() == reflect.Struct:
		w.structure(path, v)
	case v.Kind() == reflect.Map:
		w.mapping(path, v)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		w.items(path, v)
	case v.Kind() == reflect.String:
		w.text(path, v.String())
	case v.CanInt():
		w.add(path, v.Int())
	case v.Kind() == reflect.Bool:
		w.add(path, v.Bool())
	default:
		w.add(path, throughJSON(v))
	}
}

// text adds a string; an empty one that is not written is not set.
func (w *fieldWalk) text(path, text string) {
	if text == "" && !w.written(path) {
		w.add(path, nil)
		return
	}
	w.add(path, text)
}

// ownPackage holds the types all of whose fields are listed.
var ownPackage = reflect.TypeFor[BookKeeper]().PkgPath()

func (w *fieldWalk) structure(path string, v reflect.Value) {
	before := len(w.list)
	own := v.Type().PkgPath() == ownPackage
	for _, f := range fieldsInOrder(v.Type()) {
		at := joinPath(path, f.name)
		field, ok := readField(v, f.index)
		if ok && (own || !field.IsZero() || w.written(at)) {
			w.value(at, field)
		}
	}
	if len(w.list) == before {
		w.add(path, map[string]any{})
	}
}

func (w *fieldWalk) mapping(path string, v reflect.Value) {
	if v.Len() == 0 {
		w.empty(path, map[string]any{})
		return
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	for _, key := range keys {
		w.value(joinPath(path, key.String()), v.MapIndex(key))
	}
}

func (w *fieldWalk) items(path string, v reflect.Value) {
	if v.Len() == 0 {
		w.empty(path, []any{})
		return
	}
	for i := range v.Len() {
		w.value(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
	}
}

// empty adds a mapping or a list of nothing, which is a value only where it is written.
func (w *fieldWalk) empty(path string, value any) {
	if !w.written(path) {
		value = nil
	}
	w.add(path, value)
}

// namedField is a field of a struct, its own or an embedded one's, by its name in JSON.
type namedField struct {
	name  string
	index []int
}

// fieldsInOrder are the fields of a struct in the order in which they are declared.
func fieldsInOrder(t reflect.Type) []namedField {
	plan := planFor(t)
	list := make([]namedField, 0, len(plan.names))
	for name, index := range plan.fields {
		list = append(list, namedField{name, index})
	}
	slices.SortFunc(list, func(a, b namedField) int { return slices.Compare(a.index, b.index) })
	return list
}

// readField is the field of a struct at an index, unless it lies in an embedded pointer
// that is nil.
func readField(v reflect.Value, index []int) (reflect.Value, bool) {
	field, err := v.FieldByIndexErr(index)
	return field, err == nil
}

// throughJSON is a value as its JSON is read: what a type that encodes itself writes. It
// panics where a type encodes itself into what is no JSON.
func throughJSON(v reflect.Value) any {
	var value any
	text, err := json.Marshal(v.Interface())
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		panic(fmt.Sprintf("spec: encoding %s: %v", v.Type(), err))
	}
	return value
}
