package spec

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The operator's defaults. Source: bookkeeper-operator, api/v1alpha1/bookkeepercluster_types.go l.435-545.
const (
	defaultZookeeperURI  = "zookeeper-client:2181"
	defaultRepository    = "pravega/bookkeeper"
	defaultVersion       = "0.11.0"
	defaultServiceSuffix = "bookie-headless"
	defaultReplicas      = 3
	defaultUpgradeMinute = 10
	defaultLedgerPath    = "/bk/ledgers"
	defaultJournalPath   = "/bk/journal"
	defaultIndexPath     = "/bk/index"
)

// The stanza's defaults.
const (
	defaultKubeVersion   = "1.33"
	defaultClusterDomain = "cluster.local"
	defaultEnsembleSize  = 3
	defaultWriteQuorum   = 3
	defaultAckQuorum     = 2
	defaultSoakSeconds   = 30
	defaultDeadline      = 1800
)

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func fillPointer[T any](field **T, value T) {
	if *field == nil {
		*field = &value
	}
}

func (b *BookKeeper) setDefaults(o Options) {
	s := &b.Spec
	// The operator takes 0 for "not given".
	for _, field := range []**int32{&s.MaxUnavailableBookkeeperReplicas, &s.UpgradeTimeout} {
		if *field != nil && **field == 0 {
			*field = nil
		}
	}
	fill(&b.Namespace, o.Namespace)
	fill(&s.ZookeeperURI, defaultZookeeperURI)
	fillPointer(&s.Image, Image{})
	fillPointer(&s.Image.ImageSpec, ImageSpec{})
	fill(&s.Image.ImageSpec.Repository, defaultRepository)
	fill(&s.Image.ImageSpec.PullPolicy, corev1.PullAlways)
	fillPointer(&s.Replicas, defaultReplicas)
	fillPointer(&s.MaxUnavailableBookkeeperReplicas, 1)
	fillPointer(&s.AutoRecovery, true)
	fillPointer(&s.JVMOptions, JVMOptions{})
	fill(&s.Version, defaultVersion)
	fillPointer(&s.BlockOwnerDeletion, true)
	fill(&s.HeadlessSvcNameSuffix, defaultServiceSuffix)
	fillPointer(&s.RunAsPrivilegedUser, true)
	fillPointer(&s.UpgradeTimeout, defaultUpgradeMinute)
	fillPointer(&s.Resources, defaultResources())
	s.GitOps.setDefaults(o)
	hardened := s.GitOps.Profile == Hardened
	s.setStorageDefaults(hardened)
	s.setProbeDefaults(hardened)
	if s.Affinity == nil {
		s.Affinity = b.defaultAffinity()
	}
}

func (g *GitOps) setDefaults(o Options) {
	if o.Engine != "" {
		g.Engine = o.Engine
	}
	fill(&g.Engine, EngineNone)
	fill(&g.Profile, Hardened)
	fill(&g.KubeVersion, defaultKubeVersion)
	fill(&g.Lifecycle, Active)
	fill(&g.ClusterDomain, defaultClusterDomain)
	fillPointer(&g.Durability, Durability{})
	fillPointer(&g.Durability.EnsembleSize, defaultEnsembleSize)
	fillPointer(&g.Durability.WriteQuorum, max(1, min(defaultWriteQuorum, *g.Durability.EnsembleSize)))
	fillPointer(&g.Durability.AckQuorum, max(1, min(defaultAckQuorum, *g.Durability.WriteQuorum)))
	fillPointer(&g.Rollout, Rollout{})
	fill(&g.Rollout.Conductor, "Sidecar")
	fill(&g.Rollout.WriteAvailability, "BestEffort")
	fillPointer(&g.Rollout.SoakSeconds, defaultSoakSeconds)
	fillPointer(&g.Rollout.DeadlineSecondsPerPod, defaultDeadline)
	fillPointer(&g.Cleanup, Cleanup{})
	fill(&g.Cleanup.Policy, "Retain")
	fill(&g.Cleanup.Hook, "PreDelete")
	fill(&g.Cleanup.Scope, "BookKeeper")
	fillPointer(&g.NetworkPolicy.Enabled, g.Profile == Hardened)
	fill(&g.Bkcheck.Image, BkcheckImage)
}

