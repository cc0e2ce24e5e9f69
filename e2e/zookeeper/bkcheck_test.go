package zookeeper_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	client "github.com/go-zookeeper/zk"

	"github.com/bkgen/bkgen/e2e/sandbox"
	"github.com/bkgen/bkgen/e2e/zookeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// The program itself, as init containers run it, on an ensemble.
func TestBkcheckEnsureCluster(t *testing.T) {
	t.Parallel()
	b := bkcheck{program: buildBkcheck(t), authority: zookeeper.NewAuthority(t)}
	b.Ensemble = zookeeper.StartEnsemble(t, 3, zookeeper.Options{Authority: b.authority})
	b.conn = raw(t, b.Addresses()...)
	t.Run("twenty at once", b.testTwentyAtOnce)
	t.Run("while the leader is killed", b.testLeaderIsKilled)
	t.Run("refuses what is half there", b.testHalfThere)
	t.Run("could not answer", b.testCouldNotAnswer)
	t.Run("TLS and a digest", b.testTLSAndDigest)
	t.Run("two of three servers out of reach", b.testOutOfReach)
	t.Run("no quorum", b.testNoQuorum)
}

// bkcheck is the program, and the ensemble that it asks.
type bkcheck struct {
	*zookeeper.Ensemble
	program   string
	authority *zookeeper.Authority
	conn      *client.Conn
}

func buildBkcheck(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "bkcheck")
	build := exec.Command("go", "build", "-o", program, "./cmd/bkcheck")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building bkcheck: %v\n%s", err, out)
	}
	return program
}

func (b bkcheck) uri(root string) string { return "zk://" + strings.Join(b.Addresses(), ";") + root }

// args are those of ensure-cluster on a root, and more.
func (b bkcheck) args(root string, more ...string) []string {
	return append([]string{"ensure-cluster", "--metadata-service-uri=" + b.uri(root), "--timeout=1m"}, more...)
}

func (b bkcheck) run(t *testing.T, args ...string) result {
	t.Helper()
	return finish(t, exec.CommandContext(t.Context(), b.program, args...))
}

// result is what a program leaves.
type result struct {
	code     int
	out, err string
}

func finish(t *testing.T, command *exec.Cmd) result {
	t.Helper()
	var out, stderr bytes.Buffer
	command.Stdout, command.Stderr = &out, &stderr
	err := command.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Errorf("running bkcheck: %v", err)
	}
	return result{command.ProcessState.ExitCode(), out.String(), stderr.String()}
}

// check checks the exit code and that the reason is on standard error, and nothing on
// standard output.
func (r result) check(t *testing.T, code int, reasons ...string) {
	t.Helper()
	if r.code != code || r.out != "" {
		t.Errorf("exit code %d, want %d; standard output %q, standard error\n%s", r.code, code, r.out, r.err)
	}
	for _, reason := range reasons {
		if !strings.Contains(r.err, reason) {
			t.Errorf("standard error does not say %q:\n%s", reason, r.err)
		}
	}
}

// processes starts twenty at once, each of which must answer yes. The function returned
// waits for them.
func (b bkcheck) processes(t *testing.T, root string) func() []zk.Outcome {
	t.Helper()
	outcomes := make([]zk.Outcome, 20)
	var group sync.WaitGroup
	t.Cleanup(group.Wait)
	for i := range outcomes {
		group.Go(func() {
			r := b.run(t, b.args(root, "--output=json")...)
			if r.code != 0 {
				t.Errorf("process %d: exit code %d\n%s", i, r.code, r.err)
			}
			outcomes[i] = parseOutcome(t, r.out)
		})
	}
	return func() []zk.Outcome {
		group.Wait()
		return outcomes
	}
}

func parseOutcome(t *testing.T, text string) zk.Outcome {
	t.Helper()
	var view struct{ Result, InstanceID string }
	if err := json.Unmarshal([]byte(text), &view); err != nil {
		t.Errorf("reading %q: %v", text, err)
	}
	for _, known := range []zk.Result{zk.Created, zk.AlreadyThere} {
		if view.Result == known.String() {
			return zk.Outcome{Result: known, InstanceID: view.InstanceID}
		}
	}
	t.Errorf("result %q is none", view.Result)
	return zk.Outcome{}
}

