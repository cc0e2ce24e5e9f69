package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// myid writes the id of the ZooKeeper server that runs in this pod of a StatefulSet, which
// is the pod's ordinal and one, into a data directory: myid DIRECTORY.
// Source: https://zookeeper.apache.org/doc/r3.9.3/zookeeperAdmin.html#sc_zkMulitServerSetup
func myid(_ context.Context, args []string, _ io.Writer) error {
	if err := arguments(args, "DIRECTORY"); err != nil {
		return err
	}
	pod, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("reading the pod's name: %w", err)
	}
	id, err := serverID(pod)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(args[0], "myid"), []byte(id+"\n"), 0o644)
}

func serverID(pod string) (string, error) {
	ordinal, err := strconv.Atoi(pod[strings.LastIndexByte(pod, '-')+1:])
	if err != nil {
		return "", fmt.Errorf("reading the ordinal of pod %q: %w", pod, err)
	}
	return strconv.Itoa(ordinal + 1), nil
}
