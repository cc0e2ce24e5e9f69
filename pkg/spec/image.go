package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// ContractName names a family of images that are laid out alike.
type ContractName string

// The families that bkgen knows.
const (
	ApacheImage  ContractName = "apache"
	PravegaImage ContractName = "pravega"
)

// contract is what a family of images promises to whoever runs it.
type contract struct {
	name ContractName
	// repository ends the name of the family's published image.
	repository string
	// home holds lib and conf.
	home string
	// user, group and fsGroup are the ids of an unprivileged process, and of its files.
	user, group, fsGroup int64
	// releases says which BookKeeper is behind a tag, newest first; empty where the tag says it.
	releases []release
}

// release is the BookKeeper behind the tags from a version on.
type release struct{ from, bookKeeper string }

// contracts are the families. Sources: bookkeeper, docker/Dockerfile (user, home);
// pravega, docker/bookkeeper (the operator runs it as 1000 where it is unprivileged:
// controllers/bookie.go), gradle.properties of each release (BookKeeper's version).
var contracts = []contract{
	{
		name: ApacheImage, repository: "apache/bookkeeper", home: "/opt/bookkeeper",
		user: 10000, group: 0, fsGroup: 10000,
	},
	{
		name: PravegaImage, repository: "pravega/bookkeeper", home: "/opt/bookkeeper",
		user: 1000, group: 1000, fsGroup: 1000,
		releases: []release{
			{"0.14.0", "4.15.3"}, {"0.10.0", "4.14.1"}, {"0.9.0", "4.11.1"}, {"0.7.0", "4.9.2"}, {"0.5.0", "4.7.3"},
		},
	},
}

func contractOf(name ContractName) *contract {
	for i := range contracts {
		if contracts[i].name == name {
			return &contracts[i]
		}
	}
	return nil
}

var (
	// versionPattern is what the operator's webhook demands of a version.
	versionPattern    = regexp.MustCompile(`^v?([0-9]+)\.([0-9]+)\.([0-9]+)`)
	tagPattern        = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	repositoryPattern = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)
	settingPattern    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)
)

// isDigest: what pins an image.
func isDigest(text string) bool {
	digits, ok := strings.CutPrefix(text, "sha256:")
	raw, err := hex.DecodeString(digits)
	return ok && err == nil && len(raw) == sha256.Size && digits == strings.ToLower(digits)
}

// The oldest BookKeeper that Hardened can run: the first whose HTTP server answers
// /api/v1/bookie/is_ready. Source: bookkeeper, tags (server/http/service/BookieIsReadyService.java).
const oldestHardened = "4.9.2"

// ImageReference is the image of bookies and autorecovery.
func (b *BookKeeper) ImageReference() string {
	image := b.Spec.Image.ImageSpec.Repository + ":" + b.Spec.Version
	if digest := b.Spec.GitOps.Image.Digest; digest != "" {
		image += "@" + digest
	}
	return image
}

func (c *checker) checkImage() {
	s := &c.cluster.Spec
	if !versionPattern.MatchString(s.Version) || !tagPattern.MatchString(s.Version) || len(s.Version) > 128 {
		c.errorf("spec.version", "%q is not in the format X.Y.Z, with an optional v before and any suffix after", s.Version)
	}
	if c.lacksRepository() {
		c.errorf("spec.image.imageSpec.repository", "required inside imageSpec")
	}
	if !repositoryPattern.MatchString(s.Image.ImageSpec.Repository) {
		c.errorf("spec.image.imageSpec.repository", "%q is not an image's name (the tag is spec.version, the digest spec.gitops.image.digest)", s.Image.ImageSpec.Repository)
	}
	oneOf(c, "spec.image.imageSpec.pullPolicy", s.Image.ImageSpec.PullPolicy, "Always", "Never", "IfNotPresent")
	if d := s.GitOps.Image.Digest; d != "" && !isDigest(d) {
		c.errorf("spec.gitops.image.digest", `%q is not "sha256:" and 64 hexadecimal digits`, d)
	}
	c.checkContract()
}

// lacksRepository: the operator's schema requires a repository inside imageSpec.
func (c *checker) lacksRepository() bool {
	return c.doc.has("spec.image.imageSpec") && !c.doc.has("spec.image.imageSpec.repository")
}

