package bookie_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/internal/bookie"
)

// reply is what a process answers to everything.
type reply struct {
	code int
	body string
}

// recorded is the answer of a real process.
func recorded(t *testing.T, name string) reply {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name+".http"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	response, err := http.ReadResponse(bufio.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, string(body)}
}

// answering is a client of a process that answers so, and the paths that were asked.
func answering(t *testing.T, r reply) (*bookie.Client, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		asked = append(asked, request.Method+" "+request.URL.RequestURI())
		w.WriteHeader(r.code)
		_, _ = io.WriteString(w, r.body)
	}))
	t.Cleanup(server.Close)
	client, err := bookie.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client, &asked
}

// outcome is an answer, or the kind of its error.
type outcome struct {
	Value any
	// Unsupported and Status are those of the error; Failed is any error.
	Unsupported, Failed bool
	Status              int
}

func outcomeOf[T any](value T, err error) outcome {
	o := outcome{Value: value, Unsupported: errors.Is(err, bookie.ErrUnsupported), Failed: err != nil}
	var status *bookie.StatusError
	if errors.As(err, &status) {
		o.Status = status.Code
	}
	if err != nil {
		o.Value = nil
	}
	return o
}

func good(value any) outcome { return outcome{Value: value} }

func status(code int) outcome { return outcome{Failed: true, Status: code} }

var (
	unreadable  = outcome{Failed: true}
	unsupported = outcome{Failed: true, Unsupported: true, Status: http.StatusNotFound}
)

// question is one of the client's.
type question struct {
	path string
	ask  func(context.Context, *bookie.Client) outcome
}

var (
	state = question{"/api/v1/bookie/state", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.State(ctx)) }}
	ready = question{"/api/v1/bookie/is_ready", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.Ready(ctx)) }}
	beat  = question{"/heartbeat", func(ctx context.Context, c *bookie.Client) outcome {
		err := c.Heartbeat(ctx)
		return outcomeOf(err == nil, err)
	}}
	info    = question{"/api/v1/bookie/info", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.Info(ctx)) }}
	cluster = question{"/api/v1/bookie/cluster_info", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.ClusterInfo(ctx)) }}
	config  = question{"/api/v1/config/server_config", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.Config(ctx)) }}
	enabled = question{"/api/v1/autorecovery/status", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.Enabled(ctx)) }}
	auditor = question{"/api/v1/autorecovery/who_is_auditor", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.Auditor(ctx)) }}
	ledgers = question{"/api/v1/autorecovery/list_under_replicated_ledger", func(ctx context.Context, c *bookie.Client) outcome {
		return outcomeOf(c.UnderReplicated(ctx))
	}}
	delay    = question{"/api/v1/autorecovery/lost_bookie_recovery_delay", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.RecoveryDelay(ctx)) }}
	register = question{"/metrics", func(ctx context.Context, c *bookie.Client) outcome { return outcomeOf(c.Registration(ctx)) }}
)

func check(t *testing.T, q question, r reply, want outcome) {
	t.Helper()
	client, asked := answering(t, r)
	got := q.ask(t.Context(), client)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"GET " + q.path}, *asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// What a recording says that is of its machine and moment.
const (
	recordedFree, recordedTotal = 55313969152, 270553174016
	recordedAuditor             = "10.98.0.6:3181"
)

var recordedLedgers = bookie.UnderReplicated{Count: 4, First: []int64{2, 3, 0, 1}}

