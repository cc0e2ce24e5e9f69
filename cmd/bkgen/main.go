// bkgen renders the Kubernetes manifests of a cluster from its spec.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// One signal is caught, to the end: when all is done it changes no exit code. A second
	// one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}
