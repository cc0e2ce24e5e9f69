package spec

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// GitOps is the stanza that bkgen adds to every kind, under spec.gitops.
type GitOps struct {
	// Engine is the delivery engine whose annotations the output carries.
	Engine  Engine  `json:"engine,omitempty"`
	Profile Profile `json:"profile,omitempty"`
	// KubeVersion is the oldest Kubernetes minor version that must take the output: "1.33".
	KubeVersion string `json:"kubeVersion,omitempty"`
	// TestMode silences findings about replica counts, never about security.
	TestMode bool `json:"testMode,omitempty"`
	// Lifecycle is Active, or Decommission to take a cluster out of service.
	Lifecycle Lifecycle `json:"lifecycle,omitempty"`
	// ClusterDomain is the DNS domain of the Kubernetes cluster.
	ClusterDomain string      `json:"clusterDomain,omitempty"`
	Durability    *Durability `json:"durability,omitempty"`
	Rollout       *Rollout    `json:"rollout,omitempty"`
	Cleanup       *Cleanup    `json:"cleanup,omitempty"`
	// RestartToken restarts the pods whenever its text changes.
	RestartToken  string        `json:"restartToken,omitempty"`
	Image         ImageFacts    `json:"image,omitempty"`
	Pod           PodExtras     `json:"pod,omitempty"`
	NetworkPolicy NetworkPolicy `json:"networkPolicy,omitempty"`
	PodMonitor    PodMonitor    `json:"podMonitor,omitempty"`
	ArgoCD        ArgoCD        `json:"argocd,omitempty"`
	Bkcheck       Bkcheck       `json:"bkcheck,omitempty"`
	// Patches are kustomize patches, applied in order after rendering.
	Patches []Patch `json:"patches,omitempty"`
}

// Engine is a delivery engine.
type Engine string

// The engines. EngineNone is any other way to apply manifests.
const (
	EngineNone   Engine = "none"
	EngineArgoCD Engine = "argocd"
	EngineFlux   Engine = "flux"
)

// Engines are the values of spec.gitops.engine and of --gitops.
var Engines = []Engine{EngineArgoCD, EngineFlux, EngineNone}

// Profile says which objects a spec becomes.
type Profile string

const (
	// Hardened is today's best practice, for new clusters.
	Hardened Profile = "Hardened"
	// Operator is what the operator created, field for field, for adoption.
	Operator Profile = "Operator"
)

// Lifecycle is the state a cluster is meant to be in.
type Lifecycle string

// The lifecycles; Decommission scales to 0 and is for engines without delete hooks.
const (
	Active       Lifecycle = "Active"
	Decommission Lifecycle = "Decommission"
)

// Durability is how the cluster's clients write: each entry goes to WriteQuorum of
// EnsembleSize bookies and is acknowledged by AckQuorum of them.
type Durability struct {
	EnsembleSize *int32 `json:"ensembleSize,omitempty"`
	WriteQuorum  *int32 `json:"writeQuorum,omitempty"`
	AckQuorum    *int32 `json:"ackQuorum,omitempty"`
}

// Rollout says how pods are replaced.
type Rollout struct {
	// Conductor is Sidecar, or Gate where sidecars may evict nothing.
	Conductor string `json:"conductor,omitempty"`
	// WriteAvailability is BestEffort, or Required to block where a restart would leave too few writable bookies.
	WriteAvailability string `json:"writeAvailability,omitempty"`
	// SoakSeconds is how long all other pods must have been ready before the next is replaced.
	SoakSeconds *int32 `json:"soakSeconds,omitempty"`
	// DeadlineSecondsPerPod is how long one pod may take to come back.
	DeadlineSecondsPerPod *int32 `json:"deadlineSecondsPerPod,omitempty"`
	// Paused keeps every pod where it is.
	Paused bool `json:"paused,omitempty"`
}

// Cleanup says what becomes of claims and metadata when a cluster is deleted.
type Cleanup struct {
	// Policy is Retain or Delete.
	Policy string `json:"policy,omitempty"`
	// Hook is PreDelete or PostDelete, under Argo CD.
	Hook string `json:"hook,omitempty"`
	// Scope is BookKeeper, or Pravega for the whole /pravega/<cluster> tree.
	Scope string `json:"scope,omitempty"`
}

