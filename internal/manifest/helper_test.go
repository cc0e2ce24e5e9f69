package manifest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	yaml3 "go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	yaml2 "sigs.k8s.io/yaml"
)

// keep leaves everything in a tree.
func keep(string, any) bool { return false }

// plainJSON is a tree as JSON with sorted keys and every number as encoding/json spells the
// float64, for comparing trees whose numbers are spelt differently. (Text, because cmp takes
// exponential time for lists in lists.)
func plainJSON(t testing.TB, tree any) string {
	t.Helper()
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if text, err = json.MarshalIndent(unsignedZeros(v), "", " "); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unsignedZeros replaces -0, which JSON distinguishes and the YAML parsers do not.
func unsignedZeros(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = unsignedZeros(value)
		}
	case []any:
		for i, item := range v {
			v[i] = unsignedZeros(item)
		}
	case float64:
		if v == 0 {
			return 0.0
		}
	}
	return v
}

// wantRead checks that the parser that kubectl uses (YAML 1.1) and a newer one both read text
// as the tree.
func wantRead(t testing.TB, text []byte, tree any) {
	t.Helper()
	want := plainJSON(t, tree)
	var got any
	if err := yaml2.UnmarshalStrict(text, &got); err != nil {
		t.Fatalf("sigs.k8s.io/yaml: %v\n%s", err, text)
	}
	if diff := cmp.Diff(want, plainJSON(t, got)); diff != "" {
		t.Fatalf("sigs.k8s.io/yaml (-want +got):\n%s\n%s", diff, text)
	}
	got = nil
	if err := yaml3.Unmarshal(text, &got); err != nil {
		t.Fatalf("yaml/v3: %v\n%s", err, text)
	}
	if diff := cmp.Diff(want, plainJSON(t, got)); diff != "" {
		t.Fatalf("yaml/v3 (-want +got):\n%s\n%s", diff, text)
	}
}

func labels() map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":       "bookkeeper",
		"app.kubernetes.io/component":  "bookie",
		"app.kubernetes.io/managed-by": "bkgen",
		"bookkeeper_cluster":           "bookkeeper",
	}
}

// bookies is a StatefulSet as bkgen renders it: about 5 KB as YAML.
func bookies() *appsv1.StatefulSet {
	replicas, grace, user := int32(3), int64(120), int64(1000)
	yes, no, always, mode := true, false, corev1.ContainerRestartPolicyAlways, corev1.PersistentVolumeFilesystem
	security := &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	probe := func(path string, port int) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt(port), Scheme: "HTTP"}},
			PeriodSeconds: 10, FailureThreshold: 6, TimeoutSeconds: 5,
		}
	}
	bookie := corev1.Container{
		Name: "bookie", Image: "apache/bookkeeper:4.17.4@sha256:7c0f0a3a5a0b8b7b0a9a3f0c6e9f7a3ce3b0a3cfa9e7d9f0e1d2c3b4a5968778",
		ImagePullPolicy: corev1.PullIfNotPresent,
		Command:         []string{"java"},
		Args: []string{
			"-Xms2g", "-Xmx2g", "-XX:MaxDirectMemorySize=2g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=10", "-Dio.netty.leakDetectionLevel=disabled",
			"-cp", "/opt/bookkeeper/conf:/opt/bookkeeper/lib/*", "org.apache.bookkeeper.server.Main", "--conf", "/etc/bkgen/bk_server.conf",
		},
		Ports: []corev1.ContainerPort{
			{Name: "bookie", ContainerPort: 3181, Protocol: "TCP"}, {Name: "http", ContainerPort: 8080, Protocol: "TCP"},
		},
		Env: []corev1.EnvVar{
			{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.name"}}},
			{Name: "POD_NAMESPACE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}},
			{Name: "BK_advertisedAddress", Value: "$(POD_NAME).bookkeeper-bookie-headless.$(POD_NAMESPACE).svc.cluster.local"},
			{Name: "BK_bookiePort", Value: "3181"}, {Name: "BK_autoRecoveryDaemonEnabled", Value: "false"}, {Name: "BOOKIE_EXTRA_OPTS"},
		},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("2"), "memory": resource.MustParse("6Gi")},
			Limits:   corev1.ResourceList{"memory": resource.MustParse("6Gi")},
		},
		LivenessProbe: probe("/heartbeat", 8080), ReadinessProbe: probe("/api/v1/bookie/is_ready", 8080),
		SecurityContext: security,
		VolumeMounts: []corev1.VolumeMount{
			{Name: "journal", MountPath: "/bk/journal/j0"}, {Name: "ledgers", MountPath: "/bk/ledgers/l0"},
			{Name: "conf", MountPath: "/etc/bkgen", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"},
		},
	}
	sidecar := corev1.Container{
		Name: "bkcheck", Image: "ghcr.io/bkgen/bkcheck:v1", RestartPolicy: &always,
		Args:           []string{"sidecar", "--cluster=bookkeeper", "--zookeeper=zookeeper-client:2181", "--listen=:8081"},
		ReadinessProbe: probe("/readyz", 8081), SecurityContext: security,
		VolumeMounts: []corev1.VolumeMount{{Name: "token", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true}},
	}
	claim := func(name, size string) corev1.PersistentVolumeClaim {
		return corev1.PersistentVolumeClaim{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, VolumeMode: &mode,
				Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse(size)}},
			},
		}
	}
	return &appsv1.StatefulSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "bookkeeper-bookie", Namespace: "storage", Labels: labels(),
			Annotations: map[string]string{"bkgen.dev/durability": "3,3,2", "bkgen.dev/soak-seconds": "30"},
		},
		Spec: appsv1.StatefulSetSpec{
			ServiceName: "bookkeeper-bookie-headless", Replicas: &replicas, PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector:       &metav1.LabelSelector{MatchLabels: labels()},
			UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels(), Annotations: map[string]string{"bkgen.dev/bk_server.conf": serverConf}},
				Spec: corev1.PodSpec{
					ServiceAccountName: "bookkeeper-bookie", AutomountServiceAccountToken: &no, TerminationGracePeriodSeconds: &grace,
					SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user},
					InitContainers:  []corev1.Container{sidecar}, Containers: []corev1.Container{bookie},
					TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
						MaxSkew: 1, TopologyKey: "topology.kubernetes.io/zone", WhenUnsatisfiable: corev1.ScheduleAnyway,
						LabelSelector: &metav1.LabelSelector{MatchLabels: labels()},
					}},
					Volumes: []corev1.Volume{
						{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
						{Name: "conf", VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{{
							Path: "bk_server.conf", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['bkgen.dev/bk_server.conf']"},
						}}}}},
					},
				},
			},
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{claim("journal", "20Gi"), claim("ledgers", "200Gi")},
		},
	}
}

var serverConf = func() string {
	text := "# written by bkgen\n"
	for i := range 12 {
		text += fmt.Sprintf("ledgerStorage.setting%d=/some/value/%d\n", i, i)
	}
	return text
}()
