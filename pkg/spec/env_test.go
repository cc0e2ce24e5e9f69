package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withEnv is a cluster of Pravega's image and the ConfigMap env, whose data begins on line 21.
func withEnv(p Profile, data string) string {
	return clusterText(p, "image: {imageSpec: {repository: pravega/bookkeeper}}\nversion: 0.13.0\nenvVars: env") + `---
apiVersion: v1
kind: ConfigMap
metadata:
  name: env
  namespace: ns
data:
` + data
}

func TestEnvConfigMap(t *testing.T) {
	for name, test := range map[string]struct {
		data string
		checkCase
	}{
		"reserved keys, at their position": {data: `  BOOKIE_MEM_OPTS: -Xmx1g
  ZK_URL: zk
  "BK_useHostNameAsBookieID": "true"
  BK_lostBookieRecoveryDelay: "600"
`, checkCase: checkCase{both: []string{
			"f:24:3: data.BK_lostBookieRecoveryDelay: the key is the operator's own; a second value would depend on the order of the pod's sources",
			"f:23:3: data.BK_useHostNameAsBookieID: the key is the operator's own; a second value would depend on the order of the pod's sources",
			"f:21:3: data.BOOKIE_MEM_OPTS: the key is the operator's own; a second value would depend on the order of the pod's sources",
			"f:22:3: data.ZK_URL: the key is the operator's own; a second value would depend on the order of the pod's sources",
		}}},
		"settings are checked where they stand": {data: `  BK_minorCompactionTreshold: "0.4"
  BK_zkServers: zk
  BK_diskUsageThreshold: "0.9\nbookieId=x"
  BK_ledgerDirectories: '/bk/l0,l1'
`, checkCase: checkCase{hardened: []string{
			"f:24:33: data.BK_ledgerDirectories: path \"l1\" should start with /",
			`f:23:26: data.BK_diskUsageThreshold: a setting is one line; seen '\n'`,
			`f:21:31: data.BK_minorCompactionTreshold: BookKeeper 4.14.1 has no setting of this name (did you mean "minorCompactionThreshold"?)`,
			"f:22:17: data.BK_zkServers: the setting is bkgen's own",
		}}},
		"pseudo options are none here": {data: "  BK_hostPathVolumeMounts: a=/a\n  BK_ledgerSubPath: b\n", checkCase: checkCase{hardened: []string{
			"f:21:3: data.BK_hostPathVolumeMounts: hostPathVolumeMounts shapes the pod and is no setting; allowed: in spec.options",
			"f:22:3: data.BK_ledgerSubPath: ledgerSubPath shapes the pod and is no setting; allowed: in spec.options",
		}}},
		"keys that are none": {data: "  \"a b\": x\n  1abc: x\n  POD_NAME: x\n", checkCase: checkCase{
			hardened: []string{
				`f:22:3: data.1abc: "1abc" is not an environment variable's name`,
				"f:23:3: data.POD_NAME: the variable holds the pod's name, of which the bookie's identity is made",
				`f:21:3: data["a b"]: "a b" is not a ConfigMap's key`,
			},
			operator: []string{`f:21:3: data["a b"]: "a b" is not a ConfigMap's key`},
		}},
		"a cluster name that no znode can have": {data: "  PRAVEGA_CLUSTER_NAME: a b\n", checkCase: checkCase{both: []string{
			`f:13:12: spec.envVars: ledgers root "/pravega/a b/bookkeeper/ledgers" has a character ' '; allowed: letters, digits and -._~:@!&'()*+=`,
		}}},
		"what the image reads is no variable": {data: "  PRAVEGA_CLUSTER_NAME: a\n  WAIT_FOR: zk:2181\n"},
	} {
		for _, profile := range []Profile{Hardened, Operator} {
			t.Run(string(profile)+": "+name, func(t *testing.T) {
				_, problems := decodeText(withEnv(profile, test.data))
				test.compare(t, profile, problems)
			})
		}
	}
}

