package render

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/bkgen/bkgen/pkg/spec"
)

// identityPrefixes begin the arguments that say who a process is, where its settings are
// and where its cluster's metadata lies. BookKeeper takes a bookieId before any address.
// Source: bookkeeper, bookie/BookieImpl.java (getBookieId).
var identityPrefixes = []string{
	"-Dorg.apache.bookkeeper.conf.readsystemproperties=", "-DadvertisedAddress=", "-DbookieId=",
	spec.ConfigDirectory + "/", "--metadata-service-uri=",
}

func isIdentity(argument string) bool {
	return slices.ContainsFunc(identityPrefixes, func(p string) bool { return strings.HasPrefix(argument, p) })
}

// brokenCommand: from the first argument of its identity on, a command stays as it is. A
// patch may put options before it; behind it another address or directory would win.
func brokenCommand(b, a corev1.Container) []string {
	if runsScript(b) {
		reasons := unequal(nil, fmt.Sprintf("container %q: command", b.Name), b.Command, a.Command, "the image's own script makes the settings")
		return unequal(reasons, fmt.Sprintf("container %q: args", b.Name), b.Args, a.Args, "the image's own script makes the settings")
	}
	before, after := slices.Concat(b.Command, b.Args), slices.Concat(a.Command, a.Args)
	first := slices.IndexFunc(before, isIdentity)
	if first < 0 {
		return nil
	}
	if b.Name == spec.EnsureClusterContainer {
		reasons := unequal(nil, fmt.Sprintf("container %q: its command and args", b.Name), before, after, "nothing else may create the cluster's metadata")
		return unequal(reasons, fmt.Sprintf("container %q: restartPolicy", b.Name), b.RestartPolicy, a.RestartPolicy, "no other container may start before it has ended")
	}
	identity := before[first:]
	options := len(after) - len(identity)
	if options < 0 || !slices.Equal(after[options:], identity) {
		return []string{fmt.Sprintf("container %q: its command must end with %s: it is who the pod is and which cluster it belongs to", b.Name, compact(identity))}
	}
	if i := slices.IndexFunc(after[:options], isIdentity); i >= 0 {
		return []string{fmt.Sprintf("container %q: argument %q would be a second identity", b.Name, after[i])}
	}
	if runsJava(b) {
		return brokenOptions(b, a, before[:first], after[:options])
	}
	return nil
}

// runsJava reports whether a container is a process of Hardened, whose command is java's.
func runsJava(c corev1.Container) bool {
	return slices.Contains([]string{spec.BookieComponent, spec.AutorecoveryComponent}, c.Name) &&
		len(c.Command) > 0 && c.Command[0] == "java" && slices.ContainsFunc(c.Command, isIdentity)
}

// runsScript reports whether a container is the bookie of Operator, whose command is the image's.
func runsScript(c corev1.Container) bool {
	return c.Name == spec.BookieComponent && len(c.Command)+len(c.Args) == 0
}

// brokenOptions: between java and the identity stands nothing by which java would read
// the identity otherwise, or not at all.
func brokenOptions(b, a corev1.Container, before, after []string) []string {
	if len(a.Command) == 0 || a.Command[0] != b.Command[0] {
		return []string{fmt.Sprintf("container %q: its command must begin with %q, seen %s: whatever else runs may drop the identity", b.Name, b.Command[0], compact(a.Command[:min(1, len(a.Command))]))}
	}
	var reasons []string
	given := misleading(before[1:])
	for _, argument := range misleading(after[1:]) {
		if !slices.Contains(given, argument) {
			reasons = append(reasons, fmt.Sprintf("container %q: argument %q is not allowed before the identity: it would name another program or file of options, or take the next argument for itself", b.Name, argument))
		}
	}
	return reasons
}

// otherPrograms begin options that name a program of their own or a file of more options.
// Source: OpenJDK, java(1); hotspot, runtime/arguments.cpp.
var otherPrograms = []string{"-XX:VMOptionsFile=", "-XX:Flags=", "--module="}