func TestRecordedAnswers(t *testing.T) {
	writable := bookie.State{Running: true, HighPriorityWrites: true}
	for _, test := range []struct {
		name, file string
		question   question
		want       outcome
	}{
		{"a process serves", "heartbeat", beat, good(true)},
		{"a bookie runs and is writable", "state", state, good(writable)},
		{"a bookie is read-only", "state-read-only", state, good(bookie.State{Running: true, ReadOnly: true, HighPriorityWrites: true})},
		{"a bookie is ready", "ready", ready, good(true)},
		{"a read-only bookie is ready too", "ready-read-only", ready, good(true)},
		{"a bookie has space", "info", info, good(bookie.Info{Free: recordedFree, Total: recordedTotal})},
		{"a cluster is healthy", "cluster", cluster, good(bookie.ClusterInfo{
			AuditorElected: true, AuditorID: recordedAuditor, Enabled: true, Total: 3, Writable: 3,
		})},
		{"a bookie of the cluster is down", "cluster-bookie-down", cluster, good(bookie.ClusterInfo{
			AuditorElected: true, AuditorID: recordedAuditor, UnderReplicated: true, Enabled: true, Total: 3, Writable: 2, Unavailable: 1,
		})},
		{"autorecovery is enabled", "enabled", enabled, good(true)},
		{"an auditor is elected", "auditor", auditor, good(recordedAuditor)},
		{"there was never an auditor, which is an exception", "no-auditor", auditor, status(404)},
		{"a delay is known", "delay", delay, good(time.Duration(0))},
		{"a delay was never set, which is an exception", "no-delay", delay, status(404)},
		{"no ledger misses a copy", "no-ledgers", ledgers, good(bookie.UnderReplicated{})},
		{"ledgers miss a copy", "ledgers", ledgers, good(recordedLedgers)},
		{"an autorecovery does not know ledgers, with the code for none", "autorecovery-ledgers", ledgers, status(404)},
		{"an autorecovery has no state", "autorecovery-state", state, status(500)},
		{"an autorecovery is not ready and not unready", "autorecovery-state", ready, status(500)},
		{"an autorecovery has no cluster", "autorecovery-cluster", cluster, status(500)},
		{"a bookie is registered", "metrics", register, good(bookie.Writable)},
		{"an old version has no state", "unknown-path", state, unsupported},
		{"an old version has no readiness", "unknown-path", ready, unsupported},
		{"an old version has no space", "unknown-path", info, unsupported},
		{"an old version has no cluster", "unknown-path", cluster, unsupported},
		{"an old version has no status of autorecovery", "unknown-path", enabled, unsupported},
		{"another program has no auditor", "unknown-path", auditor, unsupported},
		{"another program has no ledgers", "unknown-path", ledgers, unsupported},
		{"another program has no metrics", "unknown-path", register, unsupported},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, test.question, recorded(t, test.file), test.want) })
	}
}

