package render

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// notRestricted names what keeps a pod from the restricted Pod Security standard.
// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
func notRestricted(pod corev1.PodSpec) []string {
	var found []string
	add := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if pod.HostNetwork || pod.HostPID || pod.HostIPC {
		add("host namespaces")
	}
	sc := pod.SecurityContext
	if sc == nil {
		sc = &corev1.PodSecurityContext{}
	}
	if sc.RunAsUser != nil && *sc.RunAsUser == 0 {
		add("runAsUser 0")
	}
	if len(sc.Sysctls) > 0 {
		add("sysctls")
	}
	if !sameProfile(sc.SeccompProfile, true) {
		add("seccomp")
	}
	if sc.SELinuxOptions != nil || sc.WindowsOptions != nil {
		add("options of SELinux or Windows")
	}
	for _, v := range pod.Volumes {
		if !restrictedVolume(v.VolumeSource) {
			add("volume %s", v.Name)
		}
	}
	for _, c := range containersOf(pod) {
		for _, fault := range notRestrictedContainer(c, sc) {
			add("container %s: %s", c.Name, fault)
		}
	}
	return found
}

func sameProfile(p *corev1.SeccompProfile, otherwise bool) bool {
	if p == nil {
		return otherwise
	}
	return p.Type == corev1.SeccompProfileTypeRuntimeDefault || p.Type == corev1.SeccompProfileTypeLocalhost
}

// restrictedVolume reports whether a volume is of one of the eight allowed types.
func restrictedVolume(v corev1.VolumeSource) bool {
	return v.ConfigMap != nil || v.CSI != nil || v.DownwardAPI != nil || v.EmptyDir != nil ||
		v.Ephemeral != nil || v.PersistentVolumeClaim != nil || v.Projected != nil || v.Secret != nil
}

func notRestrictedContainer(c corev1.Container, pod *corev1.PodSecurityContext) []string {
	var found []string
	sc := c.SecurityContext
	if sc == nil {
		sc = &corev1.SecurityContext{}
	}
	if sc.Privileged != nil && *sc.Privileged {
		found = append(found, "privileged")
	}
	if sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation {
		found = append(found, "privilege escalation")
	}
	if nonRoot := firstSet(sc.RunAsNonRoot, pod.RunAsNonRoot); nonRoot == nil || !*nonRoot {
		found = append(found, "may run as root")
	}
	if sc.RunAsUser != nil && *sc.RunAsUser == 0 {
		found = append(found, "runAsUser 0")
	}
	if !sameProfile(sc.SeccompProfile, pod.SeccompProfile != nil) {
		found = append(found, "seccomp")
	}
	if sc.ProcMount != nil && *sc.ProcMount != corev1.DefaultProcMount {
		found = append(found, "procMount")
	}
	found = append(found, notRestrictedCapabilities(sc.Capabilities)...)
	for _, p := range c.Ports {
		if p.HostPort != 0 {
			found = append(found, "a host port")
		}
	}
	for _, probe := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if probe != nil && probe.HTTPGet != nil && probe.HTTPGet.Host != "" {
			found = append(found, "a probe of another host")
		}
	}
	return found
}

func notRestrictedCapabilities(c *corev1.Capabilities) []string {
	if c == nil {
		return []string{"keeps capabilities"}
	}
	var found []string
	dropsAll := false
	for _, d := range c.Drop {
		dropsAll = dropsAll || d == "ALL"
	}
	if !dropsAll {
		found = append(found, "keeps capabilities")
	}
	for _, a := range c.Add {
		if a != "NET_BIND_SERVICE" {
			found = append(found, "adds "+string(a))
		}
	}
	return found
}

func firstSet(values ...*bool) *bool {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}

