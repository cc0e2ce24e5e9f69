package spec

import "testing"

func TestCheckMetadataAndReplicas(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"more than one bookie away at once": {
			spec: `replicas: 5
maxUnavailableBookkeeperReplicas: 2`,
			bad: []string{"f:12:37: spec.maxUnavailableBookkeeperReplicas: 2 bookies at once is more than the cluster can spare, 1 (replicas 5, ensembleSize 3, ackQuorum 2)"},
		},
		"a budget that the cluster can spare": {spec: `replicas: 6
maxUnavailableBookkeeperReplicas: 2
gitops: {profile: PROFILE, durability: {ensembleSize: 4, writeQuorum: 4, ackQuorum: 3}}`},
		"fewer bookies than an ensemble": {
			spec: "replicas: 2",
			bad:  []string{"f:11:13: spec.replicas: 2 bookies cannot hold an ensemble of 3: no ledger can be created"},
			hint: "raise spec.replicas to 4, lower spec.gitops.durability, or set spec.gitops.testMode",
		},
		"as many bookies as an ensemble": {
			spec: "replicas: 3",
			both: []string{"f:11:13: warning: spec.replicas: 3 bookies for an ensemble of 3: while one is away, no ledger can be created and writers may stop"},
			hint: "4 bookies keep writes available during a restart",
		},
		"one bookie": {
			spec: "replicas: 1",
			hardened: []string{
				"f:11:13: spec.replicas: 1 bookie cannot hold an ensemble of 3: no ledger can be created",
				"f:11:13: warning: spec.replicas: one bookie holds one copy: its disk is the data",
			},
			operator: []string{
				"f:11:13: warning: spec.replicas: 1 bookie cannot hold an ensemble of 3: no ledger can be created",
				"f:11:13: warning: spec.replicas: one bookie holds one copy: its disk is the data",
			},
		},
		"one bookie in test mode": {spec: `replicas: 1
gitops: {profile: PROFILE, testMode: true}`},
		"no bookie": {spec: "replicas: 0", both: []string{"f:11:13: spec.replicas: 0 is less than 1"}},
		"numbers that are too small": {
			spec: `replicas: -1
maxUnavailableBookkeeperReplicas: -1
upgradeTimeout: -1`,
			both: []string{
				"f:11:13: spec.replicas: -1 is less than 1",
				"f:12:37: spec.maxUnavailableBookkeeperReplicas: -1 is less than 1",
				"f:13:19: spec.upgradeTimeout: -1 is less than 1",
			},
		},
		"a Service's suffix that is no name": {spec: "headlessSvcNameSuffix: Bookies_", both: []string{`f:11:26: spec.headlessSvcNameSuffix: "Bookies_" is not lower-case letters, digits and -`}},
		"a suffix that makes the Service's name too long": {
			spec: "headlessSvcNameSuffix: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			both: []string{`f:11:26: spec.headlessSvcNameSuffix: Service name "bk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" is 64 characters long, allowed 63`},
			hint: "shorten metadata.name or the suffix by 1",
		},
		"a suffix of the greatest length": {spec: "headlessSvcNameSuffix: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		"an address that names no host": {
			spec: "zookeeperUri: 'zk-0:2181,,zk-2'",
			both: []string{"f:11:28: spec.zookeeperUri: names no host; allowed: host:port, several separated by commas, and an optional /chroot"},
		},
		"a chroot for each host": {
			spec: "zookeeperUri: zk-0:2181/a,zk-1:2181/a",
			both: []string{`f:11:26: spec.zookeeperUri: chroot "/a,zk-1:2181/a" has a character ','; allowed: letters, digits and -._~:@!&'()*+=`},
		},
		"IPv6 addresses among several hosts": {
			spec: `zookeeperUri: "[fd00::1]:2181,[fd00::2]:2181"`,
			bad:  []string{"f:11:17: spec.zookeeperUri: BookKeeper reads no IPv6 address among several hosts; allowed: one, or host names"},
		},
		"one IPv6 address": {spec: `zookeeperUri: "[fd00::1]:2181"`},
		"a setting smuggled into the zone of an address": {
			spec: `zookeeperUri: "[fe80::1%\nbookieId=x]:2181"`,
			both: []string{`f:11:17: spec.zookeeperUri: "[fe80::1%\nbookieId=x]:2181" is not an IPv6 address in brackets`},
		},
	})
}