func (b bkcheck) testTwentyAtOnce(t *testing.T) {
	id := checkOneCreated(t, b.processes(t, "/a/b/ledgers")())
	checkEverywhere(t, b.Ensemble, "/a/b/ledgers", id)
	again := b.run(t, b.args("/a/b/ledgers")...)
	want := result{0, "the metadata of a cluster is already at /a/b/ledgers, instance " + id + "\n", ""}
	if again != want {
		t.Errorf("afterwards %+v, want %+v", again, want)
	}
}

func (b bkcheck) testLeaderIsKilled(t *testing.T) {
	leader := leaderOf(t, b.Ensemble)
	wait := b.processes(t, "/killed/ledgers")
	awaitNode(t, b.conn, "/killed")
	leader.Kill(t)
	outcomes := wait()
	leader.Restart(t)
	b.AwaitWhole(t)
	checkAtMostOneCreated(t, outcomes)
	checkEverywhere(t, b.Ensemble, "/killed/ledgers", outcomes[0].InstanceID)
}

func (b bkcheck) testTLSAndDigest(t *testing.T) {
	identity := b.authority.Issue(t, "bkcheck")
	digest := filepath.Join(t.TempDir(), "digest")
	if err := os.WriteFile(digest, []byte("admin:secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	uri := "zk://" + strings.Join(b.SecureAddresses(), ";") + "/closed/ledgers"
	r := b.run(t, "ensure-cluster", "--metadata-service-uri="+uri, "--timeout=1m", "--digest-file="+digest,
		"--tls-ca="+b.authority.Certificate, "--tls-cert="+identity.Certificate, "--tls-key="+identity.Key)
	if r.code != 0 || !strings.HasPrefix(r.out, "created the metadata of a new cluster at /closed/ledgers, ") {
		t.Errorf("exit code %d, standard output %q, standard error\n%s", r.code, r.out, r.err)
	}
}

// Only one server can be reached from where it runs: it goes on until it has found that
// one. The order in which it tries them is random.
func (b bkcheck) testOutOfReach(t *testing.T) {
	pod := sandbox.NewHost(t, "pod")
	for _, s := range b.Servers[1:] {
		sandbox.Cut(t, pod, s.Host)
	}
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			r := finish(t, pod.CommandContext(t.Context(), b.program, b.args("/out-of-reach")...))
			if r.code != 0 || !strings.Contains(r.out, " at /out-of-reach, instance ") {
				t.Errorf("exit code %d, standard output %q, standard error\n%s", r.code, r.out, r.err)
			}
		})
	}
	group.Wait()
}

func (b bkcheck) testNoQuorum(t *testing.T) {
	b.Partition(t, b.Servers...)
	for _, s := range b.Servers {
		s.AwaitNotServing(t)
	}
	reasons := []string{"bkcheck: not within 2s: connecting to ZooKeeper: ", "bkcheck: hint: "}
	for _, address := range b.Addresses() {
		reasons = append(reasons, address+": connected, but got no session")
	}
	b.run(t, b.args("/no-quorum", "--timeout=2s")...).check(t, 3, reasons...)
	b.testInterrupted(t)
	b.Heal(t, b.Servers...)
	b.AwaitWhole(t)
	checkNothing(t, raw(t, b.Addresses()...), "/no-quorum")
}

// testInterrupted ends one that waits, as a pod's end does.
func (b bkcheck) testInterrupted(t *testing.T) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	command := exec.CommandContext(t.Context(), b.program, b.args("/no-quorum")...)
	command.Stderr = writer
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	first := make([]byte, 1)
	if _, err := reader.Read(first); err != nil { // it says why it waits
		t.Errorf("reading what it waits for: %v", err)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(reader); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // its exit code is looked at
	result{command.ProcessState.ExitCode(), "", rest.String()}.check(t, 2, "interrupted")
}
