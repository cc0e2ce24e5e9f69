package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// customText describes for a message a type that decodes itself.
type customText struct{ allowed, examples string }

func (t customText) String() string { return t.allowed + " (examples: " + t.examples + ")" }

var customTexts = map[reflect.Type]customText{
	reflect.TypeFor[resource.Quantity]():  {"a quantity", "10Gi, 500m, 2"},
	reflect.TypeFor[intstr.IntOrString](): {"a 32-bit integer or a string", "8080, http, 25%"},
	reflect.TypeFor[metav1.Time]():        {"a time", "2026-01-31T12:00:00Z"},
	reflect.TypeFor[metav1.MicroTime]():   {"a time", "2026-01-31T12:00:00.000000Z"},
	reflect.TypeFor[metav1.Duration]():    {"a duration", "30s, 5m, 1h30m"},
}

// custom gives the value at p, as JSON, to a type that decodes itself.
func (d *decoder) custom(p place, into reflect.Value) {
	value, ok := d.freeform(p)
	if !ok {
		return
	}
	err := unmarshalInto(into, value)
	if err == nil {
		return
	}
	n := follow(p.node)
	text, known := customTexts[into.Type()]
	switch {
	case !known:
		d.report(p, "%s", err)
	case n.Kind == yaml.ScalarNode && kindOf(n) == stringScalar:
		d.report(p, "%q is not %s", clipped(n.Value), text)
	default:
		d.mismatch(p, text.String())
	}
}

func unmarshalInto(into reflect.Value, value any) error {
	if text, ok := value.(string); ok && into.Type() == reflect.TypeFor[resource.Quantity]() && !sanePattern.MatchString(text) {
		return errors.New("not a quantity")
	}
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	return into.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(bytes.TrimSpace(data.Bytes()))
}

// sanePattern keeps from resource.ParseQuantity what it would compute for minutes, such
// as 1e999999999. The largest and the smallest quantity that it keeps have 19 digits.
var sanePattern = regexp.MustCompile(`^[^eE]{0,64}([eE][-+]?[0-9]{0,3}|Ei?)?$`)
