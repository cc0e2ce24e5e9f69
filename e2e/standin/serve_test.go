package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// start starts serve on a free port of loopback. stop is what SIGTERM does; ended receives
// what serve returns.
func start(t *testing.T, args ...string) (url string, stop func(), ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	reader, writer := io.Pipe()
	result := make(chan error, 1)
	go func() {
		result <- serve(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), writer)
		writer.Close()
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + strings.TrimSpace(strings.TrimPrefix(line, "listening on ")), cancel, result
}

// status is what a path answers; 0 where nobody answers.
func status(t *testing.T, url string) int {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(url)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 10 s for %s", what)
		}
	}
}

// result is what serve returns, in due time.
func result(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("serve does not end")
		return nil
	}
}

func TestServeBecomesReadyAndCanBeSwitched(t *testing.T) {
	url, stop, ended := start(t, "-ready-after", "20ms")
	await(t, "readiness", func() bool { return status(t, url+"/readyz") == 200 })
	for path, want := range map[string]int{"/unready": 503, "/ready": 200} {
		if got := status(t, url+path); got != 200 {
			t.Errorf("%s answered %d", path, got)
		}
		if got := status(t, url+"/readyz"); got != want {
			t.Errorf("after %s /readyz answers %d, want %d", path, got, want)
		}
	}
	if got := status(t, url+"/healthz"); got != 200 {
		t.Errorf("/healthz answers %d", got)
	}
	if got := status(t, url+"/nothing"); got != 404 {
		t.Errorf("/nothing answers %d", got)
	}
	stop()
	if err := result(t, ended); err != nil {
		t.Errorf("err = %v after SIGTERM", err)
	}
}

func TestServeNeverReadyUnlessTold(t *testing.T) {
	url, _, _ := start(t, "-never-ready")
	if got := status(t, url+"/readyz"); got != 503 {
		t.Errorf("/readyz answers %d, want 503", got)
	}
	status(t, url+"/ready")
	if got := status(t, url+"/readyz"); got != 200 {
		t.Errorf("told to be ready, /readyz answers %d", got)
	}
}

func TestServeCrashes(t *testing.T) {
	t.Run("by itself", func(t *testing.T) {
		_, _, ended := start(t, "-crash-after", "10ms", "-exit-code", "3")
		if err := result(t, ended); !errors.Is(err, exitError(3)) {
			t.Errorf("err = %v, want exit code 3", err)
		}
	})
	t.Run("when told", func(t *testing.T) {
		url, _, ended := start(t)
		if got := status(t, url+"/crash?code=now"); got != 400 {
			t.Errorf("a crash without code answers %d", got)
		}
		status(t, url+"/crash?code=7")
		if err := result(t, ended); !errors.Is(err, exitError(7)) {
			t.Errorf("err = %v, want exit code 7", err)
		}
	})
}

func TestServeStaysAfterSIGTERM(t *testing.T) {
	url, stop, ended := start(t, "-term-delay", "1h")
	stop()
	if got := status(t, url+"/healthz"); got != 200 {
		t.Errorf("/healthz answers %d after SIGTERM", got)
	}
	status(t, url+"/crash?code=9")
	if err := result(t, ended); !errors.Is(err, exitError(9)) {
		t.Errorf("err = %v, want exit code 9", err)
	}
}

func TestExit(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name string
		ctx  context.Context
		args []string
		want int
	}{
		{"success", t.Context(), []string{"exit", "0"}, 0},
		{"failure", t.Context(), []string{"exit", "4"}, 4},
		{"later", t.Context(), []string{"exit", "-after", "1ms", "5"}, 5},
		{"SIGTERM", ctx, []string{"exit", "-after", "1h", "0"}, 0},
		{"no code", t.Context(), []string{"exit"}, 1},
		{"no number", t.Context(), []string{"exit", "x"}, 1},
		{"no command", t.Context(), nil, 2},
		{"an unknown command", t.Context(), []string{"sh"}, 2},
		{"help", t.Context(), []string{"exit", "-h"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := run(test.ctx, test.args, io.Discard, io.Discard); got != test.want {
				t.Errorf("exit code %d, want %d", got, test.want)
			}
		})
	}
}
