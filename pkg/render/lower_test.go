package render

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bkgen/bkgen/pkg/spec"
)

// The kinds are the types of pkg/spec that seal Cluster; lower, which panics for any
// other, must have a case for each.
func TestLowerHasACaseForEveryKind(t *testing.T) {
	kinds := sealedKinds(t, "../spec")
	if !slices.Contains(kinds, "BookKeeper") {
		t.Fatalf("kinds %v hold no BookKeeper: the test does not read pkg/spec as it should", kinds)
	}
	if cases := casesOfLower(t); !slices.Equal(kinds, cases) {
		t.Errorf("pkg/spec has kinds %v, lower has cases for %v", kinds, cases)
	}
}

func sealedKinds(t testing.TB, dir string) []string {
	t.Helper()
	var kinds []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		for _, decl := range parse(t, filepath.Join(dir, e.Name())).Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "sealed" {
				kinds = append(kinds, pointee(f.Recv.List[0].Type))
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}

func casesOfLower(t testing.TB) []string {
	t.Helper()
	var cases []string
	for _, decl := range parse(t, "render.go").Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Name.Name != "lower" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CaseClause); ok {
				for _, of := range c.List {
					cases = append(cases, pointee(of))
				}
			}
			return true
		})
	}
	slices.Sort(cases)
	return cases
}

func parse(t testing.TB, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// pointee is the type's name in *Name and *package.Name.
func pointee(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func TestLowerSwitchesByProfile(t *testing.T) {
	for profile, want := range map[spec.Profile]int{spec.Hardened: 2, spec.Operator: 1} {
		if got := lower(decode(t, spec.Options{}, source(minimal(profile, ""), nil))); len(got) != want {
			t.Errorf("%s has %d workloads, want %d", profile, len(got), want)
		}
	}
	without := decode(t, spec.Options{}, source(minimal(spec.Hardened, "", "autoRecovery: false"), nil))
	if got := lower(without); len(got) != 1 {
		t.Errorf("without autorecovery there are %d workloads, want 1", len(got))
	}
}
