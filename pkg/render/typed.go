package render

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	kjson "sigs.k8s.io/json"

	"github.com/bkgen/bkgen/internal/manifest"
)

// typedObject is an object and its value of the Kubernetes API, or its data where
// Kubernetes has no type for it.
type typedObject struct {
	key   manifest.Key
	typed any
}

// objectSet are the objects of one cluster.
type objectSet []typedObject

func (s objectSet) find(key manifest.Key) any {
	for _, o := range s {
		if o.key == key {
			return o.typed
		}
	}
	return nil
}

// newTyped makes an empty value of the API's type, nil where there is none.
func newTyped(key manifest.Key) any {
	switch key.APIVersion + " " + key.Kind {
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}
	case "v1 Service":
		return &corev1.Service{}
	case "v1 ServiceAccount":
		return &corev1.ServiceAccount{}
	case "apps/v1 StatefulSet":
		return &appsv1.StatefulSet{}
	case "apps/v1 Deployment":
		return &appsv1.Deployment{}
	case "policy/v1 PodDisruptionBudget":
		return &policyv1.PodDisruptionBudget{}
	case "networking.k8s.io/v1 NetworkPolicy":
		return &networkingv1.NetworkPolicy{}
	}
	return nil
}

// typedSet decodes objects strictly, as the API server does: an unknown field, a wrong
// type or a field given twice is an error that names it.
func typedSet(objects []manifest.Object) (objectSet, error) {
	set := make(objectSet, 0, len(objects))
	for _, o := range objects {
		typed, err := strictTyped(o)
		if err != nil {
			return nil, fmt.Errorf("%s is not valid: %w", o.Key(), err)
		}
		set = append(set, typedObject{o.Key(), typed})
	}
	return set, nil
}

func strictTyped(o manifest.Object) (any, error) {
	typed := newTyped(o.Key())
	if typed == nil {
		return o.Data, nil
	}
	text, err := json.Marshal(o.Data)
	if err != nil {
		return nil, err
	}
	strict, err := kjson.UnmarshalStrict(text, typed)
	if err != nil {
		return nil, err
	}
	if len(strict) > 0 {
		return nil, strict[0]
	}
	return typed, nil
}
