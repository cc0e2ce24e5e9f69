package kube

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
)

// What a Cache keeps of an object is what an observer reads. Two things make up most of a bookie's pod,
// the configuration in its annotations and managedFields.

func stripPod(p *corev1.Pod) {
	p.ManagedFields, p.Annotations = nil, nil
	claimed := p.Spec.Volumes[:0:0]
	for _, volume := range p.Spec.Volumes {
		if volume.PersistentVolumeClaim != nil {
			claimed = append(claimed, volume)
		}
	}
	p.Spec = corev1.PodSpec{
		NodeName:       p.Spec.NodeName,
		Hostname:       p.Spec.Hostname,
		Subdomain:      p.Spec.Subdomain,
		Volumes:        claimed,
		Containers:     stripContainers(p.Spec.Containers),
		InitContainers: stripContainers(p.Spec.InitContainers),
	}
}

// stripContainers keeps which containers there are, and of what image.
func stripContainers(all []corev1.Container) []corev1.Container {
	var kept []corev1.Container
	for _, c := range all {
		kept = append(kept, corev1.Container{Name: c.Name, Image: c.Image, RestartPolicy: c.RestartPolicy})
	}
	return kept
}

// A StatefulSet stays whole: its managedFields say who owns the template.
func stripStatefulSet(*appsv1.StatefulSet) {}

func stripClaim(p *corev1.PersistentVolumeClaim)  { p.ManagedFields = nil }
func stripBudget(p *policyv1.PodDisruptionBudget) { p.ManagedFields = nil }
func stripRevision(r *appsv1.ControllerRevision)  { r.ManagedFields = nil }
func stripDeployment(d *appsv1.Deployment)        { d.ManagedFields = nil }
func stripConfigMap(m *corev1.ConfigMap)          { m.ManagedFields = nil }

// A node's status lists its images, often hundreds.
func stripNode(n *corev1.Node) {
	n.ManagedFields, n.Annotations = nil, nil
	n.Status = corev1.NodeStatus{Conditions: n.Status.Conditions}
}
