package render

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/pkg/spec"
)

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
	reasons = append(reasons, brokenVolumes(b.Spec.Volumes, a.Spec.Volumes, claims)...)
	for _, name := range repeated(append(containerNames(a.Spec.InitContainers), containerNames(a.Spec.Containers)...)) {
		reasons = append(reasons, fmt.Sprintf("spec.template.spec: container %q is there twice", name))
	}
	volumes := append(volumeNames(a.Spec.Volumes), claims...)
	reasons = append(reasons, unmounted(append(slices.Clone(a.Spec.InitContainers), a.Spec.Containers...), volumes)...)
	reasons = append(reasons, brokenPod(b.Spec, a.Spec)...)
	data := append(slices.Clone(claims), spec.ConfigVolume)
	reasons = append(reasons, brokenContainers("initContainers", b.Spec.InitContainers, a.Spec.InitContainers, data)...)
	return append(reasons, brokenContainers("containers", b.Spec.Containers, a.Spec.Containers, data)...)
}

func brokenPod(b, a corev1.PodSpec) []string {
	var reasons []string
	if a.RestartPolicy != "" && a.RestartPolicy != corev1.RestartPolicyAlways {
		reasons = append(reasons, fmt.Sprintf("spec.template.spec.restartPolicy must stay Always, seen %s: the API server takes no other", a.RestartPolicy))
	}
	if least, seen := gracePeriod(b), gracePeriod(a); seen < least {
		reasons = append(reasons, fmt.Sprintf("spec.template.spec.terminationGracePeriodSeconds must be at least %d, seen %d: a process that is killed has not ended its work", least, seen))
	}
	for _, c := range slices.Concat(a.InitContainers, a.Containers) {
		if c.Image == "" {
			reasons = append(reasons, fmt.Sprintf("container %q has no image", c.Name))
		}
	}
	return reasons
}

// gracePeriod is Kubernetes' own where nothing is said.
func gracePeriod(pod corev1.PodSpec) int64 {
	if pod.TerminationGracePeriodSeconds == nil {
		return corev1.DefaultTerminationGracePeriodSeconds
	}
	return *pod.TerminationGracePeriodSeconds
}

func brokenVolumes(before, after []corev1.Volume, claims []string) []string {
	var reasons []string
	for _, b := range before {
		i := slices.IndexFunc(after, func(a corev1.Volume) bool { return a.Name == b.Name })
		switch {
		case i < 0 && !slices.Contains(claims, b.Name):
			reasons = append(reasons, fmt.Sprintf("spec.template.spec.volumes: volume %q is gone", b.Name))
		case i >= 0 && b.Name == spec.ConfigVolume && b.DownwardAPI != nil:
			reasons = unequal(reasons, "spec.template.spec.volumes: config", b, after[i], "it is the checked configuration")
		}
	}
	for _, name := range repeated(append(volumeNames(after), claims...)) {
		reasons = append(reasons, fmt.Sprintf("spec.template.spec.volumes: volume %q is there twice, or a claim's name", name))
	}
	return reasons
}

func volumeNames(volumes []corev1.Volume) []string {
	var list []string
	for _, v := range volumes {
		list = append(list, v.Name)
	}
	return list
}

func containerNames(containers []corev1.Container) []string {
	var list []string
	for _, c := range containers {
		list = append(list, c.Name)
	}
	return list
}

// repeated are the names that a list holds more than once, sorted.
func repeated(list []string) []string {
	times := map[string]int{}
	for _, name := range list {
		times[name]++
	}
	maps.DeleteFunc(times, func(_ string, n int) bool { return n < 2 })
	return slices.Sorted(maps.Keys(times))
}

func unmounted(containers []corev1.Container, volumes []string) []string {
	var reasons []string
	for _, c := range containers {
		for _, m := range c.VolumeMounts {
			if !slices.Contains(volumes, m.Name) {
				reasons = append(reasons, fmt.Sprintf("container %q mounts volume %q, which is not there", c.Name, m.Name))
			}
		}
	}
	return reasons
}

// brokenContainers compares containers of the same name; data are the volumes over which
// nothing else may be mounted.
func brokenContainers(field string, before, after []corev1.Container, data []string) []string {
	var reasons []string
	for _, b := range before {
		i := slices.IndexFunc(after, func(c corev1.Container) bool { return c.Name == b.Name })
		if i < 0 {
			reasons = append(reasons, fmt.Sprintf("spec.template.spec.%s: container %q is gone", field, b.Name))
			continue
		}
		for _, broken := range []func(b, a corev1.Container) []string{brokenPorts, brokenCommand, brokenEnvironment} {
			reasons = append(reasons, broken(b, after[i])...)
		}
		reasons = append(reasons, brokenMounts(b, after[i], data)...)
	}
	return reasons
}

func brokenPorts(b, a corev1.Container) []string {
	var reasons []string
	for _, port := range b.Ports {
		i := slices.IndexFunc(a.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.Name && p.ContainerPort == port.ContainerPort })
		if i < 0 {
			reasons = append(reasons, fmt.Sprintf("container %q: port %s %d is gone", b.Name, port.Name, port.ContainerPort))
			continue
		}
		reasons = unequal(reasons, fmt.Sprintf("container %q: protocol of port %s", b.Name, port.Name), port.Protocol, a.Ports[i].Protocol, "the process speaks no other")
	}
	return reasons
}

// brokenMounts: every mount is still there, and none that is new lies at, above or below
// the directory of a data volume, where it would take what belongs on the disk. A path
// can be written in many ways, so a second mount of the same directory counts too.
func brokenMounts(b, a corev1.Container, data []string) []string {
	var reasons []string
	for _, m := range b.VolumeMounts {
		if !hasMount(a, m) {
			reasons = append(reasons, fmt.Sprintf("container %q: the mount of volume %q at %s is gone or another", b.Name, m.Name, m.MountPath))
		}
	}
	for _, n := range a.VolumeMounts {
		if hasMount(b, n) {
			continue
		}
		for _, m := range b.VolumeMounts {
			if slices.Contains(data, m.Name) && hasMount(a, m) && covers(n, m) {
				reasons = append(reasons, fmt.Sprintf("container %q: a mount of volume %q at %s would come between the process and volume %q at %s", b.Name, n.Name, n.MountPath, m.Name, m.MountPath))
			}
		}
	}
	return reasons
}

// covers reports whether a mount takes a part of another's directory, or contains it.
func covers(n, m corev1.VolumeMount) bool {
	return within(n.MountPath, m.MountPath) || within(m.MountPath, n.MountPath)
}

// hasMount reports whether a container has a mount with all that decides what is read and written there.
func hasMount(c corev1.Container, m corev1.VolumeMount) bool {
	return slices.ContainsFunc(c.VolumeMounts, func(n corev1.VolumeMount) bool {
		return n.Name == m.Name && mountPath(n.MountPath) == mountPath(m.MountPath) && n.SubPath == m.SubPath && n.SubPathExpr == m.SubPathExpr && n.ReadOnly == m.ReadOnly
	})
}

// mountPath is the directory that a path means: container runtimes take a relative one
// from the root. Source: opencontainers/runtime-spec, config.md (mounts, destination).
func mountPath(p string) string {
	return path.Clean("/" + p)
}

// within reports whether inner is outer or lies below it.
func within(inner, outer string) bool {
	inner, outer = mountPath(inner), mountPath(outer)
	return outer == "/" || inner == outer || strings.HasPrefix(inner, outer+"/")
}
