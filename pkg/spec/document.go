package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// document is one YAML document of a source. Its root is a mapping.
type document struct {
	source string
	root   *yaml.Node
	// text is what was parsed; line counts the lines of the source before it.
	text []byte
	line int
}

// eachDocument hands on the documents of a source one after the other, a List as its
// items; so a long stream is never held decoded as a whole. Documents of nothing but
// blanks, comments or null are left out. One that cannot be parsed, or is no mapping, is
// a Problem and does not hide the others.
func eachDocument(src Source, each func(*document), report func(...Problem)) {
	if p := src.unreadable(); p != nil {
		report(*p)
		return
	}
	for _, c := range chunks(src.Data) {
		d, p := c.document(src.Name)
		switch {
		case p != nil:
			report(*p)
		case d != nil:
			items, unread := d.unlisted()
			for _, item := range items {
				each(item)
			}
			report(unread...)
		}
	}
}

// documents are all documents of a source, and what keeps others from being read.
func documents(src Source) ([]*document, []Problem) {
	var all []*document
	var problems []Problem
	eachDocument(src, func(d *document) { all = append(all, d) }, func(p ...Problem) { problems = append(problems, p...) })
	return all, problems
}

// document is the document in the chunk, nil where it is left out, or what is wrong with it.
func (c chunk) document(source string) (*document, *Problem) {
	if c.isBlank() {
		return nil, nil
	}
	d := &document{source: source, text: c.readable(), line: c.line}
	root, err := parse(d.text)
	switch {
	case err != nil:
		return nil, d.syntaxProblem(err)
	case root == nil || isNull(root):
		return nil, nil
	case root.Kind != yaml.MappingNode:
		return nil, &Problem{
			Severity: Error, Position: d.position(root), Message: fmt.Sprintf("seen %s, allowed a mapping", seen(root)),
		}
	}
	d.root = root
	return d, nil
}

// parse returns the root of the only document in text, nil where there is none.
func parse(text []byte) (root *yaml.Node, err error) {
	// The parser panics where it finds itself in a state that it does not know.
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("the YAML parser gave up: %v", r)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, errors.New("content after the end of the document")
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return first.Content[0], nil
}

// header is the document's apiVersion, kind, metadata.namespace and metadata.name, each
// "" where it is not written as a scalar. It does not mind what else is wrong.
func (d *document) header() (apiVersion, kind, namespace, name string) {
	return d.scalarAt("apiVersion"), d.scalarAt("kind"), d.scalarAt("metadata.namespace"), d.scalarAt("metadata.name")
}

func (d *document) scalarAt(path string) string {
	r := d.find(path)
	n := follow(r.value)
	if !r.whole || n.Kind != yaml.ScalarNode || isNull(n) {
		return ""
	}
	return n.Value
}
