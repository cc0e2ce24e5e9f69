package spec

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

var (
	// durationPattern is what the PodMonitor's schema takes, and not empty.
	// Source: prometheus-operator, pkg/apis/monitoring/v1/types.go (Duration).
	durationPattern    = regexp.MustCompile(`^(0|([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$`)
	kubeVersionPattern = regexp.MustCompile(`^v?1\.([0-9]+)$`)
	argoVersionPattern = regexp.MustCompile(`^v?[0-9]+\.[0-9]+(\.[0-9]+)?$`)
	applicationPattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)
)

// The Kubernetes minor versions whose API the profiles' objects need. Hardened:
// native sidecars (on by default from 1.29); Operator: policy/v1.
const (
	hardenedMinor = 29
	operatorMinor = 21
	newestMinor   = 36
)

func (c *checker) checkGitOps() {
	g := &c.cluster.Spec.GitOps
	const path = "spec.gitops."
	oneOf(c, path+"engine", g.Engine, Engines...)
	oneOf(c, path+"profile", g.Profile, Hardened, Operator)
	c.checkKubeVersion(g.KubeVersion)
	if !isSubdomain(g.ClusterDomain) {
		c.errorf(path+"clusterDomain", "%q is not a DNS name such as cluster.local", g.ClusterDomain)
	}
	c.checkDurability(g.Durability)
	c.checkLater(g)
	if g.ArgoCD.Version != "" && !argoVersionPattern.MatchString(g.ArgoCD.Version) {
		c.errorf(path+"argocd.version", `%q is not a version such as "3.3"`, g.ArgoCD.Version)
	}
	if g.ArgoCD.Application != "" && !applicationPattern.MatchString(g.ArgoCD.Application) {
		c.errorf(path+"argocd.application", "%q is not namespace/name", g.ArgoCD.Application)
	}
	c.checkMonitoring(g)
}

func (c *checker) checkKubeVersion(version string) {
	const path = "spec.gitops.kubeVersion"
	match := kubeVersionPattern.FindStringSubmatch(version)
	if match == nil {
		c.errorf(path, `%q is not a minor version such as "1.33"`, version)
		return
	}
	minor, _ := strconv.Atoi(match[1])
	least := operatorMinor
	if c.hardened() {
		least = hardenedMinor
	}
	switch {
	case minor < least:
		c.errorf(path, "%s is too old for profile %s, allowed 1.%d and newer", version, c.cluster.Spec.GitOps.Profile, least)
	case minor > newestMinor:
		c.warnf(path, "%s is newer than the API that bkgen checks its output against, 1.%d", version, newestMinor)
	}
}

// checkDurability holds E ≥ Qw ≥ Qa ≥ 1. Source: bookkeeper, client/BookKeeper.java.
func (c *checker) checkDurability(d *Durability) {
	const path = "spec.gitops.durability."
	c.atLeast(path+"ensembleSize", d.EnsembleSize, 1)
	c.atLeast(path+"writeQuorum", d.WriteQuorum, 1)
	c.atLeast(path+"ackQuorum", d.AckQuorum, 1)
	if *d.EnsembleSize >= 1 && *d.WriteQuorum > *d.EnsembleSize {
		c.errorf(path+"writeQuorum", "%d is more than ensembleSize %d", *d.WriteQuorum, *d.EnsembleSize)
	}
	if *d.WriteQuorum >= 1 && *d.AckQuorum > *d.WriteQuorum {
		c.errorf(path+"ackQuorum", "%d is more than writeQuorum %d", *d.AckQuorum, *d.WriteQuorum)
	}
	if *d.AckQuorum == 1 && !c.cluster.Spec.GitOps.TestMode {
		c.warnf(path+"ackQuorum", "an entry is acknowledged when one bookie has it: losing that bookie loses the entry")
	}
}

