package bookie

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// object is a JSON object whose fields are taken one by one: where one that every version
// sends is absent, its zero value would be a statement that nobody made.
type object map[string]json.RawMessage

func parseObject(body []byte) (object, error) {
	var o object
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("not UTF-8")
	}
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if o == nil {
		return nil, fmt.Errorf("not a JSON object: null")
	}
	return o, nil
}

// field takes a field that must be there, of its type.
func field[T any](o object, name string, into *T) error {
	raw, ok := o[name]
	if !ok || string(raw) == "null" {
		return fmt.Errorf("lacks %q", name)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	return nil
}
