// Package kube is bkcheck's way to the API server: what it watches, and the few things that it does.
//
// All I/O of the package goes through a Client, which is client-go's REST client with the types of four
// API groups; typed clients, informers, leader election and event recorders of client-go link every
// group there is, which costs a sidecar more memory than all else that it does.
//
//	client, err := kube.Connect(kube.Options{UserAgent: "bkcheck/0.1"})
//	cache := kube.NewCache(client, kube.Selections{Pods: &kube.Selection{Labels: "app=bookie"}}, now)
//	go cache.Run(ctx)
//	for range cache.Changed() {
//		pods, err := cache.View().Pods.Get(now(), 15*time.Second)
//		…
//		result := client.Evict(ctx, kube.Target{Name: pods[0].Name, UID: pods[0].UID, ResourceVersion: pods[0].ResourceVersion})
//	}
//
// # What can go wrong
//
// Errors wrap one of ErrForbidden, ErrUnauthorized, ErrNotFound, ErrChanged, ErrBusy and ErrUnreachable, or none
// where the server refused the request itself (400, 422). ErrUnreachable says that there was no verdict:
// a request that reads saw nothing, a request that writes may have been carried out or not. Nothing is
// sent twice by this package: whoever acts looks again, and decides again.
//
// # Rights
//
// With these verbs and no other each function works; e2e/kubeclient runs them with a Role of exactly these.
// RBAC can name the object (resourceNames) in each line but those that say "by label": a list or a
// watch of a Selection with a Name counts as one of that object
// (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources).
//
//	function                   resource                                  verbs
//	Cache, Selection.Name      that kind                                 list, watch
//	Cache, Selection.Labels    that kind, by label                       list, watch
//	Client.Pod                 pods                                      get
//	Client.Pods                pods, by label                            list
//	Client.StatefulSet         statefulsets (apps)                       get
//	Client.Evict               pods; pods/eviction                       get; create
//	Client.Delete              pods                                      get, delete
//	Lease                      leases (coordination.k8s.io)              get, update
//	Client.Record              configmaps                                get, update
//	Events                     events (core)                             create, patch; by no name
//
// The kinds of a Cache are pods, statefulsets.apps, persistentvolumeclaims, poddisruptionbudgets.policy,
// controllerrevisions.apps, deployments.apps, configmaps and nodes, of which the last needs a ClusterRole.
package kube
