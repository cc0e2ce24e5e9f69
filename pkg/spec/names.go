package spec

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation"
)

// What a document may name things: Kubernetes' own rules.

// isLabel: a DNS label (RFC 1123) of at most 63 characters, as volumes and most objects are named.
func isLabel(s string) bool { return len(validation.IsDNS1123Label(s)) == 0 }

// isServiceName: a DNS label of RFC 1035, as Services are named: it begins with a letter.
func isServiceName(s string) bool { return len(validation.IsDNS1035Label(s)) == 0 }

// isSubdomain: a DNS name (RFC 1123).
func isSubdomain(s string) bool { return len(validation.IsDNS1123Subdomain(s)) == 0 }

// isConfigKey: a key of a ConfigMap.
func isConfigKey(s string) bool { return len(validation.IsConfigMapKey(s)) == 0 }

// isEnvName: an environment variable's name, as all versions of Kubernetes take it.
func isEnvName(s string) bool { return len(validation.IsEnvVarName(s)) == 0 }

// isQualifiedName: a key of labels and annotations.
func isQualifiedName(s string) bool { return len(validation.IsQualifiedName(s)) == 0 }

// isLabelValue: a label's value.
func isLabelValue(s string) bool { return len(validation.IsValidLabelValue(s)) == 0 }

// hostPattern is what may stand for a host: a DNS name in any case, or an IPv4 address; _ as some resolvers take it.
var hostPattern = regexp.MustCompile(`^[A-Za-z0-9]([-_A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-_A-Za-z0-9]*[A-Za-z0-9])?)*\.?$`)

// Ports of a bookie pod.
const (
	// BookiePort serves clients. The operator fixes it; Services and identities hold it.
	BookiePort = 3181
	// HTTPPort serves the admin API, metrics and probes.
	HTTPPort = 8080
)

// AnnotationPrefix begins the key of every annotation that is bkgen's or bkcheck's own.
const AnnotationPrefix = "bkgen.io/"

// Annotations of pod templates.
const (
	// ConfigAnnotation holds the whole configuration file of the pod's process.
	ConfigAnnotation = AnnotationPrefix + "bk-server-conf"
	// RestartAnnotation holds spec.gitops.restartToken.
	RestartAnnotation = AnnotationPrefix + "restart-token"
	// VersionAnnotation is the operator's; it informs, nothing decides by it.
	VersionAnnotation = "bookkeeper.version"
)

// The operator's labels, which select the pods.
const (
	AppLabel       = "app"
	ClusterLabel   = "bookkeeper_cluster"
	ComponentLabel = "component"
	// AppValue is AppLabel's value.
	AppValue = "bookkeeper-cluster"
	// BookieComponent and AutorecoveryComponent are ComponentLabel's values.
	BookieComponent       = "bookie"
	AutorecoveryComponent = "autorecovery"
)

// BookieName names the StatefulSet, its ConfigMap, PodDisruptionBudget and account.
func (b *BookKeeper) BookieName() string { return b.Name + "-bookie" }

// HeadlessServiceName names the Service that gives each bookie its DNS name.
func (b *BookKeeper) HeadlessServiceName() string {
	return b.Name + "-" + b.Spec.HeadlessSvcNameSuffix
}

// AutorecoveryName names the autorecovery Deployment and what belongs to it.
func (b *BookKeeper) AutorecoveryName() string { return b.Name + "-autorecovery" }

// SelectorLabels select the pods of one component, and nothing that a user writes can change them.
func (b *BookKeeper) SelectorLabels(component string) map[string]string {
	return map[string]string{AppLabel: AppValue, ClusterLabel: b.Name, ComponentLabel: component}
}

// BookieHost is the DNS name of a bookie whose pod's name is pod; it is the host of its bookie id.
func (b *BookKeeper) BookieHost(pod string) string {
	return pod + "." + b.HeadlessServiceName() + "." + b.Namespace + ".svc." + b.Spec.GitOps.ClusterDomain
}
