package spec

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestDecode(t *testing.T) {
	const data = `
apiVersion: v1
kind: Shapes
metadata:
  name: a
  labels: {a.b/c: "1", when: 2026-01-31}
  creationTimestamp: 2026-01-31T12:00:00Z
spec:
  replicas: +3
  port: 65535
  ratio: 0.5
  version: 4.17.4
  level: high
  enabled: Yes
  options: {key: 'true', empty: "", text: !!str 12}
  counts: {low: -1}
  args: [a, "2", 'off']
  pair: [1, 2]
  secret: aGVs bG8=
  patch: {b: [1, 0x10, 010, 1_000, 2.5, yes, null, "<&>"], a: 18446744073709551615}
  status: {seen: [1, 2.5, no, ~, text], none: }
  target: 25%
  period: 1m30s
  claim:
    accessModes: [ReadWriteOnce]
    resources: {requests: {storage: 10Gi}}
  resources: {limits: {cpu: 2, memory: 1.5Gi}, requests: {cpu: 0.5}}
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 1
        podAffinityTerm: {topologyKey: zone, labelSelector: {matchLabels: {a: b}}}
  tolerations: [{key: a, operator: Exists, tolerationSeconds: 30}]
  containers:
  - name: c
    ports: [{containerPort: 8080}]
    livenessProbe: {httpGet: {port: http}}
    securityContext: {readOnlyRootFilesystem: true, runAsUser: 1000}
  volumes:
  - {name: e, emptyDir: {sizeLimit: 1Gi}}
  - name: s
    secret: {secretName: x, defaultMode: 420}
`
	want := shapes{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Shapes"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "a", Labels: map[string]string{"a.b/c": "1", "when": "2026-01-31"},
			CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC).Local()),
		},
		Spec: shapesSpec{
			Replicas: new(int32(3)), Port: 65535, Ratio: 0.5, Version: "4.17.4", Level: "high", Enabled: new(true),
			Options: map[string]string{"key": "true", "empty": "", "text": "12"},
			Counts:  map[level]int{"low": -1}, Args: []string{"a", "2", "off"}, Pair: [2]int{1, 2}, Secret: []byte("hello"),
			Patch:  json.RawMessage(`{"a":18446744073709551615,"b":[1,16,8,1000,2.5,true,null,"<&>"]}`),
			Status: map[string]any{"seen": []any{int64(1), 2.5, false, nil, "text"}, "none": nil},
			Target: new(intstr.FromString("25%")), Period: &metav1.Duration{Duration: 90 * time.Second},
			Claim: &corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("10Gi")}},
			},
			Resources: &corev1.ResourceRequirements{
				Limits:   corev1.ResourceList{"cpu": resource.MustParse("2"), "memory": resource.MustParse("1.5Gi")},
				Requests: corev1.ResourceList{"cpu": resource.MustParse("500m")},
			},
			Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{
					TopologyKey: "zone", LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}},
				}}},
			}},
			Tolerate: []corev1.Toleration{{Key: "a", Operator: corev1.TolerationOpExists, TolerationSeconds: new(int64(30))}},
			Container: []corev1.Container{{
				Name: "c", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
				LivenessProbe:   &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromString("http")}}},
				SecurityContext: &corev1.SecurityContext{ReadOnlyRootFilesystem: new(true), RunAsUser: new(int64(1000))},
			}},
			Volumes: []corev1.Volume{
				{Name: "e", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse("1Gi"))}}},
				{Name: "s", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "x", DefaultMode: new(int32(420))}}},
			},
		},
	}
	var got shapes
	if problems := parsed(t, data).decode(&got); len(problems) > 0 {
		t.Fatalf("problems %q, want none", problems)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(shapesSpec{})); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestDecodeNullLeavesAFieldUnset(t *testing.T) {
	var got shapes
	problems := parsed(t, "metadata: ~\nspec:\n  replicas: null\n  version:\n  claim: Null\n  target: NULL\n  args: ~\n  counts: {a: }\n  status: ~\n").decode(&got)
	want := shapes{Spec: shapesSpec{Counts: map[level]int{}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(shapesSpec{})); diff != "" || len(problems) > 0 {
		t.Errorf("problems %q, decoded (-want +got):\n%s", problems, diff)
	}
}

func TestDecodeMerges(t *testing.T) {
	const data = `
spec:
  options: &a {from: a, both: a}
  claim:
    resources: {requests: &r {storage: 1Gi}}
  resources:
    limits: {<<: [*r, {cpu: "1", storage: 2Gi}], storage: 3Gi}
    requests: *r
  status: {<<: *a, both: own, "<<": text}
`
	var got shapes
	problems := parsed(t, data).decode(&got)
	if len(problems) > 0 {
		t.Errorf("problems %q, want none", problems)
	}
	limits := corev1.ResourceList{"cpu": resource.MustParse("1"), "storage": resource.MustParse("3Gi")}
	if diff := cmp.Diff(limits, got.Spec.Resources.Limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(corev1.ResourceList{"storage": resource.MustParse("1Gi")}, got.Spec.Resources.Requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"from": "a", "both": "own", "<<": "text"}, got.Spec.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestDecodeKeepsWhatIsRight(t *testing.T) {
	var got shapes
	problems := parsed(t, "spec: {replicas: x, version: 4.17.4, args: [a, 2, c]}").decode(&got)
	if len(problems) != 2 || got.Spec.Version != "4.17.4" || cmp.Diff(got.Spec.Args, []string{"a", "", "c"}) != "" {
		t.Errorf("problems %q, decoded %+v", problems, got.Spec)
	}
}

func TestDecodeIntoWhatItCannotFillPanics(t *testing.T) {
	for name, into := range map[string]any{
		"no pointer":             shapes{},
		"a pointer to no struct": new(map[string]any),
		"a channel":              new(struct{ Kind chan int }),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			parsed(t, "Kind: a").decode(into)
		})
	}
}
