package sandbox

import (
	"fmt"
	"net"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// nowhere is a link address that no host has: the bridge hands what is sent there to all,
// and nobody takes it.
var nowhere = net.HardwareAddr{2, 0, 10, 98, 0xff, 0xff}

// Cut partitions two hosts: from now on neither hears anything of the other, on
// connections old and new, and nothing tells it so. All else goes on.
func Cut(t testing.TB, a, b *Host) {
	t.Helper()
	change(t, "cutting", a, b, func(handle *netlink.Handle, n *netlink.Neigh) error {
		// The other's place in the table of neighbours is taken for good. Routes would be
		// less like a partition: the kernel tells processes at once that they lead nowhere.
		n.State, n.HardwareAddr = netlink.NUD_PERMANENT, nowhere
		return handle.NeighSet(n)
	})
}

// Heal ends what Cut began.
func Heal(t testing.TB, a, b *Host) {
	t.Helper()
	change(t, "healing", a, b, func(handle *netlink.Handle, n *netlink.Neigh) error { return handle.NeighDel(n) })
}

// change does something to the place that each host has for the other in its table of neighbours.
func change(t testing.TB, what string, a, b *Host, do func(*netlink.Handle, *netlink.Neigh) error) {
	t.Helper()
	for from, to := range map[*Host]*Host{a: b, b: a} {
		if err := from.changeNeighbour(to, do); err != nil {
			t.Fatalf("%s %s from %s: %v", what, to.Name, from.Name, err)
		}
	}
}

func (h *Host) changeNeighbour(other *Host, do func(*netlink.Handle, *netlink.Neigh) error) error {
	space, err := netns.GetFromPath(h.space)
	if err != nil {
		return fmt.Errorf("finding the host: %w", err)
	}
	defer space.Close()
	handle, err := netlink.NewHandleAt(space)
	if err != nil {
		return fmt.Errorf("entering the host: %w", err)
	}
	defer handle.Close()
	link, err := handle.LinkByName(cable)
	if err != nil {
		return fmt.Errorf("finding %s: %w", cable, err)
	}
	return do(handle, &netlink.Neigh{LinkIndex: link.Attrs().Index, Family: netlink.FAMILY_V4, IP: net.ParseIP(other.IP)})
}

// Isolate unplugs the host from the network: it hears of none of the others and not of the
// sandbox itself. Dial reaches what runs on it all the same.
func (h *Host) Isolate(t testing.TB) {
	t.Helper()
	h.set(t, netlink.LinkSetDown)
}

// Rejoin ends what Isolate began.
func (h *Host) Rejoin(t testing.TB) {
	t.Helper()
	h.set(t, netlink.LinkSetUp)
}

func (h *Host) set(t testing.TB, state func(netlink.Link) error) {
	t.Helper()
	link, err := netlink.LinkByName(h.port)
	if err == nil {
		err = state(link)
	}
	if err != nil {
		t.Fatalf("plugging host %s: %v", h.Name, err)
	}
}
