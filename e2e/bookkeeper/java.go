package bookkeeper

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/sandbox"
)

// java is what every command here begins with.
type java struct {
	// program is the JVM.
	program string
	// path is the class path: BookKeeper and the ledger client.
	path string
}

func findJava(t testing.TB) java {
	t.Helper()
	home, err := parts.JDK(t.Context())
	sandbox.Need(t, err)
	jars, err := parts.Jars(t.Context())
	sandbox.Need(t, err)
	classes, err := parts.Ledgers(t.Context())
	sandbox.Need(t, err)
	return java{program: filepath.Join(home, "bin", "java"), path: jars + "/*:" + classes}
}

// command is a whole command for a small JVM: program and arguments.
// Source of what is opened and set: bookkeeper, bin/common.sh.
func (j java) command(class string, args ...string) []string {
	return append([]string{j.program,
		"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx96m", "-XX:MaxDirectMemorySize=96m", "-XX:+ExitOnOutOfMemoryError",
		"-Djava.net.preferIPv4Stack=true",
		"-Dio.netty.tryReflectionSetAccessible=true",
		"-Dorg.bouncycastle.fips.approved_only=true",
		"--add-opens=java.base/java.io=ALL-UNNAMED",
		"--add-opens=java.base/java.util.zip=ALL-UNNAMED",
		"--add-opens=java.base/java.nio=ALL-UNNAMED",
		"--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
		"-cp", j.path, class}, args...)
}

// Shell runs a command of BookKeeper's own shell, such as initnewcluster, against the
// cluster with that metadataServiceUri, and returns what it printed, log and all. The error
// is that of a command that fails.
func Shell(t testing.TB, metadata string, args ...string) (string, error) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "bk_server.conf")
	text := fmt.Sprintf("metadataServiceUri=%s\nzkTimeout=10000\n", metadata)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatalf("configuring BookKeeper's shell: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := findJava(t).command("org.apache.bookkeeper.bookie.BookieShell", append([]string{"-conf", config}, args...)...)
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	return string(out), err
}
