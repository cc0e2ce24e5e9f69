package zookeeper

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bkgen/bkgen/e2e/process"
)

// patience is how long anything is waited for that should take a second or two.
const patience = time.Minute

// start starts the server's process and does not wait for it to serve.
func (s *Server) start(t testing.TB) {
	t.Helper()
	args := append(s.java[1:len(s.java):len(s.java)], s.configure(t))
	p, err := process.Start("ZooKeeper on "+s.Host.Name, s.log(), s.Host.Command(s.java[0], args...))
	if err != nil {
		t.Fatal(err)
	}
	s.process = p
}

func (s *Server) log() string { return filepath.Join(s.dir, "server.log") }

// report shows what the server said, if the test failed.
func (s *Server) report(t testing.TB) {
	t.Helper()
	if !t.Failed() {
		return
	}
	text, err := os.ReadFile(s.log())
	if err != nil {
		text = []byte(err.Error())
	}
	t.Logf("ZooKeeper on %s said, at the end:\n%s", s.Host.Name, lastWords(string(text)))
}

// lastWords are the last lines of a log, without those about the questions of Word.
func lastWords(log string) string {
	const most = 40
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(log), "\n"), func(line string) bool {
		return strings.Contains(line, " - Processing ") && strings.Contains(line, " command from ")
	})
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// Kill ends the server's process, if it has one, as kill -9 and the kernel do; also when
// it is paused.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.process != nil {
		s.process.Kill()
	}
}

// Stop asks the server's process to end, and waits until it has.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.process.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

// Pause stops the process where it is: its connections stay open and nobody answers.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	if err := s.process.Pause(); err != nil {
		t.Fatal(err)
	}
}

// Continue ends what Pause began.
func (s *Server) Continue(t testing.TB) {
	t.Helper()
	if err := s.process.Continue(); err != nil {
		t.Fatal(err)
	}
}

// Restart starts the server again, on what its data were when it ended. It does not wait:
// AwaitServing does.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Kill(t)
	s.start(t)
}

// Move starts the server again with its data on another host, as a pod comes back on
// another node, and waits until it serves there.
func (s *Server) Move(t testing.TB) {
	t.Helper()
	s.Kill(t)
	s.settle(t, s.Host.Name)
	s.start(t)
	s.AwaitServing(t)
}

// await waits for a condition, and fails the test where the server's process ends meanwhile.
func (s *Server) await(t testing.TB, what string, condition func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.process.Await(ctx, condition); err != nil {
		t.Fatalf("waiting until ZooKeeper on %s %s: %v", s.Host.Name, what, err)
	}
}
