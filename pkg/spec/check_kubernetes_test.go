package spec

import "testing"

func TestCheckKubernetes(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"tolerations that the API server takes": {
			spec: `tolerations: [{operator: Exists}, {key: a, effect: NoExecute, tolerationSeconds: 5}, {key: example.com/b, operator: Equal, value: c, effect: NoSchedule}]`,
		},
		"tolerations that it does not": {
			spec: `tolerations:
- {key: a, operator: Exist, effect: NoSchedul}
- {key: a b, effect: NoSchedule, tolerationSeconds: 5}
- {effect: NoSchedule}`,
			both: []string{
				`f:12:24: spec.tolerations[0].operator: seen "Exist", allowed Exists, Equal (did you mean "Exists"?)`,
				`f:12:39: spec.tolerations[0].effect: seen "NoSchedul", allowed NoSchedule, PreferNoSchedule, NoExecute (did you mean "NoSchedule"?)`,
				`f:13:11: spec.tolerations[1].key: "a b" is not a taint's key`,
				`f:13:55: spec.tolerations[1].tolerationSeconds: allowed only with effect NoExecute, seen "NoSchedule"`,
				`f:14:5: spec.tolerations[2].key: required unless operator is Exists`,
			},
		},
		"resources of a wrong name": {
			spec: "resources: {limits: {memory: 8Gi, memroy: 1Gi, nvidia.com/gpu: 1, hugepages-2Mi: 4Mi}}",
			both: []string{`f:11:45: spec.resources.limits.memroy: seen "memroy", allowed cpu, memory, ephemeral-storage (did you mean "memory"?)`},
		},
		"spread and node selector": {
			spec: `gitops:
  profile: PROFILE
  pod:
    nodeSelector: {"a b": c, disk: "n v"}
    topologySpreadConstraints:
    - {maxSkew: 0, topologyKey: "", whenUnsatisfiable: Never}`,
			both: []string{
				`f:16:19: spec.gitops.pod.topologySpreadConstraints[0].maxSkew: 0 is less than 1`,
				`f:16:35: spec.gitops.pod.topologySpreadConstraints[0].topologyKey: "" is not a node label's key such as topology.kubernetes.io/zone`,
				`f:16:58: spec.gitops.pod.topologySpreadConstraints[0].whenUnsatisfiable: seen "Never", allowed DoNotSchedule, ScheduleAnyway`,
				`f:14:29: spec.gitops.pod.nodeSelector["a b"]: "a b" is not a label key`,
				`f:14:38: spec.gitops.pod.nodeSelector.disk: "n v" is not a label value: at most 63 letters, digits, -, _ and .`,
			},
		},
		"a spread that tells revisions apart": {
			spec: `gitops:
  profile: PROFILE
  pod: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, matchLabelKeys: [controller-revision-hash]}]}`,
			bad: []string{`f:13:121: spec.gitops.pod.topologySpreadConstraints[0].matchLabelKeys: controller-revision-hash tells the revisions apart: during a rollout the old and the new bookies may crowd one zone`},
		},
		"a container that no restricted namespace takes": {
			spec: `initContainers: [{name: i, image: i, securityContext: {privileged: true, runAsUser: 0, capabilities: {add: [SYS_ADMIN]}}}]`,
			hardened: []string{
				"f:11:70: warning: spec.initContainers[0].securityContext.privileged: a namespace that enforces the restricted Pod Security standard does not admit the bookies with it",
				"f:11:87: warning: spec.initContainers[0].securityContext.runAsUser: a namespace that enforces the restricted Pod Security standard does not admit the bookies with it",
				"f:11:104: warning: spec.initContainers[0].securityContext.capabilities: a namespace that enforces the restricted Pod Security standard does not admit the bookies with it",
			},
		},
		"a scheme before the image's own": {
			spec:     "zookeeperUri: zk://zk-0,zk-1",
			operator: []string{"f:11:17: warning: spec.zookeeperUri: the image's script puts a scheme of its own before this one"},
		},
		"settings that are empty or replaced": {
			spec: `options: {diskUsageThreshold: "", zkTimeout: "${sys:a}"}`,
			hardened: []string{
				"f:11:33: spec.options.diskUsageThreshold: an empty value is none of BookKeeper's",
				"f:11:48: warning: spec.options.zkTimeout: BookKeeper replaces ${…} by another setting, ${sys:…} and ${env:…} by the process' own",
			},
		},
		"what to do when memory runs out": {
			spec: `jvmOptions: {extraOpts: ["-XX:OnOutOfMemoryError=kill -9 %p"]}`,
		},
		"annotations that steer the delivery": {
			spec: `annotations: {argocd.argoproj.io/hook: PreDelete, helm.sh/hook: pre-delete}`,
			both: []string{
				`f:11:42: spec.annotations["argocd.argoproj.io/hook"]: annotations argocd.argoproj.io/* steer the delivery of an object and belong on no pod; set what you need with a patch`,
				`f:11:67: spec.annotations["helm.sh/hook"]: annotations helm.sh/* steer the delivery of an object and belong on no pod; set what you need with a patch`,
			},
		},
		"variables that would change who a bookie is": {
			spec: `gitops:
  profile: PROFILE
  pod: {env: [{name: POD_NAME, value: a}, {name: _JAVA_OPTIONS, value: -DbookieId=a}, {name: BOOKIE_CONF, value: a}]}`,
			hardened: []string{
				"f:13:24: spec.gitops.pod.env[0].name: the variable holds the pod's name, of which the bookie's identity is made",
				"f:13:52: spec.gitops.pod.env[1].name: the JVM would take options from it; allowed: in spec.jvmOptions",
				"f:13:96: spec.gitops.pod.env[2].name: the variable is bkgen's own",
			},
		},
		"volumes and mounts of the stanza": {
			spec: `gitops:
  profile: PROFILE
  pod:
    volumes: [{name: share, nfs: {server: a, path: /}}]
    containers: [{name: side, image: a, volumeMounts: [{name: share, mountPath: /a}, {name: journal, mountPath: /b}, {name: gone, mountPath: /c}]}]`,
			hardened: []string{
				"f:14:17: warning: spec.gitops.pod.volumes[0]: a namespace that enforces the restricted Pod Security standard does not admit a volume of this type",
				`f:15:127: spec.gitops.pod.containers[0].volumeMounts[2].name: no volume "gone" in the pod; allowed: ledger, journal, index, config, tmp, share`,
			},
			operator: []string{`f:15:127: spec.gitops.pod.containers[0].volumeMounts[2].name: no volume "gone" in the pod; allowed: ledger, journal, index, share`},
		},
		"stanza mounts that hide the data or the process": {
			spec: `gitops:
  profile: PROFILE
  pod:
    volumes: [{name: e, emptyDir: {}}]
    volumeMounts: [{name: e, mountPath: bk/ledgers}, {name: e, mountPath: //bk//ledgers/current}, {name: e, mountPath: /opt/bookkeeper/lib/x}]`,
			both: []string{
				`f:15:43: spec.gitops.pod.volumeMounts[0].mountPath: path "bk/ledgers" should start with /`,
				`f:15:77: spec.gitops.pod.volumeMounts[1].mountPath: path "//bk//ledgers/current" is not clean; write "/bk/ledgers/current"`,
			},
			hardened: []string{`f:15:122: spec.gitops.pod.volumeMounts[2].mountPath: "/opt/bookkeeper/lib/x" would hide or replace BookKeeper's classes in /opt/bookkeeper/lib`},
		},
		"another configuration file": {
			spec: `options: {configMapVolumeMounts: "evil:bk_server.conf=/etc/bookkeeper/bk_server.conf", ledgerDirectories: /tmp/l}`,
			hardened: []string{
				`f:11:36: spec.options.configMapVolumeMounts: "/etc/bookkeeper/bk_server.conf" would hide or replace the configuration in /etc/bookkeeper`,
				`f:11:109: spec.options.ledgerDirectories: "/tmp/l" lies in /tmp, which is emptied with every restart`,
			},
		},
		"options that start something else": {
			spec: `jvmOptions: {extraOpts: ["-jar", "-XX:VMOptionsFile=/x", "-Dx=$(E)", "-XX:HeapDumpPath=/d/$(POD_NAME)"]}`,
			hardened: []string{
				`f:11:28: spec.jvmOptions.extraOpts[0]: "-jar" decides what runs; allowed: options that tune the JVM`,
				`f:11:36: spec.jvmOptions.extraOpts[1]: "-XX:VMOptionsFile=/x" decides what runs; allowed: options that tune the JVM`,
				`f:11:60: spec.jvmOptions.extraOpts[2]: Kubernetes would replace $(…) in "-Dx=$(E)"; allowed: $(POD_NAME) alone`,
			},
		},
		"a journal that is not written": {
			spec:     `options: {journalSyncData: "false"}`,
			hardened: []string{`f:11:30: warning: spec.options.journalSyncData: a bookie acknowledges entries that are not on its disk: a power cut may lose them`},
		},
		"a data directory in the place of the classes": {
			spec:     `options: {ledgerDirectories: /opt/bookkeeper/lib}`,
			hardened: []string{`f:11:32: spec.options.ledgerDirectories: "/opt/bookkeeper/lib" would hide or replace BookKeeper's classes in /opt/bookkeeper/lib`},
		},
	})
}
