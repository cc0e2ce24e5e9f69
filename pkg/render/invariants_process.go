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
	return nil
}

// brokenEnvironment: the arguments refer to the pod's name, and Java takes options from
// the environment too.
func brokenEnvironment(b, a corev1.Container) []string {
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
