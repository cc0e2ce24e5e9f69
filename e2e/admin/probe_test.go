package admin_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/e2e/parts"
	"github.com/bkgen/bkgen/e2e/sandbox"
	"github.com/bkgen/bkgen/internal/bookie"
)

// What one readiness check costs in CPU: the operator's, which starts a JVM, and ours, which
// asks for readiness and state. The JVM is measured with the options of the image's script
// (bin/common.sh: CLI_MEM_OPTS) and with those that make it start fastest. The bookie's own
// part is in bookie-ms/op.
//
//	./e2e/run -run - -bench Readiness ./admin
func BenchmarkReadiness(b *testing.B) {
	c, _ := cluster(b, 1)
	process := c.Bookies[0]
	home, err := parts.JDK(b.Context())
	sandbox.Need(b, err)
	jars, err := parts.Jars(b.Context())
	sandbox.Need(b, err)
	java := filepath.Join(home, "bin", "java")

	b.Run("check=http", func(b *testing.B) {
		client, err := bookie.New(address(process.Process), nil)
		if err != nil {
			b.Fatal(err)
		}
		measure(b, process, syscall.RUSAGE_SELF, func() error {
			ready, err := client.Ready(b.Context())
			if err != nil || !ready {
				return fmt.Errorf("ready %t, error %v", ready, err)
			}
			_, err = client.State(b.Context())
			return err
		})
	})
	for _, jvm := range []struct {
		name    string
		options []string
	}{
		{"check=jvm", []string{"-Xms256M", "-Xmx512M", "-XX:+UseG1GC"}},
		{"check=jvm-tuned", []string{"-Xms64M", "-Xmx96M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}},
	} {
		b.Run(jvm.name, func(b *testing.B) {
			args := append(jvm.options, "-Djava.net.preferIPv4Stack=true", "-cp", jars+"/*",
				"org.apache.bookkeeper.bookie.BookieShell", "-conf", shellConfig(b, c, process), "bookiesanity")
			measure(b, process, syscall.RUSAGE_CHILDREN, func() error {
				out, err := process.Host.CommandContext(b.Context(), java, args...).CombinedOutput()
				if err != nil {
					return fmt.Errorf("%w\n%s", err, out)
				}
				return nil
			})
		})
	}
}

// shellConfig is what the shell has to know of the bookie that it checks.
func shellConfig(b *testing.B, c *bookkeeper.Cluster, process *bookkeeper.Bookie) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "bk_server.conf")
	text := fmt.Sprintf("metadataServiceUri=%s\nbookiePort=3181\nadvertisedAddress=%s\n", c.Metadata, process.Host.IP)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// measure reports the CPU time of checks: of who asks and of the bookie.
func measure(b *testing.B, process *bookkeeper.Bookie, who int, check func() error) {
	b.Helper()
	if err := check(); err != nil { // and the connection is there
		b.Fatal(err)
	}
	pid := pidOf(b, process.Name)
	asker, asked := used(b, who), usedBy(b, pid)
	checks := 0
	for b.Loop() {
		if err := check(); err != nil {
			b.Fatal(err)
		}
		checks++
	}
	perCheck := func(d time.Duration) float64 { return float64(d) / float64(checks) / float64(time.Millisecond) }
	b.ReportMetric(perCheck(used(b, who)-asker), "cpu-ms/op")
	b.ReportMetric(perCheck(usedBy(b, pid)-asked), "bookie-ms/op")
}

func used(b *testing.B, who int) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(who, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// pidOf finds a process by its configuration's name.
func pidOf(b *testing.B, name string) string {
	b.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range lines {
		if line, err := os.ReadFile(file); err == nil && strings.HasSuffix(string(line), "/"+name+".conf\x00") {
			return filepath.Base(filepath.Dir(file))
		}
	}
	b.Fatalf("no process runs %s", name)
	return ""
}

// usedBy is user and system time of another process, which the kernel counts in hundredths of
// a second. Source: proc(5), /proc/pid/stat.
func usedBy(b *testing.B, pid string) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
