package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/flowcontrol"
)

// Events tells people what is done and why, as core/v1 Events on the objects that it is done to. It never
// holds up nor fails who tells: what is too much is dropped. The same Event again counts up
// in the object that is there.
type Events struct {
	client *Client
	now    func() time.Time
	source corev1.EventSource
	queue  chan event
	limit  flowcontrol.PassiveRateLimiter
	// written are the objects of Events told before; only Run reads and writes it.
	written map[event]record
}

// event is what makes two Events the same.
type event struct {
	about                 corev1.ObjectReference
	kind, reason, message string
}

type record struct {
	name  string
	count int32
}

// The limits of Events: a burst for a rollout's first steps, then one in ten seconds. client-go's own are 25 and
// one in five minutes an object (tools/record/events_cache.go).
const (
	eventBurst      = 25
	eventsPerSecond = 0.1
	// eventsRemembered bounds the memory for those that may come again.
	eventsRemembered = 100
)

// NewEvents makes Events, which are written by Run. Component names who tells, host where it runs.
func NewEvents(client *Client, component, host string, now func() time.Time) *Events {
	return &Events{
		client:  client,
		now:     now,
		source:  corev1.EventSource{Component: component, Host: host},
		queue:   make(chan event, eventBurst),
		limit:   flowcontrol.NewTokenBucketPassiveRateLimiterWithClock(eventsPerSecond, eventBurst, clock(now)),
		written: map[event]record{},
	}
}

// clock is a function as client-go wants it.
type clock func() time.Time

func (c clock) Now() time.Time                  { return c() }
func (c clock) Since(t time.Time) time.Duration { return c().Sub(t) }

// Reference names an object of the Client's namespace for an Event: group and kind such as
// appsv1.SchemeGroupVersion.WithKind("StatefulSet").
func Reference(kind schema.GroupVersionKind, o metav1.Object) corev1.ObjectReference {
	return corev1.ObjectReference{
		APIVersion: kind.GroupVersion().String(), Kind: kind.Kind,
		Namespace: o.GetNamespace(), Name: o.GetName(), UID: o.GetUID(),
	}
}

// Normal tells that something went as it should. The reason is one word in CamelCase, the message
// a sentence for a person, of which 1024 bytes are kept: what events.k8s.io takes of it
// (Kubernetes 1.36, pkg/apis/core/validation/events.go).
func (e *Events) Normal(about corev1.ObjectReference, reason, message string) {
	e.tell(event{about, corev1.EventTypeNormal, reason, message})
}

// Warning tells that somebody should look.
func (e *Events) Warning(about corev1.ObjectReference, reason, message string) {
	e.tell(event{about, corev1.EventTypeWarning, reason, message})
}

func (e *Events) tell(event event) {
	if len(event.message) > messageLimit {
		event.message = strings.ToValidUTF8(event.message[:messageLimit], "")
	}
	if !e.limit.TryAccept() {
		return
	}
	select {
	case e.queue <- event:
	default: // nobody writes, or the server is slow
	}
}

const messageLimit = 1024

// Run writes Events until ctx ends. It tells failed what could not be written, which is not tried again.
func (e *Events) Run(ctx context.Context, failed func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-e.queue:
			if err := e.write(ctx, event); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

// write counts up the object of an Event that was told before, or makes one.
func (e *Events) write(ctx context.Context, event event) error {
	if before, ok := e.written[event]; ok {
		err := e.count(ctx, event, before)
		if !errors.Is(err, ErrNotFound) { // the server forgets Events, after an hour by default
			return err
		}
		delete(e.written, event)
	}
	return e.create(ctx, event)
}

func (e *Events) count(ctx context.Context, event event, before record) error {
	before.count++
	patch, err := json.Marshal(map[string]any{"count": before.count, "lastTimestamp": metav1.Time{Time: e.now()}})
	if err != nil {
		return fmt.Errorf("encoding an Event: %w", err)
	}
	request := e.client.request(http.MethodPatch, events).Name(before.name).
		SetHeader("Content-Type", string(types.MergePatchType)).Body(patch)
	if err := e.client.do(ctx, e.doing(event), request, nil); err != nil {
		return err
	}
	e.written[event] = before
	return nil
}

func (e *Events) create(ctx context.Context, event event) error {
	now := metav1.Time{Time: e.now()}
	object := &corev1.Event{
		ObjectMeta:          metav1.ObjectMeta{GenerateName: event.about.Name + ".", Namespace: e.client.namespace},
		InvolvedObject:      event.about,
		Type:                event.kind,
		Reason:              event.reason,
		Message:             event.message,
		Source:              e.source,
		ReportingController: e.source.Component,
		ReportingInstance:   e.source.Host,
		FirstTimestamp:      now,
		LastTimestamp:       now,
		Count:               1,
	}
	created := new(corev1.Event)
	if err := e.client.do(ctx, e.doing(event), e.client.request(http.MethodPost, events).Body(object), created); err != nil {
		return err
	}
	if len(e.written) >= eventsRemembered {
		clear(e.written)
	}
	e.written[event] = record{created.Name, 1}
	return nil
}

func (e *Events) doing(event event) string {
	return fmt.Sprintf("writing Event %s on %s %s/%s", event.reason, event.about.Kind, event.about.Namespace, event.about.Name)
}
