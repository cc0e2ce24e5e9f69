package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// rootIndex finds clusters that would stand in each other's way: of the same name, or
// with ZooKeeper metadata at the same place or one inside the other. With the operator,
// deleting one of two such clusters destroyed the other's metadata.
type rootIndex struct {
	entries []rootEntry
	byName  map[string]int   // namespace/object name → entry
	byRoot  map[string][]int // host + path → entries
	same    []Problem
}

type rootEntry struct {
	name     string
	position Position
	hosts    []string
	root     string
}

func newRootIndex() *rootIndex {
	return &rootIndex{byName: map[string]int{}, byRoot: map[string][]int{}}
}

func (r *rootIndex) add(b *BookKeeper, doc *document) {
	entry := rootEntry{name: b.Name, position: doc.at("metadata.name"), root: b.Facts.ZooKeeper.Chroot + b.Facts.LedgersRoot}
	n := len(r.entries)
	for _, name := range b.objectNames() {
		if b.Name == "" {
			break // reported already
		}
		if first, taken := r.byName[name]; taken {
			other := r.entries[first]
			r.same = append(r.same, Problem{
				Severity: Error, Position: entry.position, Path: "metadata.name",
				Message: fmt.Sprintf("cluster %q renders %s, which the cluster %q at %s renders too", b.Name, name, other.name, other.position),
			})
			break
		}
		r.byName[name] = n
	}
	if b.Facts.LedgersRoot == "" && b.Spec.EnvVars != "" {
		// It is unknown where, but two clusters of one ConfigMap have it at the same place.
		entry.root = b.Facts.ZooKeeper.Chroot + "/(ConfigMap " + b.Namespace + "." + b.Spec.EnvVars + ")"
	}
	if entry.root != b.Facts.ZooKeeper.Chroot {
		for _, host := range b.Facts.ZooKeeper.Hosts {
			entry.hosts = append(entry.hosts, qualifiedHosts(host, b.Namespace, b.Spec.GitOps.ClusterDomain)...)
		}
		for _, host := range entry.hosts {
			r.byRoot[host+entry.root] = append(r.byRoot[host+entry.root], n)
		}
	}
	r.entries = append(r.entries, entry)
}

// objectNames are the objects that only one cluster may render, as kind namespace/name.
func (b *BookKeeper) objectNames() []string {
	prefix := b.Namespace + "/"
	return []string{
		"StatefulSet " + prefix + b.BookieName(),
		"Service " + prefix + b.HeadlessServiceName(),
		"Deployment " + prefix + b.AutorecoveryName(),
	}
}

// conflicts are all pairs, each reported once, at the later of the two.
func (r *rootIndex) conflicts() []Problem {
	problems := r.same
	for n, entry := range r.entries {
		reported := map[int]bool{}
		for _, host := range entry.hosts {
			for root := entry.root; root != ""; root = root[:strings.LastIndexByte(root, '/')] {
				for _, other := range r.byRoot[host+root] {
					if other == n || root == entry.root && other > n || reported[other] {
						continue
					}
					reported[other] = true
					problems = append(problems, rootConflict(entry, r.entries[other], root == entry.root))
				}
			}
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return comparePositions(a.Position, b.Position) })
	return problems
}

func rootConflict(entry, other rootEntry, equal bool) Problem {
	p := Problem{Severity: Error, Position: entry.position, Path: "metadata.name"}
	if equal {
		p.Message = fmt.Sprintf("cluster %q has its ZooKeeper metadata at %s, as the cluster %q at %s has", entry.name, entry.root, other.name, other.position)
	} else {
		p.Message = fmt.Sprintf("cluster %q has its ZooKeeper metadata at %s, inside that of cluster %q at %s: %s", entry.name, entry.root, other.name, other.position, other.root)
	}
	p.Hint = "set spec.gitops.image.ledgersRoot or the chroot of spec.zookeeperUri so that each cluster has its own tree"
	return p
}

// qualifiedHosts writes the ways to name one Service alike: short names are relative to
// the namespace, and .svc and the cluster's domain may follow.
func qualifiedHosts(host, namespace, domain string) []string {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		name, port = host[:i], host[i:]
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for _, suffix := range []string{".svc." + domain, ".svc"} {
		if rest, ok := strings.CutSuffix(name, suffix); ok {
			return []string{rest + port}
		}
	}
	switch {
	case strings.HasPrefix(name, "["):
		return []string{name + port}
	case !strings.Contains(name, "."):
		return []string{name + "." + namespace + port}
	case podPattern.MatchString(name):
		// A pod and its Service in the own namespace, or a Service in another: who cannot
		// tell the two apart takes them for one rather than delete the wrong metadata.
		return []string{name + "." + namespace + port, name + port}
	}
	return []string{name + port}
}

// podPattern is a pod of a StatefulSet and its headless Service, which Kubernetes' DNS
// looks for in the own namespace first: zk-0.zk.
var podPattern = regexp.MustCompile(`^[^.]+-[0-9]+\.[^.]*[^.0-9][^.]*$`)

func comparePositions(a, b Position) int {
	if c := strings.Compare(a.Source, b.Source); c != 0 {
		return c
	}
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return a.Column - b.Column
}

func compareStrings(a, b string) int { return strings.Compare(a, b) }

func sourceNames(sources []Source) string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}
