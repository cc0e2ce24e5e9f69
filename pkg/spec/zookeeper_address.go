package spec

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ZooKeeperAddress is where a ZooKeeper ensemble is, and the tree below which a
// cluster's paths start.
type ZooKeeperAddress struct {
	// Hosts are host:port pairs, at least one, IPv6 in brackets, in the order given.
	Hosts []string
	// Chroot is a path without a trailing slash, or "".
	Chroot string
}

// defaultZooKeeperPort is what a host without a port means.
const defaultZooKeeperPort = "2181"

// zooKeeperSchemes are the prefixes that BookKeeper's metadataServiceUri knows for ZooKeeper.
// Source: bookkeeper, meta/zk/ZKMetadataDriverBase.java.
var zooKeeperSchemes = []string{"zk+hierarchical://", "zk+longhierarchical://", "zk://"}

// addressError is a malformed address and the byte at which it goes wrong.
type addressError struct {
	offset int
	reason string
}

func (e *addressError) Error() string { return e.reason }

// ParseZooKeeperAddress reads hosts separated by commas or semicolons, each with an
// optional port (2181), an optional chroot after them, and an optional zk:// or
// zk+hierarchical:// before them.
func ParseZooKeeperAddress(text string) (ZooKeeperAddress, error) {
	rest, offset := text, 0
	for _, scheme := range zooKeeperSchemes {
		if strings.HasPrefix(rest, scheme) {
			rest, offset = rest[len(scheme):], len(scheme)
			break
		}
	}
	if i := strings.Index(rest, "://"); i >= 0 {
		return ZooKeeperAddress{}, &addressError{0, fmt.Sprintf("%q has a scheme that is not ZooKeeper's; allowed: zk://, zk+hierarchical:// or none", text)}
	}
	hosts, chroot := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		hosts, chroot = rest[:i], strings.TrimSuffix(rest[i:], "/")
		if err := checkZNode(chroot); chroot != "" && err != nil {
			return ZooKeeperAddress{}, &addressError{offset + i, "chroot " + err.Error()}
		}
	}
	address := ZooKeeperAddress{Chroot: chroot}
	start := 0
	for i := 0; i <= len(hosts); i++ {
		if i < len(hosts) && hosts[i] != ',' && hosts[i] != ';' {
			continue
		}
		host, err := parseHost(hosts[start:i])
		if err != nil {
			return ZooKeeperAddress{}, &addressError{offset + start, err.Error()}
		}
		address.Hosts = append(address.Hosts, host)
		start = i + 1
	}
	return address, nil
}

func parseHost(text string) (string, error) {
	if text == "" {
		return "", errors.New("names no host; allowed: host:port, several separated by commas, and an optional /chroot")
	}
	host, port := text, defaultZooKeeperPort
	if rest, ok := strings.CutPrefix(text, "["); ok {
		address, after, found := strings.Cut(rest, "]")
		if parsed, err := netip.ParseAddr(address); !found || err != nil || !parsed.Is6() || parsed.Zone() != "" {
			return "", fmt.Errorf("%q is not an IPv6 address in brackets", text)
		}
		host = "[" + address + "]"
		if after != "" {
			p, ok := strings.CutPrefix(after, ":")
			if !ok {
				return "", fmt.Errorf("%q: after an address in brackets comes :port", text)
			}
			port = p
		}
	} else if strings.Count(text, ":") > 1 {
		return "", fmt.Errorf("%q: an IPv6 address stands in brackets: [fd00::1]:2181", text)
	} else if h, p, ok := strings.Cut(text, ":"); ok {
		host, port = h, p
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
		return "", fmt.Errorf("%q: port %q is not a number from 1 to 65535", text, port)
	}
	if !strings.HasPrefix(host, "[") && !hostPattern.MatchString(host) {
		return "", fmt.Errorf("%q is not a host name", host)
	}
	return host + ":" + port, nil
}

// The characters of a znode path. ZooKeeper takes more; BookKeeper has the path as part
// of a java.net.URI, in a setting that it cuts at commas, and Kubernetes expands $().
const (
	zNodePunctuation = "-._~:@!&'()*+="
	zNodeCharacters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + zNodePunctuation
)

// checkZNode says what is wrong with an absolute znode path.
// Source: ZooKeeper, common/PathUtils.java.
func checkZNode(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q does not start with /", path)
	}
	if path == "/" || strings.HasSuffix(path, "/") {
		return fmt.Errorf("%q ends with /", path)
	}
	if path == "/zookeeper" || strings.HasPrefix(path, "/zookeeper/") {
		return fmt.Errorf("%q lies in ZooKeeper's own tree /zookeeper", path)
	}
	for part := range strings.SplitSeq(path[1:], "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("%q has a component %q", path, part)
		}
		for _, r := range part {
			if !strings.ContainsRune(zNodeCharacters, r) {
				return fmt.Errorf("%q has a character %q; allowed: letters, digits and %s", path, r, zNodePunctuation)
			}
		}
	}
	return nil
}

// MetadataServiceURI is the address as BookKeeper's setting of that name takes it, for
// the cluster whose metadata lies at root (an absolute path below the chroot). Hosts are
// separated by semicolons: BookKeeper's configuration library reads a comma as a list.
// The scheme zk takes the layout that the root's LAYOUT names.
// Source: bookkeeper, meta/zk/ZKMetadataDriverBase.java.
func (a ZooKeeperAddress) MetadataServiceURI(root string) string {
	return "zk://" + strings.Join(a.Hosts, ";") + a.Chroot + root
}
