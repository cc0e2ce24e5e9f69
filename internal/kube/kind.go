package kube

import (
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kind is a kind of object: its resource is its name in URLs and RBAC.
type kind struct {
	group       schema.GroupVersion
	kind        string
	resource    string
	clusterWide bool
}

var (
	pods         = kind{group: corev1.SchemeGroupVersion, kind: "Pod", resource: "pods"}
	claims       = kind{group: corev1.SchemeGroupVersion, kind: "PersistentVolumeClaim", resource: "persistentvolumeclaims"}
	configMaps   = kind{group: corev1.SchemeGroupVersion, kind: "ConfigMap", resource: "configmaps"}
	events       = kind{group: corev1.SchemeGroupVersion, kind: "Event", resource: "events"}
	nodes        = kind{group: corev1.SchemeGroupVersion, kind: "Node", resource: "nodes", clusterWide: true}
	statefulSets = kind{group: appsv1.SchemeGroupVersion, kind: "StatefulSet", resource: "statefulsets"}
	deployments  = kind{group: appsv1.SchemeGroupVersion, kind: "Deployment", resource: "deployments"}
	revisions    = kind{group: appsv1.SchemeGroupVersion, kind: "ControllerRevision", resource: "controllerrevisions"}
	budgets      = kind{group: policyv1.SchemeGroupVersion, kind: "PodDisruptionBudget", resource: "poddisruptionbudgets"}
	leases       = kind{group: coordinationv1.SchemeGroupVersion, kind: "Lease", resource: "leases"}
)

// object is what an API type T is by its pointer.
type object[T any] interface {
	*T
	metav1.Object
	runtime.Object
}
