package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBookieConfig(t *testing.T) {
	b := decoded(t, clusterText(Hardened, `zookeeperUri: zk-0:2181,zk-1:2181/a
options:
  ledgerDirectories: /bk/l0,/bk/l1
  minorCompactionThreshold: "0.4"
  journalMaxBackups: "3"
  useHostNameAsBookieID: "true"
  ledgerSubPath: lg
  tlsKeyStore: C:\keys\a
  diskUsageThreshold: "0.9"`))
	const want = `allowStorageExpansion=true
autoRecoveryDaemonEnabled=false
bookiePort=3181
dbStorage_rocksDB_format_version=5
diskUsageThreshold=0.9
enableStatistics=true
httpServerClass=org.apache.bookkeeper.http.vertx.VertxHttpServer
httpServerEnabled=true
httpServerPort=8080
indexDirectories=/bk/index
journalDirectories=/bk/journal
journalMaxBackups=3
ledgerDirectories=/bk/l0,/bk/l1
metadataServiceUri=zk://zk-0:2181;zk-1:2181/a/bookkeeper/ns/bk/ledgers
minorCompactionThreshold=0.4
readOnlyModeEnabled=true
statsProviderClass=org.apache.bookkeeper.stats.prometheus.PrometheusMetricsProvider
tlsKeyStore=C:\\keys\\a
`
	if diff := cmp.Diff(want, b.BookieConfig()); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestAutorecoveryConfigIsTheBookiesWithoutTheirDisks(t *testing.T) {
	b := decoded(t, clusterText(Hardened, `options:
  journalMaxBackups: "3"
  dbStorage_writeCacheMaxSizeMb: "64"
  ledgerStorageClass: org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage
  ledgerDirectories: /bk/l0
  lostBookieRecoveryDelay: "900"
  tlsProvider: OpenSSL`))
	const want = `autoRecoveryDaemonEnabled=false
bookiePort=3181
enableStatistics=true
httpServerClass=org.apache.bookkeeper.http.vertx.VertxHttpServer
httpServerEnabled=true
httpServerPort=8080
lostBookieRecoveryDelay=900
metadataServiceUri=zk://zookeeper-client:2181/bookkeeper/ns/bk/ledgers
statsProviderClass=org.apache.bookkeeper.stats.prometheus.PrometheusMetricsProvider
tlsProvider=OpenSSL
`
	if diff := cmp.Diff(want, b.AutorecoveryConfig()); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

// TestConfigTextEscapes: as commons-configuration 1.10 and 2.12 read them back.
func TestConfigTextEscapes(t *testing.T) {
	for value, want := range map[string]string{
		`a\`: `a\\`, `\u000ax=1`: `\\u000ax=1`, "caf\u00e9": `caf\u00e9`, "\u00c5": `\u00c5`, "\u0085": `\u0085`, "\u2028": `\u2028`, "😀": `\ud83d\ude00`,
		"a\nb=c": `a\u000ab=c`, "a\rb=c": `a\u000db=c`, "\x00": `\u0000`, "\t": `\u0009`, "a b=c:d#e!f~": "a b=c:d#e!f~", "": "",
	} {
		if got := configText(map[string]string{"k": value}); got != "k="+want+"\n" {
			t.Errorf("%q is written as %q, want %q", value, got, want)
		}
	}
}

// injections are texts that would be a second setting if they came into the file as they are.
var injections = []string{
	"a\nbookieId=evil", "a\rbookieId=evil", "a\r\nbookieId=evil", "\nbookieId=evil", "a\\\nbookieId=evil", "a\n\\\nbookieId=evil",
	`a\nbookieId=evil`, `a\u000abookieId=evil`, `a\`, "a\u0085bookieId=evil", "a\u2028bookieId=evil", "a\vbookieId=evil", "a\fbookieId=evil",
	"/a\nbookieId=evil", "/a,/b\nbookieId=evil", "zk\nbookieId=evil", "zk/a\nbookieId=evil", "zk:2181\nbookieId=evil", "[fe80::1%\nbookieId=evil]", "bookieId=evil", "/a\\",
}

// TestNoValueIsASecondSetting puts each text into every place that the configuration is
// made of. Either it is an error, or each line is one setting of a name that was meant.
func TestNoValueIsASecondSetting(t *testing.T) {
	places := map[string]string{
		"an option": "options: {acme: %s}", "an option's name": "options: {%s: a}", "a known option": "options: {diskUsageThreshold: %s}",
		"ledger directories": "options: {ledgerDirectories: %s}", "journal directories": "options: {journalDirectories: %s}", "index directories": "options: {indexDirectories: %s}",
		"a sub path": "options: {ledgerDirectories: '/a,/b', ledgerSubPath: %s}", "ZooKeeper": "zookeeperUri: %s",
		"the ledgers root": "gitops: {image: {ledgersRoot: %s}}", "the domain": "gitops: {clusterDomain: %s}", "the Service": "headlessSvcNameSuffix: %s",
		"the version": "version: %s", "BookKeeper's version": "gitops: {image: {bookkeeperVersion: %s}}",
	}
	known := append(baseSettings(t), "acme")
	for place, spec := range places {
		for _, text := range injections {
			t.Run(fmt.Sprintf("%s: %q", place, text), func(t *testing.T) {
				checkLines(t, clusterText(Hardened, fmt.Sprintf(spec, yamlQuoted(text))), known)
			})
		}
	}
}

func TestNoEntryOfAConfigMapIsASecondSetting(t *testing.T) {
	known := append(baseSettings(t), "acme")
	for _, key := range []string{"BK_acme", "BK_diskUsageThreshold", "BK_ledgerDirectories", "PRAVEGA_CLUSTER_NAME", "PRAVEGA_PATH", "BK_CLUSTER_NAME", "ACME", "BK_%s", "%s"} {
		for _, text := range injections {
			t.Run(fmt.Sprintf("%s: %q", key, text), func(t *testing.T) {
				cluster := clusterText(Hardened, "image: {imageSpec: {repository: pravega/bookkeeper}}\nversion: 0.13.0\nenvVars: env")
				name := strings.ReplaceAll(key, "%s", text)
				checkLines(t, cluster+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: env, namespace: ns}\ndata: {"+yamlQuoted(name)+": "+yamlQuoted(text)+"}\n", known)
			})
		}
	}
}

// yamlQuoted is the text in double quotes; YAML knows Go's escapes.
func yamlQuoted(text string) string { return strconv.QuoteToASCII(text) }

// checkLines decodes a text and fails where its configurations hold a line that is not
// one setting of a name that is known.
func checkLines(t *testing.T, text string, known []string) {
	t.Helper()
	clusters, problems := decodeText(text)
	if Failed(problems) {
		return
	}
	b := clusters[0].(*BookKeeper)
	for _, config := range []string{b.BookieConfig(), b.AutorecoveryConfig()} {
		for line := range strings.Lines(config) {
			key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			if !ok || !slices.Contains(known, key) || strings.ContainsAny(value, "\r\x00\u0085\u2028\v\f") {
				t.Errorf("line %q of\n%s", line, config)
			}
			if backslashes := len(value) - len(strings.TrimRight(value, `\`)); backslashes%2 == 1 {
				t.Errorf("line %q goes on in the next", line)
			}
		}
	}
}

// baseSettings are the settings of the base document, and those that the tests give.
func baseSettings(t *testing.T) []string {
	t.Helper()
	b := decoded(t, clusterText(Hardened, "options: {diskUsageThreshold: '0.9'}"))
	var keys []string
	for line := range strings.Lines(b.BookieConfig() + b.AutorecoveryConfig()) {
		key, _, _ := strings.Cut(line, "=")
		keys = append(keys, key)
	}
	return keys
}

func TestOperatorSettings(t *testing.T) {
	for name, test := range map[string]struct {
		spec string
		want map[string]string
	}{
		"the defaults":          {"replicas: 4", map[string]string{"BK_useHostNameAsBookieID": "true", "BK_autoRecoveryDaemonEnabled": "true", "BK_lostBookieRecoveryDelay": "60"}},
		"no autorecovery":       {"autoRecovery: false", map[string]string{"BK_useHostNameAsBookieID": "true", "BK_autoRecoveryDaemonEnabled": "false"}},
		"before 0.5.0":          {"version: 0.4.9", map[string]string{"BK_useHostNameAsBookieID": "false", "BK_autoRecoveryDaemonEnabled": "true", "BK_lostBookieRecoveryDelay": "60"}},
		"options come over all": {"options: {lostBookieRecoveryDelay: '90', ledgerSubPath: lg}", map[string]string{"BK_useHostNameAsBookieID": "true", "BK_autoRecoveryDaemonEnabled": "true", "BK_lostBookieRecoveryDelay": "90", "BK_ledgerSubPath": "lg"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, decoded(t, clusterText(Operator, test.spec)).OperatorSettings()); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}
