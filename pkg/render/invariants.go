package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/pkg/spec"
)

// removable are the kinds that a patch may take away altogether.
var removable = []string{"NetworkPolicy", "PodMonitor"}

// hookAnnotations make a delivery engine run an object at another time than a sync.
var hookAnnotations = []string{"argocd.argoproj.io/hook", "helm.sh/hook"}

// broken names what the patched objects no longer keep of what the original ones
// promise: the names by which pods, disks and identities are found, and the order that
// nothing restarts a bookie but who has asked for its data.
func (s objectSet) broken(patched objectSet) []string {
	var reasons []string
	for _, o := range s {
		after := patched.find(o.key)
		if after == nil {
			if !slices.Contains(removable, o.key.Kind) {
				reasons = append(reasons, fmt.Sprintf("%s is gone after the patch; a patch may remove only %s", o.key, strings.Join(removable, " and ")))
			}
			continue
		}
		for _, reason := range brokenObject(o.typed, after) {
			reasons = append(reasons, fmt.Sprintf("%s: %s", o.key, reason))
		}
	}
	for _, o := range patched {
		if s.find(o.key) == nil {
			reasons = append(reasons, fmt.Sprintf("%s is new after the patch; a patch may change objects only", o.key))
		}
		reasons = append(reasons, hooks(o)...)
	}
	return reasons
}

func hooks(o typedObject) []string {
	var reasons []string
	for _, key := range hookAnnotations {
		if annotationOf(o.typed, key) != "" {
			reasons = append(reasons, fmt.Sprintf("%s: annotation %s would take it out of the sync", o.key, key))
		}
	}
	return reasons
}

func annotationOf(object any, key string) string {
	switch o := object.(type) {
	case metav1.Object:
		return o.GetAnnotations()[key]
	case map[string]any:
		metadata, _ := o["metadata"].(map[string]any)
		annotations, _ := metadata["annotations"].(map[string]any)
		value, _ := annotations[key].(string)
		return value
	}
	return ""
}

func brokenObject(before, after any) []string {
	switch b := before.(type) {
	case *appsv1.StatefulSet:
		a := after.(*appsv1.StatefulSet)
		return append(brokenStatefulSet(b, a), brokenTemplate(b.Spec.Template, a.Spec.Template, b.Spec.Selector, claimNames(a))...)
	case *appsv1.Deployment:
		a := after.(*appsv1.Deployment)
		reasons := unequal(nil, "spec.selector", b.Spec.Selector, a.Spec.Selector, "it is immutable and finds the pods")
		return append(reasons, brokenTemplate(b.Spec.Template, a.Spec.Template, b.Spec.Selector, nil)...)
	case *corev1.Service:
		return brokenService(b, after.(*corev1.Service))
	case *policyv1.PodDisruptionBudget:
		a := after.(*policyv1.PodDisruptionBudget)
		reasons := unequal(nil, "spec.selector", b.Spec.Selector, a.Spec.Selector, "it finds the pods that the budget protects")
		reasons = unequal(reasons, "spec.maxUnavailable", b.Spec.MaxUnavailable, a.Spec.MaxUnavailable, "set spec.maxUnavailableBookkeeperReplicas instead")
		return unequal(reasons, "spec.minAvailable", b.Spec.MinAvailable, a.Spec.MinAvailable, "set spec.maxUnavailableBookkeeperReplicas instead")
	}
	return nil
}

// unequal adds a reason if a field that must stay was changed.
func unequal(reasons []string, field string, before, after any, why string) []string {
	if equality.Semantic.DeepEqual(before, after) {
		return reasons
	}
	return append(reasons, fmt.Sprintf("%s must stay %s, seen %s: %s", field, compact(before), compact(after), why))
}

func brokenStatefulSet(b, a *appsv1.StatefulSet) []string {
	var reasons []string
	reasons = unequal(reasons, "spec.replicas", b.Spec.Replicas, a.Spec.Replicas, "set spec.replicas of the cluster instead")
	reasons = unequal(reasons, "spec.selector", b.Spec.Selector, a.Spec.Selector, "it is immutable and finds the pods")
	reasons = unequal(reasons, "spec.serviceName", b.Spec.ServiceName, a.Spec.ServiceName, "the bookies' identities contain it")
	reasons = unequal(reasons, "spec.podManagementPolicy", b.Spec.PodManagementPolicy, a.Spec.PodManagementPolicy, "it is immutable, and OrderedReady cannot recover behind a broken pod")
	reasons = unequal(reasons, "spec.updateStrategy", b.Spec.UpdateStrategy, a.Spec.UpdateStrategy, "any other restarts bookies without asking whether their ledgers are replicated")
	reasons = unequal(reasons, "spec.persistentVolumeClaimRetentionPolicy", b.Spec.PersistentVolumeClaimRetentionPolicy, a.Spec.PersistentVolumeClaimRetentionPolicy, "claims hold the ledgers")
	reasons = unequal(reasons, "spec.ordinals", b.Spec.Ordinals, a.Spec.Ordinals, "the bookies' identities contain the ordinal")
	return unequal(reasons, "the names of spec.volumeClaimTemplates", claimNames(b), claimNames(a), "the bookies' disks are found by them")
}

