package render

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/pkg/spec"
)

// lowerBookKeeper is the Hardened profile: bookies, and autorecovery in pods of its own.
// bkcheck's sidecar joins bookiePod, its gate is one workload more.
func lowerBookKeeper(b *spec.BookKeeper) []workload {
	workloads := []workload{bookies(b)}
	if *b.Spec.AutoRecovery {
		workloads = append(workloads, autorecovery(b))
	}
	return workloads
}

// minReadySeconds is two ZooKeeper sessions: until then a bookie that came back may be
// its own predecessor's registration. Source: bookkeeper, conf/ServerConfiguration.java (zkTimeout 10 s).
const minReadySeconds = 20

// How long a process may take to start, in probes of 10 seconds: an hour for a bookie,
// which replays its journal first, and five minutes for autorecovery. Until then no
// liveness probe runs.
const (
	bookieStartup       = 360
	autorecoveryStartup = 30
)

// hardenedLabels are the selector's and the recommended ones. The user's are on the
// objects and the pods, and never in the selector, which no update could change.
func hardenedLabels(b *spec.BookKeeper, component string) map[string]string {
	labels := maps.Clone(b.Spec.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, b.SelectorLabels(component))
	labels["app.kubernetes.io/name"] = "bookkeeper"
	labels["app.kubernetes.io/component"] = component
	labels["app.kubernetes.io/managed-by"] = "bkgen"
	return labels
}

func hardenedAnnotations(b *spec.BookKeeper) map[string]string {
	annotations := map[string]string{spec.VersionAnnotation: b.Spec.Version}
	maps.Copy(annotations, b.Spec.Annotations)
	return annotations
}

// podAnnotations carry the whole configuration, so that a revision of the template is
// image, configuration and everything else at once.
func podAnnotations(b *spec.BookKeeper, config string) map[string]string {
	annotations := withRestartToken(b, hardenedAnnotations(b))
	annotations = maps.Clone(annotations)
	annotations[spec.ConfigAnnotation] = config
	return annotations
}

func bookies(b *spec.BookKeeper) workload {
	labels := hardenedLabels(b, spec.BookieComponent)
	history := int32(10)
	ifHealthy := policyv1.IfHealthyBudget
	w := workload{
		name: b.BookieName(), namespace: b.Namespace,
		labels: labels, podLabels: labels, selector: b.SelectorLabels(spec.BookieComponent),
		annotations:    hardenedAnnotations(b),
		podAnnotations: podAnnotations(b, b.BookieConfig()),
		replicas:       *b.Spec.Replicas,
		pod:            bookiePod(b),
		stateful: &stateful{
			service: service{name: b.HeadlessServiceName(), ports: []corev1.ServicePort{
				{Name: spec.BookieComponent, Port: spec.BookiePort, Protocol: corev1.ProtocolTCP},
				{Name: "http", Port: spec.HTTPPort, Protocol: corev1.ProtocolTCP},
			}},
			claims:               bookieClaims(b),
			minReadySeconds:      minReadySeconds,
			revisionHistoryLimit: &history,
			// Bookies must find each other while they replay their journals.
			publishNotReadyAddresses: true,
			retention: &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
				WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
				WhenScaled:  appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
			},
		},
		budget: &budget{maxUnavailable: *b.Spec.MaxUnavailableBookkeeperReplicas, unhealthyPolicy: &ifHealthy, labels: labels},
	}
	if b.Spec.ServiceAccountName == "" {
		w.account = &serviceAccount{name: b.BookieName()}
	}
	addOptional(b, &w)
	return w
}

func bookiePod(b *spec.BookKeeper) corev1.PodSpec {
	bookie := corev1.Container{
		Name: spec.BookieComponent, Image: b.ImageReference(), ImagePullPolicy: b.Spec.Image.ImageSpec.PullPolicy,
		Command: b.BookieCommand(),
		Ports: []corev1.ContainerPort{
			{Name: spec.BookieComponent, ContainerPort: spec.BookiePort, Protocol: corev1.ProtocolTCP},
			{Name: "http", ContainerPort: spec.HTTPPort, Protocol: corev1.ProtocolTCP},
		},
		Env:             append(processEnv(b), b.Spec.GitOps.Pod.Env...),
		Resources:       *b.Spec.Resources,
		StartupProbe:    httpProbe(startup(bookieStartup), "/api/v1/bookie/is_ready"),
		ReadinessProbe:  httpProbe(b.Spec.Probes.ReadinessProbe, "/api/v1/bookie/is_ready"),
		LivenessProbe:   httpProbe(b.Spec.Probes.LivenessProbe, "/heartbeat"),
		SecurityContext: restrictedContainer(),
		VolumeMounts:    append(bookieMounts(b), configMount()),
	}
	pod := hardenedPod(b)
	pod.Volumes = append(optionVolumes(b), configVolume())
	if ownTemp(b) {
		bookie.VolumeMounts = append(bookie.VolumeMounts, tempMount())
		pod.Volumes = append(pod.Volumes, tempVolume())
	}
	pod.Volumes = append(pod.Volumes, b.Spec.GitOps.Pod.Volumes...)
	pod.ServiceAccountName = b.Spec.ServiceAccountName
	if pod.ServiceAccountName == "" {
		pod.ServiceAccountName = b.BookieName()
	}
	if *b.Spec.Affinity != (corev1.Affinity{}) {
		pod.Affinity = b.Spec.Affinity
	}
	pod.Containers = append([]corev1.Container{bookie}, restricted(b.Spec.GitOps.Pod.Containers)...)
	pod.InitContainers = append(restricted(b.Spec.InitContainers), ensureCluster(b))
	grace := int64(spec.GracePeriodSeconds)
	pod.TerminationGracePeriodSeconds = &grace
	pod.TopologySpreadConstraints = spread(b)
	return pod
}

