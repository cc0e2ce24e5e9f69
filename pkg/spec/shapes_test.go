package spec

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// shapes has a field of each shape that a spec is made of.
type shapes struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec shapesSpec `json:"spec"`
}

type shapesSpec struct {
	Replicas *int32            `json:"replicas,omitempty"`
	Port     uint16            `json:"port,omitempty"`
	Ratio    float64           `json:"ratio,omitempty"`
	Version  string            `json:"version,omitempty"`
	Level    level             `json:"level,omitempty"`
	Enabled  *bool             `json:"enabled,omitempty"`
	Options  map[string]string `json:"options,omitempty"`
	Counts   map[level]int     `json:"counts,omitempty"`
	Args     []string          `json:"args,omitempty"`
	Pair     [2]int            `json:"pair,omitempty"`
	Secret   []byte            `json:"secret,omitempty"`
	Patch    json.RawMessage   `json:"patch,omitempty"`
	Status   any               `json:"status,omitempty"`

	Target    *intstr.IntOrString               `json:"target,omitempty"`
	Period    *metav1.Duration                  `json:"period,omitempty"`
	Claim     *corev1.PersistentVolumeClaimSpec `json:"claim,omitempty"`
	Resources *corev1.ResourceRequirements      `json:"resources,omitempty"`
	Affinity  *corev1.Affinity                  `json:"affinity,omitempty"`
	Tolerate  []corev1.Toleration               `json:"tolerations,omitempty"`
	Container []corev1.Container                `json:"containers,omitempty"`
	Volumes   []corev1.Volume                   `json:"volumes,omitempty"`
	//lint:ignore U1000 decode must pass over it
	hidden  int
	Skipped int `json:"-"`
}

type level string
