// Command engines runs what Argo CD and Flux themselves run when they sync objects to a
// cluster and when they compare them with it. Package judge calls it; nobody else does.
//
//	engines KUBECONFIG argocd-sync-client|argocd-sync-server|argocd-diff|flux-sync|flux-diff <objects.json
//
// Standard input is a JSON array of objects as they are committed, standard output a JSON
// array of results.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "engines:", err)
		os.Exit(1)
	}
}

// result is what an engine did with one object or thinks of it. Its twin is in package judge.
type result struct {
	// Object is kind/namespace/name.
	Object string `json:"object"`
	// Way is how the engine compared, or that it synced.
	Way string `json:"way"`
	// Changed is that it drifted, or that the sync changed it.
	Changed bool `json:"changed"`
	// Live and Predicted are the object as it is and as the engine would make it, both as
	// the engine compared them. Only where it drifted.
	Live      json.RawMessage `json:"live,omitempty"`
	Predicted json.RawMessage `json:"predicted,omitempty"`
	// Health is Argo CD's word for the live object's; none for kinds that have no health.
	Health string `json:"health,omitempty"`
	// Error is why the engine has no answer.
	Error string `json:"error,omitempty"`
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("seen %d arguments, want a kubeconfig and what to do", len(args))
	}
	config, err := clientcmd.BuildConfigFromFlags("", args[0])
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 500, 1000
	var objects []*unstructured.Unstructured
	if err := json.NewDecoder(in).Decode(&objects); err != nil {
		return fmt.Errorf("reading the objects: %w", err)
	}
	var results []result
	switch args[1] {
	case "argocd-sync-client":
		results, err = argoSync(ctx, config, objects, clientSide)
	case "argocd-sync-server":
		results, err = argoSync(ctx, config, objects, serverSide)
	case "argocd-diff":
		results, err = argoDiff(ctx, config, objects)
	case "flux-sync":
		results, err = fluxSync(ctx, config, objects)
	case "flux-diff":
		results, err = fluxDiff(ctx, config, objects)
	default:
		return fmt.Errorf("seen %q, want one of the five things to do", args[1])
	}
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	return json.NewEncoder(out).Encode(results)
}

// name is how a result names an object.
func name(o *unstructured.Unstructured) string {
	return o.GetKind() + "/" + o.GetNamespace() + "/" + o.GetName()
}
