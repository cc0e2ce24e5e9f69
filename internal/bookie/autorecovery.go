package bookie

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Auditor asks who is the elected auditor, "" for nobody. The name is a bookie ID since 4.12 and
// before it the host's name, a slash and its address; either is the name of a process, which
// may be an autorecovery that has no bookie. The answer is text, whatever the documentation shows,
// and 404 stands both for nobody and for any exception, which is a *StatusError here: also
// the one of a cluster that never had an autorecovery (testdata/no-auditor.http).
// Source: BookKeeper 4.10.0 and 4.17.3, server/http/service/WhoIsAuditorService.java.
func (c *Client) Auditor(ctx context.Context) (string, error) {
	a, err := c.ask(ctx, whoIsAuditor)
	if err != nil {
		return "", err
	}
	if a.isText(http.StatusNotFound, "No auditor elected") {
		return "", nil
	}
	id, ok := parseAuditor(a)
	if !ok {
		return "", c.unexpected(whoIsAuditor, a)
	}
	return id, nil
}

func parseAuditor(a answer) (string, bool) {
	id, ok := strings.CutPrefix(strings.TrimSpace(string(a.body)), "Auditor: ")
	return id, ok && a.code == http.StatusOK && id != "" && !strings.ContainsAny(id, " \t\r\n")
}

// Enabled asks whether autorecovery is not switched off, since 4.11.0. Ask rarely: the process
// opens a session with ZooKeeper for each question, which can take seconds.
// Source: BookKeeper 4.17.3, server/http/service/AutoRecoveryStatusService.java.
func (c *Client) Enabled(ctx context.Context) (bool, error) {
	body, err := c.askOK(ctx, autorecovery)
	if err != nil {
		return false, err
	}
	enabled, err := parseEnabled(body)
	if err != nil {
		return false, c.misread(autorecovery, err)
	}
	return enabled, nil
}

func parseEnabled(body []byte) (enabled bool, err error) {
	o, err := parseObject(body)
	if err != nil {
		return false, err
	}
	err = field(o, "enabled", &enabled)
	return enabled && err == nil, err
}

// UnderReplicated are the ledgers that are marked as missing a copy. Marks stay when a bookie
// comes back until a worker has looked at each; none is no proof of health while no auditor runs.
type UnderReplicated struct {
	// Count is how many there are; AtLeast says that there are more, in an answer that was
	// too long to be read to its end.
	Count   int
	AtLeast bool
	// First are the first of them, at most 10, in the order of the answer.
	First []int64
}

// UnderReplicated asks a bookie for these ledgers. It walks the whole tree in ZooKeeper and
// waits for it. The answer for none is 404, and so is that for any exception: here the first is
// no ledger and no error, the second a *StatusError. An autorecovery process knows only the second.
// Source: BookKeeper 4.17.3, server/http/service/ListUnderReplicatedLedgerService.java;
// testdata/autorecovery-ledgers.http.
func (c *Client) UnderReplicated(ctx context.Context) (UnderReplicated, error) {
	return request(ctx, c, underReplicated, func(code int, body *bounded) (UnderReplicated, error) {
		if code == http.StatusOK {
			return parseLedgers(body)
		}
		text, err := io.ReadAll(io.LimitReader(body, small))
		if err != nil {
			return UnderReplicated{}, err
		}
		if a := (answer{code, text}); !a.isText(http.StatusNotFound, "No under replicated ledgers found") {
			return UnderReplicated{}, underReplicated.unexpected(a)
		}
		return UnderReplicated{}, nil
	})
}

// parseLedgers reads a list of ledgers without holding it.
func parseLedgers(body *bounded) (UnderReplicated, error) {
	const most = 10
	var ledgers UnderReplicated
	decoder := json.NewDecoder(body)
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return UnderReplicated{}, errNoLedgers
	}
	for decoder.More() {
		var ledger *int64
		err := decoder.Decode(&ledger)
		if body.exceeded && errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil || ledger == nil || *ledger < 0 {
			return UnderReplicated{}, errNoLedgers
		}
		if ledgers.Count++; len(ledgers.First) < most {
			ledgers.First = append(ledgers.First, *ledger)
		}
	}
	if body.exceeded {
		return ledgers.cut()
	}
	if _, err := decoder.Token(); err != nil {
		return UnderReplicated{}, errNoLedgers
	}
	if _, err := decoder.Token(); err != io.EOF || ledgers.Count == 0 {
		return UnderReplicated{}, errNoLedgers // none is another answer
	}
	return ledgers, nil
}

var errNoLedgers = errors.New("not a list of ledgers")

// cut takes the last ledger away, of whose number digits may be missing.
func (u UnderReplicated) cut() (UnderReplicated, error) {
	u.Count--
	if u.Count <= 0 {
		return UnderReplicated{}, errNoLedgers
	}
	u.First = u.First[:min(len(u.First), u.Count)]
	u.AtLeast = true
	return u, nil
}

// RecoveryDelay asks for how long the auditor waits for a lost bookie before it marks its
// ledgers. Where that was never set, which the first auditor does, there is an exception: a
// *StatusError with 404.
// Source: BookKeeper 4.17.3, server/http/service/LostBookieRecoveryDelayService.java.
func (c *Client) RecoveryDelay(ctx context.Context) (time.Duration, error) {
	a, err := c.ask(ctx, recoveryDelay)
	if err != nil {
		return 0, err
	}
	delay, ok := parseDelay(a)
	if !ok {
		return 0, c.unexpected(recoveryDelay, a)
	}
	return delay, nil
}

// parseDelay reads seconds, which BookKeeper holds in 32 bits.
func parseDelay(a answer) (time.Duration, bool) {
	digits, ok := strings.CutPrefix(strings.TrimSpace(string(a.body)), "lostBookieRecoveryDelay value: ")
	seconds, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || seconds > math.MaxInt32 || a.code != http.StatusOK {
		return 0, false
	}
	return time.Duration(seconds) * time.Second, true
}
