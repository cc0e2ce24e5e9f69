// Package bookie asks one process of BookKeeper, a bookie or an autorecovery, about itself, by
// its HTTP admin API.
//
// That API is off by default (httpServerEnabled), has no authentication and can delete
// ledgers: this package only ever gets. What it answers differs by version and by process, and
// some of it misleads; each method says how. The rules were read in BookKeeper 4.10.0, 4.16.6,
// 4.17.3 and 4.18.0 (server/http/service, http/HttpRouter.java) and are seen in testdata, which
// holds the answers of a real 4.17.3.
//
// A bookie answers one question at a time: its handlers run in order on one context of
// Vert.x (http/vertx/VertxHttpServer.java, blockingHandler). While ZooKeeper does not answer, one
// question that waits for it (ClusterInfo, Auditor, Enabled, UnderReplicated, RecoveryDelay)
// keeps Ready and State waiting too, whoever asks these. So a bookie that has a probe is not asked
// for what can be read in ZooKeeper itself.
//
// Its input and output is the http.Client; the clock and the environment are never touched.
package bookie

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client asks one process. It keeps its connection for the next question, and is safe for use by
// several goroutines.
type Client struct {
	base string
	http *http.Client
}

// defaultTimeout is for a whole answer of a process that may be collecting garbage, and less
// than the period of any probe.
const defaultTimeout = 5 * time.Second

// New is a client of the process whose HTTP server is at base, such as http://10.0.0.1:8080.
// Its only error is that of a base that is not the URL of a server.
//
// Of client it uses transport and timeout, the latter 5 s where it has none; redirects are
// not followed, as BookKeeper sends none. nil is a client of its own that asks no proxy.
func New(base string, client *http.Client) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("address of an admin API: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("address of an admin API %q: not http://host:port", u.Redacted())
	}
	own := http.Client{Transport: transport()}
	if client != nil {
		own = *client
	}
	if own.Timeout <= 0 {
		own.Timeout = defaultTimeout
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{base: u.Scheme + "://" + u.Host, http: &own}, nil
}

// transport keeps one idle connection: a probe asks again, one question at a time.
func transport() *http.Transport {
	return &http.Transport{
		DialContext:         new(net.Dialer).DialContext,
		TLSHandshakeTimeout: defaultTimeout,
		MaxIdleConnsPerHost: 1,
		IdleConnTimeout:     2 * time.Minute,
		DisableCompression:  true,
	}
}

// path is one question of the API.
type path struct {
	name string
	// since is the first release that knows it. Source: HttpRouter.java of BookKeeper's tags.
	since string
	// limit is the longest answer that is read, in bytes.
	limit int64
}

const (
	// small bounds the answers that have a fixed form. The longest, cluster_info, has 256 bytes.
	small = 16 << 10
	// A list of ledgers is cut after a hundred thousand or so: more is no other news.
	medium = 1 << 20
	large  = 16 << 20
)

var (
	heartbeat       = path{"/heartbeat", "4.7.0", small}
	state           = path{"/api/v1/bookie/state", "4.9.2", small}
	isReady         = path{"/api/v1/bookie/is_ready", "4.9.2", small}
	info            = path{"/api/v1/bookie/info", "4.11.0", small}
	clusterInfo     = path{"/api/v1/bookie/cluster_info", "4.14.7", small}
	serverConfig    = path{"/api/v1/config/server_config", "4.7.0", medium}
	autorecovery    = path{"/api/v1/autorecovery/status", "4.11.0", small}
	whoIsAuditor    = path{"/api/v1/autorecovery/who_is_auditor", "4.7.0", small}
	underReplicated = path{"/api/v1/autorecovery/list_under_replicated_ledger", "4.7.0", medium}
	recoveryDelay   = path{"/api/v1/autorecovery/lost_bookie_recovery_delay", "4.7.0", small}
	metrics         = path{"/metrics", "4.7.3", large}
)

// answer is an answer that has been read to its end.
type answer struct {
	code int
	body []byte
}

// isText reports whether the answer is that text; white space around it does not count.
func (a answer) isText(code int, text string) bool {
	return a.code == code && strings.TrimSpace(string(a.body)) == text
}
