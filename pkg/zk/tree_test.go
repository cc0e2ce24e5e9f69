package zk

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

// memory is a ZooKeeper tree in memory: path to data. It answers as a server does, and
// applies a multi wholly or not at all.
type memory struct {
	mu    sync.Mutex
	nodes map[string]string
	// multis counts the multis that were applied.
	multis int
}

func newMemory(nodes map[string]string) *memory {
	all := map[string]string{"/": "", "/zookeeper": ""}
	maps.Copy(all, nodes)
	return &memory{nodes: all}
}

func (m *memory) Sync(ctx context.Context, _ string) error { return ctx.Err() }

func (m *memory) Children(ctx context.Context, parent string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.nodes[parent]; !ok {
		return nil, fmt.Errorf("listing %s: %w", parent, ErrNoNode)
	}
	var names []string
	for node := range m.nodes {
		if node != "/" && path.Dir(node) == parent {
			names = append(names, path.Base(node))
		}
	}
	return names, ctx.Err()
}

func (m *memory) Get(ctx context.Context, node string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.nodes[node]
	if !ok {
		return nil, fmt.Errorf("reading %s: %w", node, ErrNoNode)
	}
	return []byte(data), ctx.Err()
}

func (m *memory) CreateAll(ctx context.Context, nodes []Node) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := maps.Clone(m.nodes)
	for _, node := range nodes {
		if _, ok := after[path.Dir(node.Path)]; !ok {
			return fmt.Errorf("creating %s: %w", node.Path, ErrNoNode)
		}
		if _, ok := after[node.Path]; ok {
			return fmt.Errorf("creating %s: %w", node.Path, ErrNodeExists)
		}
		after[node.Path] = string(node.Data)
	}
	m.nodes = after
	m.multis++
	return ctx.Err()
}

// below are the znodes at and below a path, with their data.
func (m *memory) below(root string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]string{}
	for node, data := range m.nodes {
		if node == root || strings.HasPrefix(node, root+"/") {
			found[node] = data
		}
	}
	return found
}

// The tree in memory is a reference for others: it must be right itself.
func TestMemoryCreatesAllOrNothing(t *testing.T) {
	m := newMemory(map[string]string{"/a": ""})
	for name, nodes := range map[string][]Node{
		"the last one exists":           {{Path: "/a/x"}, {Path: "/a"}},
		"the last one has no parent":    {{Path: "/a/x"}, {Path: "/b/x"}},
		"the same one is created twice": {{Path: "/a/x"}, {Path: "/a/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := m.CreateAll(t.Context(), nodes); err == nil {
				t.Error("created, want an error")
			}
			if got := slices.Sorted(maps.Keys(m.below("/a"))); len(got) != 1 {
				t.Errorf("below /a are %q, want /a alone", got)
			}
		})
	}
}
