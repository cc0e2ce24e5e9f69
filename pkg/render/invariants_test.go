package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// reasonsOf are the reasons for which a patch of the small cluster is refused.
func reasonsOf(t testing.TB, profile spec.Profile, p spec.Patch) []string {
	t.Helper()
	c := decode(t, spec.Options{}, source(minimal(profile, small+"podMonitor: {enabled: true}\n", "autoRecovery: false"), nil))
	objects := rendered(t, c)
	original, err := typedSet(objects)
	if err != nil {
		t.Fatal(err)
	}
	if p.Target != nil && p.Target.Kind != "" {
		// The fewer objects, the faster; those that a patch cannot reach are left out.
		objects, original = reachable(objects, original, p.Target.Kind)
	}
	_, reasons := applyPatch(original, objects, p)
	return reasons
}

// reachable are the objects of a kind, or all where there is none of it.
func reachable(objects []manifest.Object, original objectSet, kind string) ([]manifest.Object, objectSet) {
	var some []manifest.Object
	var set objectSet
	for i, o := range objects {
		if o.Key().Kind == kind {
			some, set = append(some, o), append(set, original[i])
		}
	}
	if some == nil {
		return objects, original
	}
	return some, set
}

// Each problem says which patch it is and where it stands.
func TestProblemsStandAtTheirPatches(t *testing.T) {
	c := smallCluster(t, `
- patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: bk-bookie}
    spec: {replicas: 9, serviceName: other}
- target: {kind: Service}
  patch: |
    - {op: add, path: /metadata/labels/a, value: b}
- target: {kind: Nothing}
  patch: "- {op: remove, path: /a}"
`[1:], nil)
	objects, problems := Render(c)
	got := []string{}
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{
		"cluster.yaml:14:7: spec.gitops.patches[0]: " + theSet + "spec.replicas must stay 4, seen 9: set spec.replicas of the cluster instead",
		"cluster.yaml:14:7: spec.gitops.patches[0]: " + theSet + `spec.serviceName must stay "bk-bookie-headless", seen "other": the bookies' identities contain it`,
		"cluster.yaml:22:7: spec.gitops.patches[2]: the target matches no object; there are " + names(objects),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// ops are JSON 6902 operations, one a line, on the objects of a kind.
func ops(kind string, lines ...string) spec.Patch {
	return spec.Patch{Target: &spec.PatchTarget{Kind: kind}, Patch: "- " + strings.Join(lines, "\n- ") + "\n"}
}

// merge is a strategic merge patch of the StatefulSet; fields are YAML in flow style.
func merge(fields string) spec.Patch {
	return spec.Patch{
		Target: &spec.PatchTarget{Kind: "StatefulSet"},
		Patch:  "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: bk-bookie}\nspec: " + fields + "\n",
	}
}

const (
	theSet         = "apps/v1 StatefulSet storage/bk-bookie: "
	theService     = "v1 Service storage/bk-bookie-headless: "
	theBudget      = "policy/v1 PodDisruptionBudget storage/bk-bookie: "
	bookieSelector = `{"matchLabels":{"app":"bookkeeper-cluster","bookkeeper_cluster":"bk","component":"bookie"}}`
	identity       = `["-Dorg.apache.bookkeeper.conf.readsystemproperties=true","-DadvertisedAddress=$(POD_NAME).bk-bookie-headless.storage.svc.cluster.local","org.apache.bookkeeper.server.Main","--conf","/etc/bookkeeper/bk_server.conf"]`
	ensureArgs     = `["ensure-cluster","--metadata-service-uri=zk://zk:2181/bookkeeper/storage/bk/ledgers"]`
	podName        = `{"name":"POD_NAME","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}`
	gone           = " is gone after the patch; a patch may remove only NetworkPolicy and PodMonitor"
	notBefore      = " is not allowed before the identity: it would name another program or file of options, or take the next argument for itself"
	isNew          = " is new after the patch; a patch may change objects only"
)

func TestPatchesThatBreakAnInvariantAreRefused(t *testing.T) {
	const container = "/spec/template/spec/containers/0"
	for name, c := range map[string]struct {
		patch spec.Patch
		want  []string
	}{
		// The StatefulSet.
		"the replicas": {ops("StatefulSet", "{op: replace, path: /spec/replicas, value: 9}"),
			[]string{theSet + "spec.replicas must stay 4, seen 9: set spec.replicas of the cluster instead"}},
		"the selector": {ops("StatefulSet", "{op: add, path: /spec/selector/matchLabels/a, value: b}", "{op: add, path: /spec/template/metadata/labels/a, value: b}"),
			[]string{theSet + `spec.selector must stay ` + bookieSelector + `, seen {"matchLabels":{"a":"b","app":"bookkeeper-cluster","bookkeeper_cluster":"bk","component":"bookie"}}: it is immutable and finds the pods`}},
		"the service's name": {merge("{serviceName: other}"),
			[]string{theSet + `spec.serviceName must stay "bk-bookie-headless", seen "other": the bookies' identities contain it`}},
		"OrderedReady": {merge("{podManagementPolicy: OrderedReady}"),
			[]string{theSet + `spec.podManagementPolicy must stay "Parallel", seen "OrderedReady": it is immutable, and OrderedReady cannot recover behind a broken pod`}},
		"RollingUpdate": {merge("{updateStrategy: {type: RollingUpdate}}"),
			[]string{theSet + `spec.updateStrategy must stay {"type":"OnDelete"}, seen {"type":"RollingUpdate"}: any other restarts bookies without asking whether their ledgers are replicated`}},
		"no strategy": {ops("StatefulSet", "{op: remove, path: /spec/updateStrategy}"),
			[]string{theSet + `spec.updateStrategy must stay {"type":"OnDelete"}, seen {}: any other restarts bookies without asking whether their ledgers are replicated`}},
		"the claims' retention": {merge("{persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}}"),
			[]string{theSet + `spec.persistentVolumeClaimRetentionPolicy must stay {"whenDeleted":"Retain","whenScaled":"Retain"}, seen {"whenDeleted":"Delete","whenScaled":"Retain"}: claims hold the ledgers`}},
		"the ordinals": {merge("{ordinals: {start: 5}}"),
			[]string{theSet + `spec.ordinals must stay null, seen {"start":5}: the bookies' identities contain the ordinal`}},
		"a claim's name": {ops("StatefulSet", "{op: replace, path: /spec/volumeClaimTemplates/1/metadata/name, value: other}"),
			[]string{
				theSet + `the names of spec.volumeClaimTemplates must stay ["journal","ledger","index"], seen ["journal","other","index"]: the bookies' disks are found by them`,
				theSet + `container "bookie" mounts volume "ledger", which is not there`,
			}},
		"a claim replaced by an empty directory": {ops("StatefulSet", "{op: remove, path: /spec/volumeClaimTemplates/1}", "{op: add, path: /spec/template/spec/volumes/-, value: {name: ledger, emptyDir: {}}}"),
			[]string{theSet + `the names of spec.volumeClaimTemplates must stay ["journal","ledger","index"], seen ["journal","index"]: the bookies' disks are found by them`}},
		"an owner of a claim": {ops("StatefulSet", "{op: add, path: /spec/volumeClaimTemplates/0/metadata/ownerReferences, value: [{apiVersion: v1, kind: Pod, name: a, uid: b}]}"),
			[]string{theSet + `metadata of claim template journal must stay {}, seen {"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"b"}]}: a patch may change only labels, annotations and finalizers`}},
		"an owner of the set": {ops("StatefulSet", "{op: add, path: /metadata/ownerReferences, value: [{apiVersion: v1, kind: Pod, name: a, uid: b}]}"),
			[]string{theSet + `metadata must stay {}, seen {"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"b"}]}: a patch may change only labels, annotations and finalizers`}},
		"metadata of the API server": {ops("StatefulSet", `{op: add, path: /metadata/resourceVersion, value: "7"}`),
			[]string{theSet + `metadata must stay {}, seen {"resourceVersion":"7"}: a patch may change only labels, annotations and finalizers`}},

		"a claim's access modes": {ops("StatefulSet", `{op: replace, path: /spec/volumeClaimTemplates/1/spec/accessModes, value: [ReadWriteMany]}`),
			[]string{theSet + `accessModes of claim template ledger must stay ["ReadWriteOnce"], seen ["ReadWriteMany"]: every bookie needs a disk of its own, empty at first`}},
		"a claim of a block device": {ops("StatefulSet", `{op: replace, path: /spec/volumeClaimTemplates/1/spec/volumeMode, value: Block}`),
			[]string{theSet + `volumeMode of claim template ledger must stay "Filesystem", seen "Block": every bookie needs a disk of its own, empty at first`}},
		"a claim's data source": {ops("StatefulSet", `{op: add, path: /spec/volumeClaimTemplates/1/spec/dataSource, value: {kind: PersistentVolumeClaim, name: a}}`),
			[]string{theSet + `dataSource of claim template ledger must stay null, seen {"apiGroup":null,"kind":"PersistentVolumeClaim","name":"a"}: every bookie needs a disk of its own, empty at first`}},
		"a claim's other data source": {ops("StatefulSet", `{op: add, path: /spec/volumeClaimTemplates/1/spec/dataSourceRef, value: {kind: PersistentVolumeClaim, name: a}}`),
			[]string{theSet + `dataSourceRef of claim template ledger must stay null, seen {"apiGroup":null,"kind":"PersistentVolumeClaim","name":"a"}: every bookie needs a disk of its own, empty at first`}},
		"a claim's volume": {ops("StatefulSet", `{op: add, path: /spec/volumeClaimTemplates/1/spec/volumeName, value: a}`),
			[]string{theSet + `volumeName of claim template ledger must stay "", seen "a": every bookie needs a disk of its own, empty at first`}},
		"a claim's selector": {ops("StatefulSet", `{op: add, path: /spec/volumeClaimTemplates/1/spec/selector, value: {matchLabels: {a: b}}}`),
			[]string{theSet + `selector of claim template ledger must stay null, seen {"matchLabels":{"a":"b"}}: every bookie needs a disk of its own, empty at first`}},
		"a smaller claim": {ops("StatefulSet", `{op: replace, path: /spec/volumeClaimTemplates/1/spec/resources/requests/storage, value: 1Mi}`),
			[]string{theSet + "the storage request of claim template ledger must be at least 10Gi, seen 1Mi: no claim can shrink"}},

		// The pods.
		"a pod that ends": {merge("{template: {spec: {restartPolicy: Never}}}"),
			[]string{theSet + "spec.template.spec.restartPolicy must stay Always, seen Never: the API server takes no other"}},
		"a shorter grace period": {merge("{template: {spec: {terminationGracePeriodSeconds: 0}}}"),
			[]string{theSet + "spec.template.spec.terminationGracePeriodSeconds must be at least 300, seen 0: a process that is killed has not ended its work"}},
		"no grace period": {ops("StatefulSet", "{op: remove, path: /spec/template/spec/terminationGracePeriodSeconds}"),
			[]string{theSet + "spec.template.spec.terminationGracePeriodSeconds must be at least 300, seen 30: a process that is killed has not ended its work"}},
		"no image": {ops("StatefulSet", "{op: remove, path: "+container+"/image}"),
			[]string{theSet + `container "bookie" has no image`}},
		"a label that is selected by": {ops("StatefulSet", "{op: replace, path: /spec/template/metadata/labels/component, value: other}"),
			[]string{theSet + `spec.template.metadata.labels: component must stay "bookie", seen "other": the selector finds the pods by it`}},
		"a label that is gone": {ops("StatefulSet", "{op: remove, path: /spec/template/metadata/labels/bookkeeper_cluster}"),
			[]string{theSet + `spec.template.metadata.labels: bookkeeper_cluster must stay "bk", seen "": the selector finds the pods by it`}},
		"the configuration": {ops("StatefulSet", "{op: replace, path: /spec/template/metadata/annotations/bkgen.io~1bk-server-conf, value: x}"),
			[]string{theSet + "spec.template.metadata.annotations: bkgen.io/bk-server-conf is the checked configuration; change spec.options instead"}},
		"the configuration's volume": {merge("{template: {spec: {volumes: [{name: config, downwardAPI: null, emptyDir: {}}]}}}"),
			[]string{theSet + `spec.template.spec.volumes: config must stay {"name":"config","downwardAPI":{"items":[{"path":"bk_server.conf","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.annotations['bkgen.io/bk-server-conf']"}}]}}, seen {"name":"config","emptyDir":{}}: it is the checked configuration`}},
		"a removed volume": {merge("{template: {spec: {volumes: [{$patch: delete, name: tmp}]}}}"),
			[]string{theSet + `spec.template.spec.volumes: volume "tmp" is gone`, theSet + `container "bookie" mounts volume "tmp", which is not there`}},
		"a volume with a claim's name": {merge("{template: {spec: {volumes: [{name: ledger, emptyDir: {}}]}}}"),
			[]string{theSet + `spec.template.spec.volumes: volume "ledger" is there twice, or a claim's name`}},
		"a volume twice": {ops("StatefulSet", "{op: add, path: /spec/template/spec/volumes/-, value: {name: config, emptyDir: {}}}"),
			[]string{theSet + `spec.template.spec.volumes: volume "config" is there twice, or a claim's name`}},
		"a removed container": {merge("{template: {spec: {initContainers: [{$patch: delete, name: ensure-cluster}]}}}"),
			[]string{theSet + `spec.template.spec.initContainers: container "ensure-cluster" is gone`}},
		"a renamed container": {ops("StatefulSet", "{op: replace, path: "+container+"/name, value: other}"),
			[]string{theSet + `spec.template.spec.containers: container "bookie" is gone`}},
		"a container twice": {ops("StatefulSet", "{op: add, path: /spec/template/spec/containers/-, value: {name: bookie, image: a}}"),
			[]string{theSet + `spec.template.spec: container "bookie" is there twice`}},
		"an init container of the same name": {ops("StatefulSet", "{op: add, path: /spec/template/spec/initContainers/0, value: {name: bookie, image: a}}"),
			[]string{theSet + `spec.template.spec: container "bookie" is there twice`}},
		"a container that mounts what is not there": {merge("{template: {spec: {containers: [{name: a, image: a, volumeMounts: [{name: b, mountPath: /b}]}]}}}"),
			[]string{theSet + `container "a" mounts volume "b", which is not there`}},

		// Mounts and ports.
		"a removed mount": {ops("StatefulSet", "{op: remove, path: "+container+"/volumeMounts/0}"),
			[]string{theSet + `container "bookie": the mount of volume "ledger" at /bk/ledgers is gone or another`}},
		"a mount moved": {ops("StatefulSet", "{op: replace, path: "+container+"/volumeMounts/0/mountPath, value: /data}"),
			[]string{theSet + `container "bookie": the mount of volume "ledger" at /bk/ledgers is gone or another`}},
		"a sub path": {ops("StatefulSet", "{op: add, path: "+container+"/volumeMounts/0/subPath, value: a}"),
			[]string{theSet + `container "bookie": the mount of volume "ledger" at /bk/ledgers is gone or another`}},
		"a sub path by an expression": {ops("StatefulSet", `{op: add, path: `+container+`/volumeMounts/0/subPathExpr, value: "$(POD_NAME)"}`),
			[]string{theSet + `container "bookie": the mount of volume "ledger" at /bk/ledgers is gone or another`}},
		"a read-only mount": {ops("StatefulSet", "{op: add, path: "+container+"/volumeMounts/0/readOnly, value: true}"),
			[]string{theSet + `container "bookie": the mount of volume "ledger" at /bk/ledgers is gone or another`}},
		"a mount over the ledgers": {ops("StatefulSet", "{op: add, path: "+container+"/volumeMounts/-, value: {name: tmp, mountPath: /bk/ledgers/current}}"),
			[]string{theSet + `container "bookie": a mount of volume "tmp" at /bk/ledgers/current would come between the process and volume "ledger" at /bk/ledgers`}},
		"a mount over the ledgers by another path": {ops("StatefulSet", "{op: add, path: "+container+"/volumeMounts/-, value: {name: tmp, mountPath: /bk/../bk//ledgers/}}"),
			[]string{theSet + `container "bookie": a mount of volume "tmp" at /bk/../bk//ledgers/ would come between the process and volume "ledger" at /bk/ledgers`}},
		"a mount above the data": {ops("StatefulSet", "{op: add, path: "+container+"/volumeMounts/-, value: {name: tmp, mountPath: /bk}}"),
			[]string{
				theSet + `container "bookie": a mount of volume "tmp" at /bk would come between the process and volume "ledger" at /bk/ledgers`,
				theSet + `container "bookie": a mount of volume "tmp" at /bk would come between the process and volume "journal" at /bk/journal`,
				theSet + `container "bookie": a mount of volume "tmp" at /bk would come between the process and volume "index" at /bk/index`,
			}},
		"a mount over the configuration": {ops("StatefulSet", "{op: add, path: "+container+"/volumeMounts/-, value: {name: tmp, mountPath: /etc/bookkeeper/bk_server.conf, subPath: a}}"),
			[]string{theSet + `container "bookie": a mount of volume "tmp" at /etc/bookkeeper/bk_server.conf would come between the process and volume "config" at /etc/bookkeeper`}},
		"a removed port": {ops("StatefulSet", "{op: remove, path: "+container+"/ports/1}"),
			[]string{theSet + `container "bookie": port http 8080 is gone`}},

		"a relative mount over the ledgers": {ops("StatefulSet", `{op: add, path: `+container+`/volumeMounts/-, value: {name: tmp, mountPath: bk/ledgers}}`),
			[]string{theSet + `container "bookie": a mount of volume "tmp" at bk/ledgers would come between the process and volume "ledger" at /bk/ledgers`}},
		"a mount over the ledgers by a dot": {ops("StatefulSet", `{op: add, path: `+container+`/volumeMounts/-, value: {name: tmp, mountPath: /bk/./ledgers}}`),
			[]string{theSet + `container "bookie": a mount of volume "tmp" at /bk/./ledgers would come between the process and volume "ledger" at /bk/ledgers`}},
		"a mount over the ledgers by slashes": {ops("StatefulSet", `{op: add, path: `+container+`/volumeMounts/-, value: {name: tmp, mountPath: //bk//ledgers/current}}`),
			[]string{theSet + `container "bookie": a mount of volume "tmp" at //bk//ledgers/current would come between the process and volume "ledger" at /bk/ledgers`}},
		"the ledgers a second time": {ops("StatefulSet", `{op: add, path: `+container+`/volumeMounts/-, value: {name: ledger, mountPath: bk/ledgers, subPath: a}}`),
			[]string{theSet + `container "bookie": a mount of volume "ledger" at bk/ledgers would come between the process and volume "ledger" at /bk/ledgers`}},
		"another protocol of a container's port": {ops("StatefulSet", "{op: replace, path: "+container+"/ports/0/protocol, value: UDP}"),
			[]string{theSet + `container "bookie": protocol of port bookie must stay "TCP", seen "UDP": the process speaks no other`}},

		// Who the process is.
		"options of Java in JAVA_TOOL_OPTIONS": {ops("StatefulSet", `{op: add, path: `+container+`/env/-, value: {name: JAVA_TOOL_OPTIONS, value: "-Dsome.property=1"}}`),
			[]string{theSet + `container "bookie": environment variable JAVA_TOOL_OPTIONS must stay null, seen [{"name":"JAVA_TOOL_OPTIONS","value":"-Dsome.property=1"}]: set spec.jvmOptions instead`}},
		"options of Java in JDK_JAVA_OPTIONS": {ops("StatefulSet", `{op: add, path: `+container+`/env/-, value: {name: JDK_JAVA_OPTIONS, value: "-Dsome.property=1"}}`),
			[]string{theSet + `container "bookie": environment variable JDK_JAVA_OPTIONS must stay null, seen [{"name":"JDK_JAVA_OPTIONS","value":"-Dsome.property=1"}]: set spec.jvmOptions instead`}},
		"options of Java from a Secret": {ops("StatefulSet", `{op: add, path: `+container+`/env/-, value: {name: JAVA_TOOL_OPTIONS, valueFrom: {secretKeyRef: {name: a, key: b}}}}`),
			[]string{theSet + `container "bookie": environment variable JAVA_TOOL_OPTIONS must stay null, seen [{"name":"JAVA_TOOL_OPTIONS","valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}}]: set spec.jvmOptions instead`}},
		"a source of variables": {merge("{template: {spec: {containers: [{name: bookie, envFrom: [{secretRef: {name: a}}]}]}}}"),
			[]string{theSet + `container "bookie": envFrom must stay null, seen [{"secretRef":{"name":"a"}}]: its variables could take the place of the checked ones`}},
		"a wrapper": {ops("StatefulSet", `{op: add, path: `+container+`/command/0, value: tini}`),
			[]string{theSet + `container "bookie": its command must begin with "java", seen ["tini"]: whatever else runs may drop the identity`}},
		"a shell": {ops("StatefulSet", `{op: add, path: `+container+`/command/0, value: exec sleep inf}`, `{op: add, path: `+container+`/command/0, value: -c}`, `{op: add, path: `+container+`/command/0, value: sh}`),
			[]string{theSet + `container "bookie": its command must begin with "java", seen ["sh"]: whatever else runs may drop the identity`}},
		"another program": {ops("StatefulSet", `{op: replace, path: `+container+`/command/0, value: /opt/java}`),
			[]string{theSet + `container "bookie": its command must begin with "java", seen ["/opt/java"]: whatever else runs may drop the identity`}},
		"a jar": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: -jar}`),
			[]string{theSet + `container "bookie": argument "-jar"` + notBefore}},
		"a second class path": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: -cp}`),
			[]string{theSet + `container "bookie": argument "-cp"` + notBefore}},
		"a second class path in words": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: -classpath}`),
			[]string{theSet + `container "bookie": argument "-classpath"` + notBefore}},
		"a second class path in other words": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: --class-path}`),
			[]string{theSet + `container "bookie": argument "--class-path"` + notBefore}},
		"a second class path with a value": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: --class-path=/a}`),
			[]string{theSet + `container "bookie": argument "--class-path=/a"` + notBefore}},
		"a main class": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: com.example.Main}`),
			[]string{theSet + `container "bookie": argument "com.example.Main"` + notBefore}},
		"a file of arguments": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: "@/tmp/a"}`),
			[]string{theSet + `container "bookie": argument "@/tmp/a"` + notBefore}},
		"a file of JVM options": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: -XX:VMOptionsFile=/tmp/a}`),
			[]string{theSet + `container "bookie": argument "-XX:VMOptionsFile=/tmp/a"` + notBefore}},
		"a file of flags": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: -XX:Flags=/tmp/a}`),
			[]string{theSet + `container "bookie": argument "-XX:Flags=/tmp/a"` + notBefore}},
		"a module": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: --module=a/b}`),
			[]string{theSet + `container "bookie": argument "--module=a/b"` + notBefore}},
		"an option that takes the next": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: --add-modules}`),
			[]string{theSet + `container "bookie": argument "--add-modules"` + notBefore}},
		"a reference for an option": {ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: "-$(A)"}`),
			[]string{theSet + `container "bookie": argument "-$(A)"` + notBefore}},
		"a file of arguments for a class path": {ops("StatefulSet", `{op: test, path: `+container+`/command/20, value: /opt/bookkeeper/lib/*}`, `{op: replace, path: `+container+`/command/20, value: "@/tmp/a"}`),
			[]string{theSet + `container "bookie": argument "-cp"` + notBefore, theSet + `container "bookie": argument "@/tmp/a"` + notBefore}},
		"a class path that takes the next": {ops("StatefulSet", `{op: test, path: `+container+`/command/20, value: /opt/bookkeeper/lib/*}`, `{op: remove, path: `+container+`/command/20}`),
			[]string{theSet + `container "bookie": argument "-cp"` + notBefore}},
		"the command as arguments": {ops("StatefulSet", `{op: move, from: `+container+`/command, path: `+container+`/args}`),
			[]string{theSet + `container "bookie": its command must begin with "java", seen null: whatever else runs may drop the identity`}},
		"another address": {ops("StatefulSet", "{op: test, path: "+container+`/command/22, value: "-DadvertisedAddress=$(POD_NAME).bk-bookie-headless.storage.svc.cluster.local"}`, "{op: replace, path: "+container+"/command/22, value: -DadvertisedAddress=a}"),
			[]string{theSet + `container "bookie": its command must end with ` + identity + `: it is who the pod is and which cluster it belongs to`}},
		"a second address": {ops("StatefulSet", "{op: add, path: "+container+"/command/23, value: -DadvertisedAddress=a}"),
			[]string{theSet + `container "bookie": its command must end with ` + identity + `: it is who the pod is and which cluster it belongs to`}},
		"a bookie's id": {ops("StatefulSet", "{op: add, path: "+container+"/command/1, value: -DbookieId=a}"),
			[]string{theSet + `container "bookie": argument "-DbookieId=a" would be a second identity`}},
		"arguments behind": {ops("StatefulSet", "{op: add, path: "+container+"/args, value: [-l, /tmp]}"),
			[]string{theSet + `container "bookie": its command must end with ` + identity + `: it is who the pod is and which cluster it belongs to`}},
		"another command": {ops("StatefulSet", "{op: replace, path: "+container+"/command, value: [sleep, inf]}"),
			[]string{theSet + `container "bookie": its command must end with ` + identity + `: it is who the pod is and which cluster it belongs to`}},
		"another pod's name": {ops("StatefulSet", "{op: replace, path: "+container+"/env/0, value: {name: POD_NAME, value: bk-bookie-0}}"),
			[]string{theSet + `container "bookie": environment variable POD_NAME must stay [` + podName + `], seen [{"name":"POD_NAME","value":"bk-bookie-0"}]: the pod's identity contains it`}},
		"a second pod's name": {ops("StatefulSet", "{op: add, path: "+container+"/env/-, value: {name: POD_NAME, value: a}}"),
			[]string{theSet + `container "bookie": environment variable POD_NAME must stay [` + podName + `], seen [` + podName + `,{"name":"POD_NAME","value":"a"}]: the pod's identity contains it`}},
		"an address from the environment": {ops("StatefulSet", `{op: add, path: `+container+`/env/-, value: {name: _JAVA_OPTIONS, value: "-Xss1m -DadvertisedAddress=a"}}`),
			[]string{
				theSet + `container "bookie": environment variable _JAVA_OPTIONS: "-DadvertisedAddress=a" would be a second identity`,
				theSet + `container "bookie": environment variable _JAVA_OPTIONS must stay null, seen [{"name":"_JAVA_OPTIONS","value":"-Xss1m -DadvertisedAddress=a"}]: set spec.jvmOptions instead`,
			}},
		"another cluster to ensure": {ops("StatefulSet", "{op: add, path: /spec/template/spec/initContainers/0/args/-, value: --metadata-service-uri=zk://a/b}"),
			[]string{theSet + `container "ensure-cluster": its command and args must stay ` + ensureArgs + `, seen ["ensure-cluster","--metadata-service-uri=zk://zk:2181/bookkeeper/storage/bk/ledgers","--metadata-service-uri=zk://a/b"]: nothing else may create the cluster's metadata`}},
		"a cluster that is not waited for": {ops("StatefulSet", "{op: add, path: /spec/template/spec/initContainers/0/restartPolicy, value: Always}"),
			[]string{theSet + `container "ensure-cluster": restartPolicy must stay null, seen "Always": no other container may start before it has ended`}},

		// The other objects.
		"a Service with an address": {ops("Service", "{op: replace, path: /spec/clusterIP, value: 10.0.0.1}"),
			[]string{theService + `spec.clusterIP must stay "None", seen "10.0.0.1": a bookie's DNS name needs a headless Service`}},
		"the Service's selector": {ops("Service", "{op: remove, path: /spec/selector/component}"),
			[]string{theService + `spec.selector must stay {"app":"bookkeeper-cluster","bookkeeper_cluster":"bk","component":"bookie"}, seen {"app":"bookkeeper-cluster","bookkeeper_cluster":"bk"}: it finds the bookies`}},
		"names of ready pods only": {ops("Service", "{op: remove, path: /spec/publishNotReadyAddresses}"),
			[]string{theService + "spec.publishNotReadyAddresses must stay true, seen false: bookies are looked up before they are ready"}},
		"the Service's port": {ops("Service", "{op: replace, path: /spec/ports/0/port, value: 1}"),
			[]string{theService + "spec.ports: port bookie 3181 is gone"}},
		"a Service of another type": {ops("Service", "{op: add, path: /spec/type, value: NodePort}"),
			[]string{theService + `spec.type must stay "ClusterIP", seen "NodePort": only a ClusterIP Service can be headless`}},
		"another protocol of the Service's port": {ops("Service", "{op: replace, path: /spec/ports/0/protocol, value: UDP}"),
			[]string{theService + `spec.ports: protocol of port bookie must stay "TCP", seen "UDP": the bookies speak no other`}},
		"another target of the Service's port": {ops("Service", "{op: add, path: /spec/ports/0/targetPort, value: http}"),
			[]string{theService + `spec.ports: targetPort of port bookie must stay 3181, seen "http": the bookies listen there`}},
		"the budget's selector": {ops("PodDisruptionBudget", "{op: replace, path: /spec/selector/matchLabels/component, value: a}"),
			[]string{theBudget + "spec.selector must stay " + bookieSelector + `, seen {"matchLabels":{"app":"bookkeeper-cluster","bookkeeper_cluster":"bk","component":"a"}}: it finds the pods that the budget protects`}},
		"a larger budget": {ops("PodDisruptionBudget", "{op: replace, path: /spec/maxUnavailable, value: 50%}"),
			[]string{theBudget + `spec.maxUnavailable must stay 1, seen "50%": set spec.maxUnavailableBookkeeperReplicas instead`}},
		"a budget the other way round": {ops("PodDisruptionBudget", "{op: remove, path: /spec/maxUnavailable}", "{op: add, path: /spec/minAvailable, value: 1}"),
			[]string{
				theBudget + "spec.maxUnavailable must stay 1, seen null: set spec.maxUnavailableBookkeeperReplicas instead",
				theBudget + "spec.minAvailable must stay null, seen 1: set spec.maxUnavailableBookkeeperReplicas instead",
			}},

		// Delivery.
		"Argo CD's hook": {ops("StatefulSet", "{op: add, path: /metadata/annotations/argocd.argoproj.io~1hook, value: PreSync}"),
			[]string{theSet + "annotation argocd.argoproj.io/hook would take it out of the sync"}},
		"Helm's hook on a PodMonitor": {ops("PodMonitor", "{op: add, path: /metadata/annotations, value: {helm.sh/hook: post-install}}"),
			[]string{"monitoring.coreos.com/v1 PodMonitor storage/bk-bookie: annotation helm.sh/hook would take it out of the sync"}},
		"replacing by Argo CD": {ops("StatefulSet", `{op: add, path: /metadata/annotations/argocd.argoproj.io~1sync-options, value: "Validate=false, replace=true,Force=true"}`),
			[]string{
				theSet + "annotation argocd.argoproj.io/sync-options: Replace=true would delete it and make it anew",
				theSet + "annotation argocd.argoproj.io/sync-options: Force=true would delete it and make it anew",
			}},
		"forcing by Flux": {ops("StatefulSet", "{op: add, path: /metadata/annotations/kustomize.toolkit.fluxcd.io~1force, value: Enabled}"),
			[]string{theSet + "annotation kustomize.toolkit.fluxcd.io/force: enabled would delete it and make it anew"}},
		"an object that kustomize keeps to itself": {ops("StatefulSet", `{op: add, path: /metadata/annotations/config.kubernetes.io~1local-config, value: "true"}`),
			[]string{"apps/v1 StatefulSet storage/bk-bookie" + gone}},

		// Other objects than before.
		"a removed object": {spec.Patch{Patch: "$patch: delete\napiVersion: v1\nkind: Service\nmetadata: {name: bk-bookie-headless}\n"},
			[]string{"v1 Service storage/bk-bookie-headless" + gone}},
		"another name": {ops("StatefulSet", "{op: replace, path: /metadata/name, value: other}"),
			[]string{"apps/v1 StatefulSet storage/bk-bookie" + gone, "apps/v1 StatefulSet storage/other" + isNew}},
		"another namespace": {ops("Service", "{op: replace, path: /metadata/namespace, value: other}"),
			[]string{"v1 Service storage/bk-bookie-headless" + gone, "v1 Service other/bk-bookie-headless" + isNew}},
		"another kind": {ops("ServiceAccount", "{op: replace, path: /kind, value: ConfigMap}", "{op: remove, path: /automountServiceAccountToken}"),
			[]string{"v1 ServiceAccount storage/bk-bookie" + gone, "v1 ConfigMap storage/bk-bookie" + isNew}},
		"another version": {ops("PodDisruptionBudget", "{op: replace, path: /apiVersion, value: policy/v1beta1}"),
			[]string{"policy/v1 PodDisruptionBudget storage/bk-bookie" + gone, "policy/v1beta1 PodDisruptionBudget storage/bk-bookie" + isNew}},
		"a new object": {spec.Patch{Patch: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: storage}\n"},
			[]string{`applying the patch: no resource matches strategic merge patch "ConfigMap.v1.[noGrp]/more.storage": no matches for Id ConfigMap.v1.[noGrp]/more.storage; failed to find unique target for patch ConfigMap.v1.[noGrp]/more.storage`}},

		// Objects that the API server would refuse.
		"an unknown field": {merge("{replica: 3}"), []string{`apps/v1 StatefulSet storage/bk-bookie is not valid: unknown field "spec.replica"`}},
		"a wrong type": {merge("{minReadySeconds: soon}"),
			[]string{"apps/v1 StatefulSet storage/bk-bookie is not valid: json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.minReadySeconds of type int32"}},
		"a quantity that is none": {merge("{template: {spec: {containers: [{name: bookie, resources: {limits: {cpu: lots}}}]}}}"),
			[]string{`apps/v1 StatefulSet storage/bk-bookie is not valid: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`}},
		"a directive that kustomize leaves": {merge("{template: {spec: {$setElementOrder/containers: [{name: bookie}]}}}"),
			[]string{`apps/v1 StatefulSet storage/bk-bookie is not valid: unknown field "spec.template.spec.$setElementOrder/containers"`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, reasonsOf(t, spec.Hardened, c.patch)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

// kustomize would hash the content into the name.
func TestANameWithAHashIsRefused(t *testing.T) {
	patch := ops("Service", "{op: add, path: /metadata/annotations, value: {internal.config.kubernetes.io/needsHashSuffix: enabled}}")
	reasons := strings.Join(reasonsOf(t, spec.Hardened, patch), "\n")
	for _, want := range []string{"v1 Service storage/bk-bookie-headless" + gone, isNew} {
		if !strings.Contains(reasons, want) {
			t.Errorf("no word of %q in\n%s", want, reasons)
		}
	}
}

// A list that is replaced whole loses all that it must keep.
func TestReplacingTheContainersIsRefused(t *testing.T) {
	reasons := strings.Join(reasonsOf(t, spec.Hardened, merge("{template: {spec: {containers: [{$patch: replace}, {name: bookie, image: a}]}}}")), "\n")
	for _, want := range []string{"port bookie 3181 is gone", "port http 8080 is gone", "its command must end with", "POD_NAME must stay", `volume "ledger" at /bk/ledgers is gone`, `volume "config" at /etc/bookkeeper is gone`} {
		if !strings.Contains(reasons, want) {
			t.Errorf("no word of %q in\n%s", want, reasons)
		}
	}
}

func TestTextsThatAreNoPatchesAreRefused(t *testing.T) {
	const onlyPatches = `is a kustomization's field: a patch may name no resource, generator or transformer; allowed: a strategic merge patch or a list of JSON 6902 operations`
	onSet := func(text string) spec.Patch {
		return spec.Patch{Patch: text, Target: &spec.PatchTarget{Kind: "StatefulSet"}}
	}
	for name, c := range map[string]struct {
		patch spec.Patch
		want  string
	}{
		"a remote resource":            {onSet("resources: [https://example.com/a.yaml]"), `"resources" ` + onlyPatches},
		"a remote base":                {onSet("bases: [github.com/a/b]"), `"bases" ` + onlyPatches},
		"a remote component":           {onSet("components: ['github.com/a/b?ref=c']"), `"components" ` + onlyPatches},
		"a generator":                  {onSet("configMapGenerator: [{name: a, literals: [b=c]}]"), `"configMapGenerator" ` + onlyPatches},
		"a Helm chart":                 {onSet("helmCharts: [{name: a, repo: https://example.com}]"), `"helmCharts" ` + onlyPatches},
		"a kustomization":              {onSet("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"), `apiVersion "kustomize.config.k8s.io/v1beta1" is kustomize's own: a patch may name no generator or transformer`},
		"a builtin generator":          {onSet("apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: a}\n"), `apiVersion "builtin" is kustomize's own: a patch may name no generator or transformer`},
		"a generator behind a patch":   {onSet("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: bk-bookie}\n---\nsecretGenerator: []\n"), `"secretGenerator" ` + onlyPatches},
		"malformed YAML":               {onSet("a: [b"), `reading the patch: yaml: line 1: did not find expected ',' or ']'`},
		"malformed YAML behind":        {onSet("a: b\n---\na: [b"), `reading the patch: yaml: line 2: did not find expected ',' or ']'`},
		"nothing but white space":      {onSet(" \n"), "the patch is empty"},
		"nothing but a comment":        {onSet("# later\n"), "the patch is empty"},
		"operations without a target":  {spec.Patch{Patch: "- {op: remove, path: /spec/replicas}\n"}, `applying the patch: must specify a target for JSON patch [patch: "- {op: remove, path: /spec/replicas}"]`},
		"an operation that is none":    {ops("StatefulSet", "{op: frobnicate, path: /spec/replicas}"), "applying the patch: Unexpected kind: frobnicate"},
		"a path that is not there":     {ops("StatefulSet", "{op: remove, path: /spec/nope}"), "applying the patch: error in remove for path: '/spec/nope': Unable to remove nonexistent key: nope: missing value"},
		"a test that fails":            {ops("StatefulSet", "{op: test, path: /spec/replicas, value: 7}"), "applying the patch: testing value /spec/replicas failed: test failed"},
		"a target that is not there":   {ops("DaemonSet", "{op: remove, path: /spec/replicas}"), "the target matches no object; there are ServiceAccount/bk-bookie, Service/bk-bookie-headless, PodDisruptionBudget/bk-bookie, StatefulSet/bk-bookie, PodMonitor/bk-bookie"},
		"a target's pattern malformed": {ops("Stateful(", "{op: remove, path: /spec/replicas}"), "reading the target: error parsing regexp: missing closing ): `^(?:Stateful()$`"},
		"a target's selector malformed": {spec.Patch{Patch: "- {op: remove, path: /spec/replicas}\n", Target: &spec.PatchTarget{LabelSelector: "a in (("}},
			"reading the target: unable to parse requirement: found '(', expected: ',', ')' or identifier"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]string{c.want}, reasonsOf(t, spec.Hardened, c.patch)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

// What a person may want of a bookie and no invariant forbids.
func TestPatchesThatBreakNothingAreTaken(t *testing.T) {
	const container = "/spec/template/spec/containers/0"
	for name, p := range map[string]spec.Patch{
		"a JVM option":                    ops("StatefulSet", "{op: add, path: "+container+"/command/1, value: -Xlog:gc}"),
		"a property with a reference":     ops("StatefulSet", `{op: add, path: `+container+`/command/1, value: "-Dsome.property=$(POD_NAME)"}`),
		"a longer class path":             ops("StatefulSet", `{op: test, path: `+container+`/command/20, value: /opt/bookkeeper/lib/*}`, `{op: replace, path: `+container+`/command/20, value: "/opt/bookkeeper/lib/*:/plugins/*"}`),
		"a larger claim of another class": ops("StatefulSet", "{op: replace, path: /spec/volumeClaimTemplates/1/spec/resources/requests/storage, value: 1Ti}", "{op: add, path: /spec/volumeClaimTemplates/1/spec/storageClassName, value: fast}"),
		"a longer grace period":           merge("{template: {spec: {terminationGracePeriodSeconds: 9000, restartPolicy: Always}}}"),
		"what a Service has anyway":       ops("Service", "{op: add, path: /spec/type, value: ClusterIP}", "{op: add, path: /spec/ports/0/targetPort, value: 3181}", "{op: remove, path: /spec/ports/0/protocol}"),
		"an environment variable":         ops("StatefulSet", `{op: add, path: `+container+`/env/-, value: {name: SOME_OPTIONS, value: "-Dsome.property=1"}}`),
		"a mount beside the data":         ops("StatefulSet", "{op: add, path: "+container+"/volumeMounts/-, value: {name: tmp, mountPath: /bk/ledgers-old, subPath: a}}"),
		"a larger /tmp":                   merge("{template: {spec: {volumes: [{name: tmp, emptyDir: {sizeLimit: 4Gi}}]}}}"),
		"a sidecar with its volume": merge("{template: {spec: {containers: [{name: a, image: a, volumeMounts: [{name: own, mountPath: /bk/ledgers}]}], " +
			"volumes: [{name: own, emptyDir: {}}]}}}"),
		"a lifecycle hook":    merge("{template: {spec: {containers: [{name: bookie, lifecycle: {preStop: {sleep: {seconds: 5}}}}]}}}"),
		"a finalizer":         ops("StatefulSet", "{op: add, path: /metadata/finalizers, value: [example.com/keep]}"),
		"a label of a claim":  ops("StatefulSet", "{op: add, path: /spec/volumeClaimTemplates/0/metadata/labels, value: {backup: daily}}"),
		"another sync option": ops("StatefulSet", `{op: add, path: /metadata/annotations/argocd.argoproj.io~1sync-options, value: "Prune=confirm, Delete=confirm,Replace=false,Validate=false"}`),
		"another port":        ops("Service", "{op: add, path: /spec/ports/-, value: {name: a, port: 1}}"),
		"a node's selector":   merge("{template: {spec: {nodeSelector: {a: b}}}}"),
		"kustomize's names":   ops("StatefulSet", "{op: add, path: /metadata/annotations/internal.config.kubernetes.io~1previousNames, value: other}"),
	} {
		t.Run(name, func(t *testing.T) {
			if reasons := reasonsOf(t, spec.Hardened, p); len(reasons) > 0 {
				t.Errorf("refused: %v", reasons)
			}
		})
	}
}

// The operator's objects keep what they are found by, too.
func TestInvariantsHoldUnderOperator(t *testing.T) {
	const container = "/spec/template/spec/containers/0"
	for name, c := range map[string]struct {
		patch spec.Patch
		want  string
	}{
		"OnDelete": {merge("{updateStrategy: {type: RollingUpdate}}"),
			theSet + `spec.updateStrategy must stay {"type":"OnDelete"}, seen {"type":"RollingUpdate"}: any other restarts bookies without asking whether their ledgers are replicated`},
		"the claims' retention": {merge("{persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}}"),
			theSet + `spec.persistentVolumeClaimRetentionPolicy must stay null, seen {"whenScaled":"Delete"}: claims hold the ledgers`},
		"a mount over the journal": {merge("{template: {spec: {containers: [{name: bookie, volumeMounts: [{name: a, mountPath: /bk/journal/current}]}], volumes: [{name: a, emptyDir: {}}]}}}"),
			theSet + `container "bookie": a mount of volume "a" at /bk/journal/current would come between the process and volume "journal" at /bk/journal`},
		"a key of the ConfigMap": {ops("ConfigMap", "{op: replace, path: /data/ZK_URL, value: other}"),
			`v1 ConfigMap storage/bk-bookie: data: ZK_URL must stay "zk:2181", seen "other": change the spec instead`},
		"one key more in the ConfigMap": {ops("ConfigMap", `{op: add, path: /data/BK_bookieId, value: ""}`),
			`v1 ConfigMap storage/bk-bookie: data: BK_bookieId must stay null, seen "": change the spec instead`},
		"a command": {merge("{template: {spec: {containers: [{name: bookie, command: [sleep]}]}}}"),
			theSet + `container "bookie": command must stay null, seen ["sleep"]: the image's own script makes the settings`},
		"arguments": {merge("{template: {spec: {containers: [{name: bookie, args: [sleep]}]}}}"),
			theSet + `container "bookie": args must stay null, seen ["sleep"]: the image's own script makes the settings`},
		"another source of variables": {ops("StatefulSet", "{op: replace, path: "+container+"/envFrom/0/configMapRef/name, value: a}"),
			theSet + `container "bookie": envFrom must stay [{"configMapRef":{"name":"bk-bookie"}}], seen [{"configMapRef":{"name":"a"}}]: its variables could take the place of the checked ones`},
		"one source of variables more": {ops("StatefulSet", "{op: add, path: "+container+"/envFrom/-, value: {secretRef: {name: a}}}"),
			theSet + `container "bookie": envFrom must stay [{"configMapRef":{"name":"bk-bookie"}}], seen [{"configMapRef":{"name":"bk-bookie"}},{"secretRef":{"name":"a"}}]: its variables could take the place of the checked ones`},
		"another ZooKeeper": {ops("StatefulSet", "{op: add, path: "+container+"/env, value: [{name: ZK_URL, value: a}]}"),
			theSet + `container "bookie": environment variable ZK_URL must stay null, seen [{"name":"ZK_URL","value":"a"}]: change the spec instead`},
		"a setting": {ops("StatefulSet", "{op: add, path: "+container+"/env, value: [{name: BK_bookieId, value: a}]}"),
			theSet + `container "bookie": environment variable BK_bookieId must stay null, seen [{"name":"BK_bookieId","value":"a"}]: change the spec instead`},
		"a script's option": {ops("StatefulSet", "{op: add, path: "+container+"/env, value: [{name: BOOKIE_EXTRA_OPTS, value: a}]}"),
			theSet + `container "bookie": environment variable BOOKIE_EXTRA_OPTS must stay null, seen [{"name":"BOOKIE_EXTRA_OPTS","value":"a"}]: change the spec instead`},
		"a grace period shorter than Kubernetes' own": {merge("{template: {spec: {terminationGracePeriodSeconds: 5}}}"),
			theSet + "spec.template.spec.terminationGracePeriodSeconds must be at least 30, seen 5: a process that is killed has not ended its work"},
		"the ConfigMap": {spec.Patch{Patch: "$patch: delete\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: bk-bookie}\n"}, "v1 ConfigMap storage/bk-bookie" + gone},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]string{c.want}, reasonsOf(t, spec.Operator, c.patch)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

// The Deployment's pods are found and named as the bookies are.
func TestInvariantsHoldForAutorecovery(t *testing.T) {
	c := decode(t, spec.Options{}, source(minimal(spec.Hardened, small), nil))
	c.Stanza().Patches = []spec.Patch{
		ops("Deployment", "{op: add, path: /spec/selector/matchLabels/a, value: b}"),
		ops("Deployment", "{op: replace, path: /spec/template/metadata/labels/component, value: bookie}"),
		ops("Deployment", "{op: remove, path: /spec/template/spec/containers/0/volumeMounts/0}"),
		ops("Deployment", "{op: replace, path: /spec/replicas, value: 3}"),
		ops("Deployment", "{op: replace, path: /spec/replicas, value: 0}"),
		ops("Deployment", "{op: add, path: /spec/template/spec/containers/0/env/-, value: {name: JAVA_TOOL_OPTIONS, value: a}}"),
		ops("Deployment", "{op: add, path: /spec/template/spec/containers/0/envFrom, value: [{secretRef: {name: a}}]}"),
		ops("Deployment", "{op: add, path: /spec/template/spec/containers/0/command/0, value: tini}"),
		{Patch: "$patch: delete\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bk-autorecovery}\n"},
	}
	_, problems := Render(c)
	got := []string{}
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s: %s", p.Path, p.Message))
	}
	const deployment = "apps/v1 Deployment storage/bk-autorecovery"
	want := []string{
		"spec.gitops.patches[0]: " + deployment + `: spec.selector must stay {"matchLabels":{"app":"bookkeeper-cluster","bookkeeper_cluster":"bk","component":"autorecovery"}}, seen {"matchLabels":{"a":"b","app":"bookkeeper-cluster","bookkeeper_cluster":"bk","component":"autorecovery"}}: it is immutable and finds the pods`,
		"spec.gitops.patches[1]: " + deployment + `: spec.template.metadata.labels: component must stay "autorecovery", seen "bookie": the selector finds the pods by it`,
		"spec.gitops.patches[2]: " + deployment + `: container "autorecovery": the mount of volume "config" at /etc/bookkeeper is gone or another`,
		"spec.gitops.patches[4]: " + deployment + ": spec.replicas must be at least 1, seen 0: without autorecovery no lost copy is made again",
		"spec.gitops.patches[5]: " + deployment + `: container "autorecovery": environment variable JAVA_TOOL_OPTIONS must stay null, seen [{"name":"JAVA_TOOL_OPTIONS","value":"a"}]: set spec.jvmOptions instead`,
		"spec.gitops.patches[6]: " + deployment + `: container "autorecovery": envFrom must stay null, seen [{"secretRef":{"name":"a"}}]: its variables could take the place of the checked ones`,
		"spec.gitops.patches[7]: " + deployment + `: container "autorecovery": its command must begin with "java", seen ["tini"]: whatever else runs may drop the identity`,
		"spec.gitops.patches[8]: " + deployment + gone,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// What a delivery engine needs stays, and a patch may add to a list of options.
func TestAnnotationsOfTheEngineStay(t *testing.T) {
	const (
		options = "/metadata/annotations/argocd.argoproj.io~1sync-options"
		needed  = ": the delivery engine needs it"
	)
	for name, c := range map[string]struct {
		engine spec.Engine
		patch  spec.Patch
		want   []string
	}{
		"no sync options": {spec.EngineArgoCD, ops("StatefulSet", "{op: remove, path: "+options+"}"),
			[]string{
				theSet + `annotation argocd.argoproj.io/sync-options must contain Prune=confirm, seen ""` + needed,
				theSet + `annotation argocd.argoproj.io/sync-options must contain Delete=confirm, seen ""` + needed,
			}},
		"a sync option less": {spec.EngineArgoCD, ops("StatefulSet", `{op: replace, path: `+options+`, value: "Delete=confirm,Validate=false"}`),
			[]string{theSet + `annotation argocd.argoproj.io/sync-options must contain Prune=confirm, seen "Delete=confirm,Validate=false"` + needed}},
		"another wave": {spec.EngineArgoCD, ops("StatefulSet", `{op: replace, path: /metadata/annotations/argocd.argoproj.io~1sync-wave, value: "5"}`),
			[]string{theSet + `annotation argocd.argoproj.io/sync-wave must stay "1", seen "5"` + needed}},
		"substitution by Flux": {spec.EngineFlux, ops("StatefulSet", "{op: replace, path: /metadata/annotations/kustomize.toolkit.fluxcd.io~1substitute, value: enabled}"),
			[]string{theSet + `annotation kustomize.toolkit.fluxcd.io/substitute must stay "disabled", seen "enabled"` + needed}},
		"a sync option more": {spec.EngineArgoCD, ops("StatefulSet", `{op: replace, path: `+options+`, value: "Validate=false, Prune=confirm,Delete=confirm"}`), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := decode(t, spec.Options{}, source(minimal(spec.Hardened, small, "autoRecovery: false"), nil))
			cluster.Stanza().Engine = c.engine
			cluster.Stanza().Patches = []spec.Patch{c.patch}
			_, problems := Render(cluster)
			got := []string{}
			for _, p := range problems {
				got = append(got, p.Message)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
