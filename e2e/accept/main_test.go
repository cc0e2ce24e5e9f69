package accept

import (
	"context"
	"os"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/bkgen/bkgen/e2e/cluster"
	"github.com/bkgen/bkgen/e2e/judge"
	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }

// suite is a cluster without nodes, and what is applied to it.
type suite struct {
	*cluster.Cluster
	client  *client
	engines *judge.Engines
	sets    []set
}

func TestManifests(t *testing.T) {
	s := &suite{Cluster: cluster.Start(t, cluster.Options{}), sets: allSets(t)}
	s.client = newClient(t, s.Config, s.Client.Discovery())
	s.definePodMonitor(t)

	t.Run("created as they are", s.testCreate)
	t.Run("applied twice by the server", func(t *testing.T) { s.testTwice(t, "server-side", "--server-side") })
	t.Run("applied twice", func(t *testing.T) {
		s.testTwice(t, "client-side")
		t.Run("restricted pods", s.testPods) // those of what was applied
	})

	engines, err := judge.New(t.Context(), s.Kubeconfig, t.TempDir())
	sandbox.Need(t, err)
	s.engines = engines
	for _, m := range []judge.Method{judge.ArgoCDClientSide, judge.ArgoCDServerSide, judge.Flux} {
		t.Run("no drift after "+string(m), func(t *testing.T) { s.testNoDrift(t, m) })
		t.Run("edits after "+string(m), func(t *testing.T) { s.testEdits(t, m) })
	}
	t.Run("claims without kind", s.testClaimKind)
}

// definePodMonitor makes the cluster know that kind, which comes with the Prometheus operator.
func (s *suite) definePodMonitor(t *testing.T) {
	t.Helper()
	path, err := parts.PodMonitorCRD(t.Context())
	sandbox.Need(t, err)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var definition unstructured.Unstructured
	if err := yaml.Unmarshal(text, &definition.Object); err != nil {
		t.Fatal(err)
	}
	s.ensure(t, &definition)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err = cluster.Await(ctx, "the kind PodMonitor", func(ctx context.Context) error {
		_, err := s.Client.Discovery().RESTClient().Get().AbsPath("/apis/monitoring.coreos.com/v1/podmonitors").DoRaw(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.client.mapper.Reset()
}