func TestAnswersThatCouldNotBeRecorded(t *testing.T) {
	const whole = `{"running":true,"readOnly":false,"shuttingDown":true,"availableForHighPriorityWrites":false}`
	ok := func(body string) reply { return reply{http.StatusOK, body} }
	for _, test := range []struct {
		name     string
		question question
		reply    reply
		want     outcome
	}{
		{"a bookie ends", state, ok(whole), good(bookie.State{Running: true, ShuttingDown: true})},
		{"a state lacks a field", state, ok(`{"running":true,"readOnly":false,"shuttingDown":false}`), unreadable},
		{"a field is null", state, ok(strings.Replace(whole, "true", "null", 1)), unreadable},
		{"a field is a text", state, ok(strings.Replace(whole, "true", `"true"`, 1)), unreadable},
		{"a state goes on", state, ok(whole + whole), unreadable},
		{"a state is null", state, ok("null"), unreadable},
		{"a state is empty", state, ok(""), unreadable},
		{"a state is endless", state, ok(strings.Repeat(" ", 1<<20) + whole), unreadable},
		{"a state is elsewhere", state, reply{http.StatusFound, whole}, status(302)},
		{"a proxy cannot reach the bookie", state, reply{http.StatusBadGateway, "<html>"}, status(502)},
		{"4.10 is ready without a word", ready, ok(""), good(true)},
		{"a bookie is not ready", ready, reply{503, "Bookie is not fully started yet"}, good(false)},
		{"a proxy is not ready", ready, reply{503, "no healthy upstream"}, status(503)},
		{"a login page is not ready", ready, ok("<html>OK</html>"), status(200)},
		{"a page has a heart", beat, ok("<html>OK</html>"), status(200)},
		{"a disk is full", info, ok(`{"freeSpace":0,"totalSpace":10}`), good(bookie.Info{Total: 10})},
		{"space is negative", info, ok(`{"freeSpace":-1,"totalSpace":10}`), unreadable},
		{"space lacks its total", info, ok(`{"freeSpace":1}`), unreadable},
		{"space is a fraction", info, ok(`{"freeSpace":1.5,"totalSpace":2}`), unreadable},
		{"a cluster has a bookie without a cookie", cluster, ok(`{"auditorElected":false,"auditorId":"","clusterUnderReplicated":false,` +
			`"ledgerReplicationEnabled":false,"totalBookiesCount":0,"writableBookiesCount":1,"readonlyBookiesCount":0,"unavailableBookiesCount":-1}`),
			good(bookie.ClusterInfo{Writable: 1, Unavailable: -1})},
		{"a cluster lacks its auditor", cluster, ok(`{}`), unreadable},
		{"a process has no settings", config, ok(`{}`), good(bookie.Config{})},
		{"a setting is a number", config, ok(`{"bookiePort":3181}`), unreadable},
		{"settings are a list", config, ok(`[]`), unreadable},
		{"autorecovery is disabled", enabled, ok(`{"enabled":false}`), good(false)},
		{"autorecovery is neither", enabled, ok(`{}`), unreadable},
		{"no auditor is elected", auditor, reply{404, "No auditor elected"}, good("")},
		{"an auditor before 4.12", auditor, ok("Auditor: bk-0.bk/10.0.0.1:3181"), good("bk-0.bk/10.0.0.1:3181")},
		{"an auditor has no name", auditor, ok("Auditor: "), status(200)},
		{"an auditor as the documentation has it", auditor, ok(`{"Auditor": "bk-0"}`), status(200)},
		{"a lost session hides the auditor", auditor, reply{404, "Exception when get.ConnectionLoss"}, status(404)},
		{"a delay of ten minutes", delay, ok("lostBookieRecoveryDelay value: 600"), good(10 * time.Minute)},
		{"a delay is negative", delay, ok("lostBookieRecoveryDelay value: -1"), status(200)},
		{"a delay is not a number", delay, ok("lostBookieRecoveryDelay value: ten"), status(200)},
		{"a delay is too large", delay, ok("lostBookieRecoveryDelay value: 2147483648"), status(200)},
		{"one ledger misses a copy", ledgers, ok("[7]"), good(bookie.UnderReplicated{Count: 1, First: []int64{7}})},
		{"many ledgers miss a copy", ledgers, ok("[1" + strings.Repeat(",2", 99) + "]"),
			good(bookie.UnderReplicated{Count: 100, First: []int64{1, 2, 2, 2, 2, 2, 2, 2, 2, 2}})},
		{"more ledgers than can be read miss a copy", ledgers, ok("[1" + strings.Repeat(",2345678", 1<<17+1) + "]"),
			good(bookie.UnderReplicated{Count: 1 << 17, AtLeast: true, First: append([]int64{1}, 2345678, 2345678, 2345678, 2345678, 2345678, 2345678, 2345678, 2345678, 2345678)})},
		{"an empty list, which is no answer for none", ledgers, ok("[]"), unreadable},
		{"a list breaks off", ledgers, ok("[1,2"), unreadable},
		{"a list goes on", ledgers, ok("[1,2][3]"), unreadable},
		{"a list of negative ledgers", ledgers, ok("[-1]"), unreadable},
		{"a list of nothing", ledgers, ok("[null]"), unreadable},
		{"ledgers with their bookies", ledgers, ok(`{"1":["bk-0"]}`), unreadable},
		{"nothing but an error", ledgers, reply{404, "Exception when get.null"}, status(404)},
		{"none with the wrong code", ledgers, reply{200, "No under replicated ledgers found"}, unreadable},
		{"none with the code of an error", ledgers, reply{500, "No under replicated ledgers found"}, status(500)},
		{"a bookie is unregistered", register, ok("# TYPE\nbookie_SERVER_STATUS -1\n"), good(bookie.Unregistered)},
		{"a bookie is registered as read-only", register, ok("bookie_SERVER_STATUS 0\n"), good(bookie.ReadOnly)},
		{"a status is none that is known", register, ok("bookie_SERVER_STATUS 2\n"), unreadable},
		{"a status is not a number", register, ok("bookie_SERVER_STATUS NaN\n"), unreadable},
		{"a status is there twice", register, ok("bookie_SERVER_STATUS 1\nbookie_SERVER_STATUS 1\n"), unreadable},
		{"there is no status", register, ok("bookie_SERVER_STATUSES 1\n"), unreadable},
		{"a line is endless", register, ok(strings.Repeat("x", 1<<20)), unreadable},
		{"metrics are endless", register, ok("bookie_SERVER_STATUS 1\n" + strings.Repeat("bookie_x 1\n", 2<<20)), unreadable},
		{"there are no statistics", register, reply{500, "Stats provider is not enabled."}, status(500)},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, test.question, test.reply, test.want) })
	}
}

func TestConfigLeavesSecretsOut(t *testing.T) {
	client, _ := answering(t, recorded(t, "config"))
	got, err := client.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got["exampleToken"]; ok || got["bookiePort"] != "3181" {
		t.Errorf("%v; want bookiePort and no exampleToken", got)
	}
	lists := map[string][]string{"exampleList": {"a", "b"}, "bookiePort": {"3181"}, "indexDirectories": nil}
	for setting, want := range lists {
		if diff := cmp.Diff(want, got.List(setting)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", setting, diff)
		}
	}
	const secret = "kept to itself"
	for _, body := range []string{
		`{"tlsKeyStorePassword":"` + secret + `","clientSecret":"` + secret + `","AUTHTOKEN":"` + secret + `","aCredential":"` + secret + `"}`,
		`{"bookiePort":["` + secret + `"]}`,
		`{"tlsKeyStorePassword":"` + secret,
	} {
		client, _ := answering(t, reply{200, body})
		got, err := client.Config(t.Context())
		if len(got) != 0 || (err != nil && strings.Contains(err.Error(), secret)) {
			t.Errorf("%s: %v, error %v; want nothing of it", body, got, err)
		}
	}
}
