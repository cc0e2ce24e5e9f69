package spec

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHeapOfTheRenderedCommand: of what the spec leaves open, the command says
// something with which a JVM starts.
func TestHeapOfTheRenderedCommand(t *testing.T) {
	for given, want := range map[string]string{
		"":                                  "-Xms512m -Xmx512m -XX:MaxDirectMemorySize=819m",
		"-Xmx1g":                            "-Xms1g -Xmx1g -XX:MaxDirectMemorySize=819m",
		"-Xmx256m":                          "-Xms256m -Xmx256m -XX:MaxDirectMemorySize=819m",
		"-Xms256m":                          "-Xms256m -Xmx512m -XX:MaxDirectMemorySize=819m",
		"-Xms1g":                            "-Xms1g -Xmx1g -XX:MaxDirectMemorySize=819m",
		"-Xms1g -Xmx2g":                     "-Xms1g -Xmx2g -XX:MaxDirectMemorySize=819m",
		"-XX:MaxHeapSize=256m":              "-Xms256m -XX:MaxHeapSize=256m -XX:MaxDirectMemorySize=819m",
		"-XX:InitialHeapSize=1g":            "-XX:InitialHeapSize=1g -Xmx1g -XX:MaxDirectMemorySize=819m",
		"-XX:MaxRAMPercentage=40.0":         "-XX:MaxDirectMemorySize=819m -XX:MaxRAMPercentage=40.0",
		"-Xms1g -XX:MaxRAMPercentage=40.0":  "-XX:MaxDirectMemorySize=819m -Xms1g -XX:MaxRAMPercentage=40.0",
		"-XX:MaxRAMFraction=2":              "-XX:MaxDirectMemorySize=819m -XX:MaxRAMFraction=2",
		"-XX:MaxDirectMemorySize=256m":      "-Xms512m -Xmx512m -XX:MaxDirectMemorySize=256m",
		"-Xmx1g -Xmx256m":                   "-Xms256m -Xmx256m -XX:MaxDirectMemorySize=819m",
		"-Xmx256m -XX:MaxRAMPercentage=0.5": "-XX:MaxDirectMemorySize=819m -Xmx256m -XX:MaxRAMPercentage=0.5",
	} {
		t.Run(given, func(t *testing.T) {
			b := decoded(t, clusterText(Hardened, "resources: {limits: {memory: 2Gi}}"))
			b.Spec.JVMOptions.MemoryOpts = strings.Fields(given)
			var got []string
			for _, word := range b.BookieCommand() {
				if slices.Contains([]string{"-Xms", "-Xmx", "-XX:MaxDirectMemorySize", "-XX:MaxRAMPercentage", "-XX:MaxRAMFraction"}, jvmKey(word)) {
					got = append(got, word)
				}
			}
			if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoCommandBeginsWithMoreHeapThanItMayTake: whatever the order and the names of the sizes.
func TestNoCommandBeginsWithMoreHeapThanItMayTake(t *testing.T) {
	choices := []string{"", "-Xms256m", "-Xms3g", "-Xmx256m", "-Xmx3g", "-XX:InitialHeapSize=3g", "-XX:MaxHeapSize=256m", "-XX:MaxRAMPercentage=1.0"}
	for _, one := range choices {
		for _, two := range choices {
			b := decoded(t, clusterText(Hardened, "resources: {limits: {memory: 8Gi}}"))
			b.Spec.JVMOptions.MemoryOpts = slices.DeleteFunc([]string{one, two}, func(s string) bool { return s == "" })
			command := b.BookieCommand()
			least, _ := sizeOf(command, "-Xms")
			most, err := sizeOf(command, "-Xmx")
			given, _ := sizeOf(b.Spec.JVMOptions.MemoryOpts, "-Xms")
			limit, _ := sizeOf(b.Spec.JVMOptions.MemoryOpts, "-Xmx")
			if contradiction := given > 0 && limit > 0 && given > limit; err != nil || most > 0 && least > most && !contradiction {
				t.Errorf("%q %q: %q", one, two, command)
			}
		}
	}
}

func TestBookieCommand(t *testing.T) {
	b := decoded(t, clusterText(Hardened, `jvmOptions:
  gcOpts: ['-XX:MaxGCPauseMillis=50', '-XX:-ExitOnOutOfMemoryError']
  gcLoggingOpts: ['-Xlog:gc']
  extraOpts: ['-Djava.io.tmpdir=/var/tmp', '-Dacme=a b']`))
	want := []string{
		"java", "-Xms2048m", "-Xmx2048m", "-XX:MaxDirectMemorySize=3276m", "-XX:-ExitOnOutOfMemoryError",
		"-XX:+UseG1GC", "-XX:MaxGCPauseMillis=50", "-XX:+ParallelRefProcEnabled", "-XX:+DisableExplicitGC",
		"-Djava.io.tmpdir=/var/tmp", "-Dbookkeeper.log.dir=/tmp", "-Dio.netty.leakDetectionLevel=disabled",
		"-Dio.netty.tryReflectionSetAccessible=true", "-Dorg.bouncycastle.fips.approved_only=true",
		"-Djava.net.preferIPv4Stack=true", "-Xlog:gc", "-Dacme=a b",
		"--add-opens=java.base/java.nio=ALL-UNNAMED", "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
		"--add-opens=java.base/java.io=ALL-UNNAMED", "--add-opens=java.base/java.util.zip=ALL-UNNAMED",
		"-cp", "/opt/bookkeeper/lib/*", "-Dorg.apache.bookkeeper.conf.readsystemproperties=true",
		"-DadvertisedAddress=$(POD_NAME).bk-bookie-headless.ns.svc.cluster.local",
		"org.apache.bookkeeper.server.Main", "--conf", "/etc/bookkeeper/bk_server.conf",
	}
	if diff := cmp.Diff(want, b.BookieCommand()); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
}

func TestAutorecoveryCommandTakesTheBookiesPropertiesAlone(t *testing.T) {
	b := decoded(t, clusterText(Hardened, "version: 4.9.2\nzookeeperUri: '[fd00::1]'\njvmOptions: {memoryOpts: ['-Xmx4g'], extraOpts: ['-Dacme=1']}"))
	command := strings.Join(b.AutorecoveryCommand(), " ")
	for _, want := range []string{"java -Xms256m -Xmx256m -XX:MaxDirectMemorySize=409m ", " -Djava.net.preferIPv4Stack=false ", " -Dacme=1 ", " -DadvertisedAddress=$(POD_NAME) org.apache.bookkeeper.replication.AutoRecoveryMain "} {
		if !strings.Contains(command, want) {
			t.Errorf("%q is not in %q", want, command)
		}
	}
	for _, unwanted := range []string{"4g", "--add-opens"} {
		if strings.Contains(command, unwanted) {
			t.Errorf("%q is in %q", unwanted, command)
		}
	}
}

func TestEnsureClusterArgs(t *testing.T) {
	b := decoded(t, clusterText(Hardened, "zookeeperUri: zk-0,zk-1/a"))
	want := []string{"ensure-cluster", "--metadata-service-uri=zk://zk-0:2181;zk-1:2181/a/bookkeeper/ns/bk/ledgers"}
	if diff := cmp.Diff(want, b.EnsureClusterArgs()); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}
