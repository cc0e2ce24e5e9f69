package spec

import (
	"fmt"
	"slices"
	"strings"
)

// checkDirectories parses the three directory lists and compares all paths with each other.
func (c *checker) checkDirectories() {
	f := &c.cluster.Facts
	f.Ledger = c.directories(optionLedgerDirectories, defaultLedgerPath, optionLedgerSubPath, string(LedgerClaim))
	f.Journal = c.directories(optionJournalDirectories, defaultJournalPath, optionJournalSubPath, string(JournalClaim))
	f.Index = c.directories(optionIndexDirectories, defaultIndexPath, optionIndexSubPath, string(IndexClaim))
	lists := []struct {
		option string
		dirs   []Directory
	}{{optionLedgerDirectories, f.Ledger}, {optionJournalDirectories, f.Journal}, {optionIndexDirectories, f.Index}}
	var seen []Directory
	for _, list := range lists {
		for _, dir := range list.dirs {
			if slices.ContainsFunc(seen, func(other Directory) bool { return other.Path == dir.Path }) {
				c.errorf("spec.options."+list.option, "%q is used twice: every directory is one of one kind", dir.Path)
				continue
			}
			for _, other := range seen {
				if within(dir.Path, other.Path) || within(other.Path, dir.Path) {
					c.badf("spec.options."+list.option, "%q and %q lie in each other", dir.Path, other.Path)
				}
			}
			seen = append(seen, dir)
		}
	}
	c.checkIndexDirectory()
	for _, list := range lists {
		for _, dir := range list.dirs {
			c.checkOwnPlaces("spec.options."+list.option, dir.Path)
			if c.hardened() && within(dir.Path, TempDirectory) {
				c.errorf("spec.options."+list.option, "%q lies in %s, which is emptied with every restart", dir.Path, TempDirectory)
			}
		}
	}
}

// checkOwnPlaces: nothing of the user's lies at, above or inside what a Hardened process
// is made of: its configuration and its classes.
func (c *checker) checkOwnPlaces(field, path string) {
	if !c.hardened() || contractOf(c.cluster.Facts.Contract) == nil {
		return
	}
	for _, own := range []struct{ place, what string }{
		{ConfigDirectory, "the configuration"}, {c.cluster.home() + "/lib", "BookKeeper's classes"},
	} {
		if within(own.place, path) || within(path, own.place) {
			c.errorf(field, "%q would hide or replace %s in %s", path, own.what, own.place)
		}
	}
}

// checkIndexDirectory: Pravega's entrypoint puts the index at /bk/index whatever the
// option says; the operator then mounts the claim elsewhere and the index is lost with
// the container. Source: pravega, docker/bookkeeper/entrypoint.sh.
func (c *checker) checkIndexDirectory() {
	value, given := c.cluster.Spec.Options[optionIndexDirectories]
	if given && !c.hardened() && c.cluster.Facts.Contract == PravegaImage && value != defaultIndexPath {
		c.warnf("spec.options."+optionIndexDirectories, "the pravega image keeps its index at %s whatever this says: it lies outside the claim and is lost with the container", defaultIndexPath)
	}
}

func (c *checker) directories(option, defaultPath, subPathOption, defaultSubPath string) []Directory {
	options := c.cluster.Spec.Options
	subPath := defaultSubPath
	if s, ok := options[subPathOption]; ok {
		subPath = s
		if !subPathPattern.MatchString(s) {
			c.errorf("spec.options."+subPathOption, "%q is not a relative path of letters, digits, ., _ and -", s)
		}
	}
	value, ok := options[option]
	if !ok {
		return []Directory{{Path: defaultPath}}
	}
	dirs, problems := parseDirectories(value, subPath)
	c.optionProblems(option, problems)
	return dirs
}

func (c *checker) optionProblems(option string, problems []*optionError) {
	for _, p := range problems {
		c.insidef("spec.options."+option, p.offset, "%s", p.reason)
	}
}

// checkMounts parses the three volume options and looks for paths that hide each other.
func (c *checker) checkMounts() {
	f := &c.cluster.Facts
	f.HostPaths = c.mounts(optionHostPathMounts, parseMounts)
	f.EmptyDirs = c.mounts(optionEmptyDirMounts, parseMounts)
	f.ConfigMaps = c.mounts(optionConfigMapMounts, parseConfigMapMounts)
	if len(f.HostPaths) > 0 && c.hardened() {
		c.errorf("spec.options."+optionHostPathMounts, "host paths are not allowed in a restricted pod")
		c.hint("use %s, or spec.gitops.profile: Operator", optionEmptyDirMounts)
	}
	c.checkVolumeNames()
	c.checkMountPaths()
}

