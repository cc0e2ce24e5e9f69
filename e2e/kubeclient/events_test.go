package kubeclient

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/apiproxy"
	"github.com/bkgen/bkgen/e2e/cluster"
	"github.com/bkgen/bkgen/internal/kube"
)

// regexpA is the user agent of account a.
var regexpA = regexp.MustCompile(`^bkcheck/a$`)

func eventsCountUp(t *testing.T, p *place) {
	p.members(t, 1)
	set, err := p.Client.AppsV1().StatefulSets(p.namespace).Get(t.Context(), "members", metav1.GetOptions{})
	must(t, err)
	client := p.as(t, "teller", rights("", "events", []string{"create", "patch"}))
	events := kube.NewEvents(client, "bkcheck", "members-0", time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	failures, done := make(chan error, 100), make(chan struct{})
	go func() {
		defer close(done)
		events.Run(ctx, func(err error) { failures <- err })
	}()
	aboutSet := kube.Reference(appsv1.SchemeGroupVersion.WithKind("StatefulSet"), set)
	aboutPod := kube.Reference(corev1.SchemeGroupVersion.WithKind("Pod"), p.pod(t, "members-0"))

	p.proxy.Add(apiproxy.Rule{Match: apiproxy.Match{Resource: "events"}, Times: 1, Fault: apiproxy.Fail(500, 0)})
	events.Normal(aboutSet, "Unlucky", "this one is lost")
	for range 3 {
		events.Warning(aboutSet, "RolloutBlocked", "ledgers-replicated: 3 ledgers miss a copy")
	}
	events.Normal(aboutPod, "Evicting", "members-0 is on an outdated revision")
	if err := <-failures; !errors.Is(err, kube.ErrUnreachable) {
		t.Errorf("the unlucky one: %v", err)
	}
	own := metav1.ListOptions{FieldSelector: "source=bkcheck"}
	api := p.Client.CoreV1().Events(p.namespace)
	expectEvents := func(want ...string) {
		t.Helper()
		must(t, cluster.Await(within(t, patience), "the Events", func(ctx context.Context) error {
			list, err := api.List(ctx, own)
			var got []string
			for _, e := range list.Items {
				got = append(got, fmt.Sprintf("%s %s %s x%d", e.Type, e.InvolvedObject.Kind, e.Reason, e.Count))
			}
			if err == nil && !sameSet(got, want) {
				err = fmt.Errorf("got %q, want %q", got, want)
			}
			return err
		}))
	}
	expectEvents("Warning StatefulSet RolloutBlocked x3", "Normal Pod Evicting x1")
	out, err := p.Kubectl(t.Context(), "-n", p.namespace, "describe", "statefulset", "members")
	if err != nil || !regexp.MustCompile(`RolloutBlocked +\S+ \(x3 over \S+\) +bkcheck`).MatchString(out) {
		t.Errorf("kubectl describe says %v\n%s", err, out)
	}

	// What the server has forgotten is told anew.
	must(t, api.DeleteCollection(t.Context(), metav1.DeleteOptions{}, own))
	events.Warning(aboutSet, "RolloutBlocked", "ledgers-replicated: 3 ledgers miss a copy")
	expectEvents("Warning StatefulSet RolloutBlocked x1")

	for range 1000 { // none of them waits
		events.Normal(aboutPod, "Flood", "again and again")
	}
	cancel()
	<-done
	if n := len(p.proxy.Requests(apiproxy.Match{Resource: "events"})); n > 30 {
		t.Errorf("%d requests for Events", n)
	}
	close(failures)
	for err := range failures {
		t.Error(err)
	}
}

func sameSet(a, b []string) bool {
	counts := map[string]int{}
	for _, s := range a {
		counts[s]++
	}
	for _, s := range b {
		counts[s]--
	}
	for _, n := range counts {
		if n != 0 {
			return false
		}
	}
	return true
}
