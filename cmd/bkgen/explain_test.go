package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const explainedSpec = `apiVersion: bookkeeper.pravega.io/v1alpha1
kind: BookkeeperCluster
metadata: {name: bk, namespace: storage}
spec:
  version: 4.17.4
  replicas: 4
  image: {imageSpec: {repository: apache/bookkeeper}}
`

// printed runs bkgen on a spec from standard input.
func printed(t *testing.T, data string, args ...string) (code int, out, errors string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, streams{in: strings.NewReader(data), out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

// The keys are what scripts read: they stay.
func TestExplainAsJSON(t *testing.T) {
	code, out, errors := printed(t, explainedSpec, "explain", "-o", "json", "-")
	if code != exitYes || errors != "" {
		t.Fatalf("exit %d, standard error %q", code, errors)
	}
	var got struct {
		Clusters []struct {
			Name, Namespace, Source string
			Fields                  []struct {
				Path   string
				Value  any
				Source string
			}
			Derived map[string]any
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Clusters) != 1 {
		t.Fatalf("%d clusters, %v in %s", len(got.Clusters), err, out)
	}
	c := got.Clusters[0]
	if diff := cmp.Diff([]string{"bk", "storage", "-:1"}, []string{c.Name, c.Namespace, c.Source}); diff != "" {
		t.Errorf("cluster (-want +got):\n%s", diff)
	}
	want := map[string]any{
		"image": "apache/bookkeeper:4.17.4", "bookkeeperVersion": "4.17.4", "java": 17.0,
		"metadataServiceUri": "zk://zookeeper-client:2181/bookkeeper/storage/bk/ledgers",
		"bookieIds": map[string]any{
			"first": "bk-bookie-0.bk-bookie-headless.storage.svc.cluster.local:3181",
			"last":  "bk-bookie-3.bk-bookie-headless.storage.svc.cluster.local:3181",
		},
		"memory": map[string]any{
			"limitBytes": 2147483648.0, "heapBytes": 536870912.0, "directBytes": 858783744.0, "rocksDBBytes": 0.0,
			"overheadBytes": 268435456.0, "totalBytes": 1664090112.0,
		},
		"capacity": map[string]any{
			"bookies": 4.0, "ledgerVolumeBytes": 10737418240.0, "diskUsageThreshold": 0.95, "writeQuorum": 3.0, "usableBytes": 13600729770.0,
		},
		"tolerance": map[string]any{"newLedgers": 1.0, "ensemble": 1.0, "dataLosses": 1.0},
	}
	if diff := cmp.Diff(want, c.Derived); diff != "" {
		t.Errorf("derived (-want +got):\n%s", diff)
	}
	for _, f := range c.Fields {
		if f.Path == "spec.replicas" && (f.Value != 4.0 || f.Source != "-:6") {
			t.Errorf("spec.replicas: %v from %s", f.Value, f.Source)
		}
	}
}

func TestExplainText(t *testing.T) {
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"not set":                  {nil, "-"},
		"a dash":                   {"-", `"-"`},
		"nothing":                  {"", `""`},
		"several words":            {"-Da=b c", "-Da=b c"},
		"columns of its own":       {"a  b", `"a  b"`},
		"several lines":            {"a\nb", `"a"…`},
		"a terminal's escape":      {"\x1b[31m", `"\x1b[31m"`},
		"an empty mapping":         {map[string]any{}, "{}"},
		"an empty list":            {[]any{}, "[]"},
		"a number that JSON holds": {float64(80), "80"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := valueText(test.value); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestExplainSizes(t *testing.T) {
	got := []string{sizeText(0), sizeText(1023), sizeText(1024), sizeText(1638 << 20), sizeText(4 << 30), sizeText(1 << 62)}
	if diff := cmp.Diff([]string{"0", "1023", "1Ki", "1.6Gi", "4Gi", "4Ei"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplainIsTheSameEachTime(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cluster.yaml")
	if err := os.WriteFile(name, []byte(explainedSpec+"  labels: {c: d, a: b, e: f}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, first, _ := printed(t, "", "explain", name)
	if _, second, _ := printed(t, "", "explain", name); first != second || !strings.Contains(first, "\nspec.labels.a ") {
		t.Errorf("first %s\nsecond %s", first, second)
	}
}

func TestExplainRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"no input":            {"explain"},
		"an unknown format":   {"explain", "-o", "yaml", "-"},
		"an unknown engine":   {"explain", "--gitops", "helm", "-"},
		"a wrong spec":        {"explain", "-"},
		"arguments of schema": {"schema", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errors := printed(t, explainedSpec+"  replica: 3\n", args...)
			if code != exitCouldNotSay || out != "" || !strings.HasPrefix(errors, "bkgen: ") {
				t.Errorf("exit %d, standard output %q, standard error %q", code, out, errors)
			}
		})
	}
}

func TestSchemaIsPrinted(t *testing.T) {
	code, out, errors := printed(t, "", "schema")
	var got struct{ Properties map[string]any }
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitYes || errors != "" {
		t.Fatalf("exit %d, standard error %q, %v", code, errors, err)
	}
	want := []string{"apiVersion", "kind", "metadata", "spec", "status"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got.Properties))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
