package bookie

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Registration is how a bookie believes that it is registered in ZooKeeper.
type Registration int

// The values of the gauge bookie_SERVER_STATUS. When ZooKeeper cannot be reached it stays as it
// was until the session would have expired (zkTimeout), and is Unregistered from then until
// the bookie has registered anew.
// Source: BookKeeper 4.17.3, bookie/BookieStateManager.java.
const (
	Writable Registration = 1 + iota
	ReadOnly
	Unregistered
)

func (r Registration) String() string {
	switch r {
	case Writable:
		return "writable"
	case ReadOnly:
		return "read-only"
	case Unregistered:
		return "unregistered"
	}
	return "not known"
}

// Registration asks a bookie how it is registered, since 4.7.3. It is the one metric here: the
// auditor's count of under-replicated ledgers is a distribution of what its last audit found,
// and all else is better asked elsewhere. It is an error that the gauge is absent: so it is on an
// autorecovery process and where enableStatistics is not set.
// Source: BookKeeper 4.17.3, server/http/service/MetricsService.java, replication/AuditorStats.java.
func (c *Client) Registration(ctx context.Context) (Registration, error) {
	return request(ctx, c, metrics, func(code int, body *bounded) (Registration, error) {
		if code == http.StatusOK {
			return parseRegistration(body)
		}
		text, err := io.ReadAll(io.LimitReader(body, small))
		if err != nil {
			return 0, err
		}
		return 0, metrics.unexpected(answer{code, text})
	})
}

// parseRegistration reads the metrics line by line, and all of them: what is left unread costs
// the connection.
func parseRegistration(body *bounded) (Registration, error) {
	var registration Registration
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 4<<10), small)
	for lines.Scan() {
		value, ok := bytes.CutPrefix(lines.Bytes(), []byte("bookie_SERVER_STATUS "))
		if !ok {
			continue
		}
		if registration != 0 {
			return 0, errors.New("bookie_SERVER_STATUS: twice")
		}
		switch string(bytes.TrimSpace(value)) {
		case "1", "1.0":
			registration = Writable
		case "0", "0.0":
			registration = ReadOnly
		case "-1", "-1.0":
			registration = Unregistered
		default:
			return 0, fmt.Errorf("bookie_SERVER_STATUS: %q", value)
		}
	}
	switch err := lines.Err(); {
	case err != nil:
		return 0, fmt.Errorf("reading metrics: %w", err)
	case body.exceeded:
		return 0, errors.New("too many metrics")
	case registration == 0:
		return 0, errors.New("no bookie_SERVER_STATUS: not a bookie, or enableStatistics is not set")
	}
	return registration, nil
}
