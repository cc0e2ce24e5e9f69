package bookkeeper

import "testing"

// Connect is a cluster whose bookies somebody else runs: its ledgers can be written and
// verified.
func Connect(t testing.TB, metadata string) *Cluster {
	t.Helper()
	return &Cluster{Metadata: metadata, java: findJava(t), dir: t.TempDir()}
}
