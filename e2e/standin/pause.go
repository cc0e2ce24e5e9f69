package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// pause holds a pod's namespaces until it is told to end. Where pods share a process
// namespace it is their first process, and reaps what others leave.
// Source: https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/
func pause(ctx context.Context, args []string, _ io.Writer) error {
	if err := arguments(args); err != nil {
		return err
	}
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	defer signal.Stop(children)
	for {
		if err := reap(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-children:
		}
	}
}

// reap takes leave of every child that has ended: several may stand behind one signal.
func reap() error {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.ECHILD), err == nil && pid == 0:
			return nil
		case err != nil:
			return fmt.Errorf("reaping children: %w", err)
		}
	}
}
