package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bkgen/bkgen/pkg/zk"
)

const ensureClusterHelp = `Create the metadata of a new BookKeeper cluster in ZooKeeper, if and only if there
is none: what "bookkeeper shell initnewcluster" creates, in one atomic step.

A cluster that is there is left alone, whatever it holds. Any number of these may
run at once. Nothing is ever changed or deleted: a place that is neither free nor a
cluster's is refused.

It waits for ZooKeeper until --timeout. Exit codes: 0 created or there already,
1 refused, 2 could not answer, 3 ZooKeeper did not answer in time.`

// defaultTimeout is how long ZooKeeper is waited for. It is Kubernetes' longest pause
// before it starts an init container again: ending sooner would only make the bookie
// start later, waiting for longer would hide the reason from `kubectl get pods`.
// Source: Kubernetes, "Pod Lifecycle", container restart policy.
const defaultTimeout = 5 * time.Minute

// retryPause is between a session that broke and the next one.
const retryPause = time.Second

// ensureOptions are the flags of ensure-cluster.
type ensureOptions struct {
	connection
	timeout time.Duration
	format  string
}

func (o *ensureOptions) bind(flags *pflag.FlagSet) {
	o.connection.bind(flags)
	flags.DurationVar(&o.timeout, "timeout", defaultTimeout, "how long to wait for ZooKeeper")
	flags.StringVarP(&o.format, "output", "o", textFormat, "`FORMAT`: text or json")
}

func newEnsureClusterCommand(s streams) *cobra.Command {
	var o ensureOptions
	cmd := &cobra.Command{
		Use:     "ensure-cluster --metadata-service-uri=URI",
		Short:   "Create a cluster's metadata in ZooKeeper if there is none",
		Long:    ensureClusterHelp,
		Example: "  bkcheck ensure-cluster --metadata-service-uri='zk://zk-0.zk:2181;zk-1.zk:2181/bookkeeper/storage/bookkeeper/ledgers'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ensureCluster(cmd.Context(), o, s)
		},
	}
	o.bind(cmd.Flags())
	return cmd
}

func ensureCluster(ctx context.Context, o ensureOptions, s streams) error {
	if err := checkFormat(o.format); err != nil {
		return err
	}
	if o.timeout <= 0 {
		return usage("", "--timeout: seen %s, allowed more than 0", o.timeout)
	}
	config, root, err := o.read()
	if err != nil {
		return err
	}
	config.OnDialError = progress(s.err)
	limited, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	outcome, err := ensure(limited, config, root)
	if err == nil {
		return printOutcome(s.out, o.format, root, outcome)
	}
	half := (*zk.HalfThereError)(nil)
	switch {
	case errors.As(err, &half):
		return &exitError{exitNo, err, halfThereHint(half)}
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %w", err)
	case limited.Err() != nil:
		return &exitError{exitNotYet, fmt.Errorf("not within %s: %w", o.timeout, err), "is ZooKeeper up, and are host, port and TLS right? --timeout says how long to wait"}
	case errors.Is(err, zk.ErrNotAllowed):
		return &exitError{exitCouldNotSay, err, "--digest-file and --tls-cert say who asks; creating needs the permission of the znode above"}
	}
	return err
}

// ensure tries until there is an answer, a session after the other.
func ensure(ctx context.Context, config zk.Config, root string) (zk.Outcome, error) {
	for {
		outcome, err := ensureOnce(ctx, config, root)
		if !errors.Is(err, zk.ErrConnectionLost) && !errors.Is(err, zk.ErrSessionExpired) {
			return outcome, err
		}
		config.OnDialError("session", err)
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
			return outcome, err
		}
	}
}

func ensureOnce(ctx context.Context, config zk.Config, root string) (zk.Outcome, error) {
	conn, err := zk.Dial(ctx, config)
	if err != nil {
		return zk.Outcome{}, err
	}
	defer conn.Close()
	return zk.EnsureCluster(ctx, conn, root)
}

// progress prints why ZooKeeper is still being waited for: for each host every new
// reason, and an old one the second, fourth, eighth … time.
func progress(w io.Writer) func(host string, err error) {
	type cause struct{ host, reason string }
	seen := map[cause]uint{}
	return func(host string, err error) {
		c := cause{host, err.Error()}
		seen[c]++
		switch times := seen[c]; {
		case times == 1:
			report(w, fmt.Sprintf("waiting for ZooKeeper: %s: %s", host, c.reason), "")
		case bits.OnesCount(times) == 1:
			report(w, fmt.Sprintf("waiting for ZooKeeper: %s: %s (%d times)", host, c.reason, times), "")
		}
	}
}

// halfThereHint says what to do about each kind of half. It advises to delete only what
// is empty.
func halfThereHint(e *zk.HalfThereError) string {
	switch {
	case len(e.Found) == 0:
		return fmt.Sprintf("if nothing else uses %s, delete that empty znode; bkcheck creates it together with what belongs below it", e.Root)
	case !e.OfBookKeeper():
		return "nothing of that is BookKeeper's: is the path right? bkcheck creates a cluster only where nothing is"
	}
	return "a cluster that is being deleted or initialised looks like this: let that end; else restore what is missing from a backup, never by a format, which gives the cluster a new identity that its bookies refuse"
}

// outcomeView is what `bkcheck ensure-cluster -o json` prints.
type outcomeView struct {
	Result     zk.Result `json:"result"`
	Root       string    `json:"root"`
	InstanceID string    `json:"instanceID"`
}

func printOutcome(w io.Writer, format, root string, o zk.Outcome) error {
	var err error
	switch {
	case format == jsonFormat:
		err = json.NewEncoder(w).Encode(outcomeView{o.Result, root, o.InstanceID})
	case o.Result == zk.Created:
		_, err = fmt.Fprintf(w, "created the metadata of a new cluster at %s, instance %s\n", root, o.InstanceID)
	default:
		_, err = fmt.Fprintf(w, "the metadata of a cluster is already at %s, instance %s\n", root, o.InstanceID)
	}
	if err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}
