// Package spec reads cluster specs: the documents that an operator's users already
// have, with one stanza, spec.gitops, for what the operator lacked.
//
// It decodes strictly, fills in defaults, validates, and derives every name, port, path,
// setting and annotation key that a kind gives rise to, so that rendering, cleanup and
// gates agree on them. It does no I/O: sources come in as bytes, files that a document
// names as an fs.FS.
package spec

import (
	"bytes"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Cluster is a decoded, defaulted and valid cluster spec. BookKeeper implements it.
type Cluster interface {
	// ClusterName and ClusterNamespace are the document's metadata.
	ClusterName() string
	ClusterNamespace() string
	// Stanza is spec.gitops with its defaults.
	Stanza() *GitOps

	sealed()
}

// ClusterName is metadata.name.
func (b *BookKeeper) ClusterName() string { return b.Name }

// ClusterNamespace is metadata.namespace, or the default that Decode was given.
func (b *BookKeeper) ClusterNamespace() string { return b.Namespace }

// Stanza is spec.gitops.
func (b *BookKeeper) Stanza() *GitOps { return &b.Spec.GitOps }

func (b *BookKeeper) sealed() {}

// Options are what the caller knows beside the documents.
type Options struct {
	// Namespace is that of documents that name none.
	Namespace string
	// Engine overrides spec.gitops.engine where it is not empty.
	Engine Engine
}

// The kinds, by apiVersion and kind.
const (
	bookKeeperAPI  = "bookkeeper.pravega.io/v1alpha1"
	bookKeeperKind = "BookkeeperCluster"
	configMapKind  = "ConfigMap"
)

// laterKinds are the kinds of DESIGN §2 that are read by no version yet.
var laterKinds = []string{"ZookeeperCluster", "PravegaCluster", "Kafkacluster", "ReplicatedStatefulSet"}

// Decode reads every document of every source. It returns the clusters in their order
// and every problem of all of them; where Failed(problems), the clusters are of no use.
func Decode(sources []Source, o Options) ([]Cluster, []Problem) {
	var clusters []Cluster
	problems := DecodeEach(sources, o, func(c Cluster) { clusters = append(clusters, c) })
	return clusters, problems
}

// DecodeEach does what Decode does, and hands on each cluster that is valid by itself as
// soon as it is read, keeping none: a thousand clusters need the memory of one. What was
// made of them is of no use where Failed(problems).
func DecodeEach(sources []Source, o Options, each func(Cluster)) []Problem {
	d := decoding{options: o, each: each, env: map[string]*envDocument{}, roots: newRootIndex()}
	for _, source := range sources {
		d.findConfigMaps(source)
	}
	for _, source := range sources {
		eachDocument(source, func(doc *document) { d.document(source, doc) }, d.report)
	}
	d.problems = append(d.problems, d.roots.conflicts()...)
	d.problems = append(d.problems, d.unusedConfigMaps()...)
	if len(d.roots.entries) == 0 && !Failed(d.problems) {
		d.problems = append(d.problems, Problem{
			Severity: Error, Position: Position{Source: sourceNames(sources)},
			Message: "no cluster in the input; allowed: documents of kind " + bookKeeperKind,
		})
	}
	return d.problems
}

// decoding is one run of Decode.
type decoding struct {
	options  Options
	each     func(Cluster)
	problems []Problem
	env      map[string]*envDocument // by namespace/name
	roots    *rootIndex
}

func (d *decoding) report(problems ...Problem) { d.problems = append(d.problems, problems...) }

// envDocument is a ConfigMap among the inputs, for a cluster's spec.envVars.
type envDocument struct {
	document  *document
	configMap corev1.ConfigMap
	used      bool
}

func (d *decoding) document(source Source, doc *document) {
	apiVersion, kind, _, _ := doc.header()
	switch {
	case kind == bookKeeperKind && apiVersion == bookKeeperAPI:
		d.bookKeeper(source, doc)
	case kind == configMapKind && apiVersion == "v1":
	default:
		d.problems = append(d.problems, unknownKind(doc, apiVersion, kind))
	}
}

func unknownKind(doc *document, apiVersion, kind string) Problem {
	p := Problem{Severity: Error, Position: doc.at("kind"), Path: "kind"}
	switch {
	case kind == "":
		p.Position, p.Path = doc.at(""), ""
		p.Message = "the document has no kind; allowed: kind " + bookKeeperKind + ", apiVersion " + bookKeeperAPI
	case kind == bookKeeperKind:
		p.Position, p.Path = doc.at("apiVersion"), "apiVersion"
		p.Message = fmt.Sprintf("seen %q, allowed %q", apiVersion, bookKeeperAPI)
	case slices.Contains(laterKinds, kind):
		p.Message = fmt.Sprintf("%s is not supported yet; allowed: %s", kind, bookKeeperKind)
	default:
		p.Message = fmt.Sprintf("%q is not a cluster kind; allowed: %s", kind, bookKeeperKind)
		if near := suggest(kind, append([]string{bookKeeperKind}, laterKinds...)); near != "" {
			p.Message += fmt.Sprintf(" (did you mean %q?)", near)
		}
		p.Hint = "name the file that holds the cluster, or keep other manifests in another directory"
	}
	return p
}

func (d *decoding) bookKeeper(source Source, doc *document) {
	b := &BookKeeper{}
	problems := doc.decode(b)
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Path == "" }) {
		d.report(problems...) // nothing was decoded, so nothing can be said of it
		return
	}
	b.setDefaults(d.options)
	c := &checker{doc: doc, cluster: b, files: source.Dir, decoded: problems}
	c.env = d.envOf(b)
	c.check()
	problems = append(problems, c.problems...)
	slices.SortStableFunc(problems, func(x, y Problem) int { return comparePositions(x.Position, y.Position) })
	d.report(problems...)
	b.Status = nil
	d.roots.add(b, doc)
	if !Failed(problems) {
		d.each(b)
	}
}

