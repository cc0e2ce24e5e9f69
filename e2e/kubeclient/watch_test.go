package kubeclient

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/bkgen/bkgen/e2e/apiproxy"
	"github.com/bkgen/bkgen/internal/kube"
)

func watchesGoOn(t *testing.T, p *place) {
	p.members(t, 2)
	_, err := p.Client.CoreV1().ConfigMaps(p.namespace).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "members-identity"}}, metav1.CreateOptions{})
	must(t, err)
	cache := run(t, p.follower(t), all())
	until(t, cache, "all kinds", known)
	view := cache.View()
	checkStripped(t, view)

	for round := range 3 {
		established(t, p, 7*(round+1))
		if cut := p.proxy.CutWatches(); cut != 7 {
			t.Errorf("cut %d watches, want 7", cut)
		}
		value := fmt.Sprint("round-", round)
		patch := fmt.Appendf(nil, `{"metadata":{"labels":{"round":%q}}}`, value)
		_, err := p.Client.CoreV1().Pods(p.namespace).Patch(t.Context(), "members-1", types.MergePatchType, patch, metav1.PatchOptions{})
		must(t, err)
		until(t, cache, "the change during the cut", func(v kube.View) error {
			if got := pods(t, v)[1].Labels["round"]; got != value {
				return fmt.Errorf("the label is %q", got)
			}
			return nil
		})
	}
	must(t, p.Client.AppsV1().StatefulSets(p.namespace).Delete(t.Context(), "members", metav1.DeleteOptions{}))
	until(t, cache, "the set and its pods to be gone", func(v kube.View) error {
		sets, err := v.StatefulSets.Get(time.Now(), patience)
		if n := len(sets) + len(pods(t, v)); n > 0 {
			return fmt.Errorf("%d are there, %v", n, err)
		}
		return nil
	})
	for _, kind := range namespaced {
		if lists := p.proxy.Requests(apiproxy.Match{Verb: "list", Resource: kind.resource}); len(lists) != 1 {
			t.Errorf("%d lists of %s, want 1", len(lists), kind.resource)
		}
	}
}

// established waits until the proxy has answered n watches: one that was not begun cannot be cut.
func established(t *testing.T, p *place, n int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		begun := 0
		for _, request := range p.proxy.Requests(apiproxy.Match{Verb: "watch"}) {
			if request.Status == http.StatusOK {
				begun++
			}
		}
		if begun >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d watches, want %d", begun, n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func checkStripped(t *testing.T, v kube.View) {
	t.Helper()
	for _, pod := range pods(t, v) {
		if len(pod.ManagedFields)+len(pod.Annotations)+len(pod.Spec.Containers[0].Env) > 0 || pod.Spec.Containers[0].Image == "" || pod.Spec.NodeName == "" {
			t.Errorf("a pod is %+v", pod)
		}
	}
	sets, err := v.StatefulSets.Get(time.Now(), patience)
	if err != nil || len(sets) != 1 || len(sets[0].ManagedFields) == 0 {
		t.Errorf("the StatefulSets are %+v, %v, want one with its managedFields", sets, err)
	}
	revisions, err := v.Revisions.Get(time.Now(), patience)
	if err != nil || len(revisions) != 1 || len(revisions[0].Data.Raw) == 0 {
		t.Errorf("the revisions are %+v, %v, want one with its data", revisions, err)
	}
}

// A server says that it has forgotten a version in two ways: in the answer, or in the
// watch that it has begun. A new one with so little history cannot be made to.
func expiredVersion(t *testing.T, p *place) {
	p.members(t, 1)
	watches := apiproxy.Match{Verb: "watch", Resource: "pods"}
	p.proxy.Add(apiproxy.Rule{Match: watches, Times: 1, Fault: apiproxy.Fail(http.StatusGone, 0)})
	p.proxy.Add(apiproxy.Rule{Match: watches, Times: 1, Fault: func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintln(w, `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}}`)
		})
	}})
	cache := run(t, p.follower(t), kube.Selections{Pods: &kube.Selection{Labels: selector}})
	lists := apiproxy.Match{Verb: "list", Resource: "pods"}
	until(t, cache, "a third list", func(v kube.View) error {
		if n := len(p.proxy.Requests(lists)); n != 3 {
			return fmt.Errorf("%d lists, %w", n, v.Pods.Err)
		}
		return nil
	})
	before := pods(t, cache.View())[0].UID
	must(t, p.Client.CoreV1().Pods(p.namespace).Delete(t.Context(), "members-0", metav1.DeleteOptions{}))
	until(t, cache, "the next pod", func(v kube.View) error {
		if pods := pods(t, v); len(pods) != 1 || pods[0].UID == before {
			return fmt.Errorf("%d pods", len(pods))
		}
		return nil
	})
	if n := len(p.proxy.Requests(lists)); n != 3 {
		t.Errorf("%d lists, want 3", n)
	}
}

