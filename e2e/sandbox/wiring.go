package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// wiring is held while hosts come and go: the first makes the bridge, the last removes it.
var wiring sync.Mutex

func (h *Host) add() (err error) {
	if err := checkInside(); err != nil {
		return err
	}
	wiring.Lock()
	defer wiring.Unlock()
	number, err := freeNumber()
	if err != nil {
		return err
	}
	h.port, h.IP = portOf(number), addressOf(number)
	h.space = filepath.Join(namespaces, h.port)
	defer func() {
		if err != nil {
			err = errors.Join(err, h.unplug())
		}
	}()
	bridge, err := makeBridge()
	if err != nil {
		return err
	}
	space, err := makeNamespace(h.port)
	if err != nil {
		return err
	}
	defer space.Close()
	if err := plug(bridge, number, space); err != nil {
		return err
	}
	return setUp(space, h.IP+"/24")
}

// freeNumber is the lowest that no host has.
func freeNumber() (int, error) {
	for number := firstHost; number <= lastHost; number++ {
		if _, err := os.Stat(filepath.Join(namespaces, portOf(number))); errors.Is(err, os.ErrNotExist) {
			return number, nil
		}
	}
	return 0, fmt.Errorf("all addresses from %s to %s are taken", addressOf(firstHost), addressOf(lastHost))
}

func makeNamespace(name string) (space netns.NsHandle, err error) {
	err = onThread(func() error {
		space, err = netns.NewNamed(name)
		return err
	})
	if err != nil {
		return space, fmt.Errorf("making a network namespace: %w", err)
	}
	return space, nil
}

// plug makes the cable between the bridge and the namespace.
func plug(bridge netlink.Link, number int, space netns.NsHandle) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.MasterIndex, attributes.Flags = portOf(number), bridge.Attrs().Index, net.FlagUp
	err := netlink.LinkAdd(&netlink.Veth{
		LinkAttrs:        attributes,
		PeerName:         cable,
		PeerHardwareAddr: linkAddressOf(number),
		PeerNamespace:    netlink.NsFd(space),
	})
	if err != nil {
		return fmt.Errorf("making the cable %s: %w", attributes.Name, err)
	}
	return nil
}

func (h *Host) remove() error {
	wiring.Lock()
	defer wiring.Unlock()
	return h.unplug()
}

// unplug removes what there is of the host, and the bridge that has no other.
func (h *Host) unplug() error {
	problems := []error{removeLink(h.port)} // the other end goes with it
	if _, err := os.Stat(h.space); err == nil {
		problems = append(problems, netns.DeleteNamed(h.port))
	}
	if others, err := filepath.Glob(filepath.Join(namespaces, portPrefix+"*")); err == nil && len(others) == 0 {
		problems = append(problems, removeLink(bridgeName))
	}
	return errors.Join(problems...)
}

func removeLink(name string) error {
	link, err := netlink.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", name, err)
	}
	return nil
}

// makeBridge makes the bridge where it is not there yet, with the sandbox's address on it.
func makeBridge() (netlink.Link, error) {
	attributes := netlink.NewLinkAttrs()
	// With an address of its own it keeps it, whatever is plugged in.
	attributes.Name, attributes.HardwareAddr = bridgeName, linkAddressOf(1)
	err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attributes})
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("making the bridge: %w", err)
	}
	bridge, err := netlink.LinkByName(bridgeName)
	if err != nil {
		return nil, fmt.Errorf("finding the bridge: %w", err)
	}
	address, err := netlink.ParseAddr(Gateway + "/24")
	if err != nil {
		return nil, fmt.Errorf("reading the bridge's address: %w", err)
	}
	if err := netlink.AddrReplace(bridge, address); err != nil {
		return nil, fmt.Errorf("giving the bridge its address: %w", err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return nil, fmt.Errorf("setting the bridge up: %w", err)
	}
	return bridge, nil
}

// setUp gives a new namespace its loopback, and its cable's end the address.
func setUp(space netns.NsHandle, cidr string) error {
	handle, err := netlink.NewHandleAt(space)
	if err != nil {
		return fmt.Errorf("entering the namespace: %w", err)
	}
	defer handle.Close()
	for _, name := range []string{"lo", cable} {
		link, err := handle.LinkByName(name)
		if err != nil {
			return fmt.Errorf("finding %s: %w", name, err)
		}
		if name == cable {
			address, err := netlink.ParseAddr(cidr)
			if err != nil {
				return fmt.Errorf("reading the address: %w", err)
			}
			if err := handle.AddrAdd(link, address); err != nil {
				return fmt.Errorf("giving %s its address: %w", name, err)
			}
		}
		if err := handle.LinkSetUp(link); err != nil {
			return fmt.Errorf("setting %s up: %w", name, err)
		}
		if name == cable {
			// To the pods and Services of a cluster in this sandbox.
			route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: everywhere, Gw: net.ParseIP(Gateway)}
			if err := handle.RouteAdd(route); err != nil {
				return fmt.Errorf("adding the route through the sandbox: %w", err)
			}
		}
	}
	return nil
}

// HostOf is the place in the network of a process that has another network namespace, cabled to a bridge: a pod's.
// It is somebody else's and stays when the test ends.
func HostOf(name, ip string, pid int) (*Host, error) {
	h := &Host{Name: name, IP: ip, space: fmt.Sprintf("/proc/%d/ns/net", pid)}
	space, err := netns.GetFromPath(h.space)
	if err != nil {
		return nil, fmt.Errorf("finding the network of %s: %w", name, err)
	}
	defer space.Close()
	handle, err := netlink.NewHandleAt(space)
	if err != nil {
		return nil, fmt.Errorf("entering the network of %s: %w", name, err)
	}
	defer handle.Close()
	inner, err := handle.LinkByName(cable)
	if err != nil {
		return nil, fmt.Errorf("finding the cable of %s: %w", name, err)
	}
	// Each end of such a cable names the other's index in the other's namespace.
	outer, err := netlink.LinkByIndex(inner.Attrs().ParentIndex)
	if err != nil {
		return nil, fmt.Errorf("finding the other end of the cable of %s: %w", name, err)
	}
	h.port = outer.Attrs().Name
	return h, nil
}
