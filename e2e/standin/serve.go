package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// behaviour is how a server misbehaves.
type behaviour struct {
	listen     string
	readyAfter time.Duration
	neverReady bool
	crashAfter time.Duration
	exitCode   int
	termDelay  time.Duration
}

func (b *behaviour) parse(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&b.listen, "listen", ":8080", "`ADDRESS` to serve on")
	flags.DurationVar(&b.readyAfter, "ready-after", 0, "be ready this long after the start")
	flags.BoolVar(&b.neverReady, "never-ready", false, "become ready only when told so")
	flags.DurationVar(&b.crashAfter, "crash-after", 0, "end by itself this long after the start; 0: never")
	flags.IntVar(&b.exitCode, "exit-code", 1, "exit code of a crash")
	flags.DurationVar(&b.termDelay, "term-delay", 0, "stay, and serve, this long after SIGTERM")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return arguments(flags.Args())
}

// serve answers on
//
//	/healthz        200 always
//	/readyz         200 when ready, else 503
//	/ready /unready make it so
//	/crash?code=N   end at once with that exit code
//	/               the host's name, which is the pod's
func serve(ctx context.Context, args []string, out io.Writer) error {
	var b behaviour
	if err := b.parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", b.listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	fmt.Fprintf(out, "listening on %s\n", listener.Addr())
	s := &server{crash: make(chan int, 1)}
	httpServer := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	defer httpServer.Close()
	failed := make(chan error, 1)
	go func() { failed <- httpServer.Serve(listener) }()
	return s.live(ctx, b, failed)
}

type server struct {
	ready atomic.Bool
	crash chan int
}

// live waits for the first thing that ends the server, and makes it ready in due time.
func (s *server) live(ctx context.Context, b behaviour, failed <-chan error) error {
	var ready, crash, left <-chan time.Time
	if !b.neverReady {
		ready = time.After(b.readyAfter)
	}
	if b.crashAfter > 0 {
		crash = time.After(b.crashAfter)
	}
	told := ctx.Done()
	for {
		select {
		case <-ready:
			s.ready.Store(true)
		case <-crash:
			return exitError(b.exitCode)
		case code := <-s.crash:
			return exitError(code)
		case err := <-failed:
			return fmt.Errorf("serving: %w", err)
		case <-told:
			told, left = nil, time.After(b.termDelay)
		case <-left:
			return nil
		}
	}
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/readyz", s.readyz)
	mux.HandleFunc("/ready", func(http.ResponseWriter, *http.Request) { s.ready.Store(true) })
	mux.HandleFunc("/unready", func(http.ResponseWriter, *http.Request) { s.ready.Store(false) })
	mux.HandleFunc("/crash", s.crashNow)
	mux.HandleFunc("/{$}", hostname)
	return mux
}

func (s *server) readyz(w http.ResponseWriter, _ *http.Request) {
	if !s.ready.Load() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (s *server) crashNow(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.FormValue("code"))
	if err != nil {
		http.Error(w, fmt.Sprintf("parsing code: %v", err), http.StatusBadRequest)
		return
	}
	select {
	case s.crash <- code:
	default: // it crashes already
	}
}

func hostname(w http.ResponseWriter, _ *http.Request) {
	name, err := os.Hostname()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, name)
}

// exit waits, then ends with a code: 0, or what an argument says. SIGTERM ends the wait.
func exit(ctx context.Context, args []string, _ io.Writer) error {
	flags := flag.NewFlagSet("exit", flag.ContinueOnError)
	after := flags.Duration("after", 0, "wait this long first")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := arguments(flags.Args(), "CODE"); err != nil {
		return err
	}
	code, err := strconv.Atoi(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("parsing the exit code: %w", err)
	}
	select {
	case <-time.After(*after):
	case <-ctx.Done():
	}
	if code == 0 {
		return nil
	}
	return exitError(code)
}
