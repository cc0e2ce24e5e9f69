package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/bkgen/bkgen/e2e/sandbox"
)

// Ensemble is a number of servers that replicate each other.
type Ensemble struct{ Servers []*Server }

// StartEnsemble starts n servers. All of them serve when it returns, and end with the test.
func StartEnsemble(t testing.TB, n int, o Options) *Ensemble {
	t.Helper()
	e := new(Ensemble)
	for i := range n {
		e.Servers = append(e.Servers, newServer(t, fmt.Sprintf("zookeeper-%d", i), o))
	}
	for i, s := range e.Servers {
		e.introduce(t, s, i+1)
	}
	for _, s := range e.Servers {
		s.start(t)
	}
	e.AwaitWhole(t)
	return e
}

// introduce tells a server its number and who the others are.
func (e *Ensemble) introduce(t testing.TB, s *Server, id int) {
	t.Helper()
	data := filepath.Join(s.dir, "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatalf("configuring ZooKeeper: %v", err)
	}
	if err := os.WriteFile(filepath.Join(data, "myid"), []byte(strconv.Itoa(id)), 0o600); err != nil {
		t.Fatalf("configuring ZooKeeper: %v", err)
	}
	s.settings["initLimit"], s.settings["syncLimit"] = "20", "4" // ticks
	s.settings["quorumListenOnAllIPs"] = "false"
	for i, other := range e.Servers {
		s.settings[fmt.Sprintf("server.%d", i+1)] = other.Host.IP + ":" + quorumPort + ":" + electionPort
	}
}

// Addresses are where the servers serve clients.
func (e *Ensemble) Addresses() []string {
	var all []string
	for _, s := range e.Servers {
		all = append(all, s.Address)
	}
	return all
}

// SecureAddresses are where they speak TLS, for certificates with their IP addresses.
func (e *Ensemble) SecureAddresses() []string {
	var all []string
	for _, s := range e.Servers {
		all = append(all, s.Secure)
	}
	return all
}

// Leader is the server that leads at the time, or an error where none does.
func (e *Ensemble) Leader(ctx context.Context) (*Server, error) {
	var problems []error
	for _, s := range e.Servers {
		mode, err := s.Mode(ctx)
		if mode == Leader {
			return s, nil
		}
		problems = append(problems, err)
	}
	return nil, fmt.Errorf("finding the leader: none is: %w", errors.Join(problems...))
}

// Others are all servers but that one.
func (e *Ensemble) Others(one *Server) []*Server {
	var others []*Server
	for _, s := range e.Servers {
		if s != one {
			others = append(others, s)
		}
	}
	return others
}

// AwaitWhole waits until all servers serve, one leads, and it has all others in step.
func (e *Ensemble) AwaitWhole(t testing.TB) {
	t.Helper()
	for _, s := range e.Servers {
		s.AwaitServing(t)
	}
	e.Servers[0].await(t, "is in an ensemble that is whole", e.whole)
}

func (e *Ensemble) whole(ctx context.Context) error {
	synced, modes := "", map[Mode]int{}
	for _, s := range e.Servers {
		metrics, err := s.Metrics(ctx)
		if err != nil {
			return err
		}
		mode := Mode(metrics["zk_server_state"])
		modes[mode]++
		if mode == Leader {
			synced = metrics["zk_synced_followers"]
		}
	}
	// One that was paused goes on as a leader for a moment.
	followers := len(e.Servers) - 1
	if modes[Leader] != 1 || modes[Follower] != followers || synced != strconv.Itoa(followers) {
		return fmt.Errorf("modes %v, followers in step %q", modes, synced)
	}
	return nil
}

// Partition cuts servers off from all others of the ensemble, and from nothing else:
// clients reach them.
func (e *Ensemble) Partition(t testing.TB, servers ...*Server) {
	t.Helper()
	e.eachPair(servers, func(a, b *Server) { sandbox.Cut(t, a.Host, b.Host) })
}

// Heal ends what Partition began with the same servers.
func (e *Ensemble) Heal(t testing.TB, servers ...*Server) {
	t.Helper()
	e.eachPair(servers, func(a, b *Server) { sandbox.Heal(t, a.Host, b.Host) })
}

// eachPair does something to each pair, once, of which one at least is among the servers.
func (e *Ensemble) eachPair(servers []*Server, do func(a, b *Server)) {
	for i, a := range e.Servers {
		for _, b := range e.Servers[i+1:] {
			if slices.Contains(servers, a) || slices.Contains(servers, b) {
				do(a, b)
			}
		}
	}
}