// takesNext are options that take the next argument for their value, or, as -jar and
// -m, for the program. But for the class path they can be written with "=".
// Source: OpenJDK, java(1); src/java.base/share/native/libjli/java.c (IsWhiteSpaceOption, IsModuleOption).
var takesNext = []string{
	"-jar", "-m", "--module", "-cp", "-classpath", "--class-path", "-p", "--module-path",
	"--upgrade-module-path", "--add-modules", "--limit-modules", "--add-exports", "--add-opens",
	"--add-reads", "--patch-module", "--enable-native-access", "--describe-module", "-d", "--source",
}

// misleading are the arguments that are no options, or ones that no patch may bring: one
// class path, of one argument, is the command's own.
func misleading(arguments []string) []string {
	var list []string
	classPath := false
	for i := 0; i < len(arguments); i++ {
		if value := i + 1; arguments[i] == "-cp" && !classPath && value < len(arguments) && isPath(arguments[value]) {
			classPath = true
			i = value
			continue
		}
		if !isOption(arguments[i]) {
			list = append(list, arguments[i])
		}
	}
	return list
}

// isPath: @… in any place is a file of more arguments.
func isPath(argument string) bool {
	return argument != "" && !strings.HasPrefix(argument, "-") && !strings.HasPrefix(argument, "@")
}

func isOption(argument string) bool {
	// A reference in an option's name could make any other option of it.
	name, _, _ := strings.Cut(argument, "=")
	return strings.HasPrefix(argument, "-") && !strings.Contains(name, "$(") &&
		!slices.Contains(takesNext, argument) && name != "--class-path" &&
		!slices.ContainsFunc(otherPrograms, func(p string) bool { return strings.HasPrefix(argument, p) })
}

// javaVariables are read by the JVM and its launcher, over or before the arguments.
// Source: OpenJDK, java(1); jdk.jvmti, JAVA_TOOL_OPTIONS.
var javaVariables = []string{"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}

func isJavaVariable(name string) bool { return slices.Contains(javaVariables, name) }

// isScriptVariable reports whether the image's script makes a setting or an option of a variable.
// Sources: bookkeeper, docker/scripts/common.sh, bin/common.sh; pravega, docker/bookkeeper/entrypoint.sh.
func isScriptVariable(name string) bool {
	return name == "ZK_URL" || strings.HasPrefix(name, "BK_") || strings.HasPrefix(name, "BOOKIE_")
}

// brokenEnvironment: the arguments refer to the pod's name, and Java or the image's
// script takes options from the environment too.
func brokenEnvironment(b, a corev1.Container) []string {
	switch {
	case runsJava(b):
		return append(brokenPodName(b, a), brokenSources(b, a, isJavaVariable, "set spec.jvmOptions instead")...)
	case runsScript(b):
		return append(brokenPodName(b, a), brokenSources(b, a, isScriptVariable, "change the spec instead")...)
	}
	return brokenPodName(b, a)
}

// brokenSources: no source of variables is added, for nobody knows what is in it, and
// later sources win.
func brokenSources(b, a corev1.Container, reserved func(string) bool, why string) []string {
	reasons := unequal(nil, fmt.Sprintf("container %q: envFrom", b.Name), b.EnvFrom, a.EnvFrom, "its variables could take the place of the checked ones")
	var names []string
	for _, e := range slices.Concat(b.Env, a.Env) {
		if reserved(e.Name) && !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	for _, name := range names {
		reasons = unequal(reasons, fmt.Sprintf("container %q: environment variable %s", b.Name, name), variables(b, name), variables(a, name), why)
	}
	return reasons
}

func brokenPodName(b, a corev1.Container) []string {
	before, after := variables(b, spec.PodNameVariable), variables(a, spec.PodNameVariable)
	if len(before) == 0 {
		return nil
	}
	reasons := unequal(nil, fmt.Sprintf("container %q: environment variable %s", b.Name, spec.PodNameVariable), before, after, "the pod's identity contains it")
	for _, e := range a.Env {
		for option := range strings.FieldsSeq(e.Value) {
			if strings.HasPrefix(option, "-D") && isIdentity(option) {
				reasons = append(reasons, fmt.Sprintf("container %q: environment variable %s: %q would be a second identity", b.Name, e.Name, option))
			}
		}
	}
	return reasons
}

func variables(c corev1.Container, name string) []corev1.EnvVar {
	var found []corev1.EnvVar
	for _, e := range c.Env {
		if e.Name == name {
			found = append(found, e)
		}
	}
	return found
}
