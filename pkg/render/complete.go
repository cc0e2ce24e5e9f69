package render

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// complete writes out what the API server would fill in and delivery engines compare
// without asking it: a port's protocol, and what a claim template is. What a user's
// containers or patches bring needs it; the rest has it already.
// Sources: kubernetes, pkg/apis/core/v1/defaults.go and zz_generated.defaults.go;
// argo-cd, gitops-engine/pkg/diff/diff.go.
func complete(object any) {
	switch o := object.(type) {
	case *appsv1.StatefulSet:
		completePod(&o.Spec.Template.Spec)
		for i := range o.Spec.VolumeClaimTemplates {
			completeClaim(&o.Spec.VolumeClaimTemplates[i])
		}
	case *appsv1.Deployment:
		completePod(&o.Spec.Template.Spec)
	case *corev1.Service:
		for i := range o.Spec.Ports {
			fillProtocol(&o.Spec.Ports[i].Protocol)
		}
	case *networkingv1.NetworkPolicy:
		for _, rule := range o.Spec.Ingress {
			completePolicyPorts(rule.Ports)
		}
		for _, rule := range o.Spec.Egress {
			completePolicyPorts(rule.Ports)
		}
	}
}

// completePod leaves the slices alone that it was given, which may be the spec's.
func completePod(pod *corev1.PodSpec) {
	for _, containers := range []*[]corev1.Container{&pod.InitContainers, &pod.Containers} {
		*containers = slices.Clone(*containers)
		for i := range *containers {
			ports := slices.Clone((*containers)[i].Ports)
			for j := range ports {
				fillProtocol(&ports[j].Protocol)
			}
			(*containers)[i].Ports = ports
		}
	}
}

func completeClaim(c *corev1.PersistentVolumeClaim) {
	c.TypeMeta = typeMeta("v1", "PersistentVolumeClaim")
	if c.Spec.VolumeMode == nil {
		c.Spec.VolumeMode = ptr(corev1.PersistentVolumeFilesystem)
	}
}

func completePolicyPorts(ports []networkingv1.NetworkPolicyPort) {
	for i := range ports {
		if ports[i].Protocol == nil {
			ports[i].Protocol = ptr(corev1.ProtocolTCP)
		}
	}
}

func fillProtocol(protocol *corev1.Protocol) {
	if *protocol == "" {
		*protocol = corev1.ProtocolTCP
	}
}
