package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() Inventory {
	return Inventory{
		Version: 1,
		Inputs:  []Digest{{"../../spec/cluster.yaml", Sum([]byte("b"))}, {"-", Sum(nil)}},
		Flags:   []string{"--gitops=argocd", "--set=a<b&c"},
		Files: []Digest{
			{"60-statefulset-x.yaml", Sum([]byte("x"))}, {"kustomization.yaml", Sum([]byte("k"))}, {"storage/bookkeeper/60-statefulset-x.yaml", Sum([]byte("y"))},
		},
	}
}

func TestSum(t *testing.T) {
	if got := Sum([]byte("abc")); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("got %s", got) // the vector of FIPS 180-2, appendix B.1
	}
}

func TestEncodeInventory(t *testing.T) {
	unsorted := Inventory{
		Inputs: []Digest{{"b.yaml", "1"}, {"a.yaml", "2"}},
		Flags:  []string{"--set=a<b"},
		Files:  []Digest{{"z.yaml", "3"}, {"a/b.yaml", "4"}},
	}
	want := `{
  "version": 1,
  "inputs": [
    {
      "path": "b.yaml",
      "sha256": "1"
    },
    {
      "path": "a.yaml",
      "sha256": "2"
    }
  ],
  "flags": [
    "--set=a<b"
  ],
  "files": [
    {
      "path": "a/b.yaml",
      "sha256": "4"
    },
    {
      "path": "z.yaml",
      "sha256": "3"
    }
  ]
}
`
	if diff := cmp.Diff(want, string(unsorted.Encode())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if unsorted.Files[0].Path != "z.yaml" {
		t.Error("Encode sorted the caller's files")
	}
	if diff := cmp.Diff("{\n  \"version\": 1,\n  \"inputs\": [],\n  \"files\": []\n}\n", string(Inventory{}.Encode())); diff != "" {
		t.Errorf("empty (-want +got):\n%s", diff)
	}
}

func TestDecodeInventory(t *testing.T) {
	want := sample()
	got, err := DecodeInventory(want.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeInventoryErrors(t *testing.T) {
	sum := Sum(nil)
	file := func(path string) string {
		return `{"version": 1, "inputs": [], "files": [{"path": "` + path + `", "sha256": "` + sum + `"}]}`
	}
	input := func(path string) string {
		return strings.Replace(file(path), `"inputs": [], "files"`, `"files": [], "inputs"`, 1)
	}
	const outside = "is not a path within the directory"
	for _, test := range []struct {
		name, in string
		want     []string
	}{
		{"no text", "", []string{"decoding the inventory: EOF"}},
		{"cut off", `{"version": 1, "inputs": [`, []string{"unexpected EOF"}},
		{"merge conflict", "<<<<<<< HEAD\n" + file("a"), []string{"invalid character '<'"}},
		{"unknown field", `{"version": 1, "hooks": []}`, []string{`unknown field "hooks"`}},
		{"unknown field of a file", `{"version": 1, "files": [{"mode": 1}]}`, []string{`unknown field "mode"`}},
		{"text after its end", file("a") + "{}", []string{"text after its end"}},
		{"no version", `{}`, []string{"version: 0 is unknown, allowed is 1"}},
		{"a newer version", `{"version": 2}`, []string{"version: 2 is unknown, allowed is 1", "newer bkgen"}},
		{"absolute", file("/etc/passwd"), []string{`files[0].path: "/etc/passwd" ` + outside}},
		{"out of the directory", file("../a"), []string{`"../a" ` + outside}},
		{"out by a detour", file("a/../../b"), []string{outside}},
		{"not clean", file("a//b"), []string{outside}},
		{"the directory", file("."), []string{outside}},
		{"empty", file(""), []string{outside}},
		{"out on Windows", file(`..\\a`), []string{outside}},
		{"a drive", file("c:a"), []string{outside}},
		{"the inventory", file(InventoryName), []string{`".bkgen-inventory" is the inventory itself`}},
		{"an absolute input", input("/a.yaml"), []string{`inputs[0].path: "/a.yaml" is not allowed`}},
		{"an unclean input", input("a/../b"), []string{"clean relative paths"}},
		{
			"several at once, each once",
			`{"version": 1, "inputs": [{"path": "", "sha256": "` + sum + `"}], "files": [{"path": "a", "sha256": "` + strings.ToUpper(sum) + `"}, {"path": "a", "sha256": "abc"}]}`,
			[]string{
				`inputs[0].path: "" is not allowed`, `files[1].path: "a" is there already, at files[0]`,
				"files[0].sha256: \"E3B0", "files[1].sha256: \"abc\" is not 64 lower-case hexadecimal digits",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv, err := DecodeInventory([]byte(test.in))
			if err == nil {
				t.Fatalf("no error but %v", inv)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			}
		})
	}
}

func FuzzDecodeInventory(f *testing.F) {
	f.Add(sample().Encode())
	f.Add([]byte(`{"version":1,"files":[{"path":"a"},{"path":"../b"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		inv, err := DecodeInventory(text)
		if err != nil {
			return
		}
		for _, file := range inv.Files {
			if strings.HasPrefix(file.Path, "/") || strings.Contains("/"+file.Path+"/", "/../") {
				t.Fatalf("%q leaves the directory", file.Path)
			}
		}
		again, err := DecodeInventory(inv.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if string(again.Encode()) != string(inv.Encode()) {
			t.Fatalf("first:\n%s\nagain:\n%s", inv.Encode(), again.Encode())
		}
	})
}
