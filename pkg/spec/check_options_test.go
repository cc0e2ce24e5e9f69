package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckSettings(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"a setting of BookKeeper": {spec: `options: {minorCompactionThreshold: "0.4"}`},
		"a setting that is near one": {
			spec:     `options: {minorCompactionTreshold: "0.4"}`,
			hardened: []string{`f:11:38: spec.options.minorCompactionTreshold: BookKeeper 4.17.4 has no setting of this name (did you mean "minorCompactionThreshold"?)`},
			operator: []string{`f:11:38: warning: spec.options.minorCompactionTreshold: BookKeeper 4.17.4 has no setting of this name, and the image drops it (did you mean "minorCompactionThreshold"?)`},
		},
		"a setting near nothing": {
			spec:     `options: {acmePluginFlavour: "1"}`,
			hardened: []string{"f:11:32: warning: spec.options.acmePluginFlavour: BookKeeper 4.17.4 has no setting of this name; it is passed on for a plug-in to read"},
			operator: []string{"f:11:32: warning: spec.options.acmePluginFlavour: BookKeeper 4.17.4 has no setting of this name, and the image drops it"},
		},
		"a setting of a driver": {spec: `options: {dbStorage_writeCacheMaxSizeMb: "64", dlog.bkcEnsembleSize: "3"}`},
		"a setting of the code that no file has": {
			spec:     `options: {addEntryQuorumTimeoutSec: "5"}`,
			operator: []string{"f:11:39: warning: spec.options.addEntryQuorumTimeoutSec: the image drops it: its script sets only what stands in bk_server.conf"},
		},
		"a name that no setting can have": {
			spec: `options: {"a b": "1", "x=y": "1", "#a": "1", "": "1", "a\nb": "1"}`,
			both: []string{
				`f:11:52: spec.options[""]: "" is not a setting's name`,
				`f:11:43: spec.options["#a"]: "#a" is not a setting's name`,
				`f:11:65: spec.options["a\nb"]: "a\nb" is not a setting's name`,
				`f:11:20: spec.options["a b"]: "a b" is not a setting's name`,
				`f:11:32: spec.options["x=y"]: "x=y" is not a setting's name`,
			},
		},
		"a value of two lines": {
			spec: "options:\n  diskUsageThreshold: \"0.9\\nbookieId=evil\"",
			both: []string{`f:12:25: spec.options.diskUsageThreshold: a setting is one line; seen '\n'`},
		},
		"a value of two lines in a block": {
			spec: `options:
  diskUsageThreshold: |
    0.9
    bookieId=evil`,
			both: []string{`f:12:25: spec.options.diskUsageThreshold: a setting is one line; seen '\n'`},
		},
		"a value with a carriage return": {
			spec: `options: {diskUsageThreshold: "0.9\rbookieId=evil"}`,
			both: []string{`f:11:33: spec.options.diskUsageThreshold: a setting is one line; seen '\r'`},
		},
		"a directory list of two lines": {
			spec: `options: {ledgerDirectories: "/bk/a\nbookieId=evil"}`,
			both: []string{`f:11:32: spec.options.ledgerDirectories: a setting is one line; seen '\n'`},
		},
		"another file": {
			spec: "options: {include: /tmp/a, Include: /tmp/b, includeOptional: /tmp/c}",
			hardened: []string{
				"f:11:39: spec.options.Include: the setting would read another file; allowed: settings in spec.options",
				"f:11:22: spec.options.include: the setting would read another file; allowed: settings in spec.options",
				"f:11:64: spec.options.includeOptional: the setting would read another file; allowed: settings in spec.options",
			},
			operator: []string{
				"f:11:39: warning: spec.options.Include: BookKeeper 4.17.4 has no setting of this name, and the image drops it",
				"f:11:22: warning: spec.options.include: BookKeeper 4.17.4 has no setting of this name, and the image drops it",
				"f:11:64: warning: spec.options.includeOptional: BookKeeper 4.17.4 has no setting of this name, and the image drops it",
			},
		},
		"a list that is cut at its comma": {
			spec: `options: {authProviders: "a,b", extraServerComponents: "a,b"}`,
			hardened: []string{
				`f:11:28: warning: spec.options.authProviders: BookKeeper cuts the value at its comma and takes "a"`,
				"f:11:28: warning: spec.options.authProviders: BookKeeper 4.17.4 has no setting of this name; it is passed on for a plug-in to read",
			},
			operator: []string{"f:11:28: warning: spec.options.authProviders: BookKeeper 4.17.4 has no setting of this name, and the image drops it"},
		},
		"settings that bkgen derives": {
			spec: `options: {zkServers: a, bookieId: b, metadataServiceUri: c, autoRecoveryDaemonEnabled: "false", journalDirectory: /a}`,
			hardened: []string{
				"f:11:90: spec.options.autoRecoveryDaemonEnabled: the setting is bkgen's own",
				"f:11:37: spec.options.bookieId: the setting is bkgen's own",
				"f:11:117: spec.options.journalDirectory: the setting is bkgen's own",
				"f:11:60: spec.options.metadataServiceUri: the setting is bkgen's own",
				"f:11:24: spec.options.zkServers: the setting is bkgen's own",
			},
			hint: "say it at spec.autoRecovery",
		},
		"a port of one's own": {
			spec:     `options: {bookiePort: "3182"}`,
			hardened: []string{"f:11:25: spec.options.bookiePort: the setting is bkgen's own"},
			operator: []string{"f:11:25: warning: spec.options.bookiePort: the Service and the probes name port 3181 whatever this says"},
		},
		"bookies named by their addresses": {
			spec:     `options: {useHostNameAsBookieID: "false"}`,
			hardened: []string{`f:11:36: spec.options.useHostNameAsBookieID: seen "false", allowed "true": a bookie's identity is its DNS name, because a pod's address changes with every restart`},
		},
		"bookies named by their hosts": {spec: `options: {useHostNameAsBookieID: "true"}`},
		"an index outside of the pravega image's": {
			spec: `image: {imageSpec: {repository: pravega/bookkeeper}}
version: 0.13.0
options: {indexDirectories: /bk/i0}`,
			operator: []string{"f:13:31: warning: spec.options.indexDirectories: the pravega image keeps its index at /bk/index whatever this says: it lies outside the claim and is lost with the container"},
		},
	})
}

func TestConfigurationFitsAnAnnotation(t *testing.T) {
	for _, profile := range []Profile{Hardened, Operator} {
		_, problems := decodeText(clusterText(profile, "options: {tlsKeyStore: "+strings.Repeat("a", maxConfigBytes)+"}"))
		want := []string{}
		if profile == Hardened {
			want = append(want, "f:11:12: spec.options: settings, annotations and restartToken are 131085 bytes, allowed 131072: they ride in the annotations of the pod template")
		}
		if diff := cmp.Diff(want, append([]string{}, texts(problems)...)); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", profile, diff)
		}
	}
}