// checkLater decodes and validates what has no effect yet, and refuses it by name, so
// that no file says what no pod does.
func (c *checker) checkLater(g *GitOps) {
	const path = "spec.gitops."
	later := func(field string, isDefault bool) {
		if !isDefault {
			c.errorf(path+field, "not supported yet")
			c.hint("leave it out: its default is what this version does")
		}
	}
	if oneOf(c, path+"lifecycle", g.Lifecycle, Active, Decommission) {
		later("lifecycle", g.Lifecycle == Active)
	}
	if oneOf(c, path+"cleanup.policy", g.Cleanup.Policy, "Retain", "Delete") {
		later("cleanup.policy", g.Cleanup.Policy == "Retain")
	}
	if oneOf(c, path+"cleanup.hook", g.Cleanup.Hook, "PreDelete", "PostDelete") {
		later("cleanup.hook", g.Cleanup.Hook == "PreDelete")
	}
	if oneOf(c, path+"cleanup.scope", g.Cleanup.Scope, "BookKeeper", "Pravega") {
		later("cleanup.scope", g.Cleanup.Scope == "BookKeeper")
	}
	r := g.Rollout
	if oneOf(c, path+"rollout.conductor", r.Conductor, "Sidecar", "Gate") {
		later("rollout.conductor", r.Conductor == "Sidecar")
	}
	if oneOf(c, path+"rollout.writeAvailability", r.WriteAvailability, "BestEffort", "Required") {
		later("rollout.writeAvailability", r.WriteAvailability == "BestEffort")
	}
	c.atLeast(path+"rollout.soakSeconds", r.SoakSeconds, 0)
	c.atLeast(path+"rollout.deadlineSecondsPerPod", r.DeadlineSecondsPerPod, 1)
	later("rollout.soakSeconds", *r.SoakSeconds == defaultSoakSeconds || *r.SoakSeconds < 0)
	later("rollout.deadlineSecondsPerPod", *r.DeadlineSecondsPerPod == defaultDeadline || *r.DeadlineSecondsPerPod < 1)
	later("rollout.paused", !r.Paused)
}

func (c *checker) checkMonitoring(g *GitOps) {
	const path = "spec.gitops."
	if g.PodMonitor.Interval != "" {
		if !durationPattern.MatchString(g.PodMonitor.Interval) {
			c.errorf(path+"podMonitor.interval", "%q is not a duration such as 30s", g.PodMonitor.Interval)
		}
	}
	if g.PodMonitor.Enabled && !c.hardened() {
		c.warnf(path+"podMonitor.enabled", "the operator's pods declare no HTTP port; Prometheus finds metrics only if the options switch the HTTP server on at %d", HTTPPort)
	}
	if g.PodMonitor.Enabled && *g.NetworkPolicy.Enabled && len(g.NetworkPolicy.Monitoring) == 0 {
		c.warnf(path+"networkPolicy.monitoring", "no peer is named: the NetworkPolicy keeps Prometheus from the port that the PodMonitor names")
		c.hint("name Prometheus' pods, for example {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}")
	}
	if !*g.NetworkPolicy.Enabled && (len(g.NetworkPolicy.Clients) > 0 || len(g.NetworkPolicy.Monitoring) > 0) {
		c.warnf(path+"networkPolicy", "peers are named, but enabled is false: no NetworkPolicy is rendered")
	}
}

// checkPatches reads patches that stand in files. What they do is render's to check.
func (c *checker) checkPatches() {
	patches := c.cluster.Spec.GitOps.Patches
	for i := range patches {
		path := fmt.Sprintf("spec.gitops.patches[%d]", i)
		patches[i].Position = c.doc.at(path)
		switch p := &patches[i]; {
		case p.Path != "" && p.Patch != "":
			c.errorf(path, "has both path and patch; allowed: one of them")
		case p.Path == "" && p.Patch == "":
			c.errorf(path, "has neither path nor patch")
		case p.Path != "":
			c.readPatch(path+".path", p)
		}
	}
}

func (c *checker) readPatch(path string, p *Patch) {
	if strings.Contains(p.Path, "://") || strings.Contains(p.Path, "?ref=") || strings.HasPrefix(p.Path, "git@") {
		c.errorf(path, "%q is a remote resource; allowed: a file beside the spec", p.Path)
		return
	}
	name := strings.TrimPrefix(p.Path, "./")
	if !fs.ValidPath(name) || name == "." {
		c.errorf(path, "%q leads out of the spec's directory; allowed: a file in it or below it", p.Path)
		return
	}
	text, err := readFile(c.files, name)
	if err != nil {
		c.errorf(path, "reading %q: %v", p.Path, err)
		return
	}
	c.cluster.Facts.Files = append(c.cluster.Facts.Files, File{Source: c.doc.source, Path: name, Data: text})
	p.Patch = string(text)
}

// readFile reads a file that a document names, at most as large as a source may be.
func readFile(files fs.FS, name string) ([]byte, error) {
	if files == nil {
		return nil, errors.New("the input has no directory; write the patch into the spec")
	}
	f, err := files.Open(name)
	if err == nil {
		defer f.Close()
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(f, MaxSourceBytes+1)); err == nil {
			if len(text) > MaxSourceBytes {
				return nil, fmt.Errorf("is larger than %d bytes", MaxSourceBytes)
			}
			return text, nil
		}
	}
	if bad := (*fs.PathError)(nil); errors.As(err, &bad) {
		err = bad.Err
	}
	return nil, err
}
