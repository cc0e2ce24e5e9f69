package apiproxy

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
)

// Request is one request that a client made, in the API server's own terms
// (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb).
type Request struct {
	// Method, Path and Query are as they were sent.
	Method, Path, Query string
	// Verb is get, list, watch, create, update, patch, delete or deletecollection; for what
	// is no resource, such as /readyz, the method in lower case.
	Verb string
	// Group is the API group, empty for the core one.
	Group string
	// Resource is written as in RBAC's rules: "pods", "pods/eviction". It is empty for what
	// is no resource.
	Resource string
	// Namespace and Name are those of the path; a list or a watch of one object, selected by
	// the field metadata.name, has its name.
	Namespace, Name string
	UserAgent       string
	// Status is what the client was answered, 0 as long as it has no answer, and for
	// connections that were upgraded.
	Status int
}

// verbs are those of single objects; collections change some of them.
var verbs = map[string]string{
	http.MethodGet: "get", http.MethodHead: "get", http.MethodPost: "create",
	http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
}

// newRequest reads a request as the API server's RequestInfoFactory does
// (k8s.io/apiserver/pkg/endpoints/request), without the long deprecated paths that begin
// with watch or proxy.
func newRequest(r *http.Request) Request {
	request := Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Verb: strings.ToLower(r.Method), UserAgent: r.UserAgent(),
	}
	group, path, ok := groupOf(strings.Split(strings.Trim(r.URL.Path, "/"), "/"))
	if !ok {
		return request
	}
	request.Group = group
	request.Verb = verbs[r.Method]
	request.locate(path)
	if request.Name == "" {
		request.collect(r.URL.Query())
	}
	return request
}

// groupOf splits a path into the API group and what follows the version. It is not ok where
// nothing follows: discovery, and what is outside the API.
func groupOf(path []string) (group string, rest []string, ok bool) {
	switch {
	case path[0] == "api" && len(path) > 2:
		return "", path[2:], true
	case path[0] == "apis" && len(path) > 3:
		return path[1], path[3:], true
	}
	return "", nil, false
}

// locate reads [namespaces/<namespace>/]<resource>[/<name>[/<subresource>]].
func (r *Request) locate(path []string) {
	if path[0] == "namespaces" && len(path) > 1 {
		r.Namespace = path[1]
		// Both are subresources of the namespace itself.
		if len(path) > 2 && !slices.Contains([]string{"status", "finalize"}, path[2]) {
			path = path[2:]
		}
	}
	r.Resource = path[0]
	if len(path) > 1 {
		r.Name = path[1]
	}
	if len(path) > 2 {
		r.Resource += "/" + path[2]
	}
}

// collect turns the verb of one object into that of a collection.
func (r *Request) collect(query url.Values) {
	switch r.Verb {
	case "delete":
		r.Verb = "deletecollection"
	case "get":
		r.Verb = "list"
		if query.Has("watch") && query.Get("watch") != "0" && !strings.EqualFold(query.Get("watch"), "false") {
			r.Verb = "watch"
		}
		if selector, err := fields.ParseSelector(query.Get("fieldSelector")); err == nil {
			r.Name, _ = selector.RequiresExactMatch("metadata.name")
		}
	}
}
