// Package zookeeper runs real ZooKeeper servers, alone and as ensembles, each as a process
// on a host of its own, and does to them what machines and networks do: it kills, stops,
// pauses and partitions them, and expires sessions.
//
// I/O: processes and hosts of the sandbox that the test runs in, and files in the tests'
// temporary directories. What a server prints is shown when its test fails.
package zookeeper

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/process"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

// Options say how servers run. The zero value is plain: no TLS, no superuser.
type Options struct {
	// Authority gives each server a second port where it speaks TLS with a certificate for
	// its host's name and address, and asks for one of the same authority. nil is none.
	Authority *Authority
	// Super is user:password of the one whom no access control list holds back, in
	// ZooKeeper's scheme "digest"; "" is nobody.
	Super string
}

// Ports of every server: each has a host of its own.
const (
	clientPort   = "2181"
	securePort   = "2281"
	quorumPort   = "2888"
	electionPort = "3888"
)

// tickTime is ZooKeeper's unit of time here, in milliseconds. Sessions time out after 2 to
// 20 of them. Source: ZooKeeper, Administrator's Guide, tickTime.
const tickTime = 500

// Server is one ZooKeeper server. Its data stay when its process ends.
type Server struct {
	// Address is where it serves clients, an IP address and port.
	Address string
	// Secure is where it speaks TLS, or "" where it does not.
	Secure string
	// Host is where its process runs.
	Host *sandbox.Host

	options Options
	java    []string // the command
	dir     string
	// settings are those that ensembles add.
	settings map[string]string
	process  *process.Process
}

// Start starts a server of its own, which serves when Start returns and ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := newServer(t, "zookeeper", o)
	s.start(t)
	s.AwaitServing(t)
	return s
}

func newServer(t testing.TB, name string, o Options) *Server {
	t.Helper()
	s := &Server{options: o, java: command(t, o), dir: t.TempDir(), settings: map[string]string{}}
	t.Cleanup(func() { s.report(t) })
	s.settle(t, name)
	return s
}

// settle gives the server a host, and a certificate for it.
func (s *Server) settle(t testing.TB, name string) {
	t.Helper()
	s.Host = sandbox.NewHost(t, name)
	t.Cleanup(func() { s.Kill(t) }) // before the host goes
	s.Address = net.JoinHostPort(s.Host.IP, clientPort)
	s.settings["clientPortAddress"] = s.Host.IP
	if s.options.Authority == nil {
		return
	}
	s.Secure = net.JoinHostPort(s.Host.IP, securePort)
	identity := s.options.Authority.Issue(t, name, s.Host.IP)
	maps.Copy(s.settings, map[string]string{
		"serverCnxnFactory":       "org.apache.zookeeper.server.NettyServerCnxnFactory",
		"secureClientPort":        securePort,
		"secureClientPortAddress": s.Host.IP,
		"ssl.keyStore.location":   identity.Store,
		"ssl.trustStore.location": s.options.Authority.Certificate,
	})
}

// command is all of the server's command but its configuration.
func command(t testing.TB, o Options) []string {
	t.Helper()
	home, err := parts.JDK(t.Context())
	sandbox.Need(t, err)
	jars, err := parts.Jars(t.Context())
	sandbox.Need(t, err)
	args := []string{filepath.Join(home, "bin", "java"),
		"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Djava.net.preferIPv4Stack=true",
		// Processes are killed here, machines are not: the page cache is as good as a disk.
		"-Dzookeeper.forceSync=no",
		"-Dzookeeper.jmx.log4j.disable=true"}
	if o.Super != "" {
		args = append(args, "-Dzookeeper.DigestAuthenticationProvider.superDigest="+Digest(o.Super))
	}
	return append(args, "-cp", jars+"/*", "org.apache.zookeeper.server.quorum.QuorumPeerMain")
}

// Digest is the identity that the scheme "digest" makes of user:password, as access control
// lists name it. Source: ZooKeeper, DigestAuthenticationProvider.java (generateDigest).
func Digest(userAndPassword string) string {
	user, _, _ := strings.Cut(userAndPassword, ":")
	sum := sha1.Sum([]byte(userAndPassword))
	return user + ":" + base64.StdEncoding.EncodeToString(sum[:])
}

// configure writes the server's configuration, and returns its path.
func (s *Server) configure(t testing.TB) string {
	t.Helper()
	settings := map[string]string{
		"tickTime":               strconv.Itoa(tickTime),
		"dataDir":                filepath.Join(s.dir, "data"),
		"clientPort":             clientPort,
		"maxClientCnxns":         "0",
		"admin.enableServer":     "false",
		"4lw.commands.whitelist": "*",
	}
	maps.Copy(settings, s.settings)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s=%s\n", key, settings[key])
	}
	path := filepath.Join(s.dir, "zoo.cfg")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatalf("configuring ZooKeeper: %v", err)
	}
	return path
}
