package spec

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

var subPathPattern = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)

// deliveryPrefixes begin annotations by which delivery tools run, skip, replace or lose an object.
var deliveryPrefixes = []string{
	"argocd.argoproj.io/", "helm.sh/", "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/",
	"config.kubernetes.io/", "internal.config.kubernetes.io/", "config.k8s.io/", "meta.helm.sh/",
}

func steersDelivery(key string) bool {
	return slices.ContainsFunc(deliveryPrefixes, func(p string) bool { return strings.HasPrefix(key, p) })
}

// checkLabels: labels and annotations are well formed and take nothing that selects
// pods. The operator let spec.labels override the label app, and its cleanup then found
// no pods and went on to delete the metadata of a cluster that ran.
// Source: bookkeeper-operator, controllers/bookkeepercluster_controller.go l.587-599.
func (c *checker) checkLabels() {
	s := &c.cluster.Spec
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		path := joinPath("spec.labels", key)
		switch {
		case !isQualifiedName(key):
			c.errorf(path, "%q is not a label key", key)
		case !isLabelValue(s.Labels[key]):
			c.errorf(path, "%q is not a label value: at most 63 letters, digits, -, _ and .", s.Labels[key])
		case key == AppLabel || key == ClusterLabel || key == ComponentLabel:
			c.badf(path, "the label selects the bookies; another value makes them invisible to whatever looks for them")
		case strings.HasPrefix(key, "app.kubernetes.io/") && c.hardened():
			c.errorf(path, "labels app.kubernetes.io/* are bkgen's own (and the delivery engine's)")
		case !c.hardened():
			c.warnf(path, "the operator puts this label into the StatefulSet's selector, which no update can change: adding, changing or removing it later is refused by Kubernetes")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.Annotations)) {
		path := joinPath("spec.annotations", key)
		switch {
		case !isQualifiedName(key):
			c.errorf(path, "%q is not an annotation key", key)
		case steersDelivery(key):
			c.errorf(path, "annotations %s* steer the delivery of an object and belong on no pod; set what you need with a patch", key[:strings.IndexByte(key, '/')+1])
		case strings.HasPrefix(key, AnnotationPrefix):
			c.errorf(path, "annotations %s* are bkgen's own", AnnotationPrefix)
		case key == VersionAnnotation:
			c.badf(path, "the annotation is spec.version's")
		}
	}
}

// checkScheduling warns of bookies that may share a node: one lost node then costs two copies.
func (c *checker) checkScheduling() {
	s := &c.cluster.Spec
	if s.GitOps.TestMode || *s.Replicas < 2 {
		return
	}
	a := s.Affinity.PodAntiAffinity
	if a != nil && len(a.RequiredDuringSchedulingIgnoredDuringExecution) > 0 {
		return
	}
	for _, t := range s.GitOps.Pod.TopologySpreadConstraints {
		if t.TopologyKey == corev1.LabelHostname && t.WhenUnsatisfiable == corev1.DoNotSchedule {
			return
		}
	}
	if a != nil && len(a.PreferredDuringSchedulingIgnoredDuringExecution) > 0 {
		c.warnf("spec.affinity", "the anti-affinity is soft: two bookies may share a node, and an entry may lose two copies with it")
		return
	}
	c.warnf("spec.affinity", "no anti-affinity: bookies may share a node, and an entry may lose all its copies with it")
}

// ownContainers are the names of the containers that render makes, and those that bkcheck will have.
var ownContainers = []string{BookieComponent, EnsureClusterContainer, SidecarContainer}

func (c *checker) checkContainers() {
	s := &c.cluster.Spec
	taken := slices.Clone(ownContainers)
	check := func(path string, containers []corev1.Container) {
		for i, container := range containers {
			at := fmt.Sprintf("%s[%d]", path, i)
			if !isLabel(container.Name) {
				c.errorf(at+".name", "%q is not lower-case letters, digits and -", container.Name)
			}
			if slices.Contains(taken, container.Name) {
				c.errorf(at+".name", "container name %q is taken", container.Name)
			}
			taken = append(taken, container.Name)
			if container.Image == "" {
				c.errorf(at+".image", "required")
			}
			c.checkProbeCommand(at, container)
			c.checkRestricted(at, container.SecurityContext)
		}
	}
	check("spec.initContainers", s.InitContainers)
	check("spec.gitops.pod.containers", s.GitOps.Pod.Containers)
	for i, secret := range s.GitOps.Pod.ImagePullSecrets {
		if !isSubdomain(secret.Name) {
			c.errorf(fmt.Sprintf("spec.gitops.pod.imagePullSecrets[%d].name", i), "%q is not a Secret's name", secret.Name)
		}
	}
	c.checkAccount()
}

// checkProbeCommand warns of a probe that cannot fail: curl without -f succeeds on HTTP
// 500, as pravega-operator's probes did (controllers/pravega_segmentstore.go).
func (c *checker) checkProbeCommand(path string, container corev1.Container) {
	probes := map[string]*corev1.Probe{"livenessProbe": container.LivenessProbe, "readinessProbe": container.ReadinessProbe, "startupProbe": container.StartupProbe}
	for _, name := range slices.Sorted(maps.Keys(probes)) {
		if probes[name] == nil || probes[name].Exec == nil {
			continue
		}
		command := strings.Join(probes[name].Exec.Command, " ")
		if curlPattern.MatchString(command) && !curlFailPattern.MatchString(command) {
			c.warnf(path+"."+name, "curl without --fail succeeds on HTTP 500: the probe cannot fail while the port answers")
			c.hint("use httpGet, or curl --fail")
		}
	}
}

var (
	curlPattern     = regexp.MustCompile(`(^|[\s;&|(])curl\s`)
	curlFailPattern = regexp.MustCompile(`\s(--fail|--fail-with-body|-[a-zA-Z]*f[a-zA-Z]*)(\s|$)`)
)

func (c *checker) checkAccount() {
	s := &c.cluster.Spec
	if s.ServiceAccountName != "" && !isSubdomain(s.ServiceAccountName) {
		c.errorf("spec.serviceAccountName", "%q is not a ServiceAccount's name", s.ServiceAccountName)
	}
	if s.EnvVars != "" && !isSubdomain(s.EnvVars) {
		c.errorf("spec.envVars", "%q is not a ConfigMap's name", s.EnvVars)
	}
	if s.GitOps.Pod.PriorityClassName != "" && !isSubdomain(s.GitOps.Pod.PriorityClassName) {
		c.errorf("spec.gitops.pod.priorityClassName", "%q is not a PriorityClass' name", s.GitOps.Pod.PriorityClassName)
	}
}

// checkOperatorOnly names the fields that mean something to the operator alone.
func (c *checker) checkOperatorOnly() {
	s := &c.cluster.Spec
	if s.Image.ImageSpec.Tag != "" {
		c.warnf("spec.image.imageSpec.tag", "ignored, as the operator does: the tag is spec.version, %q", s.Version)
	}
	if c.hardened() && c.doc.has("spec.runAsPrivilegedUser") && *s.RunAsPrivilegedUser {
		c.warnf("spec.runAsPrivilegedUser", "ignored: Hardened pods never run as root")
	}
	if c.hardened() && !*s.AutoRecovery {
		c.warnf("spec.autoRecovery", "no autorecovery is rendered: ledgers of a lost bookie stay under-replicated until another autorecovery runs")
	}
}