func TestHardenedTakesTheEnvironmentIn(t *testing.T) {
	b := decoded(t, withEnv(Hardened, `  PRAVEGA_CLUSTER_NAME: prod
  WAIT_FOR: zk:2181
  BK_minorCompactionThreshold: "0.4"
  ZONE: a
  ACME: b
`))
	if b.Facts.LedgersRoot != "/pravega/prod/bookkeeper/ledgers" || b.Facts.EnvConfigMap == nil {
		t.Errorf("ledgers root %q, ConfigMap %v", b.Facts.LedgersRoot, b.Facts.EnvConfigMap)
	}
	if diff := cmp.Diff([]EnvVar{{"ACME", "b"}, {"ZONE", "a"}}, b.Facts.Env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if config := b.BookieConfig(); !strings.Contains(config, "\nminorCompactionThreshold=0.4\n") {
		t.Errorf("the setting is not in\n%s", config)
	}
}

func TestOperatorLeavesTheEnvironmentToItsConfigMap(t *testing.T) {
	b := decoded(t, withEnv(Operator, "  PRAVEGA_PATH: p\n  BK_CLUSTER_NAME: b\n  BK_minorCompactionThreshold: \"0.4\"\n  ACME: b\n"))
	if b.Facts.LedgersRoot != "/p/pravega-cluster/b/ledgers" || len(b.Facts.Env) > 0 || len(b.Spec.Options) > 0 || b.Facts.EnvConfigMap.Name != "env" {
		t.Errorf("facts %+v, options %v", b.Facts, b.Spec.Options)
	}
}

func TestASettingInBothPlaces(t *testing.T) {
	text := strings.Replace(withEnv(Hardened, "  BK_gcWaitTime: \"1\"\n"), "  envVars: env\n", "  envVars: env\n  options: {gcWaitTime: \"2\"}\n", 1)
	_, problems := decodeText(text)
	want := []string{"f:14:25: spec.options.gcWaitTime: the ConfigMap of spec.envVars sets it too, as BK_gcWaitTime"}
	if diff := cmp.Diff(want, texts(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestAMissingConfigMap(t *testing.T) {
	runChecks(t, map[string]checkCase{"the ConfigMap is not in the input": {
		spec:     "envVars: env",
		hardened: []string{`f:11:12: spec.envVars: ConfigMap "env" is not among the inputs, and what it holds belongs in the pod template`},
		hint:     "give bkgen the ConfigMap's document too, or move its entries to spec.options, spec.gitops.image.ledgersRoot and spec.gitops.pod.env and leave spec.envVars out; or set spec.gitops.profile: Operator for a cluster that the operator runs",
	}})
	b := decoded(t, clusterText(Operator, "image: {imageSpec: {repository: pravega/bookkeeper}}\nversion: 0.13.0\nenvVars: env"))
	if b.Facts.LedgersRoot != "" {
		t.Errorf("ledgers root %q, want none: only the ConfigMap says it", b.Facts.LedgersRoot)
	}
}

func TestConfigMapsThatNobodyNames(t *testing.T) {
	other := "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: env, namespace: elsewhere}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: zoo}\n"
	_, problems := decodeText(withEnv(Hardened, "  ACME: a\n") + other)
	want := []string{
		`f:25:18: warning: metadata.name: ConfigMap "env" is named by no cluster's spec.envVars and is left out`,
		`f:29:18: warning: metadata.name: ConfigMap "zoo" is named by no cluster's spec.envVars and is left out`,
	}
	if diff := cmp.Diff(want, texts(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestAConfigMapTwice(t *testing.T) {
	_, problems := decodeText(withEnv(Hardened, "  ACME: a\n") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: env, namespace: ns}\ndata: {ACME: b}\n")
	want := []string{`f:25:18: metadata.name: ConfigMap "env" is in the input twice, first at f:18:9`}
	if diff := cmp.Diff(want, texts(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestAConfigMapOfTheDefaultNamespace(t *testing.T) {
	text := strings.Replace(withEnv(Hardened, "  PRAVEGA_CLUSTER_NAME: a\n"), "  namespace: ns\n", "", 1)
	clusters, problems := Decode([]Source{{Name: "f", Data: []byte(text)}}, Options{Namespace: "ns"})
	if len(problems) > 0 || clusters[0].(*BookKeeper).Facts.EnvConfigMap.Namespace != "ns" {
		t.Errorf("problems %q", texts(problems))
	}
}
