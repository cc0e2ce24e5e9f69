package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListIsItsItems(t *testing.T) {
	text := `apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: bookkeeper.pravega.io/v1alpha1
  kind: BookkeeperCluster
  metadata: {name: one, namespace: storage}
  spec:
    replica: 4
- 5
- apiVersion: bookkeeper.pravega.io/v1alpha1
  kind: BookkeeperCluster
  metadata: {name: two, namespace: storage}
  spec: {zookeeperUri: "zk:2181/two"}
`
	clusters, problems := Decode([]Source{{Name: "list.yaml", Data: []byte(text)}}, Options{})
	var errs []string
	if len(clusters) != 1 || clusters[0].ClusterName() != "two" {
		t.Errorf("clusters = %v, want the one that is valid, two", clusters)
	}
	for _, p := range problems {
		if p.Severity == Error && p.Path != "metadata.name" {
			errs = append(errs, p.String())
		}
	}
	want := []string{
		`list.yaml:9:5: spec.replica: unknown field (did you mean "replicas"?)`,
		"list.yaml:10:3: items[1]: seen the integer 5, allowed a mapping",
	}
	if diff := cmp.Diff(want, errs); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}
