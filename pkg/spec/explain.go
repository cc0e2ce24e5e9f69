package spec

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Explanation is what a spec comes to: each field with its value and where that comes
// from, and what follows from all of them. Patches are not applied.
type Explanation struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	// Source is where the document stands, as file:line.
	Source string `json:"source"`
	// Fields are metadata.name, metadata.namespace and those below spec, in the order in
	// which the types declare them; keys of maps are sorted.
	Fields  []Field `json:"fields"`
	Derived Derived `json:"derived"`
}

// Field is one field that holds no others, or an empty mapping or list.
type Field struct {
	// Path is the field path as it stands in messages: spec.tolerations[0].key.
	Path string `json:"path"`
	// Value is what JSON has for it: nil (a field that is not set and has no default),
	// bool, integer, string, or an empty map or list. Quantities are canonical strings.
	Value any `json:"value"`
	// Source is file:line, or one of the words below.
	Source string `json:"source"`
}

// What a field's source is where no document gives its value.
const (
	// SourceDefault: nothing says so. A written value that the defaults replace, such as
	// "" or under Operator a claim without a size, has this source too.
	SourceDefault = "default"
	// SourceInferred: it follows from the image's name and tag.
	SourceInferred = "inferred"
	// SourceNamespace and SourceEngine are the flags behind Options.
	SourceNamespace = "--namespace"
	SourceEngine    = "--gitops"
)

// Explain decodes the sources as Decode does, and explains each cluster in its order.
// It returns the problems of Decode; where Failed(problems), there are no explanations.
func Explain(sources []Source, o Options) ([]Explanation, []Problem) {
	clusters, problems := Decode(sources, o)
	if Failed(problems) {
		return nil, problems
	}
	// Decode forgets the documents as it goes on; explaining reads them once more.
	again := decoding{options: o, env: map[string]*envDocument{}}
	for _, source := range sources {
		again.findConfigMaps(source)
	}
	explanations := make([]Explanation, 0, len(clusters))
	for _, source := range sources {
		documents, _ := documents(source)
		for _, doc := range documents {
			apiVersion, kind, _, _ := doc.header()
			if kind != bookKeeperKind || apiVersion != bookKeeperAPI {
				continue
			}
			cluster := clusters[len(explanations)].(*BookKeeper)
			explanations = append(explanations, again.explain(doc, cluster))
		}
	}
	return explanations, problems
}

func (d *decoding) explain(doc *document, b *BookKeeper) Explanation {
	e := explainer{options: d.options, places: doc.places(), env: d.envSources(b), written: map[string]any{}}
	var written BookKeeper
	doc.decode(&written)
	for _, f := range e.fields(&written) {
		e.written[f.Path] = f.Value
	}
	fields := e.fields(b.inferred())
	for i := range fields {
		fields[i].Source = e.source(fields[i])
	}
	return Explanation{
		Name: b.Name, Namespace: b.Namespace, Source: lineOnly(doc.at("")),
		Fields: fields, Derived: b.derived(),
	}
}

// inferred is the spec with what the image's name and tag say written into
// spec.gitops.image, and without the texts of patches that stand in files of their own.
func (b *BookKeeper) inferred() *BookKeeper {
	c := *b
	image := &c.Spec.GitOps.Image
	fill(&image.Contract, b.Facts.Contract)
	fill(&image.BookKeeperVersion, b.Facts.BookKeeperVersion)
	fill(&image.LedgersRoot, b.Facts.LedgersRoot)
	if b.Facts.Java != 0 {
		fillPointer(&image.JavaVersion, b.Facts.Java)
	}
	if b.Spec.GitOps.Profile == Hardened { // Operator leaves these to the image
		user, group, fsGroup := b.IDs()
		fill(&image.Home, b.home())
		fillPointer(&image.RunAsUser, user)
		fillPointer(&image.RunAsGroup, group)
		fillPointer(&image.FSGroup, fsGroup)
	}
	c.Spec.GitOps.Patches = append([]Patch(nil), c.Spec.GitOps.Patches...)
	for i, p := range c.Spec.GitOps.Patches {
		if p.Path != "" {
			c.Spec.GitOps.Patches[i].Patch = ""
		}
	}
	return &c
}

// envSources are the options that the ConfigMap of spec.envVars sets, by their field
// paths, and where it does.
func (d *decoding) envSources(b *BookKeeper) map[string]string {
	env := d.envOf(b)
	if env == nil {
		return nil
	}
	sources := map[string]string{}
	for key := range env.configMap.Data {
		if setting, ok := strings.CutPrefix(key, "BK_"); ok {
			sources[joinPath("spec.options", setting)] = lineOnly(env.document.at(joinPath("data", key)))
		}
	}
	return sources
}

// explainer finds the sources of one cluster's fields.
type explainer struct {
	options Options
	places  map[string]Position // field path → where the document has a value
	env     map[string]string   // field path → file:line of the ConfigMap
	written map[string]any      // field path → value as the document has it
}

func (e *explainer) source(f Field) string {
	at, known := e.places[f.Path]
	switch {
	case f.Path == "spec.gitops.engine" && e.options.Engine != "":
		return SourceEngine
	case known && reflect.DeepEqual(e.written[f.Path], f.Value):
		return lineOnly(at)
	case f.Path == "metadata.namespace" && e.options.Namespace != "":
		return SourceNamespace
	case e.env[f.Path] != "":
		return e.env[f.Path]
	case strings.HasPrefix(f.Path, "spec.gitops.image.") && f.Value != nil:
		return SourceInferred
	}
	return SourceDefault
}

// places are the positions of the values that are written and not null, by their field
// paths: of metadata.name, metadata.namespace and all below spec. One walk serves every
// field; to look each up by itself would take minutes for a document of many.
func (d *document) places() map[string]Position {
	places := map[string]Position{}
	var visit func(path string, n *yaml.Node)
	visit = func(path string, n *yaml.Node) {
		value := follow(n)
		if isNull(value) {
			return
		}
		places[path] = d.position(n)
		switch value.Kind {
		case yaml.MappingNode:
			for _, e := range entries(value) {
				visit(joinPath(path, e.name), e.value)
			}
		case yaml.SequenceNode:
			for i, item := range value.Content {
				visit(fmt.Sprintf("%s[%d]", path, i), item)
			}
		}
	}
	for _, path := range []string{"metadata.name", "metadata.namespace", "spec"} {
		if r := d.find(path); r.whole {
			visit(path, r.value)
		}
	}
	return places
}

// lineOnly is a position without its column.
func lineOnly(p Position) string {
	p.Column = 0
	return p.String()
}
