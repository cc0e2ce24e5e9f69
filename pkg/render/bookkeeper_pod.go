package render

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/bkgen/bkgen/pkg/spec"
)

// What both profiles share.

// bookieClaims are the claim templates in the operator's order. With their own
// apiVersion, kind and volumeMode no comparison of Argo CD's finds a difference.
func bookieClaims(b *spec.BookKeeper) []corev1.PersistentVolumeClaim {
	storage := b.Spec.Storage
	return []corev1.PersistentVolumeClaim{
		claim(spec.JournalClaim, storage.JournalVolumeClaimTemplate),
		claim(spec.LedgerClaim, storage.LedgerVolumeClaimTemplate),
		claim(spec.IndexClaim, storage.IndexVolumeClaimTemplate),
	}
}

func claim(name spec.Claim, given *corev1.PersistentVolumeClaimSpec) corev1.PersistentVolumeClaim {
	claimSpec := *given
	mode := corev1.PersistentVolumeFilesystem
	claimSpec.VolumeMode = &mode
	return corev1.PersistentVolumeClaim{
		TypeMeta:   typeMeta("v1", "PersistentVolumeClaim"),
		ObjectMeta: metav1.ObjectMeta{Name: string(name)},
		Spec:       claimSpec,
	}
}

// bookieMounts are the mounts of the claims and of the volumes that options ask for.
func bookieMounts(b *spec.BookKeeper) []corev1.VolumeMount {
	var mounts []corev1.VolumeMount
	for _, of := range []struct {
		claim spec.Claim
		dirs  []spec.Directory
	}{{spec.LedgerClaim, b.Facts.Ledger}, {spec.JournalClaim, b.Facts.Journal}, {spec.IndexClaim, b.Facts.Index}} {
		for _, dir := range of.dirs {
			mounts = append(mounts, corev1.VolumeMount{Name: string(of.claim), MountPath: dir.Path, SubPath: dir.SubPath})
		}
	}
	for _, list := range [][]spec.Mount{b.Facts.HostPaths, b.Facts.EmptyDirs, b.Facts.ConfigMaps} {
		for _, m := range list {
			mounts = append(mounts, corev1.VolumeMount{Name: m.Volume, MountPath: m.Path, SubPath: m.Key})
		}
	}
	return append(mounts, b.Spec.GitOps.Pod.VolumeMounts...)
}

// sharedMounts are the bookies' mounts that are no claims: the key stores and files that
// settings name, which autorecovery has too.
func sharedMounts(b *spec.BookKeeper) []corev1.VolumeMount {
	return slices.DeleteFunc(bookieMounts(b), func(m corev1.VolumeMount) bool {
		switch spec.Claim(m.Name) {
		case spec.LedgerClaim, spec.JournalClaim, spec.IndexClaim:
			return true
		}
		return false
	})
}

// optionVolumes are the volumes that options ask for; several keys of one ConfigMap share one.
func optionVolumes(b *spec.BookKeeper) []corev1.Volume {
	var volumes []corev1.Volume
	seen := map[string]bool{}
	for _, m := range b.Facts.ConfigMaps {
		if !seen[m.Volume] {
			volumes = append(volumes, corev1.Volume{Name: m.Volume, VolumeSource: corev1.VolumeSource{
				ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: m.Volume}},
			}})
		}
		seen[m.Volume] = true
	}
	for _, m := range b.Facts.HostPaths {
		volumes = append(volumes, corev1.Volume{Name: m.Volume, VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: m.Path}}})
	}
	for _, m := range b.Facts.EmptyDirs {
		volumes = append(volumes, corev1.Volume{Name: m.Volume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	}
	return volumes
}

// schedule puts the pod where the spec wants it.
func schedule(b *spec.BookKeeper, pod *corev1.PodSpec) {
	extras := b.Spec.GitOps.Pod
	pod.Tolerations = b.Spec.Tolerations
	pod.NodeSelector = extras.NodeSelector
	pod.TopologySpreadConstraints = extras.TopologySpreadConstraints
	pod.PriorityClassName = extras.PriorityClassName
	pod.ImagePullSecrets = extras.ImagePullSecrets
}

func withRestartToken(b *spec.BookKeeper, annotations map[string]string) map[string]string {
	if b.Spec.GitOps.RestartToken == "" {
		return annotations
	}
	out := maps.Clone(annotations)
	out[spec.RestartAnnotation] = b.Spec.GitOps.RestartToken
	return out
}

// addOptional adds to the bookies what the stanza switches on.
func addOptional(b *spec.BookKeeper, w *workload) {
	if *b.Spec.GitOps.NetworkPolicy.Enabled {
		w.policy = &networkPolicy{ingress: bookieIngress(b)}
	}
	if m := b.Spec.GitOps.PodMonitor; m.Enabled {
		w.monitor = &podMonitor{labels: m.Labels, selector: clusterLabels(b), port: "http", interval: m.Interval}
	}
}

// clusterLabels select every pod of the cluster, whatever its component.
func clusterLabels(b *spec.BookKeeper) map[string]string {
	return map[string]string{spec.AppLabel: spec.AppValue, spec.ClusterLabel: b.Name}
}

// bookieIngress lets clients to the bookie's port and the cluster's own pods to both.
// The HTTP server has no authentication and answers requests that delete ledgers, so
// nobody else but monitoring comes to its port. Source: bookkeeper, http/HttpRouter.java.
func bookieIngress(b *spec.BookKeeper) []networkingv1.NetworkPolicyIngressRule {
	own := networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{MatchLabels: clusterLabels(b)}}
	clients := networkingv1.NetworkPolicyIngressRule{Ports: policyPorts(spec.BookiePort)}
	if peers := b.Spec.GitOps.NetworkPolicy.Clients; len(peers) > 0 {
		clients.From = append([]networkingv1.NetworkPolicyPeer{own}, peers...)
	}
	return []networkingv1.NetworkPolicyIngressRule{clients, httpIngress(b)}
}

func httpIngress(b *spec.BookKeeper) networkingv1.NetworkPolicyIngressRule {
	own := networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{MatchLabels: clusterLabels(b)}}
	return networkingv1.NetworkPolicyIngressRule{
		Ports: policyPorts(spec.HTTPPort),
		From:  append([]networkingv1.NetworkPolicyPeer{own}, b.Spec.GitOps.NetworkPolicy.Monitoring...),
	}
}

func policyPorts(port int32) []networkingv1.NetworkPolicyPort {
	tcp, number := corev1.ProtocolTCP, intstr.FromInt32(port)
	return []networkingv1.NetworkPolicyPort{{Protocol: &tcp, Port: &number}}
}
