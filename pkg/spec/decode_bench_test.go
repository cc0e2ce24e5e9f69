package spec

import (
	"fmt"
	"strings"
	"testing"
)

// sixtyLines is a document of the size that users write.
func sixtyLines() string {
	const head = "apiVersion: v1\nkind: Shapes\nmetadata:\n  name: a\n  labels:\n    a: b\nspec:\n  replicas: 3\n  version: 4.17.4\n  options:\n"
	const tail = "  claim:\n    accessModes: [ReadWriteOnce]\n    resources:\n      requests:\n        storage: 10Gi\n" +
		"  containers:\n  - name: a\n    image: b\n    ports:\n    - containerPort: 80\n  volumes:\n  - name: c\n    emptyDir:\n      sizeLimit: 1Gi\n"
	var b strings.Builder
	b.WriteString(head)
	for i := range 36 {
		fmt.Fprintf(&b, "    option%d: \"%d\"\n", i, i)
	}
	return b.String() + tail
}

func BenchmarkDocuments(b *testing.B) {
	data := []byte(strings.Repeat("---\n"+sixtyLines(), 1000))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if docs, problems := documents(Source{Name: "f", Data: data}); len(docs) != 1000 || len(problems) > 0 {
			b.Fatalf("%d documents, problems %q", len(docs), problems)
		}
	}
}

// BenchmarkDecode decodes 1,000 parsed documents of 60 lines.
func BenchmarkDecode(b *testing.B) {
	docs, _ := documents(Source{Name: "f", Data: []byte(strings.Repeat("---\n"+sixtyLines(), 1000))})
	b.ReportAllocs()
	for b.Loop() {
		for _, d := range docs {
			if problems := d.decode(new(shapes)); len(problems) > 0 {
				b.Fatalf("problems %q", problems)
			}
		}
	}
}

func BenchmarkDecodeBillionLaughs(b *testing.B) {
	d := parsed(b, laughs())
	b.ReportAllocs()
	for b.Loop() {
		if problems := d.decode(new(shapes)); len(problems) != 1 {
			b.Fatalf("problems %q, want one", problems)
		}
	}
}
