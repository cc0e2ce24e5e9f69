package zk

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Layout says how the ledgers' metadata are laid out.
type Layout struct {
	// Factory is the full name of the Java class that reads and writes them.
	Factory string
	// Version is the version of that class's layout.
	Version int
}

// InstanceID is the cluster's identity, which its bookies' cookies repeat. ErrNoNode: no
// cluster is here, or it is half there.
// Source: bookkeeper, discover/ZKRegistrationManager.java (getClusterInstanceId).
func (m *Metadata) InstanceID(ctx context.Context) (string, error) {
	data, _, err := m.reader.Read(ctx, m.at(instanceIDNode))
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(data))
	if id == "" {
		return "", fmt.Errorf("reading %s: it is empty", m.at(instanceIDNode))
	}
	return id, nil
}

// Layout is how the cluster's ledgers are laid out, or ErrNoNode.
func (m *Metadata) Layout(ctx context.Context) (Layout, error) {
	data, _, err := m.reader.Read(ctx, m.at(layoutNode))
	if err != nil {
		return Layout{}, err
	}
	layout, err := ParseLayout(data)
	if err != nil {
		return Layout{}, fmt.Errorf("reading %s: %w", m.at(layoutNode), err)
	}
	return layout, nil
}

// ParseLayout reads the text of LAYOUT.
// Source: bookkeeper, meta/LedgerLayout.java (parseLayout).
func ParseLayout(data []byte) (Layout, error) {
	format, rest, _ := strings.Cut(strings.TrimRight(string(data), "\n"), "\n")
	if format != "1" && format != "2" {
		return Layout{}, fmt.Errorf("ledger layout: format %q is neither 1 nor 2", format)
	}
	factory, version, ok := strings.Cut(rest, ":")
	number, err := strconv.Atoi(version)
	if !ok || err != nil || factory == "" || strings.Contains(factory, "\n") {
		return Layout{}, fmt.Errorf("ledger layout: %q is not CLASS:VERSION", rest)
	}
	return Layout{Factory: factory, Version: number}, nil
}
