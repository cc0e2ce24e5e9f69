package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// checker validates one defaulted BookKeeper and resolves its facts on the way.
type checker struct {
	doc      *document
	cluster  *BookKeeper
	env      *envDocument
	files    fs.FS
	problems []Problem
	// decoded are the problems that decoding found; what was not read is not judged.
	decoded []Problem
	// fromEnv are the field paths of options that the ConfigMap of spec.envVars sets, and
	// the paths in that where they stand.
	fromEnv map[string]string
	// skipped says that the last problem was not added, so it takes no hint.
	skipped bool
}

func (c *checker) check() {
	c.checkProfile()
	c.checkName()
	c.checkNamespace()
	c.checkGitOps()
	c.checkImage()
	c.checkZooKeeper()
	c.checkEnv()
	c.checkLedgersRoot()
	c.checkReplicas()
	c.checkStorage()
	c.checkDirectories()
	c.checkMounts()
	c.checkSettings()
	c.checkProbes()
	c.checkResources()
	c.checkJVM()
	c.checkMemory()
	c.checkLabels()
	c.checkScheduling()
	c.checkTolerations()
	c.checkSpread()
	c.checkContainers()
	c.checkOperatorOnly()
	c.checkPatches()
}

func (c *checker) hardened() bool { return c.cluster.Spec.GitOps.Profile == Hardened }

