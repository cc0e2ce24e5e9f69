package kube

import (
	"context"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
)

// Selections say what a Cache watches. A kind that is nil is not watched.
type Selections struct {
	Pods         *Selection
	StatefulSets *Selection
	Claims       *Selection
	Budgets      *Selection
	Revisions    *Selection
	Deployments  *Selection
	ConfigMaps   *Selection
	Nodes        *Selection
}

// View is what a Cache holds at one time. Kinds are independent of each other: of two objects of
// different kinds either may be the newer one.
//
// Pods come without annotations and managedFields, their spec reduced to node, host name, claims, and
// the containers' names and images; nodes without their images. Of the rest only StatefulSets have
// managedFields.
type View struct {
	Pods         Objects[corev1.Pod]
	StatefulSets Objects[appsv1.StatefulSet]
	Claims       Objects[corev1.PersistentVolumeClaim]
	Budgets      Objects[policyv1.PodDisruptionBudget]
	Revisions    Objects[appsv1.ControllerRevision]
	Deployments  Objects[appsv1.Deployment]
	ConfigMaps   Objects[corev1.ConfigMap]
	Nodes        Objects[corev1.Node]
}

// Cache follows objects of a cluster by one list and one watch a kind. What it holds is never older than
// what it held before. It is safe for use by several goroutines.
type Cache struct {
	changed  chan struct{}
	watchers []interface{ run(context.Context) }
	views    []func(*View)
}

// NewCache makes a Cache, which is empty until Run.
func NewCache(client *Client, s Selections, now func() time.Time) *Cache {
	c := &Cache{changed: make(chan struct{}, 1)}
	follow(c, client, pods, s.Pods, now, stripPod, func(v *View) *Objects[corev1.Pod] { return &v.Pods })
	follow(c, client, statefulSets, s.StatefulSets, now, stripStatefulSet, func(v *View) *Objects[appsv1.StatefulSet] { return &v.StatefulSets })
	follow(c, client, claims, s.Claims, now, stripClaim, func(v *View) *Objects[corev1.PersistentVolumeClaim] { return &v.Claims })
	follow(c, client, budgets, s.Budgets, now, stripBudget, func(v *View) *Objects[policyv1.PodDisruptionBudget] { return &v.Budgets })
	follow(c, client, revisions, s.Revisions, now, stripRevision, func(v *View) *Objects[appsv1.ControllerRevision] { return &v.Revisions })
	follow(c, client, deployments, s.Deployments, now, stripDeployment, func(v *View) *Objects[appsv1.Deployment] { return &v.Deployments })
	follow(c, client, configMaps, s.ConfigMaps, now, stripConfigMap, func(v *View) *Objects[corev1.ConfigMap] { return &v.ConfigMaps })
	follow(c, client, nodes, s.Nodes, now, stripNode, func(v *View) *Objects[corev1.Node] { return &v.Nodes })
	return c
}

// follow adds the watcher of a kind; place is where a View has its objects.
func follow[T any, P object[T]](c *Cache, client *Client, k kind, s *Selection, now func() time.Time, strip func(P), place func(*View) *Objects[T]) {
	if s == nil {
		return
	}
	w := &watcher[T, P]{client: client, kind: k, selection: *s, strip: strip, now: now, changed: c.notify, silence: silence}
	c.watchers = append(c.watchers, w)
	c.views = append(c.views, func(v *View) { *place(v) = w.store.view() })
}

func (c *Cache) notify() {
	select {
	case c.changed <- struct{}{}:
	default: // there is news already that nobody has looked at
	}
}

// Run follows until ctx ends.
func (c *Cache) Run(ctx context.Context) {
	var wait sync.WaitGroup
	for _, w := range c.watchers {
		wait.Go(func() { w.run(ctx) })
	}
	wait.Wait()
}

// Changed gives a value after one change or many: of an object, of a kind's Err, or that a kind
// was listed. It is for one reader.
func (c *Cache) Changed() <-chan struct{} { return c.changed }

// View is what is known now.
func (c *Cache) View() View {
	var v View
	for _, fill := range c.views {
		fill(&v)
	}
	return v
}
