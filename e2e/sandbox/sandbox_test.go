package sandbox

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { os.Exit(Run(m)) }

func TestNoLinkToTheMachine(t *testing.T) {
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if link.Flags&net.FlagLoopback == 0 && link.Name != bridgeName {
			t.Errorf("the sandbox has the interface %s", link.Name)
		}
	}
}

// hold, in the environment, makes TestHold hold a sandbox until it is killed.
const hold = "BKGEN_E2E_HOLD"

// TestHold is what the tests below run as another test binary: it takes all that a sandbox can
// take, says so, and waits for its end.
func TestHold(t *testing.T) {
	if os.Getenv(hold) == "" {
		t.Skip("only as part of another test")
	}
	cgroup, err := NewCgroup("held")
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sleep", "600")
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := Enter(cgroup, child.Process.Pid); err != nil {
		t.Fatal(err)
	}
	mount := filepath.Join(Dir(), "mount")
	if err := os.Mkdir(mount, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", mount, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	if err := Uplink(1); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("holding %s\n", Name())
	if os.Getenv(hold) == "fail" {
		t.Fatal("as asked")
	}
	_ = child.Wait()
}

// held is a sandbox inside this one, of a test binary that holds it.
func held(t *testing.T, how string) (*exec.Cmd, string) {
	t.Helper()
	binary := Another("-test.run=^TestHold$", "-test.v")
	binary.Env = append(binary.Env, hold+"="+how)
	output, err := binary.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	binary.Stderr = os.Stderr
	if err := binary.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if name, found := strings.CutPrefix(lines.Text(), "holding "); found {
			go func() {
				for lines.Scan() { // so that it never waits for a reader
				}
			}()
			return binary, name
		}
	}
	t.Fatalf("the sandbox ended before it held anything: %v", binary.Wait())
	return nil, ""
}

func TestNothingIsLeftBehind(t *testing.T) {
	cases := map[string]func(*exec.Cmd) error{
		"after a failure": func(*exec.Cmd) error { return nil },
		"after SIGINT":    func(c *exec.Cmd) error { return c.Process.Signal(syscall.SIGINT) },
		"after SIGTERM":   func(c *exec.Cmd) error { return c.Process.Signal(syscall.SIGTERM) },
		"after kill -9":   func(c *exec.Cmd) error { return c.Process.Kill() },
	}
	for name, end := range cases {
		t.Run(name, func(t *testing.T) {
			how := "until killed"
			if name == "after a failure" {
				how = "fail"
			}
			binary, sandbox := held(t, how)
			if err := end(binary); err != nil {
				t.Fatal(err)
			}
			if err := binary.Wait(); err == nil {
				t.Error("the test binary says that all is well")
			}
			if err := until("the end of "+sandbox, func() error { return Left(sandbox) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// A sandbox whose supervisor and sweeper were both killed is removed by the next.
func TestStaleSandboxIsSwept(t *testing.T) {
	binary, sandbox := held(t, "until killed")
	for _, pid := range sweepers(t, sandbox) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if err := binary.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = binary.Wait() // killed
	if Left(sandbox) == nil {
		t.Fatal("nothing was left to sweep")
	}
	if err := until("the sweep of "+sandbox, func() error { sweepStale(); return Left(sandbox) }); err != nil {
		t.Error(err)
	}
}

// A sandbox that lives is not swept.
func TestLivingSandboxIsLeftAlone(t *testing.T) {
	binary, sandbox := held(t, "until killed")
	sweepStale()
	if len(CgroupProcesses("/"+sandbox+"/held")) == 0 {
		t.Error("its process is gone")
	}
	if err := binary.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = binary.Wait() // killed
	// Its sweeper runs in this sandbox and would be killed with it.
	if err := until("the end of "+sandbox, func() error { return Left(sandbox) }); err != nil {
		t.Error(err)
	}
}

func sweepers(t *testing.T, name string) []int {
	t.Helper()
	var pids []int
	_ = belonging(name, func(pid int) error {
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err == nil && strings.Contains(string(environment), role+"="+roleSweep) {
			pids = append(pids, pid)
		}
		return nil
	})
	if len(pids) != 1 {
		t.Fatalf("there are %d sweepers of %s, want 1", len(pids), name)
	}
	return pids
}
