package render

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/bkgen/bkgen/pkg/spec"
)

func TestRenderingAgainGivesTheSameBytes(t *testing.T) {
	for _, r := range allRenders(t) {
		t.Run(r.name, func(t *testing.T) {
			before := jsonOf(t, r.cluster)
			if diff := cmp.Diff(yamlOf(r.objects), yamlOf(rendered(t, r.cluster))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(before, jsonOf(t, r.cluster)); diff != "" {
				t.Errorf("the cluster is another one afterwards:\n%s", diff)
			}
		})
	}
}

func TestOrderOfKeysDoesNotMatter(t *testing.T) {
	for _, name := range folders(t, goldenDir) {
		t.Run(name, func(t *testing.T) {
			want := yamlOf(renderOf(t, name, spec.EngineArgoCD))
			sources := sourcesIn(t, filepath.Join(goldenDir, name))
			shuffled := make([]spec.Source, len(sources))
			for i, s := range sources {
				s.Data = shuffleKeys(t, s.Data)
				shuffled[len(sources)-1-i] = s
			}
			got := yamlOf(rendered(t, decode(t, spec.Options{Engine: spec.EngineArgoCD}, shuffled...)))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// shuffleKeys writes the document with the keys of every mapping in another order.
func shuffleKeys(t testing.TB, text []byte) []byte {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var shuffle func(*yaml.Node)
	shuffle = func(n *yaml.Node) {
		if pairs := n.Content; n.Kind == yaml.MappingNode {
			random.Shuffle(len(pairs)/2, func(i, j int) {
				pairs[2*i], pairs[2*j] = pairs[2*j], pairs[2*i]
				pairs[2*i+1], pairs[2*j+1] = pairs[2*j+1], pairs[2*i+1]
			})
		}
		for _, child := range n.Content {
			shuffle(child)
		}
	}
	shuffle(&node)
	out, err := yaml.Marshal(&node)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(out, text) {
		t.Fatal("nothing was shuffled")
	}
	return out
}

// One cluster in several goroutines, and several clusters, with patches: the race
// detector watches.
func TestConcurrentRendersGiveTheSameBytes(t *testing.T) {
	names := []string{"bookkeeper-operator-everything", "bookkeeper-minimal"}
	clusters, want := make([]spec.Cluster, len(names)), make([]string, len(names))
	for i, name := range names {
		clusters[i], want[i] = goldenCluster(t, name, spec.EngineArgoCD), yamlOf(renderOf(t, name, spec.EngineArgoCD))
	}
	failed := make(chan string, 100)
	var wait sync.WaitGroup
	for i, c := range clusters {
		for range 3 {
			wait.Go(func() {
				objects, problems := Render(c)
				if len(problems) > 0 {
					failed <- fmt.Sprint(problems)
				} else if got := yamlOf(objects); got != want[i] {
					failed <- cmp.Diff(want[i], got)
				}
			})
		}
	}
	wait.Wait()
	close(failed)
	for f := range failed {
		t.Error(f)
	}
}
