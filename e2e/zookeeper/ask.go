package zookeeper

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Mode is what a server is at a time.
type Mode string

// The modes of a server that serves, as ZooKeeper writes them.
const (
	Standalone Mode = "standalone"
	Leader     Mode = "leader"
	Follower   Mode = "follower"
)

// Word asks one of ZooKeeper's four-letter questions: from the server's own host, so that
// one that is cut off answers too. One that is paused does not, for a second.
func (s *Server) Word(ctx context.Context, word string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	answer, err := s.ask(ctx, word)
	if err != nil {
		return "", fmt.Errorf("asking ZooKeeper on %s for %s: %w", s.Host.Name, word, err)
	}
	return string(answer), nil
}

// ask sends a message and returns all that the server says until it ends the connection.
func (s *Server) ask(ctx context.Context, message string) ([]byte, error) {
	conn, err := s.Host.Dial(ctx, s.Address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	end, _ := ctx.Deadline()
	if err := conn.SetDeadline(end); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, message); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}

// Metrics are what mntr says, by name: zk_server_state, zk_followers and so on.
func (s *Server) Metrics(ctx context.Context) (map[string]string, error) {
	text, err := s.Word(ctx, "mntr")
	if err != nil {
		return nil, err
	}
	metrics := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			metrics[name] = value
		}
	}
	if metrics["zk_server_state"] == "" {
		return nil, fmt.Errorf("asking ZooKeeper on %s for mntr: %s", s.Host.Name, strings.TrimSpace(text))
	}
	return metrics, nil
}

// Mode is what the server is at the time; an error where it does not serve.
func (s *Server) Mode(ctx context.Context) (Mode, error) {
	metrics, err := s.Metrics(ctx)
	return Mode(metrics["zk_server_state"]), err
}

// AwaitServing waits until the server serves clients.
func (s *Server) AwaitServing(t testing.TB) {
	t.Helper()
	s.await(t, "serves", func(ctx context.Context) error {
		_, err := s.Mode(ctx)
		return err
	})
}

// AwaitNotServing waits until the server, whose process runs, knows that it has no quorum.
func (s *Server) AwaitNotServing(t testing.TB) {
	t.Helper()
	s.await(t, "stops serving", func(ctx context.Context) error {
		if mode, err := s.Mode(ctx); err == nil {
			return fmt.Errorf("it is %s", mode)
		}
		return nil
	})
}

// sessionID is how `cons` names the session of a connection. Those of four-letter words
// have none. Source: ZooKeeper, ServerCnxn.java (dumpConnectionInfo).
var sessionID = regexp.MustCompile(`sid=0x([0-9a-f]+)`)

// Sessions are those whose clients are connected to this server, sorted.
func (s *Server) Sessions(ctx context.Context) ([]int64, error) {
	text, err := s.Word(ctx, "cons")
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, match := range sessionID.FindAllStringSubmatch(text, -1) {
		id, err := strconv.ParseUint(match[1], 16, 64)
		if err != nil {
			return nil, fmt.Errorf("reading the sessions of ZooKeeper on %s: %w", s.Host.Name, err)
		}
		if id != 0 {
			ids = append(ids, int64(id))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
