package spec

import "testing"

func TestCheckGitOps(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"an unknown field with a suggestion": {
			spec: "gitops: {profile: PROFILE, restartTokn: a, durability: {ackQuorm: 2}}",
			both: []string{
				`f:11:31: spec.gitops.restartTokn: unknown field (did you mean "restartToken"?)`,
				`f:11:60: spec.gitops.durability.ackQuorm: unknown field (did you mean "ackQuorum"?)`,
			},
		},
		"an unknown engine": {spec: "gitops: {profile: PROFILE, engine: argo}", both: []string{`f:11:39: spec.gitops.engine: seen "argo", allowed argocd, flux, none`}},
		"an unknown engine near another": {
			spec: "gitops: {profile: PROFILE, engine: agrocd}",
			both: []string{`f:11:39: spec.gitops.engine: seen "agrocd", allowed argocd, flux, none (did you mean "argocd"?)`},
		},
		"a Kubernetes that is too old": {
			spec:     `gitops: {profile: PROFILE, kubeVersion: "1.20"}`,
			hardened: []string{"f:11:44: spec.gitops.kubeVersion: 1.20 is too old for profile Hardened, allowed 1.29 and newer"},
			operator: []string{"f:11:44: spec.gitops.kubeVersion: 1.20 is too old for profile Operator, allowed 1.21 and newer"},
		},
		"a Kubernetes without native sidecars": {
			spec:     `gitops: {profile: PROFILE, kubeVersion: "1.28"}`,
			hardened: []string{"f:11:44: spec.gitops.kubeVersion: 1.28 is too old for profile Hardened, allowed 1.29 and newer"},
		},
		"a Kubernetes that is newer than the API": {
			spec: `gitops: {profile: PROFILE, kubeVersion: "1.99"}`,
			both: []string{"f:11:44: warning: spec.gitops.kubeVersion: 1.99 is newer than the API that bkgen checks its output against, 1.36"},
		},
		"a patch version of Kubernetes": {
			spec: `gitops: {profile: PROFILE, kubeVersion: "1.33.1"}`,
			both: []string{`f:11:44: spec.gitops.kubeVersion: "1.33.1" is not a minor version such as "1.33"`},
		},
		"a domain that is none": {
			spec: `gitops: {profile: PROFILE, clusterDomain: "cluster_local"}`,
			both: []string{`f:11:46: spec.gitops.clusterDomain: "cluster_local" is not a DNS name such as cluster.local`},
		},
		"quorums in the wrong order": {
			spec: "gitops: {profile: PROFILE, durability: {ensembleSize: 3, writeQuorum: 4, ackQuorum: 5}}",
			both: []string{
				"f:11:74: spec.gitops.durability.writeQuorum: 4 is more than ensembleSize 3",
				"f:11:88: spec.gitops.durability.ackQuorum: 5 is more than writeQuorum 4",
			},
		},
		"an ensemble of none": {
			spec: "gitops: {profile: PROFILE, durability: {ensembleSize: 0}}",
			both: []string{
				"f:11:58: spec.gitops.durability.ensembleSize: 0 is less than 1",
				"f:11:43: warning: spec.gitops.durability.ackQuorum: an entry is acknowledged when one bookie has it: losing that bookie loses the entry",
			},
		},
		"an ensemble of one, whose quorums follow": {
			spec: "gitops: {profile: PROFILE, durability: {ensembleSize: 1}}",
			both: []string{"f:11:43: warning: spec.gitops.durability.ackQuorum: an entry is acknowledged when one bookie has it: losing that bookie loses the entry"},
		},
		"one acknowledgement in test mode": {spec: "gitops: {profile: PROFILE, testMode: true, durability: {ensembleSize: 1}}"},
		"Decommission": {
			spec: "gitops: {profile: PROFILE, lifecycle: Decommission}",
			both: []string{"f:11:42: spec.gitops.lifecycle: not supported yet"},
			hint: "leave it out: its default is what this version does",
		},
		"cleanup that is not there yet": {
			spec: "gitops: {profile: PROFILE, cleanup: {policy: Delete, hook: PostDelete, scope: Pravega}}",
			both: []string{
				"f:11:49: spec.gitops.cleanup.policy: not supported yet",
				"f:11:63: spec.gitops.cleanup.hook: not supported yet",
				"f:11:82: spec.gitops.cleanup.scope: not supported yet",
			},
		},
		"rollout switches that are not there yet": {
			spec: "gitops: {profile: PROFILE, rollout: {conductor: Gate, writeAvailability: Required, soakSeconds: 5, deadlineSecondsPerPod: 60, paused: true}}",
			both: []string{
				"f:11:52: spec.gitops.rollout.conductor: not supported yet",
				"f:11:77: spec.gitops.rollout.writeAvailability: not supported yet",
				"f:11:100: spec.gitops.rollout.soakSeconds: not supported yet",
				"f:11:126: spec.gitops.rollout.deadlineSecondsPerPod: not supported yet",
				"f:11:138: spec.gitops.rollout.paused: not supported yet",
			},
		},
		"the defaults, written out": {spec: "gitops: {profile: PROFILE, lifecycle: Active, cleanup: {policy: Retain, hook: PreDelete, scope: BookKeeper}, rollout: {conductor: Sidecar, writeAvailability: BestEffort, soakSeconds: 30, deadlineSecondsPerPod: 1800, paused: false}}"},
		"words that are none of the allowed": {
			spec: "gitops: {profile: PROFILE, lifecycle: Decomission, cleanup: {policy: Keep}, rollout: {conductor: sidecar}}",
			both: []string{
				`f:11:42: spec.gitops.lifecycle: seen "Decomission", allowed Active, Decommission (did you mean "Decommission"?)`,
				`f:11:73: spec.gitops.cleanup.policy: seen "Keep", allowed Retain, Delete`,
				`f:11:101: spec.gitops.rollout.conductor: seen "sidecar", allowed Sidecar, Gate (did you mean "Sidecar"?)`,
			},
		},
		"rollout times that are none": {
			spec: "gitops: {profile: PROFILE, rollout: {soakSeconds: -1, deadlineSecondsPerPod: 0}}",
			both: []string{
				"f:11:54: spec.gitops.rollout.soakSeconds: -1 is less than 0",
				"f:11:81: spec.gitops.rollout.deadlineSecondsPerPod: 0 is less than 1",
			},
		},
		"an Argo CD that is none": {
			spec: "gitops: {profile: PROFILE, argocd: {version: latest, application: bookkeeper}}",
			both: []string{
				`f:11:49: spec.gitops.argocd.version: "latest" is not a version such as "3.3"`,
				`f:11:70: spec.gitops.argocd.application: "bookkeeper" is not namespace/name`,
			},
		},
		"an Argo CD": {spec: `gitops: {profile: PROFILE, argocd: {version: "3.3", application: argocd/bookkeeper}}`},
		"a PodMonitor that the policy keeps out": {
			spec:     "gitops: {profile: PROFILE, podMonitor: {enabled: true, interval: 30s}, networkPolicy: {enabled: true}}",
			hardened: []string{"f:11:90: warning: spec.gitops.networkPolicy.monitoring: no peer is named: the NetworkPolicy keeps Prometheus from the port that the PodMonitor names"},
			operator: []string{
				"f:11:53: warning: spec.gitops.podMonitor.enabled: the operator's pods declare no HTTP port; Prometheus finds metrics only if the options switch the HTTP server on at 8080",
				"f:11:90: warning: spec.gitops.networkPolicy.monitoring: no peer is named: the NetworkPolicy keeps Prometheus from the port that the PodMonitor names",
			},
			hint: "name Prometheus' pods, for example {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}",
		},
		"a PodMonitor's interval as its schema has it": {spec: "gitops: {profile: PROFILE, podMonitor: {interval: 1d12h}}"},
		"a PodMonitor's interval that Go alone takes": {
			spec: "gitops: {profile: PROFILE, podMonitor: {interval: 1.5h}}",
			both: []string{`f:11:54: spec.gitops.podMonitor.interval: "1.5h" is not a duration such as 30s`},
		},
		"peers of a policy that is off": {
			spec: "gitops: {profile: PROFILE, networkPolicy: {enabled: false, clients: [{podSelector: {}}]}}",
			both: []string{"f:11:46: warning: spec.gitops.networkPolicy: peers are named, but enabled is false: no NetworkPolicy is rendered"},
		},
		"a patch in a file and one in the text": {spec: `gitops:
  profile: PROFILE
  patches:
  - path: ./patches/a.yaml
  - {patch: 'kind: Service', target: {kind: Service}}`},
		"patches that are none": {
			spec: `gitops:
  profile: PROFILE
  patches:
  - {target: {kind: Service}}
  - {path: a.yaml, patch: b}
  - path: https://example.com/a.yaml
  - path: git@example.com:a.yaml
  - path: example.com/a?ref=v1
  - path: ../a.yaml
  - path: /etc/passwd
  - path: .
  - path: nope.yaml`,
			both: []string{
				"f:14:7: spec.gitops.patches[0]: has neither path nor patch",
				"f:15:7: spec.gitops.patches[1]: has both path and patch; allowed: one of them",
				`f:16:13: spec.gitops.patches[2].path: "https://example.com/a.yaml" is a remote resource; allowed: a file beside the spec`,
				`f:17:13: spec.gitops.patches[3].path: "git@example.com:a.yaml" is a remote resource; allowed: a file beside the spec`,
				`f:18:13: spec.gitops.patches[4].path: "example.com/a?ref=v1" is a remote resource; allowed: a file beside the spec`,
				`f:19:13: spec.gitops.patches[5].path: "../a.yaml" leads out of the spec's directory; allowed: a file in it or below it`,
				`f:20:13: spec.gitops.patches[6].path: "/etc/passwd" leads out of the spec's directory; allowed: a file in it or below it`,
				`f:21:13: spec.gitops.patches[7].path: "." leads out of the spec's directory; allowed: a file in it or below it`,
				`f:22:13: spec.gitops.patches[8].path: reading "nope.yaml": file does not exist`,
			},
		},
	})
}
