package spec

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BookKeeper is a BookkeeperCluster as the operator's users write it, with the
// gitops stanza beside their fields. Decode returns it with every default filled in
// and everything that follows from it resolved.
// Source: pravega/bookkeeper-operator, api/v1alpha1/bookkeepercluster_types.go.
type BookKeeper struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec BookKeeperSpec `json:"spec"`
	// Status is what `kubectl get -o yaml` adds; it is not looked at.
	Status any `json:"status,omitempty"`

	// Facts is what follows from the spec.
	Facts BookKeeperFacts `json:"-"`
}

// BookKeeperSpec holds the operator's fields under their names, and the stanza.
type BookKeeperSpec struct {
	// ZookeeperURI is the ensemble's connection string: hosts with ports, an optional chroot.
	ZookeeperURI string `json:"zookeeperUri,omitempty"`
	Image        *Image `json:"image,omitempty"`
	// Replicas is the number of bookies.
	Replicas *int32 `json:"replicas,omitempty"`
	// MaxUnavailableBookkeeperReplicas is the PodDisruptionBudget's maxUnavailable.
	MaxUnavailableBookkeeperReplicas *int32   `json:"maxUnavailableBookkeeperReplicas,omitempty"`
	Storage                          *Storage `json:"storage,omitempty"`
	// AutoRecovery restores the replication of ledgers whose bookie was lost.
	AutoRecovery *bool `json:"autoRecovery,omitempty"`
	// ServiceAccountName is an account that exists already.
	ServiceAccountName string  `json:"serviceAccountName,omitempty"`
	Probes             *Probes `json:"probes,omitempty"`
	// Resources are the bookie container's.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Options are settings of BookKeeper, and the operator's pseudo options among them.
	Options    map[string]string `json:"options,omitempty"`
	JVMOptions *JVMOptions       `json:"jvmOptions,omitempty"`
	// EnvVars names a ConfigMap whose entries become environment variables.
	EnvVars string `json:"envVars,omitempty"`
	// Version is the image's tag.
	Version string `json:"version,omitempty"`
	// BlockOwnerDeletion spoke of owner references, which nothing here has.
	BlockOwnerDeletion *bool `json:"blockOwnerDeletion,omitempty"`
	// Affinity is the bookie pods'.
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Labels and Annotations are added to the Service, the StatefulSet and its pods.
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	// InitContainers run before the bookie.
	InitContainers []corev1.Container `json:"initContainers,omitempty"`
	// HeadlessSvcNameSuffix follows the cluster's name in the Service's.
	HeadlessSvcNameSuffix string `json:"headlessSvcNameSuffix,omitempty"`
	// RunAsPrivilegedUser leaves the user to the image under Operator; Hardened pods never run as root.
	RunAsPrivilegedUser *bool `json:"runAsPrivilegedUser,omitempty"`
	// Tolerations are the pods'.
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// UpgradeTimeout is the operator's patience with an upgrade, in minutes.
	UpgradeTimeout *int32 `json:"upgradeTimeout,omitempty"`

	GitOps GitOps `json:"gitops,omitempty"`
}

// Image says where the image is; its tag is the spec's version.
type Image struct {
	ImageSpec *ImageSpec `json:"imageSpec,omitempty"`
}

// ImageSpec is the operator's image field.
type ImageSpec struct {
	// Repository is the image's name without tag and digest.
	Repository string `json:"repository,omitempty"`
	// Tag is ignored, as the operator does: the tag is spec.version.
	Tag string `json:"tag,omitempty"`
	// PullPolicy is Always, Never or IfNotPresent.
	PullPolicy corev1.PullPolicy `json:"pullPolicy,omitempty"`
}

// Storage holds the three claims of each bookie.
type Storage struct {
	// LedgerVolumeClaimTemplate is the claim of the ledger directories.
	LedgerVolumeClaimTemplate *corev1.PersistentVolumeClaimSpec `json:"ledgerVolumeClaimTemplate,omitempty"`
	// JournalVolumeClaimTemplate is the claim of the journal directories.
	JournalVolumeClaimTemplate *corev1.PersistentVolumeClaimSpec `json:"journalVolumeClaimTemplate,omitempty"`
	// IndexVolumeClaimTemplate is the claim of the index directories.
	IndexVolumeClaimTemplate *corev1.PersistentVolumeClaimSpec `json:"indexVolumeClaimTemplate,omitempty"`
}

// Probes holds the timing of the bookie's probes.
type Probes struct {
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	LivenessProbe  *Probe `json:"livenessProbe,omitempty"`
}

// Probe is the timing of one probe.
type Probe struct {
	// InitialDelaySeconds is the time from the container's start to the first probe.
	InitialDelaySeconds *int32 `json:"initialDelaySeconds,omitempty"`
	// PeriodSeconds is the time between two probes.
	PeriodSeconds *int32 `json:"periodSeconds,omitempty"`
	// FailureThreshold is the number of failures in a row that count.
	FailureThreshold *int32 `json:"failureThreshold,omitempty"`
	// SuccessThreshold is the number of successes in a row that count after a failure.
	SuccessThreshold *int32 `json:"successThreshold,omitempty"`
	// TimeoutSeconds is how long an answer may take.
	TimeoutSeconds *int32 `json:"timeoutSeconds,omitempty"`
}

// JVMOptions are passed to the bookie's JVM, in this order.
type JVMOptions struct {
	// MemoryOpts size heap and direct memory.
	MemoryOpts []string `json:"memoryOpts,omitempty"`
	// GcOpts choose and tune the garbage collector.
	GcOpts []string `json:"gcOpts,omitempty"`
	// GcLoggingOpts say where and how collections are logged.
	GcLoggingOpts []string `json:"gcLoggingOpts,omitempty"`
	// ExtraOpts are any others.
	ExtraOpts []string `json:"extraOpts,omitempty"`
}

// All is every option in the order in which the images pass them.
func (o JVMOptions) All() []string {
	var all []string
	for _, group := range [][]string{o.MemoryOpts, o.GcOpts, o.GcLoggingOpts, o.ExtraOpts} {
		all = append(all, group...)
	}
	return all
}