func forbiddenKind(t *testing.T, p *place) {
	p.members(t, 1)
	_, err := p.Client.PolicyV1().PodDisruptionBudgets(p.namespace).Create(t.Context(), budget("members", 1), metav1.CreateOptions{})
	must(t, err)
	cache := run(t, p.follower(t, "poddisruptionbudgets"), all())
	until(t, cache, "all kinds but one", func(v kube.View) error {
		found := problems(v)
		if len(found) != 1 || !errors.Is(found["poddisruptionbudgets"], kube.ErrForbidden) {
			return fmt.Errorf("the problems are %v", found)
		}
		return nil
	})
	roles := p.Client.RbacV1().Roles(p.namespace)
	role, err := roles.Get(t.Context(), "follower", metav1.GetOptions{})
	must(t, err)
	role.Rules = append(role.Rules, rights("policy", "poddisruptionbudgets", follow))
	_, err = roles.Update(t.Context(), role, metav1.UpdateOptions{})
	must(t, err)
	until(t, cache, "all kinds", known)
	// And once more, when a right is taken away from a watch that runs.
	established(t, p, 7)
	role.Rules = role.Rules[:len(role.Rules)-1]
	role.ResourceVersion = ""
	_, err = roles.Update(t.Context(), role, metav1.UpdateOptions{})
	must(t, err)
	p.proxy.CutWatches()
	until(t, cache, "the lost right", func(v kube.View) error {
		if err := problems(v)["poddisruptionbudgets"]; !errors.Is(err, kube.ErrForbidden) {
			return fmt.Errorf("got %w", err)
		}
		return nil
	})
}

func serverGone(t *testing.T, p *place) {
	p.members(t, 1)
	cache := run(t, p.follower(t), all())
	until(t, cache, "all kinds", known)
	established(t, p, 7)
	back := p.proxy.Add(apiproxy.Rule{Fault: apiproxy.Drop()})
	p.proxy.CutWatches()
	until(t, cache, "the trouble", func(v kube.View) error {
		if !errors.Is(v.Pods.Err, kube.ErrUnreachable) {
			return fmt.Errorf("got %w", v.Pods.Err)
		}
		return nil
	})
	view := cache.View()
	if _, err := view.Pods.Get(view.Pods.Heard.Add(10*time.Second), 15*time.Second); err != nil {
		t.Errorf("within patience: %v, want what was known", err)
	}
	if _, err := view.Pods.Get(view.Pods.Heard.Add(16*time.Second), 15*time.Second); !errors.Is(err, kube.ErrStale) || !errors.Is(err, kube.ErrUnreachable) {
		t.Errorf("after patience: %v, want that it is out of date", err)
	}
	back()
	until(t, cache, "the end of the trouble", func(v kube.View) error {
		return errors.Join(v.Pods.Err, v.StatefulSets.Err, v.Revisions.Err)
	})
	if lists := p.proxy.Requests(apiproxy.Match{Verb: "list", Resource: "pods"}); len(lists) != 1 {
		t.Errorf("%d lists, want 1", len(lists))
	}
}

func clusterWide(t *testing.T, p *place) {
	none := run(t, p.as(t, "nobody"), kube.Selections{Nodes: &kube.Selection{}})
	until(t, none, "the refusal", func(v kube.View) error {
		if _, err := v.Nodes.Get(time.Now(), patience); !errors.Is(err, kube.ErrForbidden) {
			return fmt.Errorf("got %v", err)
		}
		return nil
	})
	client, err := kube.NewClient(p.Config, p.namespace)
	must(t, err)
	cache := run(t, client, kube.Selections{Nodes: &kube.Selection{}})
	until(t, cache, "the nodes", func(v kube.View) error {
		found, err := v.Nodes.Get(time.Now(), patience)
		if err == nil && (len(found) != 2 || found[0].Labels[corev1.LabelTopologyZone] != "fake1") {
			err = fmt.Errorf("%+v", found)
		}
		return err
	})
}

func selectionByName(t *testing.T, p *place) {
	p.members(t, 1)
	client := p.as(t, "named", rights("apps", "statefulsets", follow, "members"))
	cache := run(t, client, kube.Selections{StatefulSets: &kube.Selection{Name: "members"}})
	until(t, cache, "the named one", func(v kube.View) error {
		found, err := v.StatefulSets.Get(time.Now(), patience)
		if err == nil && len(found) != 1 {
			err = fmt.Errorf("%d are there", len(found))
		}
		return err
	})
	other := run(t, client, kube.Selections{StatefulSets: &kube.Selection{}})
	until(t, other, "the refusal", func(v kube.View) error {
		if _, err := v.StatefulSets.Get(time.Now(), patience); !errors.Is(err, kube.ErrForbidden) {
			return fmt.Errorf("got %v", err)
		}
		return nil
	})
}
