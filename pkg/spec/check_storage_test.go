package spec

import "testing"

func TestCheckDirectoriesAndMounts(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"a relative path in quotes, with its column": {spec: `options:
  ledgerDirectories: '/bk/a,b'`, both: []string{`f:12:31: spec.options.ledgerDirectories: path "b" should start with /`}},
		"a relative path without quotes, with its column": {spec: `options:
  ledgerDirectories: /bk/a,b`, both: []string{`f:12:30: spec.options.ledgerDirectories: path "b" should start with /`}},
		"empty items": {
			spec: `options: {journalDirectories: ",/bk/j,", indexDirectories: ""}`,
			both: []string{
				"f:11:34: spec.options.journalDirectories: an empty path; allowed: an absolute path such as /bk/ledgers",
				"f:11:41: spec.options.journalDirectories: an empty path; allowed: an absolute path such as /bk/ledgers",
				"f:11:63: spec.options.indexDirectories: an empty path; allowed: an absolute path such as /bk/ledgers",
			},
		},
		"paths that are not clean": {
			spec: `options: {journalDirectories: "/,/bk//j,/bk/../j,/bk/j ,/bk/j:1"}`,
			both: []string{
				`f:11:34: spec.options.journalDirectories: path "/" would cover the whole container`,
				`f:11:36: spec.options.journalDirectories: path "/bk//j" is not clean; write "/bk/j"`,
				`f:11:43: spec.options.journalDirectories: path "/bk/../j" is not clean; write "/j"`,
				`f:11:52: spec.options.journalDirectories: path "/bk/j " has white space around it`,
				`f:11:59: spec.options.journalDirectories: path "/bk/j:1" has a colon, which no mount path may have`,
			},
		},
		"one directory twice": {
			spec: "options: {ledgerDirectories: '/bk/a,/bk/a', journalDirectories: /bk/a}",
			both: []string{
				`f:11:32: spec.options.ledgerDirectories: "/bk/a" is used twice: every directory is one of one kind`,
				`f:11:67: spec.options.journalDirectories: "/bk/a" is used twice: every directory is one of one kind`,
			},
		},
		"directories inside each other": {
			spec: "options: {ledgerDirectories: /bk, journalDirectories: /bk/journal2}",
			bad: []string{
				`f:11:57: spec.options.journalDirectories: "/bk/journal2" and "/bk" lie in each other`,
				`f:11:12: spec.options.indexDirectories: "/bk/index" and "/bk" lie in each other`,
			},
		},
		"a sub path that leads out": {
			spec: "options: {ledgerSubPath: ../a, journalSubPath: /a, indexSubPath: a/b}",
			both: []string{
				`f:11:28: spec.options.ledgerSubPath: "../a" is not a relative path of letters, digits, ., _ and -`,
				`f:11:50: spec.options.journalSubPath: "/a" is not a relative path of letters, digits, ., _ and -`,
			},
		},
		"a host path": {
			spec:     "options: {hostPathVolumeMounts: dumps=/var/dumps}",
			hardened: []string{"f:11:35: spec.options.hostPathVolumeMounts: host paths are not allowed in a restricted pod"},
			hint:     "use emptyDirVolumeMounts, or spec.gitops.profile: Operator",
		},
		"mounts without what they need": {
			spec: `options:
  emptyDirVolumeMounts: "a=/a,b,C=/c,d=e"`,
			both: []string{
				`f:12:33: spec.options.emptyDirVolumeMounts: "b" has no =; allowed: name=/path, several separated by commas`,
				`f:12:35: spec.options.emptyDirVolumeMounts: volume name "C" is not lower-case letters, digits and -`,
				`f:12:42: spec.options.emptyDirVolumeMounts: path "e" should start with /`,
			},
		},
		"ConfigMap mounts without what they need": {
			spec: `options:
  configMapVolumeMounts: 'a:k=/a,b,c=/c,D:k=/d,e:k k=/e,f:k=f'`,
			both: []string{
				`f:12:36: spec.options.configMapVolumeMounts: "b" has no =; allowed: configmap:key=/path, several separated by commas`,
				`f:12:38: spec.options.configMapVolumeMounts: "c=/c" has no key; allowed: configmap:key=/path`,
				`f:12:43: spec.options.configMapVolumeMounts: ConfigMap name "D" is not lower-case letters, digits and - (it names the volume too)`,
				`f:12:52: spec.options.configMapVolumeMounts: ConfigMap key "k k" is not letters, digits, -, _ and .`,
				`f:12:63: spec.options.configMapVolumeMounts: path "f" should start with /`,
			},
		},
		"two keys of one ConfigMap": {spec: "options: {configMapVolumeMounts: 'a:k=/a/k,a:l=/a/l'}"},
		"volume names that are taken": {
			spec: `options: {emptyDirVolumeMounts: 'ledger=/a,x=/b,x=/c,tmp=/d'}
gitops: {profile: PROFILE, pod: {volumes: [{name: x, emptyDir: {}}]}}`,
			hardened: []string{
				`f:11:35: spec.options.emptyDirVolumeMounts: volume name "ledger" is taken`,
				`f:11:35: spec.options.emptyDirVolumeMounts: volume name "x" is taken`,
				`f:11:35: spec.options.emptyDirVolumeMounts: volume name "tmp" is taken`,
				`f:12:54: spec.gitops.pod.volumes[0].name: volume name "x" is taken`,
			},
			operator: []string{
				`f:11:35: spec.options.emptyDirVolumeMounts: volume name "ledger" is taken`,
				`f:11:35: spec.options.emptyDirVolumeMounts: volume name "x" is taken`,
				`f:12:54: spec.gitops.pod.volumes[0].name: volume name "x" is taken`,
			},
		},
		"a volume that is none": {
			spec: "gitops: {profile: PROFILE, pod: {volumes: [{name: A_b, emptyDir: {}}, {name: h, hostPath: {path: /a}}], volumeMounts: [{name: nope, mountPath: /x}, {name: h, mountPath: /h}]}}",
			hardened: []string{
				`f:11:54: spec.gitops.pod.volumes[0].name: "A_b" is not lower-case letters, digits and -`,
				"f:11:94: spec.gitops.pod.volumes[1].hostPath: host paths are not allowed in a restricted pod",
				`f:11:130: spec.gitops.pod.volumeMounts[0].name: no volume "nope" in the pod; allowed: ledger, journal, index, config, tmp, A_b, h`,
			},
			operator: []string{
				`f:11:54: spec.gitops.pod.volumes[0].name: "A_b" is not lower-case letters, digits and -`,
				`f:11:130: spec.gitops.pod.volumeMounts[0].name: no volume "nope" in the pod; allowed: ledger, journal, index, A_b, h`,
			},
		},
		"one path twice": {spec: "options: {emptyDirVolumeMounts: 'x=/a,y=/a'}", both: []string{`f:11:35: spec.options.emptyDirVolumeMounts: "/a" is mounted twice`}},
		"a mount over a data directory": {
			spec: "options: {emptyDirVolumeMounts: 'x=/bk'}",
			bad: []string{
				`f:11:35: spec.options.emptyDirVolumeMounts: a volume at "/bk" hides the data directory "/bk/ledgers"`,
				`f:11:35: spec.options.emptyDirVolumeMounts: a volume at "/bk" hides the data directory "/bk/journal"`,
				`f:11:35: spec.options.emptyDirVolumeMounts: a volume at "/bk" hides the data directory "/bk/index"`,
			},
		},
		"a mount at a data directory": {
			spec: "options: {emptyDirVolumeMounts: 'x=/bk/journal'}",
			both: []string{`f:11:35: spec.options.emptyDirVolumeMounts: "/bk/journal" is mounted twice: it is a data directory`},
		},
		"a mount inside a data directory": {
			spec: "options: {emptyDirVolumeMounts: 'x=/bk/journal/x'}",
			bad:  []string{`f:11:35: spec.options.emptyDirVolumeMounts: a volume at "/bk/journal/x" lies inside the data directory "/bk/journal": what the bookie writes there is not on its disk`},
		},
		"a mount over the configuration": {
			spec:     "options: {emptyDirVolumeMounts: 'x=/etc'}",
			hardened: []string{`f:11:35: spec.options.emptyDirVolumeMounts: "/etc" would hide or replace the configuration in /etc/bookkeeper`},
		},
	})
}
