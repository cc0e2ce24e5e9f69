package admin_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
)

var record = flag.Bool("record", false, "rewrite the recorded answers in internal/bookie/testdata")

const recordings = "../../internal/bookie/testdata"

// What internal/bookie is tested with is what bookies answer.
func TestRecordedAnswersAreThoseOfBookies(t *testing.T) {
	t.Parallel()
	c, _ := cluster(t, 3)
	b := c.Bookies[0].Process
	compare(t, b, "no-auditor", "/api/v1/autorecovery/who_is_auditor")
	compare(t, b, "no-delay", "/api/v1/autorecovery/lost_bookie_recovery_delay")
	w := c.Write(t, bookkeeper.WriteOptions{PerLedger: 50})
	w.AwaitMore(t, 100)
	w.Finish(t)
	a := c.StartAutorecovery(t, "autorecovery")
	eventually(t, "an auditor is elected", func() bool {
		answer, _ := get(t, a, "/api/v1/autorecovery/who_is_auditor")
		return bytes.Contains(answer, []byte("Auditor: "))
	})

	compare(t, b, "heartbeat", "/heartbeat")
	compare(t, b, "state", "/api/v1/bookie/state")
	compare(t, b, "ready", "/api/v1/bookie/is_ready")
	compare(t, b, "info", "/api/v1/bookie/info")
	compare(t, b, "cluster", "/api/v1/bookie/cluster_info")
	compare(t, b, "config", "/api/v1/config/server_config")
	compare(t, b, "enabled", "/api/v1/autorecovery/status")
	compare(t, b, "auditor", "/api/v1/autorecovery/who_is_auditor")
	compare(t, b, "delay", "/api/v1/autorecovery/lost_bookie_recovery_delay")
	compare(t, b, "no-ledgers", "/api/v1/autorecovery/list_under_replicated_ledger")
	compare(t, b, "unknown-path", "/api/v1/bookie/no_such_path")
	compareStatus(t, b, "metrics")
	compare(t, a, "autorecovery-state", "/api/v1/bookie/state")
	compare(t, a, "autorecovery-cluster", "/api/v1/bookie/cluster_info")
	compare(t, a, "autorecovery-ledgers", "/api/v1/autorecovery/list_under_replicated_ledger")
	order(t, c.Bookies[0], "true")
	compare(t, b, "state-read-only", "/api/v1/bookie/state")
	compare(t, b, "ready-read-only", "/api/v1/bookie/is_ready")
	order(t, c.Bookies[0], "false")

	c.Bookies[2].Kill(t)
	eventually(t, "all ledgers are marked", func() bool {
		answer, _ := get(t, b, "/api/v1/autorecovery/list_under_replicated_ledger")
		return bytes.Contains(answer, []byte("200 OK")) && bytes.Count(answer, []byte(",")) == w.Progress(t).Ledgers-1
	})
	compare(t, b, "cluster-bookie-down", "/api/v1/bookie/cluster_info")
	if *record {
		compare(t, b, "ledgers", "/api/v1/autorecovery/list_under_replicated_ledger")
	}
}

// get is an answer as it came, without its date and with one thing altered: directories of
// the test have no place in a recording.
func get(t *testing.T, p *bookkeeper.Process, path string) ([]byte, error) {
	t.Helper()
	response, err := (&http.Client{Timeout: time.Minute}).Get(address(p) + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	body = directory.ReplaceAll(body, nil)
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %s\r\n", response.Status)
	if kind := response.Header.Get("Content-Type"); kind != "" {
		fmt.Fprintf(&out, "Content-Type: %s\r\n", kind)
	}
	fmt.Fprintf(&out, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return out.Bytes(), nil
}

var (
	directory = regexp.MustCompile(`/[^ "]*/(bookie-\d+)`)
	number    = regexp.MustCompile(`\d+`)
)

// compare asks a process and compares the answer with its recording, numbers apart.
func compare(t *testing.T, p *bookkeeper.Process, name, path string) {
	t.Helper()
	got, err := get(t, p, path)
	if err != nil {
		t.Fatal(err)
	}
	recorded := recordedAs(t, name, got)
	if diff := cmp.Diff(string(unnumbered(recorded)), string(unnumbered(got))); diff != "" {
		t.Errorf("%s is now answered otherwise (-recorded +got):\n%s", path, diff)
	}
}

// unnumbered leaves the code of HTTP.
func unnumbered(answer []byte) []byte {
	const code = len("HTTP/1.1 200")
	return append(answer[:code:code], number.ReplaceAll(answer[code:], []byte("0"))...)
}

func compareStatus(t *testing.T, p *bookkeeper.Process, name string) {
	t.Helper()
	got, err := get(t, p, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	line := []byte("\nbookie_SERVER_STATUS 1\n")
	if recorded := recordedAs(t, name, got); !bytes.Contains(got, line) || !bytes.Contains(recorded, line) {
		t.Errorf("/metrics no longer holds %q", line)
	}
}

// recordedAs is the recording, made anew where that was asked for.
func recordedAs(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	file := filepath.Join(recordings, name+".http")
	if *record {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	recorded, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return recorded
}
