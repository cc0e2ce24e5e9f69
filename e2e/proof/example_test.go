package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/e2e/cluster"
)

const (
	namespace  = "storage"
	bookies    = 4
	ledgers    = "/bookkeeper/storage/bookkeeper/ledgers"
	bookieName = "bookkeeper-bookie-%d"
	// identity is a bookie's stable name, as it registers.
	identity = "bookkeeper-bookie-%d.bookkeeper-bookie-headless.storage.svc.cluster.local:3181"
	// The annotation that carries the configuration.
	configuration = "bkgen.io/bk-server-conf"
)

// TestExample is examples/bookkeeper as it stands: real bookies in the pods that it renders,
// in a namespace that takes only restricted ones.
func TestExample(t *testing.T) {
	c := start(t, bookies)
	ctx := within(t, 10*time.Minute)
	restricted(t, c, namespace)
	zookeeper, err := os.ReadFile("testdata/zookeeper.yaml")
	must(t, err)
	apply(t, c, string(zookeeper), "--namespace="+namespace)
	manifests, said := bkgen(t, "examples/bookkeeper/cluster.yaml")
	if said != "" {
		t.Errorf("bkgen says: %s", said)
	}
	apply(t, c, manifests)
	must(t, c.AwaitReady(ctx, namespace, "app=zookeeper", 3))
	must(t, c.AwaitReady(ctx, namespace, "component=bookie", bookies))
	must(t, c.AwaitReady(ctx, namespace, "component=autorecovery", 2))

	t.Run("bookies are registered under their stable names", func(t *testing.T) { testRegistered(t) })
	t.Run("an auditor is elected", func(t *testing.T) { testAuditor(t, c) })
	t.Run("processes are confined", func(t *testing.T) { testConfined(t, c) })
	t.Run("every setting is in effect", func(t *testing.T) {
		for ordinal := range bookies {
			testSettings(t, bookie(t, c, ordinal))
		}
	})
	t.Run("settings that the image's script would drop", func(t *testing.T) { testTuned(t, c) })
	t.Run("nothing is lost when all bookies are replaced", func(t *testing.T) { testNothingLost(t, c) })
}

// zooKeeper asks the ensemble by its Service: the sandbox resolves the cluster's names.
func zooKeeper(t *testing.T) *client.Conn {
	t.Helper()
	conn, _, err := client.Connect([]string{"zookeeper-client.storage.svc.cluster.local:2181"}, 10*time.Second, client.WithLogInfo(false))
	must(t, err)
	t.Cleanup(conn.Close)
	return conn
}

func testRegistered(t *testing.T) {
	conn := zooKeeper(t)
	var want []string
	for i := range bookies {
		want = append(want, fmt.Sprintf(identity, i))
	}
	for _, place := range []string{"/available", "/cookies"} {
		got, _, err := conn.Children(ledgers + place)
		must(t, err)
		got = slices.DeleteFunc(got, func(name string) bool { return name == "readonly" })
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", place, diff)
		}
	}
}

// testAuditor asks ZooKeeper for the election, and a bookie who won it.
func testAuditor(t *testing.T, c *cluster.Cluster) {
	ctx := within(t, time.Minute)
	conn := zooKeeper(t)
	must(t, cluster.Await(ctx, "an auditor", func(context.Context) error {
		votes, _, err := conn.Children(ledgers + "/underreplication/auditorelection")
		if err == nil && len(votes) == 0 {
			err = fmt.Errorf("nobody votes")
		}
		return err
	}))
	auditor := ask(t, bookie(t, c, 0), "/api/v1/autorecovery/who_is_auditor")
	pods, err := c.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "component=autorecovery"})
	must(t, err)
	for _, pod := range pods.Items {
		if strings.Contains(auditor, pod.Name) {
			return
		}
	}
	t.Errorf("the auditor is %s, which is none of the autorecovery pods", auditor)
}

// ask asks a bookie's HTTP admin API.
func ask(t *testing.T, pod *corev1.Pod, path string) string {
	t.Helper()
	answer, err := http.Get("http://" + pod.Status.PodIP + ":8080" + path)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s to %s: %s", pod.Name, answer.Status, path, text)
	}
	return string(text)
}

