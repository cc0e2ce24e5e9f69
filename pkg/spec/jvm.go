package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// jvmAliases are flags that set what a shorter option sets.
// Source: OpenJDK, src/hotspot/share/runtime/arguments.cpp (parse_each_vm_init_arg).
var jvmAliases = map[string]string{
	"-XX:InitialHeapSize": "-Xms", "-XX:MaxHeapSize": "-Xmx", "-XX:ThreadStackSize": "-Xss",
}

// jvmKey is the part of a JVM option that says what it sets: of two options with one
// key the later one counts. What is no size, flag or property is its own key.
func jvmKey(option string) string {
	key := jvmName(option)
	if alias, ok := jvmAliases[key]; ok {
		return alias
	}
	return key
}

// jvmName is the option as it is written, without its value.
func jvmName(option string) string {
	for _, prefix := range []string{"-Xms", "-Xmx", "-Xmn", "-Xss"} {
		if strings.HasPrefix(option, prefix) {
			return prefix
		}
	}
	if flag, ok := strings.CutPrefix(option, "-XX:"); ok {
		if rest, signed := strings.CutPrefix(flag, "+"); signed {
			return "-XX:" + rest
		}
		if rest, signed := strings.CutPrefix(flag, "-"); signed {
			return "-XX:" + rest
		}
		name, _, _ := strings.Cut(flag, "=")
		return "-XX:" + name
	}
	if strings.HasPrefix(option, "-D") {
		name, _, _ := strings.Cut(option, "=")
		return name
	}
	return option
}

// MergeJVMOptions puts given over defaults: an option of the same key takes its
// default's place, the others follow in their order.
func MergeJVMOptions(defaults, given []string) []string {
	var merged []string
	place := map[string]int{}
	for _, option := range append(append([]string{}, defaults...), given...) {
		key := jvmKey(option)
		if i, seen := place[key]; seen {
			merged[i] = option
			continue
		}
		place[key] = len(merged)
		merged = append(merged, option)
	}
	return merged
}

// jvmValue is the value of the last option with the key: of -Xmx2g, "2g"; of -XX:A=b, "b".
func jvmValue(options []string, key string) (string, bool) {
	value, found := "", false
	for _, option := range options {
		if jvmKey(option) != key {
			continue
		}
		found = true
		if name := jvmName(option); strings.HasPrefix(name, "-X") && !strings.HasPrefix(name, "-XX:") {
			value = option[len(name):]
		} else {
			_, value, _ = strings.Cut(option, "=")
		}
	}
	return value, found
}