// unread reports whether decoding failed at a path or at a parent of it.
func (c *checker) unread(path string) bool {
	return slices.ContainsFunc(c.decoded, func(p Problem) bool {
		rest, below := strings.CutPrefix(path, p.Path)
		return p.Path != "" && below && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

func (c *checker) add(severity Severity, path, format string, args ...any) {
	// Where something was not read, a default may stand for it and is nothing to warn of.
	c.skipped = c.unread(path) || severity == Warning && len(c.decoded) > 0 && !c.doc.has(path)
	if c.skipped {
		return
	}
	doc, path := c.origin(path)
	c.problems = append(c.problems, Problem{
		Severity: severity, Position: doc.at(path), Path: path, Message: fmt.Sprintf(format, args...),
	})
}

// origin is the document that holds the value at a field path of the cluster, and its path there.
func (c *checker) origin(path string) (*document, string) {
	if at, ok := c.fromEnv[path]; ok {
		return c.env.document, at
	}
	return c.doc, path
}

func (c *checker) errorf(path, format string, args ...any) { c.add(Error, path, format, args...) }

func (c *checker) warnf(path, format string, args ...any) { c.add(Warning, path, format, args...) }

// badf is for what the operator let pass: an error under Hardened, a warning under
// Operator, which reproduces what runs already.
func (c *checker) badf(path, format string, args ...any) {
	if c.hardened() {
		c.errorf(path, format, args...)
		return
	}
	c.warnf(path, format, args...)
}

// hint adds what to try to the problem that was reported last.
func (c *checker) hint(format string, args ...any) {
	if !c.skipped {
		c.problems[len(c.problems)-1].Hint = fmt.Sprintf(format, args...)
	}
}

// insidef reports an error at byte offset of the value at path.
func (c *checker) insidef(path string, offset int, format string, args ...any) {
	c.errorf(path, format, args...)
	if !c.skipped {
		doc, at := c.origin(path)
		c.problems[len(c.problems)-1].Position = doc.within(at, offset)
	}
}

// oneOf checks a value of an enumeration.
func oneOf[T ~string](c *checker, path string, value T, allowed ...T) bool {
	if slices.Contains(allowed, value) {
		return true
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	near := ""
	if s := suggest(string(value), names); s != "" {
		near = fmt.Sprintf(" (did you mean %q?)", s)
	}
	c.errorf(path, "seen %q, allowed %s%s", value, strings.Join(names, ", "), near)
	return false
}

func (c *checker) atLeast(path string, value *int32, least int32) {
	if value != nil && *value < least {
		c.errorf(path, "%d is less than %d", *value, least)
	}
}

// checkProfile: a document out of a live cluster is of one that the operator runs. The
// objects of Hardened bear the same names, and its pods do not start on those disks.
func (c *checker) checkProfile() {
	if c.doc.has("spec.gitops.profile") {
		return
	}
	for _, sign := range []string{"metadata.uid", "metadata.resourceVersion", "status"} {
		if c.doc.has(sign) {
			c.errorf("spec.gitops.profile", "required: %s says that the document comes out of a cluster that the operator runs", sign)
			c.hint("Operator takes that cluster over as it runs; Hardened is for a new cluster, and its pods do not start on the disks of the old one")
			return
		}
	}
}

// revisionLabelRoom is what the StatefulSet controller adds to its name in the pods'
// label controller-revision-hash: a dash and a hash of at most 10 characters.
const revisionLabelRoom = 11

const maxLabelLength = 63

func (c *checker) checkName() {
	b := c.cluster
	if b.Name == "" {
		c.errorf("metadata.name", "required: every object is named after it")
		return
	}
	suffix := b.Spec.HeadlessSvcNameSuffix
	if len(b.Name) <= maxLabelLength && !isLabel(b.Name) {
		c.errorf("metadata.name", "%q is not lower-case letters, digits and -", b.Name)
	} else if len(b.Name) <= maxLabelLength && !isServiceName(b.Name) {
		c.errorf("metadata.name", "%q begins with no letter, which the Service %q needs", b.Name, b.HeadlessServiceName())
	}
	if !isLabel(suffix) {
		c.errorf("spec.headlessSvcNameSuffix", "%q is not lower-case letters, digits and -", suffix)
	}
	c.checkLength("metadata.name", "StatefulSet", b.BookieName(), maxLabelLength-revisionLabelRoom)
	c.checkLength("spec.headlessSvcNameSuffix", "Service", b.HeadlessServiceName(), maxLabelLength)
}

func (c *checker) checkNamespace() {
	b := c.cluster
	if b.Namespace == "" && c.hardened() {
		c.errorf("metadata.namespace", "required: the bookies' identities contain it")
		c.hint("write metadata.namespace, or give --namespace")
	} else if b.Namespace != "" && !isLabel(b.Namespace) {
		c.errorf("metadata.namespace", "%q is not lower-case letters, digits and -, at most 63", b.Namespace)
	}
}

func (c *checker) checkLength(path, kind, name string, most int) {
	if len(name) <= most {
		return
	}
	c.errorf(path, "%s name %q is %d characters long, allowed %d", kind, name, len(name), most)
	if most < maxLabelLength {
		c.hint("pods carry the name and a revision hash in a label of at most 63 characters; shorten metadata.name by %d", len(name)-most)
	} else {
		c.hint("shorten metadata.name or the suffix by %d", len(name)-most)
	}
}

func (c *checker) checkZooKeeper() {
	address, err := ParseZooKeeperAddress(c.cluster.Spec.ZookeeperURI)
	if bad := (*addressError)(nil); errors.As(err, &bad) {
		c.insidef("spec.zookeeperUri", bad.offset, "%s", bad.reason)
		return
	}
	c.cluster.Facts.ZooKeeper = address
	if !c.hardened() && strings.Contains(c.cluster.Spec.ZookeeperURI, "://") {
		c.warnf("spec.zookeeperUri", "the image's script puts a scheme of its own before this one")
		c.hint("name hosts only: %s", strings.Join(address.Hosts, ","))
	}
	if len(address.Hosts) > 1 && strings.Contains(strings.Join(address.Hosts, ""), "[") {
		// Tried: java.net.URI refuses zk://[fd00::1]:2181;[fd00::2]:2181/.
		c.badf("spec.zookeeperUri", "BookKeeper reads no IPv6 address among several hosts; allowed: one, or host names")
	}
}

func (c *checker) checkReplicas() {
	s := &c.cluster.Spec
	replicas, e := *s.Replicas, *s.GitOps.Durability.EnsembleSize
	c.atLeast("spec.replicas", s.Replicas, 1)
	c.atLeast("spec.maxUnavailableBookkeeperReplicas", s.MaxUnavailableBookkeeperReplicas, 1)
	c.atLeast("spec.upgradeTimeout", s.UpgradeTimeout, 1)
	if s.GitOps.TestMode || replicas < 1 || e < 1 {
		return
	}
	switch {
	case replicas < e:
		c.badf("spec.replicas", "%s cannot hold an ensemble of %d: no ledger can be created", bookiesText(replicas), e)
		c.hint("raise spec.replicas to %d, lower spec.gitops.durability, or set spec.gitops.testMode", e+1)
	case replicas == e:
		c.warnf("spec.replicas", "%d bookies for an ensemble of %d: while one is away, no ledger can be created and writers may stop", replicas, e)
		c.hint("%d bookies keep writes available during a restart", e+1)
	}
	if replicas == 1 {
		c.warnf("spec.replicas", "one bookie holds one copy: its disk is the data")
	}
	c.checkBudget(replicas, e)
}

func bookiesText(n int32) string {
	if n == 1 {
		return "1 bookie"
	}
	return fmt.Sprintf("%d bookies", n)
}

// checkBudget compares the disruption budget with what the ensemble can spare: losing
// more than replicas−E bookies stops writes, losing ackQuorum of them may lose data.
func (c *checker) checkBudget(replicas, e int32) {
	s := &c.cluster.Spec
	budget := *s.MaxUnavailableBookkeeperReplicas
	spare := max(1, min(replicas-e, *s.GitOps.Durability.AckQuorum-1))
	if budget > spare {
		c.badf("spec.maxUnavailableBookkeeperReplicas", "%d bookies at once is more than the cluster can spare, %d (replicas %d, ensembleSize %d, ackQuorum %d)",
			budget, spare, replicas, e, *s.GitOps.Durability.AckQuorum)
	}
}

func (c *checker) checkStorage() {
	claims := map[string]*corev1.PersistentVolumeClaimSpec{
		"ledgerVolumeClaimTemplate":  c.cluster.Spec.Storage.LedgerVolumeClaimTemplate,
		"journalVolumeClaimTemplate": c.cluster.Spec.Storage.JournalVolumeClaimTemplate,
		"indexVolumeClaimTemplate":   c.cluster.Spec.Storage.IndexVolumeClaimTemplate,
	}
	for _, field := range []string{"ledgerVolumeClaimTemplate", "journalVolumeClaimTemplate", "indexVolumeClaimTemplate"} {
		c.checkClaim("spec.storage."+field, claims[field])
	}
}

// leastClaim is the smallest disk of any use, in bytes: one preallocation of a journal.
// Source: bookkeeper, conf/ServerConfiguration.java (journalPreAllocSizeMB 16).
const leastClaim = 16 << 20

func (c *checker) checkClaim(path string, claim *corev1.PersistentVolumeClaimSpec) {
	if !c.hardened() && c.doc.has(path) && !c.doc.has(path+".resources.requests.storage") {
		c.warnf(path, "the operator ignores a claim without resources.requests.storage and takes 10Gi ReadWriteOnce of the default class; so does Operator")
	}
	if size := claim.Resources.Requests[corev1.ResourceStorage]; size.Sign() > 0 && size.Value() < leastClaim {
		c.errorf(path+".resources.requests.storage", "%s is %d bytes, less than one journal needs; allowed: sizes such as 10Gi", size.String(), size.Value())
	} else if size.Sign() <= 0 {
		c.errorf(path+".resources.requests.storage", "%s is no size; allowed: more than 0, such as 10Gi", size.String())
	}
	if claim.VolumeMode != nil && *claim.VolumeMode != corev1.PersistentVolumeFilesystem {
		c.errorf(path+".volumeMode", "seen %q, allowed Filesystem: a bookie writes files", *claim.VolumeMode)
	}
	if len(claim.AccessModes) == 0 {
		c.badf(path+".accessModes", "no claim is made without one; allowed: ReadWriteOnce, ReadWriteOncePod")
	}
	for i, mode := range claim.AccessModes {
		oneOf(c, fmt.Sprintf("%s.accessModes[%d]", path, i), mode, corev1.ReadWriteOnce, corev1.ReadWriteOncePod, corev1.ReadWriteMany, corev1.ReadOnlyMany)
		if mode == corev1.ReadWriteMany || mode == corev1.ReadOnlyMany {
			c.badf(path+".accessModes", "%s lets two bookies share a disk; allowed: ReadWriteOnce, ReadWriteOncePod", mode)
		}
	}
}

func (c *checker) checkProbes() {
	probes := map[string]*Probe{"readinessProbe": c.cluster.Spec.Probes.ReadinessProbe, "livenessProbe": c.cluster.Spec.Probes.LivenessProbe}
	for _, name := range []string{"readinessProbe", "livenessProbe"} {
		p, path := probes[name], "spec.probes."+name
		c.atLeast(path+".initialDelaySeconds", p.InitialDelaySeconds, 0)
		c.atLeast(path+".periodSeconds", p.PeriodSeconds, 0)
		c.atLeast(path+".failureThreshold", p.FailureThreshold, 0)
		c.atLeast(path+".successThreshold", p.SuccessThreshold, 0)
		c.atLeast(path+".timeoutSeconds", p.TimeoutSeconds, 0)
		if name == "livenessProbe" && p.SuccessThreshold != nil && *p.SuccessThreshold > 1 {
			c.errorf(path+".successThreshold", "%d; Kubernetes allows only 1 for a liveness probe", *p.SuccessThreshold)
		}
		if !c.hardened() && c.doc.has(path) && (p.PeriodSeconds == nil || p.TimeoutSeconds == nil || p.FailureThreshold == nil) {
			c.warnf(path, "the operator gives a probe with missing fields Kubernetes' defaults (period 10, timeout 1, failures 3), not its own; so does Operator")
		}
	}
}

func (c *checker) checkResources() {
	r := c.cluster.Spec.Resources
	for _, list := range []struct {
		field string
		of    corev1.ResourceList
	}{{"limits", r.Limits}, {"requests", r.Requests}} {
		for _, name := range slices.Sorted(maps.Keys(list.of)) {
			path, quantity := joinPath("spec.resources."+list.field, string(name)), list.of[name]
			c.checkResourceName(path, name)
			if limit, ok := r.Limits[name]; quantity.Sign() < 0 {
				c.errorf(path, "%s is less than 0", quantity.String())
			} else if ok && quantity.Cmp(limit) > 0 {
				c.errorf(path, "%s is more than the limit %s", quantity.String(), limit.String())
			}
		}
	}
	if _, ok := r.Limits[corev1.ResourceMemory]; !ok {
		c.badf("spec.resources.limits.memory", "required: the JVM's heap and direct memory are sized by it")
	}
}
