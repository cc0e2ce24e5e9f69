// Idle is a sidecar that has nothing to do: it watches what a conductor watches, competes for the Lease,
// and says "ready" when it knows everything.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/bkgen/bkgen/internal/kube"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, namespace, pods string) error {
	count, err := strconv.Atoi(pods)
	if err != nil {
		return err
	}
	client, err := kube.Connect(kube.Options{Kubeconfig: kubeconfig, Namespace: namespace, UserAgent: "bkcheck/idle"})
	if err != nil {
		return err
	}
	byLabel := &kube.Selection{Labels: "app=members"}
	cache := kube.NewCache(client, kube.Selections{
		Pods: byLabel, StatefulSets: &kube.Selection{Name: "members"}, Claims: byLabel, Budgets: byLabel,
		Revisions: byLabel, Deployments: byLabel, ConfigMaps: &kube.Selection{Name: "members-identity"},
	}, time.Now)
	go cache.Run(ctx)
	lease := kube.NewLease(client, kube.LeaseOptions{Name: "members", Identity: "idle", Duration: 15 * time.Second, Now: time.Now})
	go lease.Run(ctx, func(kube.Leadership, error) {})
	ready := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-cache.Changed():
		}
		pods, err := cache.View().Pods.Get(time.Now(), time.Minute)
		if err == nil && len(pods) == count && !ready {
			ready = true
			fmt.Println("ready")
		}
	}
}
