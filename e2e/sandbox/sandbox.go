package sandbox

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/bkgen/bkgen/e2e/parts"
)

// role tells a process which of the four it is.
const role = "BKGEN_E2E_ROLE"

const (
	roleInit  = "init"
	roleTests = "tests"
	roleSweep = "sweep"
)

// Runner runs the tests; a testing.M is one.
type Runner interface{ Run() int }

// Run runs the tests in a new sandbox and returns the code to exit with. Where no sandbox
// can be made (another system than Linux, not root) the tests are skipped with a line that says so, or fail where CI is "true".
func Run(m Runner) int {
	var err error
	var code int
	switch os.Getenv(role) {
	case roleTests:
		return m.Run()
	case roleInit:
		code, err = initialize()
	case roleSweep:
		err = sweep(os.Stdin, os.Getenv(nameVariable), os.Getenv(dirVariable))
	default:
		code, err = supervise()
	}
	if err == nil {
		return code
	}
	var missing *parts.MissingError
	if errors.As(err, &missing) && !inCI() {
		fmt.Fprintf(os.Stderr, "e2e: skipping all tests of this package: %v\n", err)
		return 0
	}
	fmt.Fprintf(os.Stderr, "e2e: sandbox: %v\n", err)
	return 1
}

// Inside reports whether this process runs the tests in a sandbox.
func Inside() bool { return os.Getenv(role) == roleTests }

// Dir is the sandbox's own directory on disk; it is removed with the sandbox.
func Dir() string { return os.Getenv(dirVariable) }

// Name is the sandbox's name, of no other in this machine: the root of its cgroups is /Name.
func Name() string { return os.Getenv(nameVariable) }

// Need ends the test where err is not nil: it skips it for a part that cannot be had, unless
// CI is "true", and fails it for everything else.
func Need(t testing.TB, err error) {
	t.Helper()
	var missing *parts.MissingError
	switch {
	case err == nil:
	case errors.As(err, &missing) && !inCI():
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

func inCI() bool { return os.Getenv("CI") == "true" }
