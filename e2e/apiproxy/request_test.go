package apiproxy

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRequestInTheServersTerms(t *testing.T) {
	for name, c := range map[string]struct {
		method, target string
		want           Request
	}{
		"one object of the core group": {"GET", "/api/v1/namespaces/a/pods/b",
			Request{Verb: "get", Resource: "pods", Namespace: "a", Name: "b"}},
		"a list in all namespaces": {"GET", "/apis/apps/v1/statefulsets",
			Request{Verb: "list", Group: "apps", Resource: "statefulsets"}},
		"a watch of one object": {"GET", "/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Db",
			Request{Verb: "watch", Resource: "pods", Namespace: "a", Name: "b"}},
		"no watch": {"GET", "/api/v1/pods?watch=false", Request{Verb: "list", Resource: "pods"}},
		"an eviction": {"POST", "/api/v1/namespaces/a/pods/b/eviction",
			Request{Verb: "create", Resource: "pods/eviction", Namespace: "a", Name: "b"}},
		"a namespace": {"DELETE", "/api/v1/namespaces/a",
			Request{Verb: "delete", Resource: "namespaces", Namespace: "a", Name: "a"}},
		"a namespace's subresource": {"PUT", "/api/v1/namespaces/a/finalize",
			Request{Verb: "update", Resource: "namespaces/finalize", Namespace: "a", Name: "a"}},
		"all namespaces": {"GET", "/api/v1/namespaces", Request{Verb: "list", Resource: "namespaces"}},
		"all at once": {"DELETE", "/api/v1/namespaces/a/configmaps",
			Request{Verb: "deletecollection", Resource: "configmaps", Namespace: "a"}},
		"an apply": {"PATCH", "/apis/policy/v1/namespaces/a/poddisruptionbudgets/b?fieldManager=x",
			Request{Verb: "patch", Group: "policy", Resource: "poddisruptionbudgets", Namespace: "a", Name: "b"}},
		"discovery of a group": {"GET", "/apis/apps/v1", Request{Verb: "get"}},
		"no part of the API":   {"GET", "/readyz", Request{Verb: "get"}},
		"the root":             {"GET", "/", Request{Verb: "get"}},
	} {
		t.Run(name, func(t *testing.T) {
			sent := httptest.NewRequest(c.method, c.target, nil)
			c.want.Method, c.want.Path, c.want.Query = c.method, sent.URL.Path, sent.URL.RawQuery
			if diff := cmp.Diff(c.want, newRequest(sent)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
