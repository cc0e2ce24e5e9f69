package render

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// workload is one set of pods and what belongs to it: the form between a kind's
// lowering and Kubernetes' objects. What is nil or empty is not rendered.
type workload struct {
	name      string
	namespace string
	// labels are every object's; selector selects the pods and is among podLabels.
	labels         map[string]string
	selector       map[string]string
	annotations    map[string]string
	podLabels      map[string]string
	podAnnotations map[string]string
	replicas       int32
	pod            corev1.PodSpec

	// stateful makes the pods a StatefulSet's; without it they are a Deployment's.
	stateful *stateful
	account  *serviceAccount
	config   map[string]string
	budget   *budget
	policy   *networkPolicy
	monitor  *podMonitor
}

// stateful is what a StatefulSet has beyond a Deployment.
type stateful struct {
	service                  service
	claims                   []corev1.PersistentVolumeClaim
	minReadySeconds          int32
	revisionHistoryLimit     *int32
	retention                *appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy
	publishNotReadyAddresses bool
}

// service is a headless Service.
type service struct {
	name  string
	ports []corev1.ServicePort
}

type serviceAccount struct{ name string }

// budget is a PodDisruptionBudget. Objects of the operator carry no labels there.
type budget struct {
	maxUnavailable  int32
	unhealthyPolicy *policyv1.UnhealthyPodEvictionPolicyType
	labels          map[string]string
}

type networkPolicy struct {
	ingress []networkingv1.NetworkPolicyIngressRule
}

type podMonitor struct {
	labels   map[string]string
	selector map[string]string
	port     string
	interval string
}

// objects are the workload's objects, typed, or maps where Kubernetes has no type.
func (w *workload) objects() []any {
	var objects []any
	if w.account != nil {
		objects = append(objects, w.serviceAccount())
	}
	if w.config != nil {
		objects = append(objects, &corev1.ConfigMap{
			TypeMeta: typeMeta("v1", "ConfigMap"), ObjectMeta: objectMeta(w.name, w.namespace, nil, nil), Data: w.config,
		})
	}
	if w.stateful != nil {
		objects = append(objects, w.headlessService(), w.statefulSet())
	} else {
		objects = append(objects, w.deployment())
	}
	if w.budget != nil {
		objects = append(objects, w.podDisruptionBudget())
	}
	if w.policy != nil {
		objects = append(objects, w.networkPolicy())
	}
	if w.monitor != nil {
		objects = append(objects, w.podMonitor())
	}
	return objects
}

func (w *workload) template() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: w.podLabels, Annotations: w.podAnnotations},
		Spec:       w.pod,
	}
}

// statefulSet: OnDelete, because pods are replaced by whoever has looked at the data
// first; Parallel, because OrderedReady cannot bring pod 1 back while pod 0 is broken
// (kubernetes issue 67250).
func (w *workload) statefulSet() *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		TypeMeta:   typeMeta("apps/v1", "StatefulSet"),
		ObjectMeta: objectMeta(w.name, w.namespace, w.labels, w.annotations),
		Spec: appsv1.StatefulSetSpec{
			Replicas:             &w.replicas,
			Selector:             &metav1.LabelSelector{MatchLabels: w.selector},
			Template:             w.template(),
			VolumeClaimTemplates: w.stateful.claims,
			ServiceName:          w.stateful.service.name,
			PodManagementPolicy:  appsv1.ParallelPodManagement,
			UpdateStrategy:       appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType},
			MinReadySeconds:      w.stateful.minReadySeconds,
			RevisionHistoryLimit: w.stateful.revisionHistoryLimit,

			PersistentVolumeClaimRetentionPolicy: w.stateful.retention,
		},
	}
}

// deployment replaces one pod after the other and never takes more room than it has.
func (w *workload) deployment() *appsv1.Deployment {
	one, none := intstr.FromInt32(1), intstr.FromInt32(0)
	return &appsv1.Deployment{
		TypeMeta:   typeMeta("apps/v1", "Deployment"),
		ObjectMeta: objectMeta(w.name, w.namespace, w.labels, w.annotations),
		Spec: appsv1.DeploymentSpec{
			Replicas: &w.replicas,
			Selector: &metav1.LabelSelector{MatchLabels: w.selector},
			Template: w.template(),
			Strategy: appsv1.DeploymentStrategy{
				Type:          appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &one, MaxSurge: &none},
			},
		},
	}
}

func (w *workload) headlessService() *corev1.Service {
	return &corev1.Service{
		TypeMeta:   typeMeta("v1", "Service"),
		ObjectMeta: objectMeta(w.stateful.service.name, w.namespace, w.labels, nil),
		Spec: corev1.ServiceSpec{
			ClusterIP:                corev1.ClusterIPNone,
			Ports:                    w.stateful.service.ports,
			Selector:                 w.selector,
			PublishNotReadyAddresses: w.stateful.publishNotReadyAddresses,
		},
	}
}

func (w *workload) serviceAccount() *corev1.ServiceAccount {
	no := false
	return &corev1.ServiceAccount{
		TypeMeta:                     typeMeta("v1", "ServiceAccount"),
		ObjectMeta:                   objectMeta(w.account.name, w.namespace, w.labels, nil),
		AutomountServiceAccountToken: &no,
	}
}

func (w *workload) podDisruptionBudget() *policyv1.PodDisruptionBudget {
	maxUnavailable := intstr.FromInt32(w.budget.maxUnavailable)
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   typeMeta("policy/v1", "PodDisruptionBudget"),
		ObjectMeta: objectMeta(w.name, w.namespace, w.budget.labels, nil),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable:             &maxUnavailable,
			Selector:                   &metav1.LabelSelector{MatchLabels: w.selector},
			UnhealthyPodEvictionPolicy: w.budget.unhealthyPolicy,
		},
	}
}

func (w *workload) networkPolicy() *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta:   typeMeta("networking.k8s.io/v1", "NetworkPolicy"),
		ObjectMeta: objectMeta(w.name, w.namespace, w.labels, nil),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: w.selector},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress:     w.policy.ingress,
		},
	}
}

// podMonitor is the Prometheus operator's; its API is no module of Kubernetes'.
// Source: https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor
func (w *workload) podMonitor() map[string]any {
	endpoint := map[string]any{"port": w.monitor.port, "path": "/metrics"}
	if w.monitor.interval != "" {
		endpoint["interval"] = w.monitor.interval
	}
	labels := maps.Clone(w.labels)
	maps.Copy(labels, w.monitor.labels)
	return map[string]any{
		"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor",
		"metadata": map[string]any{"name": w.name, "namespace": w.namespace, "labels": anyMap(labels)},
		"spec": map[string]any{
			"selector":            map[string]any{"matchLabels": anyMap(w.monitor.selector)},
			"podMetricsEndpoints": []any{endpoint},
		},
	}
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func typeMeta(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}

func objectMeta(name, namespace string, labels, annotations map[string]string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: labels, Annotations: maps.Clone(annotations)}
}
