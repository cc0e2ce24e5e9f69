package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// startEcho sends back what comes to port 7 of a host.
func startEcho(t *testing.T, h *Host) {
	t.Helper()
	var listener net.Listener
	err := h.enter(func() (err error) {
		listener, err = net.Listen("tcp", h.IP+":7")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go func() { _, _ = io.Copy(conn, conn) }()
		}
	}()
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// answers reports whether a connection carries a byte there and back, or is silent for as long as ctx.
func answers(t *testing.T, ctx context.Context, conn net.Conn) bool {
	t.Helper()
	end, _ := ctx.Deadline()
	if err := conn.SetDeadline(end); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte{'x'}); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Read(make([]byte, 1))
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the connection ended: %v", err)
	}
	return err == nil
}

// short is as long as silence must last to be taken for one.
func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// long is enough for TCP to send again what was lost.
func long(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func mustDial(t *testing.T, h *Host, address string) net.Conn {
	t.Helper()
	conn, err := h.Dial(long(t), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestPartitionOfTwoHosts(t *testing.T) {
	a, b, c := NewHost(t, "a"), NewHost(t, "b"), NewHost(t, "c")
	for _, h := range []*Host{a, b} {
		startEcho(t, h)
	}
	fromA, fromB, fromC := mustDial(t, a, b.IP+":7"), mustDial(t, b, a.IP+":7"), mustDial(t, c, b.IP+":7")
	for range 2 { // cut and healed more than once
		for name, conn := range map[string]net.Conn{"a to b": fromA, "b to a": fromB, "c to b": fromC} {
			if !answers(t, long(t), conn) {
				t.Errorf("%s is cut", name)
			}
		}
		Cut(t, a, b)
		if answers(t, short(t), fromA) || answers(t, short(t), fromB) {
			t.Error("a connection is not cut")
		}
		if _, err := a.Dial(short(t), b.IP+":7"); !isTimeout(err) {
			t.Errorf("a new connection: error %v, want silence", err)
		}
		if !answers(t, long(t), fromC) || !answers(t, long(t), mustDial(t, c, a.IP+":7")) {
			t.Error("the third host is cut off too")
		}
		Heal(t, a, b)
		if !answers(t, long(t), fromA) || !answers(t, long(t), fromB) || !answers(t, long(t), mustDial(t, a, b.IP+":7")) {
			t.Error("a connection is not healed")
		}
		drain(t, fromA)
		drain(t, fromB)
	}
}

func isTimeout(err error) bool {
	timeout := net.Error(nil)
	return errors.As(err, &timeout) && timeout.Timeout()
}

// drain reads the answer to what was sent into the silence.
func drain(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

func TestIsolatedHost(t *testing.T) {
	a, b := NewHost(t, "a"), NewHost(t, "b")
	startEcho(t, a)
	sandbox, err := net.Dial("tcp", a.IP+":7")
	if err != nil {
		t.Fatal(err)
	}
	defer sandbox.Close()
	fromB := mustDial(t, b, a.IP+":7")
	a.Isolate(t)
	if answers(t, short(t), fromB) || answers(t, short(t), sandbox) {
		t.Error("the host is not isolated")
	}
	if !answers(t, long(t), mustDial(t, a, a.IP+":7")) {
		t.Error("the host does not reach itself")
	}
	a.Rejoin(t)
	if !answers(t, long(t), fromB) || !answers(t, long(t), sandbox) {
		t.Error("the host is not back")
	}
}

func TestHostRunsCommands(t *testing.T) {
	h := NewHost(t, "somewhere")
	out, err := h.Command("cat", "/proc/net/fib_trie").Output()
	if err != nil || !strings.Contains(string(out), h.IP) || strings.Contains(string(out), Gateway) {
		t.Errorf("error %v, addresses\n%s", err, out)
	}
	command := h.Command("sleep", "1000")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Wait()
	defer command.Process.Kill()
	eventually(t, "the process is the command's own", func() bool {
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", command.Process.Pid))
		return err == nil && string(name) == "sleep\n"
	})
}

func TestHostsComeAndGo(t *testing.T) {
	var address string
	t.Run("first", func(t *testing.T) { address = NewHost(t, "x").IP })
	t.Run("second", func(t *testing.T) {
		if got := NewHost(t, "x").IP; got != address {
			t.Errorf("address %s, want that of the host that is gone, %s", got, address)
		}
		if _, err := net.InterfaceByName(bridgeName); err != nil {
			t.Errorf("no bridge: %v", err)
		}
	})
	if _, err := net.InterfaceByName(bridgeName); err == nil {
		t.Error("the bridge is left")
	}
}