func bookie(t *testing.T, c *cluster.Cluster, ordinal int) *corev1.Pod {
	t.Helper()
	return pod(t, c, namespace, fmt.Sprintf(bookieName, ordinal))
}

func pod(t *testing.T, c *cluster.Cluster, namespace, name string) *corev1.Pod {
	t.Helper()
	pod, err := c.Client.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	return pod
}

// testConfined looks at the processes from outside: what the kernel lets them do.
func testConfined(t *testing.T, c *cluster.Cluster) {
	pids, err := c.Processes(bookie(t, c, 0))
	must(t, err)
	java := 0
	for _, pid := range pids {
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		must(t, err)
		if strings.TrimSpace(string(name)) != "java" {
			continue
		}
		java++
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		must(t, err)
		for _, want := range []string{"Uid:\t10000\t10000\t10000\t10000", "Gid:\t0\t0\t0\t0", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"} {
			if !strings.Contains(string(status), want+"\n") {
				t.Errorf("the bookie's status lacks %q:\n%s", want, status)
			}
		}
		mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
		must(t, err)
		if fields := strings.Fields(string(mounts)); fields[4] != "/" || !slices.Contains(strings.Split(fields[5], ","), "ro") {
			t.Errorf("the root file system is mounted as %q, want read-only", fields[:6])
		}
	}
	if java != 1 {
		t.Errorf("the pod has %d Java processes, want 1", java)
	}
}

// testSettings compares what the pod template says with what the running bookie uses.
func testSettings(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	var running map[string]any
	must(t, json.Unmarshal([]byte(ask(t, pod, "/api/v1/config/server_config")), &running))
	wanted := settings(t, pod.Annotations[configuration])
	wanted["advertisedAddress"] = fmt.Sprintf("%s.%s.%s.svc.cluster.local", pod.Name, pod.Spec.Subdomain, pod.Namespace)
	for key, value := range wanted {
		list := "[" + strings.ReplaceAll(value, ",", ", ") + "]" // as the answer shows lists
		if got := fmt.Sprint(running[key]); got != value && got != list {
			t.Errorf("%s runs with %s=%s, want %s", pod.Name, key, got, value)
		}
	}
}

// testTuned runs one more bookie, with settings of every kind.
func testTuned(t *testing.T, c *cluster.Cluster) {
	restricted(t, c, "tuned")
	manifests, _ := bkgen(t, "e2e/proof/testdata/settings.yaml")
	apply(t, c, manifests)
	must(t, c.AwaitReady(within(t, 3*time.Minute), "tuned", "component=bookie", 1))
	testSettings(t, pod(t, c, "tuned", "tuned-bookie-0"))
	must(t, c.Client.CoreV1().Namespaces().Delete(t.Context(), "tuned", metav1.DeleteOptions{}))
}

// settings reads a properties file as bkgen writes it: key=value lines.
func settings(t *testing.T, text string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !found {
			t.Fatalf("the configuration has the line %q", line)
		}
		all[key] = value
	}
	if len(all) == 0 {
		t.Fatal("the pod template carries no configuration")
	}
	return all
}

// testNothingLost writes while every bookie is replaced, one after the other, and then reads
// back through a new client what was acknowledged.
func testNothingLost(t *testing.T, c *cluster.Cluster) {
	cluster := bookkeeper.Connect(t, bookkeeper.MetadataURI([]string{"zookeeper-client.storage.svc.cluster.local:2181"}, ledgers))
	writer := cluster.Write(t, bookkeeper.WriteOptions{Ensemble: 3, AckQuorum: 2})
	for ordinal := range bookies {
		replace(t, c, namespace, fmt.Sprintf(bookieName, ordinal))
		writer.AwaitMore(t, 100)
	}
	progress := writer.Finish(t)
	cluster.CheckKept(t, writer)
	t.Logf("%d entries in %d ledgers, %d of which failed meanwhile", progress.Acknowledged, progress.Ledgers, progress.Failures)
}
