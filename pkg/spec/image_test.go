package spec

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBookKeeperBehindAnImage: which BookKeeper and Java run, by repository and tag. The
// profile is Operator, which knows old ones too.
func TestBookKeeperBehindAnImage(t *testing.T) {
	for name, test := range map[string]struct {
		repository, version string
		want                string
	}{
		"the newest pravega":                {"pravega/bookkeeper", "0.14.0", "pravega 4.15.3 Java 11"},
		"a pravega after the newest":        {"pravega/bookkeeper", "0.15.1", "pravega 4.15.3 Java 11"},
		"a pravega with a suffix":           {"pravega/bookkeeper", "0.13.0-2252.b6f6512", "pravega 4.14.1 Java 11"},
		"pravega 0.10":                      {"pravega/bookkeeper", "0.10.0", "pravega 4.14.1 Java 11"},
		"pravega 0.9":                       {"pravega/bookkeeper", "0.9.1", "pravega 4.11.1 Java 11"},
		"pravega 0.8":                       {"pravega/bookkeeper", "0.8.9", "pravega 4.9.2 Java 8"},
		"pravega 0.6":                       {"pravega/bookkeeper", "0.6.0", "pravega 4.7.3 Java 8"},
		"a pravega that nobody knows":       {"pravega/bookkeeper", "0.4.0", "pravega  Java 0"},
		"apache":                            {"apache/bookkeeper", "4.17.4", "apache 4.17.4 Java 17"},
		"apache with a v and a suffix":      {"apache/bookkeeper", "v4.16.7-acme", "apache 4.16.7 Java 17"},
		"apache before Java 17":             {"apache/bookkeeper", "4.15.5", "apache 4.15.5 Java 11"},
		"apache before Java 11":             {"apache/bookkeeper", "4.10.0", "apache 4.10.0 Java 8"},
		"a registry of one's own":           {"registry.example.com:5000/mirror/apache/bookkeeper", "4.17.4", "apache 4.17.4 Java 17"},
		"pravega in another registry":       {"docker.io/pravega/bookkeeper", "0.13.0", "pravega 4.14.1 Java 11"},
		"a name that only ends alike":       {"example.com/notapache/bookkeeper", "4.17.4", "  Java 0"},
		"an image that nobody knows":        {"example.com/bk", "4.17.4", "  Java 0"},
		"a name of one word":                {"bookkeeper", "4.17.4", "  Java 0"},
		"a name of one word and underscore": {"bookkeeper_custom", "4.17.4", "  Java 0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := decoded(t, clusterText(Operator, "image: {imageSpec: {repository: '"+test.repository+"'}}\nversion: "+test.version))
			if got := fmt.Sprintf("%s %s Java %d", b.Facts.Contract, b.Facts.BookKeeperVersion, b.Facts.Java); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if want := test.repository + ":" + test.version; b.ImageReference() != want {
				t.Errorf("image %q, want %q", b.ImageReference(), want)
			}
		})
	}
}

func TestImageFactsOverrideWhatIsInferred(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	b := decoded(t, clusterText(Hardened, `image: {imageSpec: {repository: example.com/bk}}
version: 1.0.0
gitops:
  profile: PROFILE
  image: {contract: apache, digest: "`+digest+`", bookkeeperVersion: 4.16.7, javaVersion: 21, home: /srv/bk, runAsUser: 7, runAsGroup: 0, ledgersRoot: /x/ledgers}`))
	if b.ImageReference() != "example.com/bk:1.0.0@"+digest {
		t.Errorf("image %s", b.ImageReference())
	}
	f := b.Facts
	if f.Contract != ApacheImage || f.BookKeeperVersion != "4.16.7" || f.Java != 21 || f.LedgersRoot != "/x/ledgers" || b.home() != "/srv/bk" {
		t.Errorf("facts %+v, home %s", f, b.home())
	}
	if user, group, fsGroup := b.IDs(); user != 7 || group != 0 || fsGroup != 10000 {
		t.Errorf("ids %d, %d, %d; want 7, 0 and the family's 10000", user, group, fsGroup)
	}
}

func TestIDsAreTheFamilys(t *testing.T) {
	for repository, want := range map[string][3]int64{"apache/bookkeeper": {10000, 0, 10000}, "pravega/bookkeeper": {1000, 1000, 1000}} {
		b := decoded(t, clusterText(Hardened, "image: {imageSpec: {repository: "+repository+"}}\nversion: "+map[bool]string{true: "4.17.4", false: "0.13.0"}[repository == "apache/bookkeeper"]))
		user, group, fsGroup := b.IDs()
		if diff := cmp.Diff(want, [3]int64{user, group, fsGroup}); diff != "" || b.home() != "/opt/bookkeeper" {
			t.Errorf("%s: home %s, ids (-want +got):\n%s", repository, b.home(), diff)
		}
	}
}
