package spec

import "go.yaml.in/yaml/v3"

// mapEntry is one key of a mapping with its value.
type mapEntry struct {
	name       string
	key, value *yaml.Node
}

// entries are what a mapping holds: its own keys in their order, then those of its
// merge keys (https://yaml.org/type/merge.html) that it does not have itself. Of a key
// that is written twice the first counts. Keys that are no strings are left out.
func entries(n *yaml.Node) []mapEntry {
	c := collector{
		list:  make([]mapEntry, 0, len(n.Content)/2),
		names: make(map[string]struct{}, len(n.Content)/2),
	}
	c.add(n)
	return c.list
}

type collector struct {
	list  []mapEntry
	names map[string]struct{}
	// merged are the mappings and lists that were merged: once more adds nothing, and
	// one that merges itself would never end.
	merged map[*yaml.Node]struct{}
}

func (c *collector) add(n *yaml.Node) {
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) {
			merges = append(merges, value)
			continue
		}
		name, ok := keyName(key)
		if _, known := c.names[name]; known || !ok {
			continue
		}
		c.names[name] = struct{}{}
		c.list = append(c.list, mapEntry{name, key, value})
	}
	for _, m := range merges {
		c.merge(follow(m))
	}
}

func (c *collector) merge(n *yaml.Node) {
	if _, done := c.merged[n]; done {
		return
	}
	if c.merged == nil {
		c.merged = make(map[*yaml.Node]struct{})
	}
	c.merged[n] = struct{}{}
	switch n.Kind {
	case yaml.MappingNode:
		c.add(n)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if m := follow(item); m.Kind == yaml.MappingNode {
				c.merge(m)
			}
		}
	}
}

// isMerge reports whether a key is the merge key, a plain <<.
func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.Tag == "!!merge" }

// keyName is the text of a key, and whether it is a string.
func keyName(key *yaml.Node) (string, bool) {
	n := follow(key)
	return n.Value, n.Kind == yaml.ScalarNode && kindOf(n) == stringScalar
}

// follow is the node that an alias stands for, and every other node itself.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
