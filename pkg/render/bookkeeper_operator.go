package render

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/bkgen/bkgen/pkg/spec"
)

// lowerBookKeeperOperator makes what the operator made, field for field.
// Source: bookkeeper-operator, controllers/bookie.go; recorded in testdata/parity.
func lowerBookKeeperOperator(b *spec.BookKeeper) []workload {
	labels := operatorLabels(b)
	annotations := map[string]string{spec.VersionAnnotation: b.Spec.Version}
	maps.Copy(annotations, b.Spec.Annotations)
	claims := bookieClaims(b)
	for i := range claims {
		claims[i].Namespace = b.Namespace
	}
	w := workload{
		name: b.BookieName(), namespace: b.Namespace,
		labels: labels, selector: labels, podLabels: labels,
		annotations: annotations, podAnnotations: withRestartToken(b, annotations),
		replicas: *b.Spec.Replicas,
		pod:      operatorPod(b),
		config:   operatorConfig(b),
		stateful: &stateful{
			service: service{
				name:  b.HeadlessServiceName(),
				ports: []corev1.ServicePort{{Name: spec.BookieComponent, Port: spec.BookiePort, Protocol: corev1.ProtocolTCP}},
			},
			claims: claims,
		},
		budget: &budget{maxUnavailable: *b.Spec.MaxUnavailableBookkeeperReplicas},
	}
	addOptional(b, &w)
	return []workload{w}
}

// operatorLabels: the user's may replace two of the operator's three.
func operatorLabels(b *spec.BookKeeper) map[string]string {
	labels := map[string]string{spec.AppLabel: spec.AppValue, spec.ClusterLabel: b.Name}
	maps.Copy(labels, b.Spec.Labels)
	labels[spec.ComponentLabel] = spec.BookieComponent
	return labels
}

// operatorConfig is the ConfigMap of which the image makes settings: every option is
// BK_<name>, the pseudo options too.
func operatorConfig(b *spec.BookKeeper) map[string]string {
	jvm := b.Spec.JVMOptions
	config := map[string]string{
		"BOOKIE_MEM_OPTS":        strings.Join(jvm.MemoryOpts, " "),
		"BOOKIE_GC_OPTS":         strings.Join(jvm.GcOpts, " "),
		"BOOKIE_GC_LOGGING_OPTS": strings.Join(jvm.GcLoggingOpts, " "),
		"BOOKIE_EXTRA_OPTS":      strings.Join(jvm.ExtraOpts, " "),
		"ZK_URL":                 b.Spec.ZookeeperURI,
	}
	maps.Copy(config, b.OperatorSettings())
	return config
}

func operatorPod(b *spec.BookKeeper) corev1.PodSpec {
	bookie := corev1.Container{
		Name: spec.BookieComponent, Image: b.ImageReference(), ImagePullPolicy: b.Spec.Image.ImageSpec.PullPolicy,
		Ports:          []corev1.ContainerPort{{Name: spec.BookieComponent, ContainerPort: spec.BookiePort, Protocol: corev1.ProtocolTCP}},
		EnvFrom:        []corev1.EnvFromSource{configMapEnv(b.BookieName())},
		Env:            b.Spec.GitOps.Pod.Env,
		Resources:      *b.Spec.Resources,
		ReadinessProbe: shellProbe(b.Spec.Probes.ReadinessProbe, "/opt/bookkeeper/bin/bookkeeper shell bookiesanity"),
		LivenessProbe:  shellProbe(b.Spec.Probes.LivenessProbe, "netstat -ltn 2> /dev/null | grep 3181 || ss -ltn 2> /dev/null | grep 3181"),
		VolumeMounts:   bookieMounts(b),
	}
	if b.Spec.EnvVars != "" {
		bookie.EnvFrom = append(bookie.EnvFrom, configMapEnv(b.Spec.EnvVars))
	}
	pod := corev1.PodSpec{
		Containers:         append([]corev1.Container{bookie}, b.Spec.GitOps.Pod.Containers...),
		InitContainers:     b.Spec.InitContainers,
		Volumes:            append(optionVolumes(b), b.Spec.GitOps.Pod.Volumes...),
		ServiceAccountName: b.Spec.ServiceAccountName,
	}
	if *b.Spec.Affinity != (corev1.Affinity{}) {
		pod.Affinity = b.Spec.Affinity
	}
	if !*b.Spec.RunAsPrivilegedUser {
		id := int64(1000)
		pod.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &id, RunAsGroup: &id, FSGroup: &id}
	}
	schedule(b, &pod)
	return pod
}

func configMapEnv(name string) corev1.EnvFromSource {
	return corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}
}

func shellProbe(timing *spec.Probe, command string) *corev1.Probe {
	return timed(timing, corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"/bin/sh", "-c", command}}})
}

func httpProbe(timing *spec.Probe, path string) *corev1.Probe {
	return timed(timing, corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("http"), Scheme: corev1.URISchemeHTTP}})
}

func timed(timing *spec.Probe, handler corev1.ProbeHandler) *corev1.Probe {
	value := func(p *int32) int32 {
		if p == nil {
			return 0
		}
		return *p
	}
	return &corev1.Probe{
		ProbeHandler:        handler,
		InitialDelaySeconds: value(timing.InitialDelaySeconds),
		PeriodSeconds:       value(timing.PeriodSeconds),
		FailureThreshold:    value(timing.FailureThreshold),
		SuccessThreshold:    value(timing.SuccessThreshold),
		TimeoutSeconds:      value(timing.TimeoutSeconds),
	}
}
