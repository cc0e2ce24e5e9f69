package spec

import (
	"fmt"
	"strconv"
	"strings"
)

// The classes that the images' bin/bookkeeper ends in.
// Source: bookkeeper, bin/bookkeeper (bookie, autorecovery).
const (
	bookieMain       = "org.apache.bookkeeper.server.Main"
	autorecoveryMain = "org.apache.bookkeeper.replication.AutoRecoveryMain"
)

// PodNameVariable is the environment variable that holds the pod's name. Kubernetes
// expands $(POD_NAME) in a container's arguments.
const PodNameVariable = "POD_NAME"

// javaOpens are the packages that Netty, the journal and the checksums reach into.
// Source: bookkeeper, bin/common.sh (build_netty_opts, build_bookie_opts).
var javaOpens = []string{"java.base/java.nio", "java.base/jdk.internal.misc", "java.base/java.io", "java.base/java.util.zip"}

// BookieCommand runs a bookie: java itself, with everything that the images' scripts
// would add and nothing that they would do. The configuration directory of the image is
// not on the class path: its logging would open files, and BookKeeper's jar brings one
// that writes to standard output only.
func (b *BookKeeper) BookieCommand() []string {
	return append(b.javaCommand(b.sizes(), b.Spec.JVMOptions.All()),
		"-DadvertisedAddress="+b.BookieHost("$("+PodNameVariable+")"),
		bookieMain, "--conf", ConfigDirectory+"/"+ConfigFile)
}

// AutorecoveryCommand runs an autorecovery process. Its name is its pod's: that is what
// the auditor's election shows.
func (b *BookKeeper) AutorecoveryCommand() []string {
	heap, direct := memoryShares(AutorecoveryMemory)
	return append(b.javaCommand(sizeOptions(heap, direct), b.properties()),
		"-DadvertisedAddress=$("+PodNameVariable+")",
		autorecoveryMain, "--conf", ConfigDirectory+"/"+ConfigFile)
}

// properties are the given system properties, such as those of TLS and SASL towards
// ZooKeeper, which autorecovery needs as the bookies do.
func (b *BookKeeper) properties() []string {
	var properties []string
	for _, option := range b.Spec.JVMOptions.All() {
		if strings.HasPrefix(option, "-D") {
			properties = append(properties, option)
		}
	}
	return properties
}

// AutorecoveryMemory is the memory limit of an autorecovery container, in bytes. It
// copies entries from bookie to bookie and keeps none.
const AutorecoveryMemory = 1024 * mebi

// javaCommand is java with its options and class path. The options are the process' own
// and over them the given ones, so that a spec can say otherwise.
func (b *BookKeeper) javaCommand(own, given []string) []string {
	own = append(own, commonOptions...)
	own = append(own, "-Djava.net.preferIPv4Stack="+strconv.FormatBool(!b.onlyIPv6()))
	command := append([]string{"java"}, MergeJVMOptions(own, given)...)
	if b.Facts.Java >= 9 {
		for _, opened := range javaOpens {
			command = append(command, "--add-opens="+opened+"=ALL-UNNAMED")
		}
	}
	return append(command, "-cp", b.home()+"/lib/*",
		// A system property is a setting where the file has none of its name. It is how
		// each pod says who it is. Source: bookkeeper, conf/AbstractConfiguration.java.
		"-Dorg.apache.bookkeeper.conf.readsystemproperties=true")
}

// onlyIPv6 reports whether ZooKeeper is named by IPv6 addresses alone, so that the pod
// network must be IPv6's.
func (b *BookKeeper) onlyIPv6() bool {
	for _, host := range b.Facts.ZooKeeper.Hosts {
		if !strings.HasPrefix(host, "[") {
			return false
		}
	}
	return true
}

// commonOptions: an out-of-memory JVM ends, so that Kubernetes starts it anew, G1 keeps
// pauses short, and libraries find a place that can be written to. Sources: bookkeeper,
// bin/common.sh (DEFAULT_BOOKIE_GC_OPTS, build_netty_opts), bin/bookkeeper.
var commonOptions = []string{
	"-XX:+ExitOnOutOfMemoryError",
	"-XX:+UseG1GC", "-XX:MaxGCPauseMillis=10", "-XX:+ParallelRefProcEnabled", "-XX:+DisableExplicitGC",
	"-Djava.io.tmpdir=/tmp",
	"-Dbookkeeper.log.dir=/tmp",
	"-Dio.netty.leakDetectionLevel=disabled",
	"-Dio.netty.tryReflectionSetAccessible=true",
	"-Dorg.bouncycastle.fips.approved_only=true",
}

// jvmOptions are those of the bookie's JVM that bear on its memory: under Hardened sizes
// from the memory limit and the spec's over them, under Operator what the spec says.
func (b *BookKeeper) jvmOptions() []string {
	if b.Spec.GitOps.Profile == Operator {
		return strings.Fields(strings.Join(b.Spec.JVMOptions.All(), " ")) // as the image's script does
	}
	return MergeJVMOptions(b.sizes(), b.Spec.JVMOptions.All())
}

// sizes are heap and direct memory by the bookie's memory limit.
func (b *BookKeeper) sizes() []string {
	heap, direct := memoryShares(b.memoryLimit())
	return append(heapOptions(heap, b.Spec.JVMOptions.All()), fmt.Sprintf("-XX:MaxDirectMemorySize=%dm", direct/mebi))
}

// heapOptions fix the heap at a size, as far as the given options leave that open: of
// -Xms and -Xmx alone the other follows, a percentage keeps its meaning.
func heapOptions(heap int64, given []string) []string {
	for _, share := range []string{"-XX:MaxRAMPercentage", "-XX:MaxRAMFraction"} {
		if _, ok := jvmValue(given, share); ok {
			return nil
		}
	}
	least, most := fmt.Sprintf("%dm", heap/mebi), fmt.Sprintf("%dm", heap/mebi)
	if value, ok := jvmValue(given, "-Xmx"); ok {
		least = value
	} else if value, ok := jvmValue(given, "-Xms"); ok {
		if size, err := parseJVMSize(value); err == nil && size > heap {
			most = value
		}
	}
	return []string{"-Xms" + least, "-Xmx" + most}
}

func sizeOptions(heap, direct int64) []string {
	return []string{
		fmt.Sprintf("-Xms%dm", heap/mebi), fmt.Sprintf("-Xmx%dm", heap/mebi),
		fmt.Sprintf("-XX:MaxDirectMemorySize=%dm", direct/mebi),
	}
}

// home is the directory that holds the image's lib.
func (b *BookKeeper) home() string {
	if b.Spec.GitOps.Image.Home != "" {
		return b.Spec.GitOps.Image.Home
	}
	return contractOf(b.Facts.Contract).home
}

// IDs are the user, its group and the group of the files of the pods.
func (b *BookKeeper) IDs() (user, group, fsGroup int64) {
	known, i := contractOf(b.Facts.Contract), b.Spec.GitOps.Image
	user, group, fsGroup = known.user, known.group, known.fsGroup
	for _, id := range []struct {
		value *int64
		into  *int64
	}{{i.RunAsUser, &user}, {i.RunAsGroup, &group}, {i.FSGroup, &fsGroup}} {
		if id.value != nil {
			*id.into = *id.value
		}
	}
	return user, group, fsGroup
}

// EnsureClusterArgs are the arguments of bkcheck in the init container of the bookies
// and of autorecovery.
func (b *BookKeeper) EnsureClusterArgs() []string {
	return []string{"ensure-cluster", "--metadata-service-uri=" + b.MetadataServiceURI()}
}