func TestHardenedPodsAreRestricted(t *testing.T) {
	seen := 0
	forEachRender(t, func(t *testing.T, c spec.Cluster, objects []manifest.Object) {
		if c.Stanza().Profile != spec.Hardened {
			return
		}
		for _, set := range podSets(t, objects) {
			seen++
			for _, fault := range notRestricted(set.template.Spec) {
				t.Errorf("%s: %s", set.key, fault)
			}
			if token := set.template.Spec.AutomountServiceAccountToken; token == nil || *token {
				t.Errorf("%s: pods get a token of their account", set.key)
			}
			for _, own := range set.template.Spec.Containers[:1] {
				if ro := own.SecurityContext.ReadOnlyRootFilesystem; ro == nil || !*ro {
					t.Errorf("%s: container %s can write to its root file system", set.key, own.Name)
				}
			}
		}
	})
	if seen == 0 {
		t.Error("no Hardened pod was looked at")
	}
}

// A user's container gets what the standard asks and the container leaves open.
func TestUsersContainersAreRestricted(t *testing.T) {
	c := decode(t, spec.Options{}, source(minimal(spec.Hardened, `pod:
  containers:
  - {name: bare, image: a}
  - {name: empty, image: a, securityContext: {}}
  - {name: low-port, image: a, securityContext: {capabilities: {add: [NET_BIND_SERVICE]}, runAsUser: 7}}
`, "initContainers: [{name: first, image: a}]"), nil))
	pod := podSets(t, rendered(t, c))[0].template.Spec
	for _, fault := range notRestricted(pod) {
		t.Error(fault)
	}
	if got := pod.Containers[3].SecurityContext; *got.RunAsUser != 7 || len(got.Capabilities.Add) != 1 {
		t.Errorf("what the container said is gone: %+v", got)
	}
}

// Every control of the standard is checked: a pod that breaks it is found out.
func TestPodSecurityChecksSeeViolations(t *testing.T) {
	objects := rendered(t, decode(t, spec.Options{}, source(minimal(spec.Hardened, ""), nil)))
	pod := podSets(t, objects)[0].template.Spec
	for name, violate := range map[string]func(*corev1.PodSpec, *corev1.SecurityContext){
		"the host's network":   func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.HostNetwork = true },
		"the host's processes": func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.HostPID = true },
		"the host's memory":    func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.HostIPC = true },
		"a host port":          func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.Containers[0].Ports[0].HostPort = 1 },
		"a host path": func(p *corev1.PodSpec, _ *corev1.SecurityContext) {
			p.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{}}
		},
		"root for the pod":   func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.SecurityContext.RunAsUser = ptr[int64](0) },
		"root not excluded":  func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.SecurityContext.RunAsNonRoot = nil },
		"no seccomp profile": func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.SecurityContext.SeccompProfile = nil },
		"a sysctl":           func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.SecurityContext.Sysctls = []corev1.Sysctl{{}} },
		"SELinux options": func(p *corev1.PodSpec, _ *corev1.SecurityContext) {
			p.SecurityContext.SELinuxOptions = &corev1.SELinuxOptions{}
		},
		"a privileged container":      func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.Privileged = ptr(true) },
		"escalation allowed":          func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.AllowPrivilegeEscalation = nil },
		"root for a container":        func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.RunAsUser = ptr[int64](0) },
		"root allowed to a container": func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.RunAsNonRoot = ptr(false) },
		"capabilities kept":           func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.Capabilities.Drop = nil },
		"a capability added": func(_ *corev1.PodSpec, c *corev1.SecurityContext) {
			c.Capabilities.Add = []corev1.Capability{"SYS_ADMIN"}
		},
		"a container without seccomp": func(_ *corev1.PodSpec, c *corev1.SecurityContext) {
			c.SeccompProfile = &corev1.SeccompProfile{Type: "Unconfined"}
		},
		"an unmasked proc":             func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.ProcMount = ptr(corev1.UnmaskedProcMount) },
		"a probe that goes elsewhere":  func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.Containers[0].LivenessProbe.HTTPGet.Host = "a" },
		"an init container as any one": func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.InitContainers[0].SecurityContext = nil },
	} {
		t.Run(name, func(t *testing.T) {
			broken := pod.DeepCopy()
			violate(broken, broken.Containers[0].SecurityContext)
			if len(notRestricted(*broken)) == 0 {
				t.Error("not seen")
			}
		})
	}
}
