// Package manifest holds Kubernetes objects as data: what identifies one, the bytes it is
// written as, the file and the order it belongs in, and the record of the files that bkgen
// wrote. It is pure: text and values in, text and values out.
package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Key identifies an object.
type Key struct {
	APIVersion string
	Kind       string
	// Namespace is empty for a cluster-scoped object, and for one whose manifest leaves it open.
	Namespace string
	Name      string
}

// String is "apps/v1 StatefulSet storage/bookkeeper-bookie", or "v1 Namespace storage" without
// a namespace.
func (k Key) String() string {
	if k.Namespace == "" {
		return k.APIVersion + " " + k.Kind + " " + k.Name
	}
	return k.APIVersion + " " + k.Kind + " " + k.Namespace + "/" + k.Name
}

// Object is one Kubernetes object as data.
type Object struct {
	// Data is JSON-shaped: map[string]any, []any, string, bool, int64, json.Number and nil. A
	// number is an int64 where it is written as an integer that fits, else its JSON text.
	// Objects made by hand may hold int and float64 too.
	Data map[string]any
}

// Key is what the object says of itself; a part that is missing or not text is empty.
func (o Object) Key() Key {
	meta, _ := o.Data["metadata"].(map[string]any)
	return Key{
		APIVersion: text(o.Data["apiVersion"]),
		Kind:       text(o.Data["kind"]),
		Namespace:  text(meta["namespace"]),
		Name:       text(meta["name"]),
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// identified reports whether the object says which one it is.
func (o Object) identified() error {
	k := o.Key()
	for _, field := range []struct{ path, value string }{
		{"apiVersion", k.APIVersion}, {"kind", k.Kind}, {"metadata.name", k.Name},
	} {
		if field.value == "" {
			return fmt.Errorf("%s: missing or not text, required in every object (seen: %q)", field.path, k)
		}
	}
	return nil
}

// FileName is the file that holds the object alone: slot, kind and name, such as
// "60-statefulset-bookkeeper-bookie.yaml". It is never a path: what a name may hold and a
// file name should not, such as the colon of an RBAC name, becomes "_". Objects that differ only
// in namespace or API group share a name.
func (o Object) FileName() string {
	k := o.Key()
	return fmt.Sprintf("%02d-%s-%s.yaml", slot(k.Kind), fileWord(strings.ToLower(k.Kind)), fileWord(k.Name))
}

func fileWord(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.', r == '_':
			return r
		}
		return '_'
	}, s)
}

// Sort puts objects into the order in which they should be applied: by slot, then kind,
// namespace, name and API version.
func Sort(objects []Object) {
	slices.SortStableFunc(objects, func(a, b Object) int {
		ka, kb := a.Key(), b.Key()
		return cmp.Or(
			cmp.Compare(slot(ka.Kind), slot(kb.Kind)),
			cmp.Compare(ka.Kind, kb.Kind),
			cmp.Compare(ka.Namespace, kb.Namespace),
			cmp.Compare(ka.Name, kb.Name),
			cmp.Compare(ka.APIVersion, kb.APIVersion),
		)
	})
}

// slot is a kind's place in the order of application: what is referred to comes before what
// refers to it, and what starts pods comes after all that a pod needs. The numbers are part
// of file names, so they never change; the gaps are for kinds to come.
func slot(kind string) int {
	switch kind {
	case "ServiceAccount":
		return 10
	case "Role":
		return 15
	case "RoleBinding":
		return 20
	case "ConfigMap":
		return 25
	case "Secret":
		return 26
	case "Lease":
		return 27
	case "Service":
		return 30
	case "PodDisruptionBudget":
		return 40
	case "NetworkPolicy":
		return 45
	case "StatefulSet":
		return 60
	case "Deployment":
		return 70
	case "Job":
		return 75
	case "PodMonitor":
		return 80
	case "PrometheusRule":
		return 85
	}
	return 90
}
