package zk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Ensemble is what ZooKeeper keeps of its own servers.
type Ensemble struct {
	// Servers are in the order of their numbers; none for a server that stands alone.
	Servers []Server
	// Version changes with the servers: the transaction that last changed them.
	Version uint64
}

// Server is a server of an ensemble.
type Server struct {
	ID int
	// Address is host:port for clients; "" where the configuration does not say. Its host
	// may be 0.0.0.0.
	Address string
	// Host is where the others find it.
	Host string
	// Observer is whether it has no vote.
	Observer bool
}

// Majority is how many of the servers must be there for the ensemble to serve; 0 where the
// servers are not known.
func (e Ensemble) Majority() int {
	voters := 0
	for _, s := range e.Servers {
		if !s.Observer {
			voters++
		}
	}
	if voters == 0 {
		return 0
	}
	return voters/2 + 1
}

// ParseEnsemble reads what Conn.Membership gives.
// Source: ZooKeeper, Dynamic Reconfiguration, "Dynamic Configuration File".
func ParseEnsemble(data []byte) (Ensemble, error) {
	var e Ensemble
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		id, isServer := strings.CutPrefix(key, "server.")
		switch {
		case key == "" && !ok:
		case key == "version":
			version, err := strconv.ParseUint(value, 16, 64)
			if err != nil {
				return Ensemble{}, fmt.Errorf("ensemble's configuration: version %q is not hexadecimal", value)
			}
			e.Version = version
		case isServer:
			server, err := parseServer(id, value)
			if err != nil {
				return Ensemble{}, err
			}
			e.Servers = append(e.Servers, server)
		}
	}
	slices.SortFunc(e.Servers, func(a, b Server) int { return a.ID - b.ID })
	return e, nil
}

// parseServer reads HOST:PORT:PORT[:ROLE][|HOST:…][;[HOST:]PORT].
func parseServer(id, value string) (Server, error) {
	number, err := strconv.Atoi(id)
	if err != nil {
		return Server{}, fmt.Errorf("ensemble's configuration: server %q has no number", id)
	}
	peers, client, _ := strings.Cut(value, ";")
	first, _, _ := strings.Cut(peers, "|") // a server can have several addresses
	host, ports, ok := cutHost(first)
	if !ok {
		return Server{}, fmt.Errorf("ensemble's configuration: server %d: %q does not begin with host:port", number, value)
	}
	if client != "" && !strings.Contains(client, ":") {
		client = host + ":" + client
	}
	return Server{ID: number, Host: host, Address: client, Observer: strings.HasSuffix(ports, ":observer")}, nil
}

// cutHost splits host:rest; an IPv6 address is in brackets.
func cutHost(text string) (host, rest string, ok bool) {
	at := strings.IndexByte(text, ':')
	if end := strings.Index(text, "]:"); strings.HasPrefix(text, "[") && end >= 0 {
		at = end + 1
	}
	if at <= 0 {
		return "", "", false
	}
	return text[:at], text[at:], true
}