// checkContract finds out what the image is. Operator can do without: it runs the image's own script.
func (c *checker) checkContract() {
	s, facts := &c.cluster.Spec, &c.cluster.Facts
	facts.Contract = s.GitOps.Image.Contract
	if facts.Contract == "" {
		for _, known := range contracts {
			if r := s.Image.ImageSpec.Repository; r == known.repository || strings.HasSuffix(r, "/"+known.repository) {
				facts.Contract = known.name
			}
		}
	} else if !oneOf(c, "spec.gitops.image.contract", facts.Contract, ApacheImage, PravegaImage) {
		return
	}
	if facts.Contract == "" && c.hardened() {
		c.errorf("spec.image.imageSpec.repository", "%q is no image that bkgen knows", s.Image.ImageSpec.Repository)
		c.hint("name the family that it is built like at spec.gitops.image.contract: apache or pravega")
		return
	}
	c.checkBookKeeperVersion()
	c.checkImageFacts()
}

func (c *checker) checkBookKeeperVersion() {
	s, facts := &c.cluster.Spec, &c.cluster.Facts
	const path = "spec.gitops.image.bookkeeperVersion"
	if facts.BookKeeperVersion = s.GitOps.Image.BookKeeperVersion; facts.BookKeeperVersion != "" {
		if !versionPattern.MatchString(facts.BookKeeperVersion) {
			c.errorf(path, "%q is not a version such as 4.17.4", facts.BookKeeperVersion)
			return
		}
	} else if known := contractOf(facts.Contract); known != nil {
		facts.BookKeeperVersion = known.bookKeeperBehind(s.Version)
	}
	facts.Java = javaOf(facts.BookKeeperVersion, s.GitOps.Image.JavaVersion)
	if !c.hardened() {
		return
	}
	if facts.Contract == PravegaImage && compareVersions(s.Version, "1.0.0") >= 0 && s.GitOps.Image.BookKeeperVersion == "" && !c.lacksRepository() {
		c.errorf("spec.version", "pravega/bookkeeper has no tag %s that bkgen knows: its versions are Pravega's, 0.5 to 0.13", s.Version)
		c.hint("for BookKeeper's own image set spec.image.imageSpec.repository: apache/bookkeeper")
		return
	}
	switch {
	case facts.BookKeeperVersion == "":
		c.errorf("spec.version", "bkgen does not know which BookKeeper is behind %s", c.cluster.ImageReference())
		c.hint("say it at %s", path)
	case compareVersions(facts.BookKeeperVersion, oldestHardened) < 0:
		c.errorf("spec.version", "BookKeeper %s in %s is too old for Hardened, allowed %s and newer: its HTTP server has no readiness answer", facts.BookKeeperVersion, c.cluster.ImageReference(), oldestHardened)
		c.hint("name the version that you want at spec.version, or set spec.gitops.profile: Operator")
	}
}

// bookKeeperBehind is the BookKeeper release behind a tag, "" where it is unknown.
func (k *contract) bookKeeperBehind(tag string) string {
	if len(k.releases) == 0 {
		return strings.TrimPrefix(versionPattern.FindString(tag), "v")
	}
	for _, r := range k.releases {
		if compareVersions(tag, r.from) >= 0 {
			return r.bookKeeper
		}
	}
	return ""
}

func (c *checker) checkImageFacts() {
	s := &c.cluster.Spec
	i := s.GitOps.Image
	const path = "spec.gitops.image."
	if i.Home != "" {
		if reason := checkAbsolute(i.Home); reason != "" {
			c.errorf(path+"home", "%s", reason)
		}
	}
	if i.RunAsUser != nil && *i.RunAsUser < 1 {
		c.errorf(path+"runAsUser", "%d; allowed: 1 and more, a restricted pod has no root", *i.RunAsUser)
	}
	if i.RunAsGroup != nil && *i.RunAsGroup < 0 {
		c.errorf(path+"runAsGroup", "%d is less than 0", *i.RunAsGroup)
	}
	if i.FSGroup != nil && *i.FSGroup < 0 {
		c.errorf(path+"fsGroup", "%d is less than 0", *i.FSGroup)
	}
	c.atLeast(path+"javaVersion", i.JavaVersion, 8)
}
