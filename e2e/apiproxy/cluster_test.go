package apiproxy

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/bkgen/bkgen/e2e/cluster"
	"github.com/bkgen/bkgen/e2e/image"
)

// The faults against the real API server, seen by the real client.
func TestRealServer(t *testing.T) {
	c := cluster.Start(t, cluster.Options{Nodes: 1})
	t.Run("a lost answer leaves the object behind", func(t *testing.T) { lostAnswer(t, c) })
	t.Run("an informer outlives its watch", func(t *testing.T) { cutWatch(t, c) })
	t.Run("a token decides who the client is", func(t *testing.T) { token(t, c) })
	t.Run("exec passes", func(t *testing.T) { exec(t, c) })
}

// clientOf is a client of a new proxy before the cluster.
func clientOf(t *testing.T, c *cluster.Cluster) (*Proxy, kubernetes.Interface) {
	t.Helper()
	p := Start(t, c.Config, Options{})
	client, err := kubernetes.NewForConfig(p.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return p, client
}

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
}

func lostAnswer(t *testing.T, c *cluster.Cluster) {
	p, client := clientOf(t, c)
	p.Add(Rule{Match: Match{Verb: "create", Resource: "configmaps"}, Times: 1, Fault: LoseAnswer()})
	maps := client.CoreV1().ConfigMaps("default")
	_, err := maps.Create(t.Context(), configMap("lost"), metav1.CreateOptions{})
	if err == nil || apierrors.ReasonForError(err) != metav1.StatusReasonUnknown {
		t.Errorf("the first: got %v, want a broken connection", err)
	}
	if _, err := maps.Create(t.Context(), configMap("lost"), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("the second: got %v, want that it exists", err)
	}
}

func cutWatch(t *testing.T, c *cluster.Cluster) {
	p, client := clientOf(t, c)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace("default"))
	seen := make(chan string, 100)
	_, err := factory.Core().V1().ConfigMaps().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) { seen <- o.(*corev1.ConfigMap).Name },
	})
	if err != nil {
		t.Fatal(err)
	}
	factory.Start(t.Context().Done())
	t.Cleanup(factory.Shutdown)
	factory.WaitForCacheSync(t.Context().Done())

	watches := Match{Verb: "watch", Resource: "configmaps"}
	before := len(p.Requests(watches))
	if cut := p.CutWatches(); cut != 1 {
		t.Errorf("cut %d watches, want 1", cut)
	}
	if _, err := client.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("after"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	timeout := time.After(patience)
	for name := ""; name != "after"; {
		select {
		case name = <-seen:
		case <-timeout:
			t.Fatal("the informer never saw what came after its watch was cut")
		}
	}
	if after := len(p.Requests(watches)); after != before+1 {
		t.Errorf("%d watches after the cut, %d before", after, before)
	}
}

func token(t *testing.T, c *cluster.Cluster) {
	p, _ := clientOf(t, c)
	config := p.RESTConfig()
	config.BearerToken = "nobody's"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("got %v, want that nobody knows the client", err)
	}
	if seen := p.Requests(Match{Resource: "nodes"}); len(seen) != 1 || seen[0].Status != http.StatusUnauthorized {
		t.Errorf("remembered %+v", seen)
	}
}

func exec(t *testing.T, c *cluster.Cluster) {
	p, client := clientOf(t, c)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "idle", Labels: map[string]string{"app": "idle"}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: new(int64(1)),
			Containers:                    []corev1.Container{{Name: "main", Image: image.Standin, Args: []string{"serve"}}},
		},
	}
	if _, err := client.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.AwaitReady(ctx, "default", "app=idle", 1); err != nil {
		t.Fatal(err)
	}
	authority := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(authority, p.CA, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := c.Kubectl(ctx, "--server="+p.URL, "--certificate-authority="+authority, "exec", "idle", "--", "/standin", "file", "/etc/hostname")
	if err != nil || !strings.Contains(out, "idle") {
		t.Errorf("exec prints %q, %v", out, err)
	}
	if seen := p.Requests(Match{Resource: "pods/exec", Name: "idle"}); len(seen) != 1 {
		t.Errorf("remembered %+v", seen)
	}
}
