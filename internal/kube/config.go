package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"
)

// Options say which API server, and as whom. The zero value is kubectl's default: the files of the
// environment variable KUBECONFIG, ~/.kube/config, or what the kubelet gives to a pod, in this order
// (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/).
type Options struct {
	// Kubeconfig is a file that is read in place of these.
	Kubeconfig string
	// Context is one of the file's; "" is the file's current one.
	Context string
	// Namespace is the one to work in; "" is the context's or the pod's own, else "default".
	Namespace string
	// UserAgent is what the server logs and, up to its first "/", who owns the fields that are
	// written (managedFields): "bkcheck/<version>".
	UserAgent string
}

// The limits of a Client: far above what a conductor needs, and low enough that one which is out of its mind
// does not hurt an API server. Watches do not count.
const (
	requestsPerSecond = 20
	requestBurst      = 40
)

// requestTimeout is for a request with its answer, and for a watch until its first byte.
const requestTimeout = 15 * time.Second

// Connect makes a Client. It reads files but asks no server.
func Connect(o Options) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.WarnIfAllMissing = false
	rules.ExplicitPath = o.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	overrides.Context.Namespace = o.Namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, loading(err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, loading(err)
	}
	config.UserAgent = o.UserAgent
	return NewClient(config, namespace)
}

// NoConfigError says that nothing names an API server.
type NoConfigError struct{ Err error }

func (e *NoConfigError) Error() string {
	return "finding an API server: neither a kubeconfig nor a pod's service account is there: " + e.Err.Error()
}

func (e *NoConfigError) Unwrap() error { return e.Err }

func loading(err error) error {
	if clientcmd.IsEmptyConfig(err) || errors.Is(err, fs.ErrNotExist) {
		return &NoConfigError{err}
	}
	return fmt.Errorf("reading the kubeconfig: %w", err)
}

// NewClient makes a Client of a configuration, which it does not change.
func NewClient(config *rest.Config, namespace string) (*Client, error) {
	config = rest.CopyConfig(config)
	// A timeout here would end watches too; requests have their own.
	config.Timeout = 0
	config.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(requestsPerSecond, requestBurst)
	// Deprecations are bkgen's to know; in a log of bkcheck nobody can act on them.
	config.WarningHandler = rest.NoWarnings{}
	// Half of JSON's time and garbage; the server answers in JSON where it must.
	config.ContentType = protobuf
	config.AcceptContentTypes = protobuf + ",application/json"
	return newClient(config, namespace)
}

const protobuf = "application/vnd.kubernetes.protobuf"
