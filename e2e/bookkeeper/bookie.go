package bookkeeper

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Ports of every process: each has a host of its own.
const (
	bookiePort = "3181"
	adminPort  = "8080"
)

// Bookie is a bookie. Its disk stays when its process ends.
type Bookie struct {
	*Process
	// ID is the bookie's identity in the cluster.
	ID string
	// Dir has its directories journal and ledgers.
	Dir string
}

func newBookie(t testing.TB, c *Cluster, name, dir string) *Bookie {
	t.Helper()
	p := newProcess(t, name, dir+".log")
	b := &Bookie{Process: p, ID: net.JoinHostPort(p.Host.IP, bookiePort), Dir: dir}
	config := c.configure(t, p, map[string]string{
		"journalDirectories": filepath.Join(dir, "journal"),
		"ledgerDirectories":  filepath.Join(dir, "ledgers"),
	})
	p.command = c.java.command("org.apache.bookkeeper.server.Main", "--conf", config)
	return b
}

// StartAutorecovery starts an auditor with a replication worker, a process of its own, that
// is up when it returns and ends with the test. They act at once: the cluster's settings can
// say otherwise.
func (c *Cluster) StartAutorecovery(t testing.TB, name string) *Process {
	t.Helper()
	p := newProcess(t, name, filepath.Join(c.dir, name+".log"))
	config := c.configure(t, p, map[string]string{
		"lostBookieRecoveryDelay":            "0",
		"openLedgerRereplicationGracePeriod": "2000",
		"rwRereplicateBackoffMs":             "500",
	})
	p.command = c.java.command("org.apache.bookkeeper.replication.AutoRecoveryMain", "--conf", config)
	p.Start(t)
	p.await(t, func() error {
		_, err := p.Ask(t.Context(), "/heartbeat")
		return err
	})
	return p
}

// configure writes a process's bk_server.conf, and returns its path.
func (c *Cluster) configure(t testing.TB, p *Process, own map[string]string) string {
	t.Helper()
	settings := map[string]string{
		"metadataServiceUri": c.Metadata,
		// After kill -9 the bookie's znode stays for so long, and the next process waits for it.
		"zkTimeout":         "5000",
		"bookiePort":        bookiePort,
		"advertisedAddress": p.Host.IP,

		"httpServerEnabled":  "true",
		"httpServerPort":     adminPort,
		"httpServerClass":    "org.apache.bookkeeper.http.vertx.VertxHttpServer",
		"enableStatistics":   "true",
		"statsProviderClass": "org.apache.bookkeeper.stats.prometheus.PrometheusMetricsProvider",

		"autoRecoveryDaemonEnabled": "false",
		// Indexes are plain files, which Remove can edit.
		"ledgerStorageClass": "org.apache.bookkeeper.bookie.InterleavedLedgerStorage",
		// A bookie is read-only on a disk that is fuller, whoever filled it.
		"diskUsageThreshold":     "0.99",
		"diskUsageWarnThreshold": "0.98",
		// Small: a test writes a few megabytes.
		"journalMaxSizeMB":             "8",
		"journalPreAllocSizeMB":        "1",
		"logSizeLimit":                 "8388608",
		"numAddWorkerThreads":          "1",
		"numReadWorkerThreads":         "1",
		"numHighPriorityWorkerThreads": "1",
		"serverNumIOThreads":           "2",
	}
	maps.Copy(settings, own)
	maps.Copy(settings, c.settings)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s=%s\n", key, settings[key])
	}
	path := filepath.Join(c.dir, p.Name+".conf")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatalf("configuring %s: %v", p.Name, err)
	}
	return path
}

// Restart stops the bookie, as its StatefulSet does with SIGTERM, starts it again and waits
// until it is ready.
func (b *Bookie) Restart(t testing.TB) {
	t.Helper()
	b.Stop(t)
	b.Start(t)
	b.AwaitReady(t)
}

// AwaitReady waits until the bookie serves, and takes writes. Its HTTP server starts last,
// when it is registered in ZooKeeper.
func (b *Bookie) AwaitReady(t testing.TB) {
	t.Helper()
	b.await(t, func() error {
		if _, err := b.Ask(t.Context(), "/api/v1/bookie/is_ready"); err != nil {
			return err
		}
		answer, err := b.Ask(t.Context(), "/api/v1/bookie/state")
		if err != nil {
			return err
		}
		var state struct{ Running, ReadOnly, ShuttingDown bool }
		if err := json.Unmarshal([]byte(answer), &state); err != nil {
			return fmt.Errorf("reading its state %q: %w", answer, err)
		}
		if !state.Running || state.ReadOnly || state.ShuttingDown {
			return fmt.Errorf("its state is %+v", state)
		}
		return nil
	})
}

// Ask gets a path from the process's HTTP server, from its own host, so that the network in
// between is not needed. Every answer but 200 is an error.
func (p *Process) Ask(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		return p.Host.Dial(ctx, address)
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(p.Host.IP, adminPort)+path, nil)
	if err != nil {
		return "", fmt.Errorf("asking %s for %s: %w", p.Name, path, err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", fmt.Errorf("asking %s for %s: %w", p.Name, path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("asking %s for %s: %w", p.Name, path, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("asking %s for %s: %s: %s", p.Name, path, response.Status, body)
	}
	return string(body), nil
}
