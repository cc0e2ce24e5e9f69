package accept

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// testPods takes a pod of each Hardened workload, as the controllers made it of its
// template, and creates it anew: in a namespace that enforces and warns restricted. Pod
// Security judges what a person asks for and what a controller does alike, but only the
// person is told.
func (s *suite) testPods(t *testing.T) {
	for _, set := range s.sets {
		if !set.hardened {
			continue
		}
		t.Run(set.name, func(t *testing.T) {
			pods := s.podsOf(t, "client-side-"+set.name)
			if want := len(set.kind("StatefulSet")) + len(set.kind("Deployment")); len(pods) != want || want == 0 {
				t.Errorf("found the pods of %d workloads, want %d", len(pods), want)
			}
			for _, pod := range pods {
				s.client.warned()
				_, err := s.client.create(t.Context(), pod)
				if warnings := s.client.warned(); err != nil || len(warnings) > 0 {
					t.Errorf("%s: error %v, warnings %q", name(pod), err, warnings)
				}
			}
		})
	}
	t.Run("the namespaces do refuse and warn", s.testStandard)
}

// podsOf returns a copy of one pod of each workload.
func (s *suite) podsOf(t *testing.T, namespace string) map[string]*unstructured.Unstructured {
	t.Helper()
	pods, err := s.Client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	copies := map[string]*unstructured.Unstructured{}
	for _, pod := range pods.Items {
		owner := metav1.GetControllerOf(&pod)
		if owner == nil {
			continue
		}
		again := pod.DeepCopy()
		again.Status = corev1.PodStatus{}
		again.ObjectMeta = metav1.ObjectMeta{Namespace: namespace, Name: owner.Name + "-again", Labels: pod.Labels, Annotations: pod.Annotations}
		object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(again)
		if err != nil {
			t.Fatal(err)
		}
		copies[owner.Name] = &unstructured.Unstructured{Object: object}
		copies[owner.Name].SetAPIVersion("v1")
		copies[owner.Name].SetKind("Pod")
	}
	return copies
}

// testStandard shows that the test above can fail: a pod that may gain privileges is
// refused, and the template of an Operator's workload, which nobody hardened, is warned of.
func (s *suite) testStandard(t *testing.T) {
	for _, set := range s.sets {
		if set.hardened {
			s.refused(t, set)
		} else {
			s.warnedOf(t, set)
		}
	}
}

func (s *suite) refused(t *testing.T, set set) {
	t.Helper()
	for owner, pod := range s.podsOf(t, "client-side-"+set.name) {
		pod.SetName(owner + "-privileged")
		containers, _, err := unstructured.NestedSlice(pod.Object, "spec", "containers")
		if err != nil {
			t.Fatal(err)
		}
		containers[0].(map[string]any)["securityContext"] = map[string]any{"allowPrivilegeEscalation": true}
		setField(t, pod, containers, "spec", "containers")
		if _, err := s.client.create(t.Context(), pod); !apierrors.IsForbidden(err) {
			t.Errorf("%s: error %v, want Forbidden", name(pod), err)
		}
	}
}

func (s *suite) warnedOf(t *testing.T, set set) {
	t.Helper()
	namespace := "standard-" + set.name
	s.namespace(t, namespace, true)
	s.client.warned()
	for _, object := range set.in(namespace) {
		if _, err := s.client.create(t.Context(), object); err != nil {
			t.Errorf("%s: %v", name(object), err)
		}
	}
	if len(s.client.warned()) == 0 {
		t.Errorf("%s: no warning", set.name)
	}
}
