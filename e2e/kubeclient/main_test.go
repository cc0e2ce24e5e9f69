// Package kubeclient runs internal/kube against a real API server, and through a proxy that makes it fail.
package kubeclient

import (
	"context"
	"os"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/apiproxy"
	"github.com/bkgen/bkgen/e2e/cluster"
	"github.com/bkgen/bkgen/e2e/sandbox"
	"github.com/bkgen/bkgen/internal/kube"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }

// patience is for what takes a moment.
const patience = 30 * time.Second

func TestRealServer(t *testing.T) {
	c := cluster.Start(t, cluster.Options{})
	c.FakeNodes(t, 2)
	for name, test := range map[string]func(*testing.T, *place){
		"watches go on without another list":          watchesGoOn,
		"an expired version is listed again":          expiredVersion,
		"a forbidden kind hides no other":             forbiddenKind,
		"a server that is gone is not believed":       serverGone,
		"nodes are cluster-wide":                      clusterWide,
		"a selection by name needs that name's right": selectionByName,
		"an eviction asks the budget":                 evictionUnderBudget,
		"two budgets take no eviction":                twoBudgets,
		"a pod that changed is left alone":            changedPod,
		"a failed precondition costs no budget":       preconditionCostsNothing,
		"a lost answer is unknown":                    lostAnswer,
		"a busy server is no budget":                  busyServer,
		"a broken pod is deleted":                     deletion,
		"what is forbidden is refused":                forbiddenActs,
		"one holds the lease":                         oneHolder,
		"a holder that is cut off is succeeded":       holderCutOff,
		"a lost answer of a renewal":                  lostRenewal,
		"a lease that was not rendered":               noLease,
		"a record is written once":                    recordOnce,
		"events count up":                             eventsCountUp,
		"an idle client stays small":                  staysSmall,
	} {
		t.Run(name, func(t *testing.T) { test(t, newPlace(t, c)) })
	}
}

// place is a namespace of a test's own, with a proxy before the API server.
type place struct {
	*cluster.Cluster
	namespace string
	proxy     *apiproxy.Proxy
}

func newPlace(t *testing.T, c *cluster.Cluster) *place {
	t.Helper()
	created, err := c.Client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	must(t, err)
	return &place{Cluster: c, namespace: created.Name, proxy: apiproxy.Start(t, c.Config, apiproxy.Options{})}
}

// rights are rules of a Role: group, resource, verbs, and the names of objects, or none for all.
func rights(group, resource string, verbs []string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs, ResourceNames: names}
}

// as is a client of an account that may do what the rules say and nothing else.
func (p *place) as(t *testing.T, name string, rules ...rbacv1.PolicyRule) *kube.Client {
	t.Helper()
	ctx, meta := t.Context(), metav1.ObjectMeta{Name: name}
	accounts := p.Client.CoreV1().ServiceAccounts(p.namespace)
	_, err := accounts.Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
	must(t, err)
	roles := p.Client.RbacV1()
	_, err = roles.Roles(p.namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
	must(t, err)
	_, err = roles.RoleBindings(p.namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: name, Namespace: p.namespace}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	}, metav1.CreateOptions{})
	must(t, err)
	token, err := accounts.CreateToken(ctx, name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	must(t, err)
	config := p.proxy.RESTConfig()
	config.BearerToken, config.UserAgent = token.Status.Token, "bkcheck/"+name
	client, err := kube.NewClient(config, p.namespace)
	must(t, err)
	return client
}

var labels = map[string]string{"app": "members"}

const selector = "app=members"

// members is a StatefulSet with OnDelete, whose pods are Ready.
func (p *place) members(t *testing.T, replicas int) {
	t.Helper()
	_, err := p.Client.AppsV1().StatefulSets(p.namespace).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "members", Labels: labels},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(replicas)), PodManagementPolicy: appsv1.ParallelPodManagement,
			UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType},
			Selector:       &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{"config": "much text"}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none", Env: []corev1.EnvVar{{Name: "A", Value: "b"}}}}},
			},
		},
	}, metav1.CreateOptions{})
	must(t, err)
	must(t, p.AwaitReady(within(t, patience), p.namespace, selector, replicas))
}

// pod is a pod as it is.
func (p *place) pod(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod, err := p.Client.CoreV1().Pods(p.namespace).Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	return pod
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
