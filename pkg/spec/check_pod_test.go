package spec

import "testing"

func TestCheckPod(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"labels and annotations that are none": {
			spec: `labels: {"a b": x, ok: "a b", "x/y/z": a}
annotations: {"a b": x, "ok/a": "any text at all"}`,
			both: []string{
				`f:11:19: spec.labels["a b"]: "a b" is not a label key`,
				`f:11:26: spec.labels.ok: "a b" is not a label value: at most 63 letters, digits, -, _ and .`,
				`f:11:42: spec.labels["x/y/z"]: "x/y/z" is not a label key`,
				`f:12:24: spec.annotations["a b"]: "a b" is not an annotation key`,
			},
		},
		"a label": {
			spec:     "labels: {team: data}",
			operator: []string{"f:11:18: warning: spec.labels.team: the operator puts this label into the StatefulSet's selector, which no update can change: adding, changing or removing it later is refused by Kubernetes"},
		},
		"labels that select": {
			spec: "labels: {app: mine, bookkeeper_cluster: b, component: c}",
			bad: []string{
				"f:11:17: spec.labels.app: the label selects the bookies; another value makes them invisible to whatever looks for them",
				"f:11:43: spec.labels.bookkeeper_cluster: the label selects the bookies; another value makes them invisible to whatever looks for them",
				"f:11:57: spec.labels.component: the label selects the bookies; another value makes them invisible to whatever looks for them",
			},
		},
		"labels of bkgen's": {
			spec:     "labels: {app.kubernetes.io/name: a}",
			hardened: []string{`f:11:36: spec.labels["app.kubernetes.io/name"]: labels app.kubernetes.io/* are bkgen's own (and the delivery engine's)`},
			operator: []string{`f:11:36: warning: spec.labels["app.kubernetes.io/name"]: the operator puts this label into the StatefulSet's selector, which no update can change: adding, changing or removing it later is refused by Kubernetes`},
		},
		"annotations of bkgen's and the operator's": {
			spec: "annotations: {bkgen.io/x: a, bookkeeper.version: b}",
			hardened: []string{
				`f:11:29: spec.annotations["bkgen.io/x"]: annotations bkgen.io/* are bkgen's own`,
				`f:11:52: spec.annotations["bookkeeper.version"]: the annotation is spec.version's`,
			},
			operator: []string{
				`f:11:29: spec.annotations["bkgen.io/x"]: annotations bkgen.io/* are bkgen's own`,
				`f:11:52: warning: spec.annotations["bookkeeper.version"]: the annotation is spec.version's`,
			},
		},
		"a soft anti-affinity": {
			spec: "affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: zone}}]}}",
			both: []string{"f:11:13: warning: spec.affinity: the anti-affinity is soft: two bookies may share a node, and an entry may lose two copies with it"},
		},
		"no anti-affinity": {
			spec: "affinity: {}",
			both: []string{"f:11:13: warning: spec.affinity: no anti-affinity: bookies may share a node, and an entry may lose all its copies with it"},
		},
		"no anti-affinity, but a hard spread": {spec: `affinity: {}
gitops: {profile: PROFILE, pod: {topologySpreadConstraints: [{topologyKey: kubernetes.io/hostname, maxSkew: 1, whenUnsatisfiable: DoNotSchedule}]}}`},
		"no anti-affinity in test mode": {spec: `affinity: {}
gitops: {profile: PROFILE, testMode: true}`},
		"containers without name or image": {
			spec: "initContainers: [{name: A, image: a}, {name: b}]",
			both: []string{
				`f:11:27: spec.initContainers[0].name: "A" is not lower-case letters, digits and -`,
				"f:11:41: spec.initContainers[1].image: required",
			},
		},
		"container names that are taken": {
			spec: `initContainers: [{name: bookie, image: a}, {name: x, image: a}]
gitops: {profile: PROFILE, pod: {containers: [{name: x, image: a}, {name: bkcheck, image: a}]}}`,
			both: []string{
				`f:11:27: spec.initContainers[0].name: container name "bookie" is taken`,
				`f:12:57: spec.gitops.pod.containers[0].name: container name "x" is taken`,
				`f:12:78: spec.gitops.pod.containers[1].name: container name "bkcheck" is taken`,
			},
		},
		"a probe that cannot fail": {
			spec: "gitops: {profile: PROFILE, pod: {containers: [{name: x, image: a, readinessProbe: {exec: {command: [sh, -c, curl localhost]}}, livenessProbe: {exec: {command: [curl, -sf, localhost]}}}]}}",
			both: []string{"f:11:86: warning: spec.gitops.pod.containers[0].readinessProbe: curl without --fail succeeds on HTTP 500: the probe cannot fail while the port answers"},
			hint: "use httpGet, or curl --fail",
		},
		"names of other objects that are none": {
			spec: `serviceAccountName: A
envVars: B_
gitops: {profile: PROFILE, pod: {priorityClassName: C_, imagePullSecrets: [{name: ok}, {name: D_}]}}`,
			hardened: []string{
				`f:12:12: spec.envVars: ConfigMap "B_" is not among the inputs, and what it holds belongs in the pod template`,
				`f:13:98: spec.gitops.pod.imagePullSecrets[1].name: "D_" is not a Secret's name`,
				`f:11:23: spec.serviceAccountName: "A" is not a ServiceAccount's name`,
				`f:12:12: spec.envVars: "B_" is not a ConfigMap's name`,
				`f:13:56: spec.gitops.pod.priorityClassName: "C_" is not a PriorityClass' name`,
			},
			operator: []string{
				`f:13:98: spec.gitops.pod.imagePullSecrets[1].name: "D_" is not a Secret's name`,
				`f:11:23: spec.serviceAccountName: "A" is not a ServiceAccount's name`,
				`f:12:12: spec.envVars: "B_" is not a ConfigMap's name`,
				`f:13:56: spec.gitops.pod.priorityClassName: "C_" is not a PriorityClass' name`,
			},
		},
		"a tag in the image, which the version overrides": {
			spec: "image: {imageSpec: {repository: apache/bookkeeper, tag: 4.16.0}}",
			both: []string{`f:11:59: warning: spec.image.imageSpec.tag: ignored, as the operator does: the tag is spec.version, "4.17.4"`},
		},
		"a privileged user": {spec: "runAsPrivilegedUser: true", hardened: []string{"f:11:24: warning: spec.runAsPrivilegedUser: ignored: Hardened pods never run as root"}},
		"no autorecovery": {
			spec:     "autoRecovery: false",
			hardened: []string{"f:11:17: warning: spec.autoRecovery: no autorecovery is rendered: ledgers of a lost bookie stay under-replicated until another autorecovery runs"},
		},
		"variables that are none": {
			spec: `gitops: {profile: PROFILE, pod: {env: [{name: ""}, {name: A, value: a}, {name: A}, {name: "1a"}, {name: "a b"}, {name: POD_NAME}, {name: ZK_URL}]}}`,
			hardened: []string{
				"f:11:50: spec.gitops.pod.env[0].name: required",
				`f:11:83: spec.gitops.pod.env[2].name: "A" is given twice`,
				`f:11:94: spec.gitops.pod.env[3].name: "1a" is not an environment variable's name`,
				`f:11:108: spec.gitops.pod.env[4].name: "a b" is not an environment variable's name`,
				"f:11:123: spec.gitops.pod.env[5].name: the variable holds the pod's name, of which the bookie's identity is made",
				`f:11:141: spec.gitops.pod.env[6].name: "ZK_URL" is the image's script's, and no script runs in a Hardened pod`,
			},
			operator: []string{
				"f:11:50: spec.gitops.pod.env[0].name: required",
				`f:11:83: spec.gitops.pod.env[2].name: "A" is given twice`,
				`f:11:94: spec.gitops.pod.env[3].name: "1a" is not an environment variable's name`,
				`f:11:108: spec.gitops.pod.env[4].name: "a b" is not an environment variable's name`,
				`f:11:141: spec.gitops.pod.env[6].name: "ZK_URL" would override what the operator's ConfigMap says`,
			},
		},
		"spec that is no mapping does not hide the rest": {
			spec: `labels: 3
gitops: {profile: PROFILE, engine: x}
replicas: many`,
			both: []string{
				"f:11:11: spec.labels: seen the integer 3, allowed a mapping",
				`f:13:13: spec.replicas: seen the string "many", allowed an integer`,
				`f:12:39: spec.gitops.engine: seen "x", allowed argocd, flux, none`,
			},
		},
	})
}
