package spec

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// unlisted are the documents that a List holds, which is how `kubectl get -o yaml`
// prints several objects; of any other document, itself. Field paths start in the item.
func (d *document) unlisted() ([]*document, []Problem) {
	apiVersion, kind, _, _ := d.header()
	items := follow(d.find("items").value)
	if apiVersion != "v1" || kind != "List" || items.Kind != yaml.SequenceNode {
		return []*document{d}, nil
	}
	var documents []*document
	var problems []Problem
	for i, item := range items.Content {
		if item = follow(item); item.Kind != yaml.MappingNode {
			problems = append(problems, Problem{
				Severity: Error, Position: d.position(item), Path: fmt.Sprintf("items[%d]", i),
				Message: fmt.Sprintf("seen %s, allowed a mapping", seen(item)),
			})
			continue
		}
		documents = append(documents, &document{source: d.source, root: item, text: d.text, line: d.line})
	}
	return documents, problems
}