// parseJVMSize reads a size as the JVM does: a number and k, m, g or t.
func parseJVMSize(text string) (int64, error) {
	shift := 0
	digits := text
	if text != "" {
		switch text[len(text)-1] {
		case 'k', 'K':
			shift = 10
		case 'm', 'M':
			shift = 20
		case 'g', 'G':
			shift = 30
		case 't', 'T':
			shift = 40
		}
		if shift > 0 {
			digits = text[:len(text)-1]
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n > largestSize>>shift {
		return 0, fmt.Errorf("%q is not a size such as 512m or 2g", text)
	}
	return int64(n) << shift, nil
}

// largestSize is 1 EiB, so that sizes can be added up.
const largestSize = 1 << 60

// removedFlag is a JVM flag with which a newer Java does not start.
type removedFlag struct {
	// name is the flag's, or the beginning of several where it ends with *.
	name string
	// since is the first Java version whose JVM says "Unrecognized VM option".
	since int32
	// instead is what to write, if anything does the same.
	instead string
}

// removedFlags. Sources: OpenJDK, src/hotspot/share/runtime/arguments.cpp
// (special_jvm_flags) of 9, 11, 15, 17; tried on 17.
var removedFlags = []removedFlag{
	{"PrintGCDateStamps", 9, "-Xlog:gc*::time"},
	{"PrintGCTimeStamps", 9, "-Xlog:gc*::uptime"},
	{"PrintGCApplicationStoppedTime", 9, "-Xlog:safepoint"},
	{"PrintHeapAtGC", 9, "-Xlog:gc+heap=debug"},
	{"PrintTenuringDistribution", 9, "-Xlog:gc+age=trace"},
	{"PrintAdaptiveSizePolicy", 9, "-Xlog:gc+ergo*=trace"},
	{"PrintReferenceGC", 9, "-Xlog:gc+ref=debug"},
	{"G1LogLevel", 9, "-Xlog:gc"},
	{"UseGCLogFileRotation", 9, "-Xlog:gc:file=PATH::filecount=5,filesize=64m"},
	{"NumberOfGCLogFiles", 9, "-Xlog:gc:file=PATH::filecount=5,filesize=64m"},
	{"GCLogFileSize", 9, "-Xlog:gc:file=PATH::filecount=5,filesize=64m"},
	{"UseParNewGC", 10, "-XX:+UseG1GC"},
	{"UseCGroupMemoryLimitForHeap", 11, "-XX:MaxRAMPercentage"},
	{"AggressiveOpts", 13, ""},
	{"UseConcMarkSweepGC", 15, "-XX:+UseG1GC"},
	{"CMS*", 15, "-XX:+UseG1GC"},
	{"MaxPermSize", 17, "-XX:MaxMetaspaceSize"},
	{"PermSize", 17, "-XX:MetaspaceSize"},
	{"TraceClassLoading", 17, "-Xlog:class+load"},
	{"TraceClassUnloading", 17, "-Xlog:class+unload"},
	{"UseBiasedLocking", 21, ""},
	{"MaxRAMFraction", 25, "-XX:MaxRAMPercentage"},
	{"MinRAMFraction", 25, "-XX:MinRAMPercentage"},
	{"InitialRAMFraction", 25, "-XX:InitialRAMPercentage"},
}

func (f removedFlag) matches(name string) bool {
	if prefix, ok := strings.CutSuffix(f.name, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return name == f.name
}

// javaOf is the Java in the images of a BookKeeper release, 0 where it is unknown.
// Source: bookkeeper, docker/Dockerfile of each line (centos:7 with OpenJDK 8, then 11; Ubuntu with 17).
func javaOf(bookKeeper string, given *int32) int32 {
	switch {
	case given != nil:
		return *given
	case bookKeeper == "":
		return 0
	case compareVersions(bookKeeper, "4.11.0") < 0:
		return 8
	case compareVersions(bookKeeper, "4.16.0") < 0:
		return 11
	}
	return 17
}

// checkJVM names options with which the image's JVM does not start.
func (c *checker) checkJVM() {
	groups := []struct {
		field   string
		options []string
	}{
		{"memoryOpts", c.cluster.Spec.JVMOptions.MemoryOpts}, {"gcOpts", c.cluster.Spec.JVMOptions.GcOpts},
		{"gcLoggingOpts", c.cluster.Spec.JVMOptions.GcLoggingOpts}, {"extraOpts", c.cluster.Spec.JVMOptions.ExtraOpts},
	}
	ignored := slices.Contains(c.cluster.Spec.JVMOptions.All(), "-XX:+IgnoreUnrecognizedVMOptions")
	for _, group := range groups {
		for i, option := range group.options {
			c.checkJVMOption(fmt.Sprintf("spec.jvmOptions.%s[%d]", group.field, i), option, ignored)
		}
	}
}

func (c *checker) checkJVMOption(path, option string, ignored bool) {
	if !strings.HasPrefix(option, "-") {
		c.badf(path, "%q does not begin with -: the JVM would take it for the class to run", option)
		return
	}
	if c.hardened() && strings.ContainsAny(option, " \t\n") && !strings.HasPrefix(option, "-D") && !strings.HasPrefix(option, "--") && !strings.HasPrefix(option, "-XX:On") {
		c.errorf(path, "%q holds white space; allowed: one option an entry", option)
		return
	}
	if c.hardened() {
		c.checkProperty(path, option)
		c.checkLaunch(path, option)
	}
	name, isFlag := strings.CutPrefix(jvmKey(option), "-XX:")
	java := c.cluster.Facts.Java
	if !isFlag || java == 0 || ignored {
		return
	}
	for _, flag := range removedFlags {
		if !flag.matches(name) || java < flag.since {
			continue
		}
		c.badf(path, "Java %d in %s does not start with %q, which was removed in Java %d", java, c.cluster.ImageReference(), option, flag.since)
		if flag.instead != "" {
			c.hint("write %s instead", flag.instead)
		}
	}
}

// checkProperty: BookKeeper takes a system property for a setting that its file lacks, so
// one of a setting's name would pass by every check of spec.options.
func (c *checker) checkProperty(path, option string) {
	name, isProperty := strings.CutPrefix(jvmKey(option), "-D")
	if !isProperty {
		return
	}
	_, owned := ownedSettings[name]
	if owned || settingKeysFor(c.cluster.Facts.BookKeeperVersion).knows(name) || strings.HasPrefix(name, "org.apache.bookkeeper.conf.") {
		c.errorf(path, "%q would be read as a setting of BookKeeper", name)
		c.hint("say it in spec.options, where it is checked")
	}
}

// launchOptions begin options that are the command's own, or that end or replace it.
var launchOptions = []string{"-jar", "-cp", "-classpath", "--class-path", "-version", "--version", "-help", "--help", "-XX:VMOptionsFile", "-XX:Flags"}

// checkLaunch: options tune the process that bkgen starts and start no other.
func (c *checker) checkLaunch(path, option string) {
	for _, own := range launchOptions {
		if rest, ok := strings.CutPrefix(option, own); ok && (rest == "" || rest[0] == '=' || rest[0] == ' ') {
			c.errorf(path, "%q decides what runs; allowed: options that tune the JVM", option)
			return
		}
	}
	if strings.Contains(strings.ReplaceAll(option, "$("+PodNameVariable+")", ""), "$(") {
		c.errorf(path, "Kubernetes would replace $(…) in %q; allowed: $(%s) alone", option, PodNameVariable)
	}
}
