package spec

import "testing"

func TestCheckImage(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"a version that is none": {
			spec: "version: latest",
			hardened: []string{
				`f:11:12: spec.version: "latest" is not in the format X.Y.Z, with an optional v before and any suffix after`,
				"f:11:12: spec.version: bkgen does not know which BookKeeper is behind apache/bookkeeper:latest",
			},
			operator: []string{`f:11:12: spec.version: "latest" is not in the format X.Y.Z, with an optional v before and any suffix after`},
		},
		"a version with a v and a suffix": {spec: "version: v4.17.4-acme.1"},
		"a version that no tag can be": {
			spec: "version: 4.17.4+b",
			both: []string{`f:11:12: spec.version: "4.17.4+b" is not in the format X.Y.Z, with an optional v before and any suffix after`},
		},
		"a repository with a tag": {
			spec: "image: {imageSpec: {repository: 'apache/bookkeeper:4.17.4'}}",
			hardened: []string{
				`f:11:35: spec.image.imageSpec.repository: "apache/bookkeeper:4.17.4" is not an image's name (the tag is spec.version, the digest spec.gitops.image.digest)`,
				`f:11:35: spec.image.imageSpec.repository: "apache/bookkeeper:4.17.4" is no image that bkgen knows`,
			},
			operator: []string{`f:11:35: spec.image.imageSpec.repository: "apache/bookkeeper:4.17.4" is not an image's name (the tag is spec.version, the digest spec.gitops.image.digest)`},
		},
		"a repository with a numeric tag": {
			spec: "image: {imageSpec: {repository: 'bookkeeper:4'}}",
			hardened: []string{
				`f:11:35: spec.image.imageSpec.repository: "bookkeeper:4" is not an image's name (the tag is spec.version, the digest spec.gitops.image.digest)`,
				`f:11:35: spec.image.imageSpec.repository: "bookkeeper:4" is no image that bkgen knows`,
			},
			operator: []string{`f:11:35: spec.image.imageSpec.repository: "bookkeeper:4" is not an image's name (the tag is spec.version, the digest spec.gitops.image.digest)`},
		},
		"no repository": {spec: "image: {imageSpec: {pullPolicy: Always}}", both: []string{"f:11:22: spec.image.imageSpec.repository: required inside imageSpec"}},
		"a pull policy that is none": {
			spec: "image: {imageSpec: {repository: apache/bookkeeper, pullPolicy: always}}",
			both: []string{`f:11:66: spec.image.imageSpec.pullPolicy: seen "always", allowed Always, Never, IfNotPresent (did you mean "Always"?)`},
		},
		"an image that nobody knows": {
			spec:     "image: {imageSpec: {repository: registry.example.com/team/bk_custom}}",
			hardened: []string{`f:11:35: spec.image.imageSpec.repository: "registry.example.com/team/bk_custom" is no image that bkgen knows`},
			hint:     "name the family that it is built like at spec.gitops.image.contract: apache or pravega",
		},
		"an image of a known family": {spec: `image: {imageSpec: {repository: registry.example.com/team/bk_custom}}
gitops: {profile: PROFILE, image: {contract: apache}}`},
		"an image of a family that is none": {
			spec: "gitops: {profile: PROFILE, image: {contract: apach}}",
			both: []string{`f:11:49: spec.gitops.image.contract: seen "apach", allowed apache, pravega (did you mean "apache"?)`},
		},
		"a private registry with a port": {spec: "image: {imageSpec: {repository: 'registry.example.com:5000/mirror/apache/bookkeeper'}}"},
		"a BookKeeper that is too old": {
			spec:     "version: 4.8.2",
			hardened: []string{"f:11:12: spec.version: BookKeeper 4.8.2 in apache/bookkeeper:4.8.2 is too old for Hardened, allowed 4.9.2 and newer: its HTTP server has no readiness answer"},
		},
		"the oldest BookKeeper": {spec: "version: 4.9.2"},
		"a pravega image that is too old": {
			spec: `image: {imageSpec: {repository: pravega/bookkeeper}}
version: 0.6.2`,
			hardened: []string{"f:12:12: spec.version: BookKeeper 4.7.3 in pravega/bookkeeper:0.6.2 is too old for Hardened, allowed 4.9.2 and newer: its HTTP server has no readiness answer"},
			hint:     "name the version that you want at spec.version, or set spec.gitops.profile: Operator",
		},
		"a pravega image that nobody knows": {
			spec: `image: {imageSpec: {repository: pravega/bookkeeper}}
version: 0.4.0`,
			hardened: []string{"f:12:12: spec.version: bkgen does not know which BookKeeper is behind pravega/bookkeeper:0.4.0"},
			hint:     "say it at spec.gitops.image.bookkeeperVersion",
		},
		"a BookKeeper that is said": {spec: `image: {imageSpec: {repository: pravega/bookkeeper}}
version: 0.4.0
gitops: {profile: PROFILE, image: {bookkeeperVersion: 4.16.1}}`},
		"a BookKeeper that is none": {
			spec: "gitops: {profile: PROFILE, image: {bookkeeperVersion: newest}}",
			both: []string{`f:11:58: spec.gitops.image.bookkeeperVersion: "newest" is not a version such as 4.17.4`},
		},
		"a digest that is none": {
			spec: "gitops: {profile: PROFILE, image: {digest: 'sha256:abc'}}",
			both: []string{`f:11:47: spec.gitops.image.digest: "sha256:abc" is not "sha256:" and 64 hexadecimal digits`},
		},
		"facts that are none": {
			spec: "gitops: {profile: PROFILE, image: {home: opt, runAsUser: 0, runAsGroup: -1, fsGroup: -1, javaVersion: 7}}",
			both: []string{
				`f:11:45: spec.gitops.image.home: path "opt" should start with /`,
				"f:11:61: spec.gitops.image.runAsUser: 0; allowed: 1 and more, a restricted pod has no root",
				"f:11:76: spec.gitops.image.runAsGroup: -1 is less than 0",
				"f:11:89: spec.gitops.image.fsGroup: -1 is less than 0",
				"f:11:106: spec.gitops.image.javaVersion: 7 is less than 8",
			},
		},
		"a ledgers root in ZooKeeper's own tree": {
			spec: "gitops: {profile: PROFILE, image: {ledgersRoot: /zookeeper/quota}}",
			both: []string{`f:11:52: spec.gitops.image.ledgersRoot: "/zookeeper/quota" lies in ZooKeeper's own tree /zookeeper`},
		},
		"a ledgers root": {
			spec:     "gitops: {profile: PROFILE, image: {ledgersRoot: /a/ledgers}}",
			operator: []string{"f:11:52: spec.gitops.image.ledgersRoot: under Operator the image's own script chooses the root"},
		},
		"a ledgers root that the metadata's address would not hold": {
			spec: "gitops: {profile: PROFILE, image: {ledgersRoot: '/a?b'}}",
			both: []string{`f:11:52: spec.gitops.image.ledgersRoot: "/a?b" has a character '?'; allowed: letters, digits and -._~:@!&'()*+=`},
		},
	})
}
