//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bkgen/bkgen/internal/manifest"
)

// rewriting is a directory of many clusters that runs rewrite from one state into the
// other: half of the files move to another namespace, the other half get annotations.
type rewriting struct {
	input, dir string
	// now is the state that dir is in, next the one that a run would bring.
	now, next rewritten
}

// rewritten is a state of the directory and the flags that it is rendered with.
type rewritten struct {
	flags []string
	tree  tree
}

func newRewriting(t *testing.T) *rewriting {
	t.Helper()
	base := t.TempDir()
	r := &rewriting{input: filepath.Join(base, "clusters.yaml"), dir: filepath.Join(base, "deploy")}
	if err := os.WriteFile(r.input, []byte(manyClusters(50)), 0o644); err != nil {
		t.Fatal(err)
	}
	r.next = r.render(t, "-n", "two", "--gitops", "argocd")
	r.now = r.render(t, "-n", "one")
	return r
}

func (r *rewriting) render(t *testing.T, flags ...string) rewritten {
	t.Helper()
	if out, err := r.command(t, flags).CombinedOutput(); err != nil || unexpected(string(out)) != "" {
		t.Fatalf("bkgen: %v\n%s", err, out)
	}
	return rewritten{flags, contents(t, r.dir)}
}

// unexpected is the output without the lines that name what was deleted.
func unexpected(out string) string {
	var rest strings.Builder
	for line := range strings.Lines(out) {
		if !strings.HasSuffix(line, ": deleted; no input renders it any more\n") {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

func (r *rewriting) command(t *testing.T, flags []string) *exec.Cmd {
	return exec.CommandContext(t.Context(), "bkgen", append([]string{"-o", r.dir, r.input}, flags...)...)
}

// is checks what the directory holds; a difference of hundreds of files is not printed.
func (r *rewriting) is(t *testing.T, want rewritten) {
	t.Helper()
	found := contents(t, r.dir)
	for name, text := range want.tree {
		if found[name] != text {
			t.Errorf("%s is not what bkgen %s writes", name, want.flags)
		}
	}
	for name := range found {
		if _, ok := want.tree[name]; !ok {
			t.Errorf("%s is there, and bkgen %s does not write it", name, want.flags)
		}
	}
}

// moments are states of the directory during a run, each of which a signal shall meet.
var moments = []struct {
	name string
	seen func(r *rewriting, staging string) bool
}{
	{"the staging directory appears", func(_ *rewriting, staging string) bool { return staging != "" }},
	{"some files are staged", func(_ *rewriting, staging string) bool {
		entries, err := os.ReadDir(staging)
		return err == nil && len(entries) > 50
	}},
	{"the inventory is staged, last", func(_ *rewriting, staging string) bool {
		return staging != "" && exists(filepath.Join(staging, manifest.InventoryName))
	}},
	{"files are being renamed", func(r *rewriting, _ string) bool {
		return exists(filepath.Join(r.dir, r.next.flags[1], "bk-2", "kustomization.yaml"))
	}},
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// interrupt starts a run that rewrites the directory, sends it a signal when the moment is
// seen and waits for its end. A run that is quicker than that is repeated with the roles
// of the states exchanged.
func (r *rewriting) interrupt(t *testing.T, seen func(*rewriting, string) bool, signal os.Signal) (state *os.ProcessState, output string) {
	t.Helper()
	for range 50 {
		cmd := r.command(t, r.next.flags)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		met := false
		for !met && len(ended) == 0 {
			if seen(r, stagingIn(t, r.dir)) {
				met = cmd.Process.Signal(signal) == nil
			}
			time.Sleep(100 * time.Microsecond) // the run needs the processor
		}
		if err := <-ended; !met && err != nil {
			t.Fatalf("bkgen: %v\n%s", err, out.String())
		}
		if met {
			return cmd.ProcessState, out.String()
		}
		r.now, r.next = r.next, r.now
	}
	t.Fatal("no run was met at this moment")
	return nil, ""
}

// stagingIn is the staging directory in dir, "" if there is none.
func stagingIn(t *testing.T, dir string) string {
	t.Helper()
	matches, err := filepath.Glob(filepath.Join(dir, stagingPrefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(matches) == 0 {
		return ""
	}
	return matches[0]
}

// A run that SIGINT meets changes nothing, or it has begun to rename and does all of it.
func TestInterruptedRunIsOldOrNew(t *testing.T) {
	r := newRewriting(t)
	for _, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			for range 2 {
				state, out := r.interrupt(t, moment.seen, os.Interrupt)
				t.Log(state, out)
				switch state.ExitCode() {
				case exitYes:
					r.now, r.next = r.next, r.now
					mustEqual(t, "output", "", unexpected(out))
				case exitCouldNotSay:
					if !strings.HasSuffix(out, ": interrupt signal received; nothing was changed\n") {
						t.Errorf("output %q", out)
					}
				default:
					t.Fatalf("bkgen: %v\n%s", state, out)
				}
				r.is(t, r.now)
			}
		})
	}
}

// A run that SIGKILL meets may leave a mixture. The next one, of the same spec or of the
// one before, takes it for bkgen's own and makes it whole.
func TestKilledRunIsRepaired(t *testing.T) {
	r := newRewriting(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			state, out := r.interrupt(t, moment.seen, os.Kill)
			if unexpected(out) != "" {
				t.Errorf("%v, output %q", state, out)
			}
			if i%2 == 1 {
				r.now, r.next = r.next, r.now
			}
			r.render(t, r.now.flags...)
			r.is(t, r.now)
		})
	}
}

// A run without a reader from the start is ended by SIGPIPE, as the tools of a shell are.
func TestClosedPipe(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-"}, {"--help"}, {"version"}, {"completion", "bash"}} {
		t.Run(args[0], func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "bkgen", args...)
			var stderr bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(manyClusters(1)), writer, &stderr
			err := cmd.Run()
			status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if err == nil || status.Signal() != syscall.SIGPIPE || stderr.Len() > 0 {
				t.Errorf("bkgen: %v, stderr %q; want %v", err, stderr.String(), syscall.SIGPIPE)
			}
		})
	}
}

// A standard output that fails in any other way is an error with its reason.
func TestStandardOutputFails(t *testing.T) {
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"-"}, streams{strings.NewReader(manyClusters(1)), brokenWriter{}, &stderr})
	want := "bkgen: writing to standard output: file already closed\n"
	if code != exitCouldNotSay || stderr.String() != want {
		t.Errorf("exit code %d, stderr %q; want %d, %q", code, stderr.String(), exitCouldNotSay, want)
	}
}
