package spec

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// typePlan is what the decoder knows of a Go type.
type typePlan struct {
	// custom: the type decodes itself from JSON.
	custom bool
	// fields are the indexes of a struct's fields by their names in JSON, for
	// reflect's FieldByIndex; names are the same names, sorted.
	fields map[string][]int
	names  []string
}

var typePlans sync.Map // reflect.Type → *typePlan

func planFor(t reflect.Type) *typePlan {
	if plan, ok := typePlans.Load(t); ok {
		return plan.(*typePlan)
	}
	plan := &typePlan{custom: reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())}
	if t.Kind() == reflect.Struct && !plan.custom {
		plan.fields = make(map[string][]int)
		plan.addFields(t, nil)
		plan.names = slices.Sorted(maps.Keys(plan.fields))
	}
	typePlans.Store(t, plan)
	return plan
}

// addFields adds the fields of a struct that stands at index, with those of the structs
// that it embeds, by the rules of encoding/json: the shallower of two names counts.
func (p *typePlan) addFields(t reflect.Type, index []int) {
	for f := range t.Fields() {
		at := append(slices.Clone(index), f.Index...)
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-":
		case f.Anonymous && name == "" && embedded(f.Type).Kind() == reflect.Struct:
			p.addFields(embedded(f.Type), at)
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			if known, ok := p.fields[name]; !ok || len(at) < len(known) {
				p.fields[name] = at
			}
		}
	}
}

func embedded(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// fieldAt is the field of a struct at an index; embedded pointers on the way are filled.
func fieldAt(v reflect.Value, index []int) reflect.Value {
	for _, i := range index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}
