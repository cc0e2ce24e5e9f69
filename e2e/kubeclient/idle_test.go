package kubeclient

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// idleBudget is what a sidecar may hold resident, in KiB (docs/design.md): 25 MiB.
const idleBudget = 25 << 10

// What a conductor's view of 100 pods costs, each with a configuration in its annotations, as bookies
// have it: right after the lists, when it is most. With 3 pods it is 19 MiB, of which 14 are the
// program itself.
func staysSmall(t *testing.T, p *place) {
	const count = 100
	p.renderLease(t)
	text := strings.Repeat("journalDirectories=/bk/journal\n", 1000)
	_, err := p.Client.AppsV1().StatefulSets(p.namespace).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "members", Labels: labels},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(count)), PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{"config": text}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}},
			},
		},
	}, metav1.CreateOptions{})
	must(t, err)
	must(t, p.AwaitReady(within(t, 2*time.Minute), p.namespace, selector, count))

	binary := filepath.Join(t.TempDir(), "idle")
	if out, err := exec.Command("go", "build", "-o", binary, "./idle").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	command := exec.CommandContext(t.Context(), binary, p.Kubeconfig, p.namespace, strconv.Itoa(count))
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("it says %q, %v", line, err)
	}
	rss := resident(t, command.Process.Pid)
	t.Logf("resident: %d KiB", rss)
	if rss > idleBudget {
		t.Errorf("%d KiB are resident, at most %d may be", rss, idleBudget)
	}
}

// resident is how much of a process is in memory, in KiB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmRSS in %s", status)
	}
	kib, err := strconv.Atoi(string(found[1]))
	must(t, err)
	return kib
}
