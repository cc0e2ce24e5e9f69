package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Values that the API server refuses, found before a commit and not after it. Sources:
// kubernetes, pkg/apis/core/validation/validation.go, pkg/apis/core/helper/helpers.go.

// checkTolerations holds the enumerations of spec.tolerations.
func (c *checker) checkTolerations() {
	for i, t := range c.cluster.Spec.Tolerations {
		path := fmt.Sprintf("spec.tolerations[%d]", i)
		if t.Operator != "" {
			oneOf(c, path+".operator", t.Operator, corev1.TolerationOpExists, corev1.TolerationOpEqual)
		}
		if t.Effect != "" {
			oneOf(c, path+".effect", t.Effect, corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute)
		}
		if t.Key != "" && !isQualifiedName(t.Key) {
			c.errorf(path+".key", "%q is not a taint's key", t.Key)
		}
		if t.Key == "" && t.Operator != corev1.TolerationOpExists {
			c.errorf(path+".key", "required unless operator is Exists")
		}
		if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
			c.errorf(path+".tolerationSeconds", "allowed only with effect NoExecute, seen %q", t.Effect)
		}
	}
}

// checkSpread holds the constraints of spec.gitops.pod.topologySpreadConstraints.
func (c *checker) checkSpread() {
	for i, t := range c.cluster.Spec.GitOps.Pod.TopologySpreadConstraints {
		path := fmt.Sprintf("spec.gitops.pod.topologySpreadConstraints[%d]", i)
		c.atLeast(path+".maxSkew", &t.MaxSkew, 1)
		if !isQualifiedName(t.TopologyKey) {
			c.errorf(path+".topologyKey", "%q is not a node label's key such as %s", t.TopologyKey, corev1.LabelTopologyZone)
		}
		oneOf(c, path+".whenUnsatisfiable", t.WhenUnsatisfiable, corev1.DoNotSchedule, corev1.ScheduleAnyway)
		if slices.Contains(t.MatchLabelKeys, "controller-revision-hash") {
			c.badf(path+".matchLabelKeys", "controller-revision-hash tells the revisions apart: during a rollout the old and the new bookies may crowd one zone")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.cluster.Spec.GitOps.Pod.NodeSelector)) {
		path := joinPath("spec.gitops.pod.nodeSelector", key)
		if !isQualifiedName(key) {
			c.errorf(path, "%q is not a label key", key)
		} else if value := c.cluster.Spec.GitOps.Pod.NodeSelector[key]; !isLabelValue(value) {
			c.errorf(path, "%q is not a label value: at most 63 letters, digits, -, _ and .", value)
		}
	}
}

// standardResources are the resources whose names have no domain, huge pages apart.
var standardResources = []string{string(corev1.ResourceCPU), string(corev1.ResourceMemory), string(corev1.ResourceEphemeralStorage)}

// checkResourceName: a misspelt resource is a limit that nobody enforces.
func (c *checker) checkResourceName(path string, name corev1.ResourceName) {
	if strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix) || strings.Contains(string(name), "/") && isQualifiedName(string(name)) {
		return
	}
	oneOf(c, path, string(name), standardResources...)
}

// checkRestricted warns of what the restricted Pod Security standard does not admit.
// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
func (c *checker) checkRestricted(path string, s *corev1.SecurityContext) {
	if s == nil || !c.hardened() {
		return
	}
	yes := func(b *bool) bool { return b != nil && *b }
	refused := func(field string) {
		c.warnf(path+".securityContext."+field, "a namespace that enforces the restricted Pod Security standard does not admit the bookies with it")
	}
	if yes(s.Privileged) {
		refused("privileged")
	}
	if yes(s.AllowPrivilegeEscalation) {
		refused("allowPrivilegeEscalation")
	}
	if s.RunAsNonRoot != nil && !*s.RunAsNonRoot {
		refused("runAsNonRoot")
	}
	if s.RunAsUser != nil && *s.RunAsUser == 0 {
		refused("runAsUser")
	}
	if s.Capabilities != nil && (!slices.Contains(s.Capabilities.Drop, "ALL") || len(slices.DeleteFunc(slices.Clone(s.Capabilities.Add), isBindService)) > 0) {
		refused("capabilities")
	}
}

func isBindService(c corev1.Capability) bool { return c == "NET_BIND_SERVICE" }

// checkVolumeTypes warns of volumes that the restricted standard does not admit.
func (c *checker) checkVolumeTypes() {
	if !c.hardened() {
		return
	}
	for i, v := range c.cluster.Spec.GitOps.Pod.Volumes {
		s := v.VolumeSource
		if s.HostPath != nil {
			continue // an error already
		}
		if s.ConfigMap == nil && s.CSI == nil && s.DownwardAPI == nil && s.EmptyDir == nil && s.Ephemeral == nil &&
			s.PersistentVolumeClaim == nil && s.Projected == nil && s.Secret == nil {
			c.warnf(fmt.Sprintf("spec.gitops.pod.volumes[%d]", i), "a namespace that enforces the restricted Pod Security standard does not admit a volume of this type")
		}
	}
}

// checkContainerMounts: a container of the stanza mounts volumes that the pod has.
func (c *checker) checkContainerMounts(volumes []string) {
	for i, container := range c.cluster.Spec.GitOps.Pod.Containers {
		for j, m := range container.VolumeMounts {
			if !slices.Contains(volumes, m.Name) {
				c.errorf(fmt.Sprintf("spec.gitops.pod.containers[%d].volumeMounts[%d].name", i, j), "no volume %q in the pod; allowed: %s", m.Name, strings.Join(volumes, ", "))
			}
		}
	}
}
