package cluster

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestFakeNodes(t *testing.T) {
	c := Start(t, Options{})
	c.FakeNodes(t, 5)
	labels := map[string]string{"app": "many"}
	_, err := c.Client.AppsV1().StatefulSets("default").Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "many"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(100)), PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}},
			},
		},
	}, metav1.CreateOptions{})
	must(t, err)
	must(t, c.AwaitReady(within(t, time.Minute), "default", "app=many", 100))
}