// findConfigMaps keeps the ConfigMaps of a source; documents that are something else
// are read again in their turn, so that a large input is never held decoded as a whole.
func (d *decoding) findConfigMaps(source Source) {
	if !bytes.Contains(source.Data, []byte(configMapKind)) {
		return
	}
	documents, _ := documents(source)
	for _, doc := range documents {
		apiVersion, kind, namespace, name := doc.header()
		if kind != configMapKind || apiVersion != "v1" {
			continue
		}
		env := &envDocument{document: doc}
		d.problems = append(d.problems, doc.decode(&env.configMap)...)
		fill(&namespace, d.options.Namespace)
		if first := d.env[namespace+"/"+name]; first != nil {
			d.problems = append(d.problems, Problem{
				Severity: Error, Position: doc.at("metadata.name"), Path: "metadata.name",
				Message: fmt.Sprintf("ConfigMap %q is in the input twice, first at %s", name, first.document.at("metadata.name")),
			})
			continue
		}
		d.env[namespace+"/"+name] = env
	}
}

// envOf is the ConfigMap that spec.envVars names, or nil if the inputs do not hold it.
func (d *decoding) envOf(b *BookKeeper) *envDocument {
	if b.Spec.EnvVars == "" {
		return nil
	}
	env := d.env[b.Namespace+"/"+b.Spec.EnvVars]
	if env != nil {
		env.used = true
	}
	return env
}

func (d *decoding) unusedConfigMaps() []Problem {
	var problems []Problem
	for _, env := range d.env {
		if !env.used {
			problems = append(problems, Problem{
				Severity: Warning, Position: env.document.at("metadata.name"), Path: "metadata.name",
				Message: fmt.Sprintf("ConfigMap %q is named by no cluster's spec.envVars and is left out", env.configMap.Name),
			})
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return comparePositions(a.Position, b.Position) })
	return problems
}
