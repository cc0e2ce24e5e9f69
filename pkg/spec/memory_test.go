package spec

import (
	"path/filepath"
	"strings"
	"testing"
)

// memoryWarning is the sum that is larger than the limit, "" where there is no warning.
func memoryWarning(problems []Problem) string {
	for _, p := range problems {
		if p.Path == "spec.resources.limits.memory" && p.Severity == Warning {
			return p.Message
		}
	}
	return ""
}

// TestEveryChartFlavourTakesMoreThanItsLimit: heap and direct memory alone are all of
// it, or more; the JVM's own memory and the probe's JVM come on top.
func TestEveryChartFlavourTakesMoreThanItsLimit(t *testing.T) {
	for flavour, want := range map[string]string{
		"minikube": "heap 1Gi + direct memory 2Gi + RocksDB cache 0 + overhead 512Mi are 3584Mi, more than the limit 2Gi",
		"small":    "heap 2Gi + direct memory 2Gi + RocksDB cache 0 + overhead 512Mi are 4608Mi, more than the limit 4Gi",
		"default":  "heap 2Gi + direct memory 2Gi + RocksDB cache 0 + overhead 512Mi are 4608Mi, more than the limit 4Gi",
		"medium":   "heap 4Gi + direct memory 4Gi + RocksDB cache 0 + overhead 512Mi are 8704Mi, more than the limit 8Gi",
	} {
		t.Run(flavour, func(t *testing.T) {
			_, problems := decodeText(parityText(t, filepath.Join(parity, "helm-bookkeeper-"+flavour, "cluster.yaml")))
			if got := memoryWarning(problems); !strings.HasPrefix(got, want) {
				t.Errorf("warning %q, want %q", got, want)
			}
		})
	}
}

func TestMemoryUnderHardened(t *testing.T) {
	const db = "\noptions: {ledgerStorageClass: " + dbStorage
	for name, test := range map[string]struct{ spec, want string }{
		"the defaults":                       {"resources:", ""},
		"the smallest limit":                 {"resources: {limits: {memory: 768Mi}}", ""},
		"a large limit":                      {"resources: {limits: {memory: 64Gi}}", ""},
		"RocksDB's cache by default":         {"resources: {limits: {memory: 4Gi}}" + db + "}", ""},
		"a percentage in a small limit":      {"resources: {limits: {memory: 2Gi}}\njvmOptions: {memoryOpts: ['-XX:MaxRAMPercentage=50.0']}", "heap 1Gi + direct memory 819Mi"},
		"a fraction":                         {"resources: {limits: {memory: 2Gi}}\njvmOptions: {memoryOpts: ['-XX:MaxRAMFraction=2']}", "heap 1Gi + direct memory 819Mi"},
		"a heap that begins large":           {"resources: {limits: {memory: 2Gi}}\njvmOptions: {memoryOpts: ['-Xms1g', '-XX:MaxRAMPercentage=10']}", "heap 1Gi + direct memory 819Mi"},
		"a heap alone":                       {"resources: {limits: {memory: 2Gi}}\njvmOptions: {memoryOpts: ['-Xmx1g']}", "heap 1Gi + direct memory 819Mi"},
		"direct memory alone":                {"resources: {limits: {memory: 2Gi}}\njvmOptions: {memoryOpts: ['-XX:MaxDirectMemorySize=1536m']}", "heap 512Mi + direct memory 1536Mi"},
		"sizes at the end of what counts":    {"resources: {limits: {memory: 2Gi}}\njvmOptions: {memoryOpts: ['-Xmx1048576t', '-XX:MaxDirectMemorySize=1048576t']}", "heap 1Ei + direct memory 1Ei"},
		"a limit beyond any machine":         {"resources: {limits: {memory: 2Ei}}", ""},
		"RocksDB's cache, with its own size": {"resources: {limits: {memory: 2Gi}}" + db + ", dbStorage_rocksDB_blockCacheSize: '1073741824'}", "heap 512Mi + direct memory 819Mi + RocksDB cache 1Gi"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := decodeText(clusterText(Hardened, test.spec))
			got := memoryWarning(problems)
			if !strings.HasPrefix(got, test.want) || test.want == "" && got != "" || Failed(problems) {
				t.Errorf("problems %q, want the warning %q", texts(problems), test.want)
			}
		})
	}
}

func TestMemorySharesAreBelowTheLimit(t *testing.T) {
	for _, limit := range []int64{leastLimit, 1 << 30, 2 << 30, 1 << 40, 1<<63 - 1} {
		heap, direct := memoryShares(limit)
		if heap <= 0 || direct <= 0 || heap%mebi != 0 || direct%mebi != 0 || direct > limit-heap-jvmOverhead {
			t.Errorf("limit %d: heap %d, direct memory %d", limit, heap, direct)
		}
	}
}
