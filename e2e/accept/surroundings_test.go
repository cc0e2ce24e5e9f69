package accept

import (
	"context"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bkgen/bkgen/e2e/cluster"
)

// place makes ready what the objects expect to find: their namespace, and in it the service
// accounts and priority classes that their pods name and that are not among them.
func (s *suite) place(t *testing.T, objects []*unstructured.Unstructured, hardened bool) {
	t.Helper()
	namespace := objects[0].GetNamespace()
	s.namespace(t, namespace, hardened)
	own := map[string]bool{}
	for _, object := range objects {
		own[name(object)] = true
	}
	for _, object := range objects {
		account, _, _ := unstructured.NestedString(object.Object, "spec", "template", "spec", "serviceAccountName")
		if account != "" && !own["ServiceAccount/"+namespace+"/"+account] {
			s.ensure(t, bare("v1", "ServiceAccount", namespace, account))
		}
		class, _, _ := unstructured.NestedString(object.Object, "spec", "template", "spec", "priorityClassName")
		if class != "" {
			s.ensure(t, bare("scheduling.k8s.io/v1", "PriorityClass", "", class))
		}
	}
}

// namespace makes a namespace, or gives one that is there the labels: for Hardened sets
// those that enforce the standard restricted and warn of what breaks it.
func (s *suite) namespace(t *testing.T, name string, hardened bool) {
	t.Helper()
	labels := map[string]any{"pod-security.kubernetes.io/enforce": nil, "pod-security.kubernetes.io/warn": nil}
	if hardened {
		labels = map[string]any{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
	}
	namespace := bare("v1", "Namespace", "", name)
	s.ensure(t, namespace)
	if err := s.client.merge(t.Context(), namespace, map[string]any{"metadata": map[string]any{"labels": labels}}); err != nil {
		t.Fatal(err)
	}
	// Pods of the service account default are refused until it is there.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := cluster.Await(ctx, "the default service account of "+name, func(ctx context.Context) error {
		_, err := s.Client.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ensure creates the object if it is not there.
func (s *suite) ensure(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	if _, err := s.client.create(t.Context(), object); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// bare is an object with nothing but its identity; namespace is "" for one that has none.
func bare(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	object.SetAPIVersion(apiVersion)
	object.SetKind(kind)
	object.SetNamespace(namespace)
	object.SetName(name)
	return object
}
