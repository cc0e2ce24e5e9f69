package render

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/bkgen/bkgen/pkg/spec"
)

// tempSize bounds /tmp, where native libraries are unpacked. A heap dump needs more: give it a
// volume of its own.
var tempSize = resource.MustParse("1Gi")

// hardenedPod is what every pod of the profile has. It meets the restricted Pod
// Security standard. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
func hardenedPod(b *spec.BookKeeper) corev1.PodSpec {
	user, group, fsGroup := b.IDs()
	onMismatch := corev1.FSGroupChangeOnRootMismatch
	pod := corev1.PodSpec{
		AutomountServiceAccountToken: ptr(false),
		EnableServiceLinks:           ptr(false),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: ptr(true), RunAsUser: &user, RunAsGroup: &group, FSGroup: &fsGroup,
			FSGroupChangePolicy: &onMismatch,
			SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
	schedule(b, &pod)
	return pod
}

func restrictedContainer() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr(false),
		ReadOnlyRootFilesystem:   ptr(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}

// restricted gives a user's containers what the restricted standard asks of each, where
// they do not say otherwise.
func restricted(containers []corev1.Container) []corev1.Container {
	out := make([]corev1.Container, len(containers))
	for i, c := range containers {
		sc := &corev1.SecurityContext{}
		if c.SecurityContext != nil {
			sc = c.SecurityContext.DeepCopy()
		}
		if sc.AllowPrivilegeEscalation == nil {
			sc.AllowPrivilegeEscalation = ptr(false)
		}
		if sc.Capabilities == nil {
			sc.Capabilities = &corev1.Capabilities{}
		}
		if len(sc.Capabilities.Drop) == 0 {
			sc.Capabilities.Drop = []corev1.Capability{"ALL"}
		}
		c.SecurityContext = sc
		out[i] = c
	}
	return out
}

// ensureCluster creates the cluster's metadata in one step if and only if there is none.
// Nothing that runs in the pods can format.
func ensureCluster(b *spec.BookKeeper) corev1.Container {
	return corev1.Container{
		Name: spec.EnsureClusterContainer, Image: b.Spec.GitOps.Bkcheck.Image, ImagePullPolicy: corev1.PullIfNotPresent,
		Args: b.EnsureClusterArgs(),
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")},
		},
		SecurityContext: restrictedContainer(),
	}
}

// processEnv begins with the pod's name, which the command refers to.
func processEnv(b *spec.BookKeeper) []corev1.EnvVar {
	env := []corev1.EnvVar{{
		Name: spec.PodNameVariable, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.name"}},
	}}
	for _, e := range spec.OwnVariables {
		env = append(env, corev1.EnvVar{Name: e.Name, Value: e.Value})
	}
	for _, e := range b.Facts.Env {
		// What stood in a ConfigMap was not expanded; here $(X) would be.
		env = append(env, corev1.EnvVar{Name: e.Name, Value: strings.ReplaceAll(e.Value, "$(", "$$(")})
	}
	return env
}

// configVolume is the template's own annotation, as a file.
func configVolume() corev1.Volume {
	return corev1.Volume{Name: spec.ConfigVolume, VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{
		Items: []corev1.DownwardAPIVolumeFile{{
			Path:     spec.ConfigFile,
			FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['" + spec.ConfigAnnotation + "']"},
		}},
	}}}
}

func configMount() corev1.VolumeMount {
	return corev1.VolumeMount{Name: spec.ConfigVolume, MountPath: spec.ConfigDirectory, ReadOnly: true}
}

func tempVolume() corev1.Volume {
	size := tempSize
	return corev1.Volume{Name: spec.TempVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}}}
}

func tempMount() corev1.VolumeMount {
	return corev1.VolumeMount{Name: spec.TempVolume, MountPath: spec.TempDirectory}
}

// ownTemp reports whether the bookies' /tmp is ours; the spec may mount one of its own.
func ownTemp(b *spec.BookKeeper) bool {
	for _, m := range bookieMounts(b) {
		if m.MountPath == spec.TempDirectory {
			return false
		}
	}
	return true
}
