package accept

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// testCreate creates every set exactly as it is committed, one after the other.
func (s *suite) testCreate(t *testing.T) {
	for _, set := range s.sets {
		t.Run(set.name, func(t *testing.T) {
			s.place(t, set.objects, set.hardened)
			s.client.warned()
			for _, object := range set.objects {
				s.createOnce(t, object)
			}
		})
	}
}

// createOnce creates the object and removes it when the test ends.
func (s *suite) createOnce(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	_, err := s.client.create(t.Context(), object)
	if warnings := s.client.warned(); err != nil || len(warnings) > 0 {
		t.Errorf("%s: error %v, warnings %q", name(object), err, warnings)
	}
	if err != nil {
		return
	}
	t.Cleanup(func() {
		if err := s.client.delete(context.Background(), object); err != nil {
			t.Errorf("deleting %s: %v", name(object), err)
		}
	})
}
