// Package parts provides the real programs that the tests run: it downloads and builds each
// of them once, into a cache outside the tree, keyed by everything that the result depends on.
//
// The cache is $BKGEN_E2E_CACHE, or bkgen-e2e in the user's cache directory. It can be
// deleted at any time when no test runs. Several processes may share it: a part is built
// under a lock, beside its place, and renamed when it is whole.
//
// I/O: the network by way of go, apt-get and mvn; the cache; progress on standard error.
package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// MissingError tells that a part cannot be had on this machine: no network, no permission,
// no such package. A test that needs the part skips, or fails where CI is "true".
type MissingError struct {
	// Part is what is missing, in a word or two.
	Part string
	// Err says why.
	Err error
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not to be had here: %v", e.Part, e.Err)
}

func (e *MissingError) Unwrap() error { return e.Err }

// Dir is the cache's directory, made where it does not exist.
func Dir() (string, error) {
	dir := os.Getenv("BKGEN_E2E_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("finding the user's cache directory (BKGEN_E2E_CACHE names another): %w", err)
		}
		dir = filepath.Join(user, "bkgen-e2e")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the cache: %w", err)
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// recipe is how one part is made.
type recipe struct {
	// name is one file name; the part is found in the cache as <name>-<hash of key>.
	name string
	// key is everything that the result depends on: versions, sources, flags.
	key []string
	// build fills dir, which is empty. What it prints goes to standard error when it fails.
	build func(ctx context.Context, dir string) error
}

// part returns the directory of a part, which it makes first where it does not exist yet.
// Any failure is a *MissingError.
func (r recipe) part(ctx context.Context) (string, error) {
	dir, err := r.made(ctx)
	if err != nil {
		return "", &MissingError{Part: r.name, Err: err}
	}
	return dir, nil
}

func (r recipe) made(ctx context.Context) (string, error) {
	cache, err := Dir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(r.key, "\x00")))
	place := filepath.Join(cache, r.name+"-"+hex.EncodeToString(sum[:6]))
	unlock, err := lock(filepath.Join(cache, r.name+".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(place); err == nil {
		now := time.Now()
		return place, os.Chtimes(place, now, now)
	}
	r.sweep(cache)
	beside, err := os.MkdirTemp(cache, r.name+".tmp-")
	if err != nil {
		return "", fmt.Errorf("making %s: %w", r.name, err)
	}
	defer os.RemoveAll(beside)
	if err := os.Chmod(beside, 0o755); err != nil {
		return "", fmt.Errorf("making %s: %w", r.name, err)
	}
	start := time.Now()
	fmt.Fprintf(os.Stderr, "e2e: making %s (once; kept in %s)\n", r.name, cache)
	if err := r.build(ctx, beside); err != nil {
		return "", err
	}
	if err := os.Rename(beside, place); err != nil {
		return "", fmt.Errorf("making %s: %w", r.name, err)
	}
	fmt.Fprintf(os.Stderr, "e2e: made %s in %s\n", r.name, time.Since(start).Round(time.Second))
	return place, nil
}

// unused is how long another version of a part stays: another checkout may use it.
const unused = 7 * 24 * time.Hour

// sweep removes what killed runs left half made, and other versions of the part that
// nobody has used for long.
func (r recipe) sweep(cache string) {
	half, _ := filepath.Glob(filepath.Join(cache, r.name+".tmp-*"))
	others, _ := filepath.Glob(filepath.Join(cache, r.name+"-????????????"))
	for _, dir := range others {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > unused {
			half = append(half, dir)
		}
	}
	for _, dir := range half {
		_ = os.RemoveAll(dir) // tried again by the next run
	}
}

// lock waits for the file's lock. It is released by the function returned, or by the
// process's end.
func lock(path string) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { file.Close() }, nil
}

// run runs a command; its output is part of the error where it fails.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), env...)
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, tail(output, 4000))
	}
	return nil
}

func tail(text []byte, most int) string {
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return strings.TrimSpace(string(text))
}

// source returns the absolute path of a directory of this module, from wherever the test runs.
func source(name string) (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the e2e module: %w", err)
	}
	for dir := at; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("finding the e2e module: %w", err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		if strings.TrimSpace(first) == "module github.com/bkgen/bkgen/e2e" {
			return filepath.Join(dir, name), nil
		}
	}
	return "", fmt.Errorf("finding the e2e module: no directory above %s holds it", at)
}
