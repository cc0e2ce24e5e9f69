package kubeclient

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/bkgen/bkgen/internal/kube"
)

var follow = []string{"list", "watch"}

// namespaced are all kinds of a Cache that a Role can give.
var namespaced = []struct{ group, resource string }{
	{"", "pods"}, {"apps", "statefulsets"}, {"", "persistentvolumeclaims"}, {"policy", "poddisruptionbudgets"},
	{"apps", "controllerrevisions"}, {"apps", "deployments"}, {"", "configmaps"},
}

// all selects the objects of these kinds by label; of Deployments and ConfigMaps there are none or others.
func all() kube.Selections {
	byLabel := &kube.Selection{Labels: selector}
	return kube.Selections{
		Pods: byLabel, StatefulSets: &kube.Selection{Name: "members"}, Claims: byLabel, Budgets: byLabel,
		Revisions: byLabel, Deployments: byLabel, ConfigMaps: &kube.Selection{Name: "members-identity"},
	}
}

// run runs a Cache until the test ends.
func run(t *testing.T, client *kube.Client, s kube.Selections) *kube.Cache {
	t.Helper()
	cache := kube.NewCache(client, s, time.Now)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		cache.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return cache
}

// until waits for news until the condition holds; it never looks without news.
func until(t *testing.T, cache *kube.Cache, what string, condition func(kube.View) error) {
	t.Helper()
	timeout := time.After(patience)
	err := condition(cache.View())
	for err != nil {
		select {
		case <-cache.Changed():
			err = condition(cache.View())
		case <-timeout:
			t.Fatalf("waiting for %s: %v", what, err)
		}
	}
}

// problems are why kinds are not known.
func problems(v kube.View) map[string]error {
	found := map[string]error{}
	note(found, "pods", v.Pods)
	note(found, "statefulsets", v.StatefulSets)
	note(found, "persistentvolumeclaims", v.Claims)
	note(found, "poddisruptionbudgets", v.Budgets)
	note(found, "controllerrevisions", v.Revisions)
	note(found, "deployments", v.Deployments)
	note(found, "configmaps", v.ConfigMaps)
	return found
}

func note[T any](problems map[string]error, kind string, o kube.Objects[T]) {
	if _, err := o.Get(time.Now(), patience); err != nil {
		problems[kind] = err
	}
}

func known(v kube.View) error {
	var errs []error
	for kind, err := range problems(v) {
		errs = append(errs, fmt.Errorf("%s: %w", kind, err))
	}
	return errors.Join(errs...)
}

func pods(t *testing.T, v kube.View) []*corev1.Pod {
	t.Helper()
	pods, err := v.Pods.Get(time.Now(), patience)
	must(t, err)
	return pods
}

// follower may follow all kinds.
func (p *place) follower(t *testing.T, but ...string) *kube.Client {
	t.Helper()
	var rules []rbacv1.PolicyRule
	for _, kind := range namespaced {
		if len(but) == 0 || but[0] != kind.resource {
			rules = append(rules, rights(kind.group, kind.resource, follow))
		}
	}
	return p.as(t, "follower", rules...)
}
