package accept

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// client handles objects of every kind, and keeps the warnings that it is given.
type client struct {
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper

	mu       sync.Mutex
	warnings []string
}

func newClient(t *testing.T, config *rest.Config, kinds discovery.DiscoveryInterface) *client {
	t.Helper()
	c := &client{mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds))}
	config = rest.CopyConfig(config)
	config.WarningHandler = c
	var err error
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	return c
}

// HandleWarningHeader makes it a rest.WarningHandler.
func (c *client) HandleWarningHeader(_ int, _, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warnings = append(c.warnings, text)
}

// warned returns the warnings since it was last called.
func (c *client) warned() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.warnings
	c.warnings = nil
	return seen
}

// at is the place in the API of the object's kind and namespace.
func (c *client) at(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, fmt.Errorf("finding %s in the API: %w", kind, err)
	}
	return c.dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
}

// create creates the object; unknown and double fields are errors.
func (c *client) create(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	place, err := c.at(object)
	if err != nil {
		return nil, err
	}
	return place.Create(ctx, object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
}

func (c *client) get(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	place, err := c.at(object)
	if err != nil {
		return nil, err
	}
	return place.Get(ctx, object.GetName(), metav1.GetOptions{})
}

func (c *client) delete(ctx context.Context, object *unstructured.Unstructured) error {
	place, err := c.at(object)
	if err != nil {
		return err
	}
	background := metav1.DeletePropagationBackground
	return place.Delete(ctx, object.GetName(), metav1.DeleteOptions{PropagationPolicy: &background})
}

// person is the field manager of kubectl's edit, patch and scale alike.
const person = "kubectl-edit"

// merge changes the live object as a person does by kubectl.
func (c *client) merge(ctx context.Context, object *unstructured.Unstructured, patch any) error {
	return c.patch(ctx, object, types.MergePatchType, patch)
}

func (c *client) patch(ctx context.Context, object *unstructured.Unstructured, kind types.PatchType, patch any) error {
	place, err := c.at(object)
	if err != nil {
		return err
	}
	text, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("encoding a patch: %w", err)
	}
	_, err = place.Patch(ctx, object.GetName(), kind, text, metav1.PatchOptions{FieldManager: person})
	return err
}

// name is kind/namespace/name, as the judges name objects.
func name(object *unstructured.Unstructured) string {
	return object.GetKind() + "/" + object.GetNamespace() + "/" + object.GetName()
}