// spread are the spec's constraints, each over the bookies if it selects no pods, else
// one over zones where there are any. Revisions are not told apart: during a rollout the
// spread must count both.
func spread(b *spec.BookKeeper) []corev1.TopologySpreadConstraint {
	bookies := &metav1.LabelSelector{MatchLabels: b.SelectorLabels(spec.BookieComponent)}
	constraints := slices.Clone(b.Spec.GitOps.Pod.TopologySpreadConstraints)
	for i := range constraints {
		if constraints[i].LabelSelector == nil {
			constraints[i].LabelSelector = bookies
		}
	}
	if len(constraints) == 0 {
		constraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: bookies,
		}}
	}
	return constraints
}

// autorecovery is two processes, one of which is the auditor and the other its stand-in.
// They are no bookies: no change of a bookie restarts them, no budget of a bookie counts them.
func autorecovery(b *spec.BookKeeper) workload {
	labels := hardenedLabels(b, spec.AutorecoveryComponent)
	selector := b.SelectorLabels(spec.AutorecoveryComponent)
	w := workload{
		name: b.AutorecoveryName(), namespace: b.Namespace,
		labels: labels, podLabels: labels, selector: selector,
		annotations:    hardenedAnnotations(b),
		podAnnotations: podAnnotations(b, b.AutorecoveryConfig()),
		replicas:       2,
		pod:            autorecoveryPod(b, selector),
		account:        &serviceAccount{name: b.AutorecoveryName()},
		budget:         &budget{maxUnavailable: 1, labels: labels},
	}
	if *b.Spec.GitOps.NetworkPolicy.Enabled {
		w.policy = &networkPolicy{ingress: []networkingv1.NetworkPolicyIngressRule{httpIngress(b)}}
	}
	return w
}

func autorecoveryPod(b *spec.BookKeeper, selector map[string]string) corev1.PodSpec {
	memory := resource.NewQuantity(spec.AutorecoveryMemory, resource.BinarySI)
	timing := spec.Probe{PeriodSeconds: ptr[int32](10), FailureThreshold: ptr[int32](3), SuccessThreshold: ptr[int32](1), TimeoutSeconds: ptr[int32](5)}
	weak := spec.Probe{PeriodSeconds: ptr[int32](30), FailureThreshold: ptr[int32](10), SuccessThreshold: ptr[int32](1), TimeoutSeconds: ptr[int32](10)}
	pod := hardenedPod(b)
	pod.ServiceAccountName = b.AutorecoveryName()
	pod.InitContainers = []corev1.Container{ensureCluster(b)}
	pod.Volumes = append(optionVolumes(b), configVolume())
	mounts := append(sharedMounts(b), configMount())
	if ownTemp(b) {
		pod.Volumes = append(pod.Volumes, tempVolume())
		mounts = append(mounts, tempMount())
	}
	pod.Volumes = append(pod.Volumes, b.Spec.GitOps.Pod.Volumes...)
	pod.TopologySpreadConstraints = nil
	pod.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight:          100,
			PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: selector}},
		}},
	}}
	pod.Containers = []corev1.Container{{
		Name: spec.AutorecoveryComponent, Image: b.ImageReference(), ImagePullPolicy: b.Spec.Image.ImageSpec.PullPolicy,
		Command: b.AutorecoveryCommand(),
		Ports:   []corev1.ContainerPort{{Name: "http", ContainerPort: spec.HTTPPort, Protocol: corev1.ProtocolTCP}},
		Env:     append(processEnv(b), b.Spec.GitOps.Pod.Env...),
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: *memory},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: *memory},
		},
		// Its process has no bookie: of the HTTP answers only /heartbeat is there.
		StartupProbe:    httpProbe(startup(autorecoveryStartup), "/heartbeat"),
		ReadinessProbe:  httpProbe(&timing, "/heartbeat"),
		LivenessProbe:   httpProbe(&weak, "/heartbeat"),
		SecurityContext: restrictedContainer(),
		VolumeMounts:    mounts,
	}}
	return pod
}

func startup(failures int32) *spec.Probe {
	return &spec.Probe{PeriodSeconds: ptr[int32](10), FailureThreshold: &failures, SuccessThreshold: ptr[int32](1), TimeoutSeconds: ptr[int32](5)}
}

func ptr[T any](v T) *T { return &v }
