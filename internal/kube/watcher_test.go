package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// silentServer lists one pod and begins watches in which it says nothing, which a real server
// cannot be made to do in less than its bookmarks' minute.
func silentServer(t *testing.T, lists, watches chan<- string) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		query := r.URL.Query()
		if query.Get("watch") == "" {
			lists <- query.Get("continue")
			page := corev1.PodList{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"},
				ListMeta: metav1.ListMeta{ResourceVersion: "7"},
				Items:    []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "members-" + query.Get("continue")}}},
			}
			if query.Get("continue") == "" {
				page.Continue = "2"
			}
			_ = json.NewEncoder(w).Encode(page)
			return
		}
		_ = http.NewResponseController(w).Flush()
		fmt.Fprintln(w, `{"type":"BOOKMARK","object":{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"9"}}}`)
		_ = http.NewResponseController(w).Flush()
		watches <- query.Get("resourceVersion")
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	client, err := NewClient(&rest.Config{Host: server.URL}, "default")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestASilentWatchIsBegunAgainWhereItWas(t *testing.T) {
	lists, watches, changed := make(chan string, 10), make(chan string, 100), make(chan struct{}, 100)
	w := &watcher[corev1.Pod, *corev1.Pod]{
		client: silentServer(t, lists, watches), kind: pods, strip: stripPod, now: time.Now,
		silence: 50 * time.Millisecond,
		changed: func() { changed <- struct{}{} },
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.run(ctx)
	}()
	if first, second := <-watches, <-watches; first != "7" || second != "9" {
		t.Errorf("watched from %s and then %s, want the list's version and the bookmark's", first, second)
	}
	if first, second := <-lists, <-lists; first != "" || second != "2" || len(lists) > 0 {
		t.Errorf("the pages were %q and %q, and %d more", first, second, len(lists))
	}
	for !errors.Is(w.store.view().Err, ErrUnreachable) {
		<-changed
	}
	if found := w.store.view().items; len(found) != 2 {
		t.Errorf("found %d pods, want those of both pages", len(found))
	}
	cancel()
	<-done
}
