package spec

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strings"
)

// ownSource declares the types of a spec. Their comments are the schema's descriptions,
// so that what an editor shows is what stands there.
//
//go:embed bookkeeper.go gitops.go
var ownSource embed.FS

// ownDoc is what one of our types says of itself and, where it is a struct, of its
// fields, these by their names in JSON.
type ownDoc struct {
	text   string
	fields map[string]string
}

func ownDocs() map[string]ownDoc {
	docs := map[string]ownDoc{}
	for _, name := range []string{"bookkeeper.go", "gitops.go"} {
		text, err := ownSource.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("spec: %s is not embedded: %v", name, err))
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			panic(fmt.Sprintf("spec: parsing %s: %v", name, err))
		}
		for _, declaration := range file.Decls {
			if group, ok := declaration.(*ast.GenDecl); ok && group.Tok == token.TYPE {
				addTypes(docs, group)
			}
		}
	}
	return docs
}

func addTypes(docs map[string]ownDoc, group *ast.GenDecl) {
	for _, s := range group.Specs {
		t := s.(*ast.TypeSpec)
		comment := group.Doc
		if t.Doc != nil {
			comment = t.Doc
		}
		body, ok := t.Type.(*ast.StructType)
		if !ok {
			body = &ast.StructType{Fields: &ast.FieldList{}}
		}
		docs[t.Name.Name] = docOf(comment.Text(), body)
	}
}

func docOf(text string, body *ast.StructType) ownDoc {
	names := jsonNames(body)
	doc := ownDoc{text: prose(text, names), fields: map[string]string{}}
	shared := "" // the comment above, which may speak of the fields that follow too
	for _, field := range body.Fields.List {
		if field.Doc != nil {
			shared = field.Doc.Text()
		}
		for _, name := range field.Names {
			switch written := names[name.Name]; {
			case field.Doc != nil, wordPattern(name.Name).MatchString(shared):
				doc.fields[written] = prose(shared, names)
			case wordPattern(written).MatchString(doc.text) && humpPattern.MatchString(written):
				doc.fields[written] = doc.text
			}
		}
	}
	return doc
}

// jsonNames are the names in JSON of a struct's fields by those in Go.
func jsonNames(body *ast.StructType) map[string]string {
	names := map[string]string{}
	for _, field := range body.Fields.List {
		if field.Tag == nil {
			continue
		}
		tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
		written, _, _ := strings.Cut(tag, ",")
		for _, name := range field.Names {
			names[name.Name] = written
		}
	}
	return names
}

var (
	// subjectPattern is what a comment begins with: one name or several.
	subjectPattern = regexp.MustCompile(`^\w+((, | and )\w+)*`)
	// humpPattern tells names that can be no other words: ackQuorum, but not patch.
	humpPattern = regexp.MustCompile(`[a-z][A-Z]`)
)

// prose is a comment on one line, without its source, with the names of fields in JSON
// where it speaks of fields.
func prose(comment string, names map[string]string) string {
	text, _, _ := strings.Cut(comment, "Source: ")
	text = strings.Join(strings.Fields(text), " ")
	subject := subjectPattern.FindString(text)
	rest := text[len(subject):]
	for name, written := range names {
		subject = wordPattern(name).ReplaceAllLiteralString(subject, written)
		if humpPattern.MatchString(name) {
			rest = wordPattern(name).ReplaceAllLiteralString(rest, written)
		}
	}
	return subject + rest
}

func wordPattern(name string) *regexp.Regexp { return regexp.MustCompile(`\b` + name + `\b`) }

// speakingOf is a type's comment as that of a field that has the type.
func (d ownDoc) speakingOf(t reflect.Type, field string) string {
	subject := subjectPattern.FindString(d.text)
	return wordPattern(t.Name()).ReplaceAllLiteralString(subject, field) + d.text[len(subject):]
}

// swaggerDocs are Kubernetes' own descriptions of a struct ("") and of its fields.
func swaggerDocs(t reflect.Type) map[string]string {
	documented, ok := reflect.New(t).Interface().(interface{ SwaggerDoc() map[string]string })
	if !ok {
		return nil
	}
	return documented.SwaggerDoc()
}