func defaultResources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("500m"),
			corev1.ResourceMemory: resource.MustParse("1Gi"),
		},
		Limits: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("1"),
			corev1.ResourceMemory: resource.MustParse("2Gi"),
		},
	}
}

func defaultClaim() corev1.PersistentVolumeClaimSpec {
	return corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")},
		},
	}
}

// setStorageDefaults fills the claims field by field. The operator replaced the whole
// claim where the size was missing, and Operator has to do so too: a claim template
// that differs from the live one is refused by the API server.
func (s *BookKeeperSpec) setStorageDefaults(fieldwise bool) {
	fillPointer(&s.Storage, Storage{})
	for _, claim := range []**corev1.PersistentVolumeClaimSpec{
		&s.Storage.LedgerVolumeClaimTemplate,
		&s.Storage.JournalVolumeClaimTemplate,
		&s.Storage.IndexVolumeClaimTemplate,
	} {
		def := defaultClaim()
		if *claim == nil || !fieldwise && !hasSize(*claim) {
			*claim = &def
			continue
		}
		if !fieldwise {
			continue
		}
		if !hasSize(*claim) {
			(*claim).Resources.Requests = def.Resources.Requests
		}
		if len((*claim).AccessModes) == 0 {
			(*claim).AccessModes = def.AccessModes
		}
	}
}

func hasSize(claim *corev1.PersistentVolumeClaimSpec) bool {
	_, ok := claim.Resources.Requests[corev1.ResourceStorage]
	return ok
}

// The operator's probe timings, and those of Hardened, where the startup probe waits
// for the journal replay and liveness only ends what has long stopped answering.
var (
	operatorReadiness = [5]int32{20, 10, 9, 1, 5}
	operatorLiveness  = [5]int32{60, 15, 4, 1, 5}
	hardenedReadiness = [5]int32{0, 10, 3, 1, 5}
	hardenedLiveness  = [5]int32{0, 30, 10, 1, 10}
)

// setProbeDefaults fills the probes field by field under Hardened. Under Operator a
// probe that is given keeps its missing fields, which the API server then fills: so the
// operator's pods looked, and another template would restart them.
func (s *BookKeeperSpec) setProbeDefaults(fieldwise bool) {
	fillPointer(&s.Probes, Probes{})
	readiness, liveness := operatorReadiness, operatorLiveness
	if fieldwise {
		readiness, liveness = hardenedReadiness, hardenedLiveness
	}
	fillProbe(&s.Probes.ReadinessProbe, readiness, fieldwise)
	fillProbe(&s.Probes.LivenessProbe, liveness, fieldwise)
}

func fillProbe(probe **Probe, defaults [5]int32, fieldwise bool) {
	if *probe != nil && !fieldwise {
		return
	}
	fillPointer(probe, Probe{})
	for i, field := range []**int32{
		&(*probe).InitialDelaySeconds, &(*probe).PeriodSeconds, &(*probe).FailureThreshold,
		&(*probe).SuccessThreshold, &(*probe).TimeoutSeconds,
	} {
		fillPointer(field, defaults[i])
	}
}

// defaultAffinity keeps bookies off each other's nodes: where it can under Operator, as
// the operator did, and always under Hardened, where one lost node must not cost two replicas.
func (b *BookKeeper) defaultAffinity() *corev1.Affinity {
	if b.Spec.GitOps.Profile == Hardened {
		return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey:   corev1.LabelHostname,
				LabelSelector: &metav1.LabelSelector{MatchLabels: b.SelectorLabels(BookieComponent)},
			}},
		}}
	}
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 100,
			PodAffinityTerm: corev1.PodAffinityTerm{
				TopologyKey: corev1.LabelHostname,
				LabelSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
					{Key: ComponentLabel, Operator: metav1.LabelSelectorOpIn, Values: []string{BookieComponent}},
					{Key: ClusterLabel, Operator: metav1.LabelSelectorOpIn, Values: []string{b.Name}},
				}},
			},
		}},
	}}
}
