package kube

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// Client talks to one API server, in one namespace. It is safe for use by several goroutines.
type Client struct {
	namespace string
	groups    map[schema.GroupVersion]rest.Interface
	scheme    *runtime.Scheme
	codec     runtime.ParameterCodec
}

// groups are all API groups that bkcheck knows.
var groups = []struct {
	version schema.GroupVersion
	path    string
	add     func(*runtime.Scheme) error
}{
	{corev1.SchemeGroupVersion, "/api", corev1.AddToScheme},
	{appsv1.SchemeGroupVersion, "/apis", appsv1.AddToScheme},
	{policyv1.SchemeGroupVersion, "/apis", policyv1.AddToScheme},
	{coordinationv1.SchemeGroupVersion, "/apis", coordinationv1.AddToScheme},
}

func newClient(config *rest.Config, namespace string) (*Client, error) {
	scheme := runtime.NewScheme()
	c := &Client{
		namespace: namespace,
		groups:    map[schema.GroupVersion]rest.Interface{},
		scheme:    scheme,
		codec:     runtime.NewParameterCodec(scheme),
	}
	for _, group := range groups {
		if err := group.add(scheme); err != nil {
			return nil, fmt.Errorf("registering %s: %w", group.version, err)
		}
	}
	// One set of connections for all groups.
	shared, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("configuring the connection to the API server: %w", err)
	}
	for _, group := range groups {
		config := rest.CopyConfig(config)
		config.APIPath, config.GroupVersion = group.path, &group.version
		config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
		client, err := rest.RESTClientForConfigAndClient(config, shared)
		if err != nil {
			return nil, fmt.Errorf("configuring the client of %s: %w", group.version, err)
		}
		c.groups[group.version] = client
	}
	return c, nil
}

// Namespace is where the Client works.
func (c *Client) Namespace() string { return c.namespace }

// request begins a request for a kind of object. client-go repeats none of them: it would do so
// unseen, for minutes, on every answer with a Retry-After, such as a PodDisruptionBudget's.
func (c *Client) request(method string, k kind) *rest.Request {
	request := c.groups[k.group].Verb(method).MaxRetries(0).Resource(k.resource)
	if !k.clusterWide {
		request.Namespace(c.namespace)
	}
	return request
}

// do sends a request and decodes its answer, unless into is nil.
func (c *Client) do(ctx context.Context, doing string, request *rest.Request, into runtime.Object) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	result := request.Do(ctx)
	if into == nil {
		return judge(doing, result.Error())
	}
	return judge(doing, result.Into(into))
}
