package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/vishvananda/netns"
)

// Host is what a machine is to a network: a network namespace with loopback and one
// address, cabled to a bridge that all hosts of the sandbox and the sandbox itself are on.
// Processes on different hosts can be partitioned from one another, by Cut and Isolate.
type Host struct {
	// Name is the test's name for it, in what goes wrong.
	Name string
	// IP is its address. The sandbox's own on the same bridge is Gateway.
	IP string
	// port is the bridge's end of the cable.
	port string
	// space is the path of its network namespace.
	space string
}

// Gateway is the address that the sandbox itself has among the hosts.
const Gateway = "10.98.0.1"

const (
	bridgeName = "hosts"
	portPrefix = "host"
	cable      = "eth0"       // the host's end
	namespaces = "/run/netns" // where netns.NewNamed keeps them

	// Hosts are numbered by the last byte of their address.
	firstHost = 2
	lastHost  = 254
)

func portOf(number int) string { return fmt.Sprintf("%s%d", portPrefix, number) }

func addressOf(number int) string { return fmt.Sprintf("10.98.0.%d", number) }

// linkAddressOf follows from the IP address: when that is used again, what others remember
// of it stays true.
func linkAddressOf(number int) net.HardwareAddr {
	return net.HardwareAddr{2, 0, 10, 98, 0, byte(number)}
}

// NewHost adds a host to the sandbox's network, until the test ends.
func NewHost(t testing.TB, name string) *Host {
	t.Helper()
	h := &Host{Name: name}
	if err := h.add(); err != nil {
		t.Fatalf("adding host %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := h.remove(); err != nil {
			t.Errorf("removing host %s: %v", name, err)
		}
	})
	return h
}

// Command is a command that runs on the host, and is started like any other; its process
// is the command's own.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	return h.CommandContext(context.Background(), name, args...)
}

// CommandContext is Command, killed where ctx ends first.
func (h *Host) CommandContext(ctx context.Context, name string, args ...string) *exec.Cmd {
	// Entering nothing but a network namespace, nsenter executes the command in its own place.
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + h.space, "--", name}, args...)...)
}

// Dial connects from the host, to an IP address and port: also when the host is cut off,
// to what runs on itself.
func (h *Host) Dial(ctx context.Context, address string) (net.Conn, error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("dialing from host %s: %w", h.Name, err) // names are looked up on other threads
	}
	var conn net.Conn
	err := h.enter(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
		return err
	})
	return conn, err
}

// enter runs f on a thread that is on the host: what sockets it opens stay there.
func (h *Host) enter(f func() error) error {
	return onThread(func() error {
		space, err := netns.GetFromName(h.port)
		if err != nil {
			return fmt.Errorf("finding host %s: %w", h.Name, err)
		}
		defer space.Close()
		if err := netns.Set(space); err != nil {
			return fmt.Errorf("entering host %s: %w", h.Name, err)
		}
		return f()
	})
}

// onThread runs f on one operating system's thread, which is put back into the sandbox's
// network afterwards; where that fails it ends, with the goroutine that it is locked to.
func onThread(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		own, err := netns.Get()
		if err != nil {
			result <- fmt.Errorf("finding the sandbox's network: %w", err)
			return
		}
		defer own.Close()
		err = f()
		back := netns.Set(own)
		if back == nil {
			runtime.UnlockOSThread()
		}
		result <- errors.Join(err, back)
	}()
	return <-result
}

// checkInside refuses the machine's own network: in a sandbox the first process is this
// same program, and shares its network.
func checkInside() error {
	for _, name := range []string{"exe", "ns/net"} {
		first, err := os.Stat(filepath.Join("/proc/1", name))
		if err != nil {
			return fmt.Errorf("finding out whether this is a sandbox: %w", err)
		}
		ours, err := os.Stat(filepath.Join("/proc/thread-self", name))
		if err != nil {
			return fmt.Errorf("finding out whether this is a sandbox: %w", err)
		}
		if !os.SameFile(first, ours) {
			return errors.New("this process is in no sandbox (TestMain must call Run)")
		}
	}
	return nil
}