func claimNames(s *appsv1.StatefulSet) []string {
	names := []string{}
	for _, c := range s.Spec.VolumeClaimTemplates {
		names = append(names, c.Name)
	}
	return names
}

func brokenService(b, a *corev1.Service) []string {
	var reasons []string
	reasons = unequal(reasons, "spec.clusterIP", b.Spec.ClusterIP, a.Spec.ClusterIP, "a bookie's DNS name needs a headless Service")
	reasons = unequal(reasons, "spec.selector", b.Spec.Selector, a.Spec.Selector, "it finds the bookies")
	reasons = unequal(reasons, "spec.publishNotReadyAddresses", b.Spec.PublishNotReadyAddresses, a.Spec.PublishNotReadyAddresses, "bookies are looked up before they are ready")
	for _, port := range b.Spec.Ports {
		if !slices.ContainsFunc(a.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == port.Name && p.Port == port.Port }) {
			reasons = append(reasons, fmt.Sprintf("spec.ports: port %s %d is gone", port.Name, port.Port))
		}
	}
	return reasons
}

// brokenTemplate checks a pod template; claims are volumes that the StatefulSet adds.
func brokenTemplate(b, a corev1.PodTemplateSpec, selector *metav1.LabelSelector, claims []string) []string {
	var reasons []string
	for _, key := range slices.Sorted(maps.Keys(selector.MatchLabels)) {
		if a.Labels[key] != selector.MatchLabels[key] {
			reasons = append(reasons, fmt.Sprintf("spec.template.metadata.labels: %s must stay %q, seen %q: the selector finds the pods by it", key, selector.MatchLabels[key], a.Labels[key]))
		}
	}
	if b.Annotations[spec.ConfigAnnotation] != a.Annotations[spec.ConfigAnnotation] {
		reasons = append(reasons, fmt.Sprintf("spec.template.metadata.annotations: %s is the checked configuration; change spec.options instead", spec.ConfigAnnotation))
	}
	volumes := slices.Clone(claims)
	for _, v := range a.Spec.Volumes {
		volumes = append(volumes, v.Name)
	}
	for _, v := range b.Spec.Volumes {
		if !slices.Contains(volumes, v.Name) {
			reasons = append(reasons, fmt.Sprintf("spec.template.spec.volumes: volume %q is gone", v.Name))
		}
	}
	reasons = append(reasons, brokenContainers("initContainers", b.Spec.InitContainers, a.Spec.InitContainers, volumes)...)
	return append(reasons, brokenContainers("containers", b.Spec.Containers, a.Spec.Containers, volumes)...)
}

func brokenContainers(field string, before, after []corev1.Container, volumes []string) []string {
	var reasons []string
	for _, b := range before {
		i := slices.IndexFunc(after, func(c corev1.Container) bool { return c.Name == b.Name })
		if i < 0 {
			reasons = append(reasons, fmt.Sprintf("spec.template.spec.%s: container %q is gone", field, b.Name))
			continue
		}
		reasons = append(reasons, brokenContainer(b, after[i])...)
	}
	for _, a := range after {
		for _, m := range a.VolumeMounts {
			if !slices.Contains(volumes, m.Name) {
				reasons = append(reasons, fmt.Sprintf("container %q mounts volume %q, which is not there", a.Name, m.Name))
			}
		}
	}
	return reasons
}

func brokenContainer(b, a corev1.Container) []string {
	var reasons []string
	for _, m := range b.VolumeMounts {
		if !slices.ContainsFunc(a.VolumeMounts, func(n corev1.VolumeMount) bool {
			return n.Name == m.Name && n.MountPath == m.MountPath && n.SubPath == m.SubPath
		}) {
			reasons = append(reasons, fmt.Sprintf("container %q: the mount of volume %q at %s is gone", b.Name, m.Name, m.MountPath))
		}
	}
	for _, port := range b.Ports {
		if !slices.ContainsFunc(a.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.Name && p.ContainerPort == port.ContainerPort }) {
			reasons = append(reasons, fmt.Sprintf("container %q: port %s %d is gone", b.Name, port.Name, port.ContainerPort))
		}
	}
	for _, argument := range identityArguments(b) {
		if !slices.Contains(a.Command, argument) && !slices.Contains(a.Args, argument) {
			reasons = append(reasons, fmt.Sprintf("container %q: argument %q is gone: it is who the pod is and which cluster it belongs to", b.Name, argument))
		}
	}
	return reasons
}

// identityArguments are those that say who a process is and where its cluster's metadata lies.
func identityArguments(c corev1.Container) []string {
	var arguments []string
	for _, argument := range append(slices.Clone(c.Command), c.Args...) {
		if strings.HasPrefix(argument, "-DadvertisedAddress=") || strings.HasPrefix(argument, "--metadata-service-uri=") || strings.HasPrefix(argument, spec.ConfigDirectory) {
			arguments = append(arguments, argument)
		}
	}
	return arguments
}

// compact writes a value on one line for a message.
func compact(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
