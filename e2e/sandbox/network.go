package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
)

const (
	uplinkName = "uplink"
	// BridgeName is the bridge that all pods are on.
	BridgeName = "cni0"
)

// everywhere is what a default route leads to.
var everywhere = &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}

// NodeAddress is the address of the n-th node, from 1; the first is the control plane's too.
func NodeAddress(n int) net.IP { return net.IPv4(10, 99, 0, byte(n)).To4() }

// RemoveUplink takes back what Uplink gave, and the pods' bridge.
func RemoveUplink() error {
	return errors.Join(removeLink(uplinkName), removeLink(BridgeName))
}

// Uplink gives the sandbox an interface that leads nowhere, with the addresses of that many
// nodes (at least one) and the default route: Kubernetes wants addresses other than loopback.
func Uplink(nodes int) error {
	// A pair whose other end is in use by nobody: not every kernel has dummy interfaces.
	pair := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: "nowhere"}
	pair.Name = uplinkName
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("adding the uplink: %w", err)
	}
	peer, err := netlink.LinkByName("nowhere")
	if err != nil {
		return fmt.Errorf("finding the uplink's other end: %w", err)
	}
	for n := 1; n <= max(nodes, 1); n++ {
		address := &netlink.Addr{IPNet: &net.IPNet{IP: NodeAddress(n), Mask: net.CIDRMask(24, 32)}}
		if err := netlink.AddrAdd(pair, address); err != nil {
			return fmt.Errorf("adding the address of node %d: %w", n, err)
		}
	}
	for _, link := range []netlink.Link{peer, pair} {
		if err := netlink.LinkSetUp(link); err != nil {
			return fmt.Errorf("bringing the uplink up: %w", err)
		}
	}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: pair.Index, Dst: everywhere}); err != nil {
		return fmt.Errorf("adding the default route: %w", err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return fmt.Errorf("forwarding between pods and nodes: %w", err)
	}
	return nil
}
