package kubeclient

import (
	"context"
	"errors"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/apiproxy"
	"github.com/bkgen/bkgen/e2e/cluster"
	"github.com/bkgen/bkgen/internal/kube"
)

const duration = 3 * time.Second

// candidate makes a candidate with an account of its own; the Lease is rendered empty.
func (p *place) candidate(t *testing.T, name string) *kube.Lease {
	t.Helper()
	client := p.as(t, name, rights("coordination.k8s.io", "leases", []string{"get", "update"}, "members"))
	return kube.NewLease(client, kube.LeaseOptions{Name: "members", Identity: name, Duration: duration, Now: time.Now})
}

func (p *place) renderLease(t *testing.T) {
	t.Helper()
	_, err := p.Client.CoordinationV1().Leases(p.namespace).Create(t.Context(), &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "members"}}, metav1.CreateOptions{})
	must(t, err)
}

// try makes an attempt that must name the holder.
func try(t *testing.T, l *kube.Lease, holder string) kube.Leadership {
	t.Helper()
	leadership, err := l.Try(t.Context())
	if err != nil || leadership.Holder != holder {
		t.Fatalf("the holder is %q, %v, want %q", leadership.Holder, err, holder)
	}
	return leadership
}

func oneHolder(t *testing.T, p *place) {
	p.renderLease(t)
	a, b := p.candidate(t, "a"), p.candidate(t, "b")
	first := try(t, a, "a")
	if !first.Mine(time.Now()) {
		t.Error("the first one does not hold it")
	}
	if second := try(t, b, "a"); second.Mine(time.Now()) || !second.Since.Equal(first.Since) {
		t.Errorf("the second one sees %+v, the first one %+v", second, first)
	}
	updates := len(p.proxy.Requests(apiproxy.Match{Resource: "leases"}))
	if renewed := try(t, a, "a"); !renewed.Since.Equal(first.Since) || !renewed.Until.After(first.Until) {
		t.Errorf("renewed to %+v from %+v", renewed, first)
	}
	if n := len(p.proxy.Requests(apiproxy.Match{Resource: "leases"})); n != updates+1 {
		t.Errorf("a renewal took %d requests, want 1", n-updates)
	}
	must(t, a.Release(t.Context()))
	if a.Current().Mine(time.Now()) {
		t.Error("it is held by the one who has released it")
	}
	try(t, b, "b")
	try(t, a, "b")
	lease, err := p.Client.CoordinationV1().Leases(p.namespace).Get(t.Context(), "members", metav1.GetOptions{})
	if err != nil || *lease.Spec.LeaseTransitions != 2 {
		t.Errorf("the Lease is %+v, %v, want two transitions", lease.Spec, err)
	}
}

// holderCutOff runs two candidates, cuts the holder off, and watches that never both hold.
func holderCutOff(t *testing.T, p *place) {
	p.renderLease(t)
	a, b := p.candidate(t, "a"), p.candidate(t, "b")
	try(t, a, "a")
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan struct{})
	go func() {
		defer close(told)
		b.Run(ctx, func(kube.Leadership, error) {})
	}()
	p.proxy.Add(apiproxy.Rule{Match: apiproxy.Match{Resource: "leases", UserAgent: regexpA}, Fault: apiproxy.Drop()})
	cut := time.Now()
	for !b.Current().Mine(time.Now()) {
		if time.Since(cut) > patience {
			t.Fatal("nobody succeeded")
		}
		if _, err := a.Try(t.Context()); !errors.Is(err, kube.ErrUnreachable) {
			t.Fatalf("the one that is cut off: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("succeeded after %s, with a duration of %s", time.Since(cut), duration)
	if a.Current().Mine(time.Now()) {
		t.Error("both hold it")
	}
	cancel()
	<-told
	must(t, cluster.Await(within(t, patience), "the release", func(ctx context.Context) error {
		lease, err := p.Client.CoordinationV1().Leases(p.namespace).Get(ctx, "members", metav1.GetOptions{})
		if err == nil && lease.Spec.HolderIdentity != nil {
			err = errors.New("it is held by " + *lease.Spec.HolderIdentity)
		}
		return err
	}))
}

func lostRenewal(t *testing.T, p *place) {
	p.renderLease(t)
	a := p.candidate(t, "a")
	lose := apiproxy.Rule{Match: apiproxy.Match{Verb: "update", Resource: "leases"}, Times: 1, Fault: apiproxy.LoseAnswer()}
	p.proxy.Add(lose)
	if l, err := a.Try(t.Context()); !errors.Is(err, kube.ErrUnreachable) || l.Mine(time.Now()) {
		t.Errorf("a lost taking: %+v, %v", l, err)
	}
	held := try(t, a, "a")
	p.proxy.Add(lose)
	if l, err := a.Try(t.Context()); !errors.Is(err, kube.ErrUnreachable) || l != held {
		t.Errorf("a lost renewal: %+v, %v, want %+v still", l, err, held)
	}
	if again := try(t, a, "a"); !again.Since.Equal(held.Since) {
		t.Errorf("it was taken anew: %+v, before %+v", again, held)
	}
}

func noLease(t *testing.T, p *place) {
	if l, err := p.candidate(t, "a").Try(t.Context()); !errors.Is(err, kube.ErrNotFound) || l.Holder != "" {
		t.Errorf("got %+v, %v", l, err)
	}
}

func recordOnce(t *testing.T, p *place) {
	client := p.as(t, "recorder", rights("", "configmaps", []string{"get", "update"}, "members-identity"))
	mine := map[string]string{"instance": "1"}
	if _, err := client.Record(t.Context(), "members-identity", mine); !errors.Is(err, kube.ErrNotFound) {
		t.Errorf("without the object: %v", err)
	}
	maps := p.Client.CoreV1().ConfigMaps(p.namespace)
	_, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "members-identity", Labels: labels}}, metav1.CreateOptions{})
	must(t, err)
	// Two that read the empty object at once: one writes, the other one learns it by trying again.
	hold := apiproxy.NewHold()
	p.proxy.Add(apiproxy.Rule{Match: apiproxy.Match{Verb: "update", Resource: "configmaps"}, Times: 1, Fault: hold.Fault})
	late := make(chan error, 1)
	go func() {
		_, err := client.Record(t.Context(), "members-identity", map[string]string{"instance": "late"})
		late <- err
	}()
	<-hold.Held()
	if got, err := client.Record(t.Context(), "members-identity", mine); err != nil || got["instance"] != "1" {
		t.Errorf("recorded %v, %v", got, err)
	}
	hold.Release()
	if err := <-late; !errors.Is(err, kube.ErrChanged) {
		t.Errorf("the late one: %v", err)
	}
	if got, err := client.Record(t.Context(), "members-identity", map[string]string{"instance": "2"}); err != nil || got["instance"] != "1" {
		t.Errorf("recorded again: %v, %v", got, err)
	}
	found, err := maps.Get(t.Context(), "members-identity", metav1.GetOptions{})
	must(t, err)
	if found.Labels["app"] != "members" || found.Data["instance"] != "1" {
		t.Errorf("the ConfigMap is %+v", found)
	}
	for _, owner := range found.ManagedFields {
		if owner.Manager == "bkcheck" && owner.FieldsV1.String() != `{"f:data":{".":{},"f:instance":{}}}` {
			t.Errorf("it owns %s", owner.FieldsV1)
		}
	}
}