// ImageFacts overrides what bkgen knows of an image, and pins it.
type ImageFacts struct {
	// Contract is the family of images whose layout this one has; inferred from the repository.
	Contract ContractName `json:"contract,omitempty"`
	// Digest pins the image: "sha256:" and 64 hexadecimal digits.
	Digest string `json:"digest,omitempty"`
	// BookKeeperVersion is the BookKeeper release in the image; inferred from the tag.
	BookKeeperVersion string `json:"bookkeeperVersion,omitempty"`
	// LedgersRoot is the znode of the cluster's metadata, below the chroot of zookeeperUri.
	LedgersRoot string `json:"ledgersRoot,omitempty"`
	// Home is the directory that holds BookKeeper's lib and conf.
	Home string `json:"home,omitempty"`
	// RunAsUser, RunAsGroup and FSGroup are the ids of the process and of its files.
	RunAsUser  *int64 `json:"runAsUser,omitempty"`
	RunAsGroup *int64 `json:"runAsGroup,omitempty"`
	FSGroup    *int64 `json:"fsGroup,omitempty"`
	// JavaVersion is the major version of the image's Java.
	JavaVersion *int32 `json:"javaVersion,omitempty"`
}

// PodExtras are fields of the pods that the operator had no name for.
type PodExtras struct {
	// NodeSelector limits the nodes that the pods run on.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// TopologySpreadConstraints spread the bookies; one without a labelSelector selects them.
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	// PriorityClassName is a class that exists already.
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// ImagePullSecrets are Secrets in the same namespace.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// Containers run beside the bookie.
	Containers []corev1.Container `json:"containers,omitempty"`
	// Volumes are the pods' further volumes.
	Volumes []corev1.Volume `json:"volumes,omitempty"`
	// VolumeMounts and Env are the bookie container's; autorecovery has those that mount no claim.
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
	Env          []corev1.EnvVar      `json:"env,omitempty"`
}

// NetworkPolicy limits who may connect to the bookies.
type NetworkPolicy struct {
	// Enabled is true by default under Hardened, false under Operator.
	Enabled *bool `json:"enabled,omitempty"`
	// Clients may connect to the bookies' port; everybody may where none is named.
	Clients []networkingv1.NetworkPolicyPeer `json:"clients,omitempty"`
	// Monitoring may connect to the HTTP port, for metrics.
	Monitoring []networkingv1.NetworkPolicyPeer `json:"monitoring,omitempty"`
}

// PodMonitor asks the Prometheus operator to scrape the pods.
type PodMonitor struct {
	// Enabled renders the PodMonitor.
	Enabled bool `json:"enabled,omitempty"`
	// Interval is a duration such as 30s; Prometheus' own where empty.
	Interval string `json:"interval,omitempty"`
	// Labels are the PodMonitor's, by which a Prometheus selects it.
	Labels map[string]string `json:"labels,omitempty"`
}

// ArgoCD describes the Argo CD that delivers the output.
type ArgoCD struct {
	// Version is its minor version: "3.3".
	Version string `json:"version,omitempty"`
	// Application is its Application, as namespace/name.
	Application string `json:"application,omitempty"`
}

// Bkcheck says which bkcheck runs in the cluster.
type Bkcheck struct {
	// Image is the image with its tag or digest.
	Image string `json:"image,omitempty"`
}

// Patch is a kustomize patch: strategic merge or JSON 6902, inline or in a file beside the spec.
type Patch struct {
	// Path names a file below the spec's directory that holds the patch.
	Path string `json:"path,omitempty"`
	// Patch is the patch's text.
	Patch string `json:"patch,omitempty"`
	// Target selects the objects; a strategic merge patch may name its object instead.
	Target *PatchTarget `json:"target,omitempty"`
	// Position is where the patch stands.
	Position Position `json:"-"`
}

// PatchTarget selects objects; a field that is empty selects all, names and kinds are regular expressions.
// Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
type PatchTarget struct {
	Group              string `json:"group,omitempty"`
	Version            string `json:"version,omitempty"`
	Kind               string `json:"kind,omitempty"`
	Name               string `json:"name,omitempty"`
	Namespace          string `json:"namespace,omitempty"`
	LabelSelector      string `json:"labelSelector,omitempty"`
	AnnotationSelector string `json:"annotationSelector,omitempty"`
}
