package kube

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	corev1 "k8s.io/api/core/v1"
)

// Record writes data into a ConfigMap that holds none, and returns what it holds then: data, or what
// was recorded before, which is never overwritten. The ConfigMap must exist: it is rendered empty, so that a Role
// can name it. An error that wraps ErrChanged or ErrUnreachable calls for another try, which is always safe.
func (c *Client) Record(ctx context.Context, name string, data map[string]string) (map[string]string, error) {
	found, err := get[corev1.ConfigMap](ctx, c, configMaps, name)
	if err != nil {
		return nil, err
	}
	if len(found.Data) > 0 || len(found.BinaryData) > 0 {
		return found.Data, nil
	}
	// With the resource version that was read, the server refuses where anybody came first.
	found.Data = maps.Clone(data)
	written := new(corev1.ConfigMap)
	doing := fmt.Sprintf("recording in ConfigMap %s/%s", c.namespace, name)
	if err := c.do(ctx, doing, c.request(http.MethodPut, configMaps).Name(name).Body(found), written); err != nil {
		return nil, err
	}
	return written.Data, nil
}