func (c *checker) mounts(option string, parse func(string) ([]Mount, []*optionError)) []Mount {
	value, ok := c.cluster.Spec.Options[option]
	if !ok || value == "" {
		return nil
	}
	mounts, problems := parse(value)
	c.optionProblems(option, problems)
	return mounts
}

// ownVolumes are the names of the volumes that render makes.
var ownVolumes = []string{string(LedgerClaim), string(JournalClaim), string(IndexClaim), ConfigVolume, TempVolume}

// checkVolumeNames: one name is one volume. Several keys of one ConfigMap are one
// volume; the operator made a pod of them that the API server refuses.
func (c *checker) checkVolumeNames() {
	f := &c.cluster.Facts
	taken := slices.Clone(ownVolumes)
	if !c.hardened() {
		taken = taken[:3]
	}
	check := func(path, name string) {
		if slices.Contains(taken, name) {
			c.errorf(path, "volume name %q is taken", name)
		}
		taken = append(taken, name)
	}
	for _, m := range f.HostPaths {
		check("spec.options."+optionHostPathMounts, m.Volume)
	}
	for _, m := range f.EmptyDirs {
		check("spec.options."+optionEmptyDirMounts, m.Volume)
	}
	seen := map[string]bool{}
	for _, m := range f.ConfigMaps {
		if !seen[m.Volume] {
			check("spec.options."+optionConfigMapMounts, m.Volume)
		}
		seen[m.Volume] = true
	}
	for i, v := range c.cluster.Spec.GitOps.Pod.Volumes {
		path := fmt.Sprintf("spec.gitops.pod.volumes[%d]", i)
		if !isLabel(v.Name) {
			c.errorf(path+".name", "%q is not lower-case letters, digits and -", v.Name)
		}
		check(path+".name", v.Name)
		if v.HostPath != nil && c.hardened() {
			c.errorf(path+".hostPath", "host paths are not allowed in a restricted pod")
			c.hint("use emptyDir, or spec.gitops.profile: Operator")
		}
	}
	c.checkVolumeTypes()
	c.checkContainerMounts(taken)
	for i, m := range c.cluster.Spec.GitOps.Pod.VolumeMounts {
		if !slices.Contains(taken, m.Name) {
			c.errorf(fmt.Sprintf("spec.gitops.pod.volumeMounts[%d].name", i), "no volume %q in the pod; allowed: %s", m.Name, strings.Join(taken, ", "))
		}
	}
}

// checkMountPaths: a mount at or above a data directory hides it, one inside hides a part
// of it, two at one path are invalid.
func (c *checker) checkMountPaths() {
	f := &c.cluster.Facts
	type mounted struct{ path, field string }
	var mounts []mounted
	for option, list := range map[string][]Mount{optionHostPathMounts: f.HostPaths, optionEmptyDirMounts: f.EmptyDirs, optionConfigMapMounts: f.ConfigMaps} {
		for _, m := range list {
			mounts = append(mounts, mounted{m.Path, "spec.options." + option})
		}
	}
	for i, m := range c.cluster.Spec.GitOps.Pod.VolumeMounts {
		path := fmt.Sprintf("spec.gitops.pod.volumeMounts[%d].mountPath", i)
		if reason := checkAbsolute(m.MountPath); reason != "" {
			c.errorf(path, "%s", reason)
			continue
		}
		mounts = append(mounts, mounted{m.MountPath, path})
	}
	slices.SortFunc(mounts, func(a, b mounted) int { return compareStrings(a.field+a.path, b.field+b.path) })
	for i, m := range mounts {
		for _, other := range mounts[:i] {
			if m.path == other.path {
				c.errorf(m.field, "%q is mounted twice", m.path)
			}
		}
		c.checkOwnPlaces(m.field, m.path)
		for _, dir := range f.Directories() {
			switch {
			case dir.Path == m.path:
				c.errorf(m.field, "%q is mounted twice: it is a data directory", m.path)
			case within(dir.Path, m.path):
				c.badf(m.field, "a volume at %q hides the data directory %q", m.path, dir.Path)
			case within(m.path, dir.Path):
				c.badf(m.field, "a volume at %q lies inside the data directory %q: what the bookie writes there is not on its disk", m.path, dir.Path)
			}
		}
	}
}
