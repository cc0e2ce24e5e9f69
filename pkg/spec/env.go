package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// reservedEnv are the keys that the operator writes itself and that an extra ConfigMap
// must not hold. Source: bookkeeper-operator, doc/configuration.md.
var reservedEnv = []string{
	"BOOKIE_MEM_OPTS", "BOOKIE_GC_OPTS", "BOOKIE_GC_LOGGING_OPTS", "BOOKIE_EXTRA_OPTS", "ZK_URL",
	"BK_useHostNameAsBookieID", "BK_autoRecoveryDaemonEnabled", "BK_lostBookieRecoveryDelay",
}

// The keys by which Pravega's image finds its ledgers root, and their defaults.
// Source: pravega, docker/bookkeeper/entrypoint.sh.
const (
	envPravegaPath    = "PRAVEGA_PATH"
	envPravegaCluster = "PRAVEGA_CLUSTER_NAME"
	envBookKeeperName = "BK_CLUSTER_NAME"

	defaultPravegaPath    = "pravega"
	defaultPravegaCluster = "pravega-cluster"
	defaultBookKeeperName = "bookkeeper"
)

// checkEnv reads the ConfigMap of spec.envVars where it is among the inputs. Hardened
// takes its entries into the pod template: those that the image would make settings of
// become settings, the others environment variables.
func (c *checker) checkEnv() {
	c.checkPodEnv()
	s := &c.cluster.Spec
	if s.EnvVars == "" {
		return
	}
	if c.env == nil {
		if c.hardened() {
			c.errorf("spec.envVars", "ConfigMap %q is not among the inputs, and what it holds belongs in the pod template", s.EnvVars)
			c.hint("give bkgen the ConfigMap's document too, or move its entries to spec.options, spec.gitops.image.ledgersRoot and spec.gitops.pod.env and leave spec.envVars out; or set spec.gitops.profile: Operator for a cluster that the operator runs")
		}
		return
	}
	facts := &c.cluster.Facts
	facts.EnvConfigMap = &c.env.configMap
	facts.EnvConfigMap.Namespace = c.cluster.Namespace
	dropDelivery(facts.EnvConfigMap)
	if c.cluster.Spec.EnvVars == c.cluster.BookieName() {
		c.errorf("spec.envVars", "%q is the name of the ConfigMap that the cluster renders itself", c.cluster.Spec.EnvVars)
	}
	for _, key := range slices.Sorted(maps.Keys(c.env.configMap.Data)) {
		switch {
		case slices.Contains(reservedEnv, key):
			c.envKeyf(key, "the key is the operator's own; a second value would depend on the order of the pod's sources")
		case !isConfigKey(key):
			c.envKeyf(key, "%q is not a ConfigMap's key", key)
		case c.hardened():
			c.takeEnv(key, c.env.configMap.Data[key])
		}
	}
}

// envKeyf reports an error at a key of the ConfigMap of spec.envVars.
func (c *checker) envKeyf(key, format string, args ...any) {
	path := joinPath("data", key)
	c.problems = append(c.problems, Problem{
		Severity: Error, Position: c.env.document.keyAt(path), Path: path, Message: fmt.Sprintf(format, args...),
	})
}

// dropDelivery takes away what an object out of a cluster brings along and what would
// make a delivery tool run, skip or lose it.
func dropDelivery(m *corev1.ConfigMap) {
	m.Annotations, m.Labels = maps.Clone(m.Annotations), maps.Clone(m.Labels)
	maps.DeleteFunc(m.Annotations, func(key, _ string) bool {
		return strings.HasPrefix(key, "kubectl.kubernetes.io/") || steersDelivery(key)
	})
	maps.DeleteFunc(m.Labels, func(key, _ string) bool { return key == "app.kubernetes.io/instance" || steersDelivery(key) })
}

// takeEnv sorts one entry of the ConfigMap into settings and environment.
func (c *checker) takeEnv(key, value string) {
	facts := &c.cluster.Facts
	switch {
	case key == envBookKeeperName || key == envPravegaPath || key == envPravegaCluster || key == "WAIT_FOR":
	case strings.HasPrefix(key, "BK_"):
		setting := strings.TrimPrefix(key, "BK_")
		if slices.Contains(pseudoOptions, setting) {
			c.envKeyf(key, "%s shapes the pod and is no setting; allowed: in spec.options", setting)
			return
		}
		path := joinPath("spec.options", setting)
		if _, given := c.cluster.Spec.Options[setting]; given {
			c.errorf(path, "the ConfigMap of spec.envVars sets it too, as %s", key)
			return
		}
		if c.cluster.Spec.Options == nil {
			c.cluster.Spec.Options = map[string]string{}
		}
		c.cluster.Spec.Options[setting] = value
		if c.fromEnv == nil {
			c.fromEnv = map[string]string{}
		}
		c.fromEnv[path] = joinPath("data", key)
	case ownVariable(key) != "":
		c.envKeyf(key, "%s", ownVariable(key))
	case !isEnvName(key):
		c.envKeyf(key, "%q is not an environment variable's name", key)
	default:
		facts.Env = append(facts.Env, EnvVar{Name: key, Value: value})
	}
}

// checkLedgersRoot derives where in ZooKeeper the metadata lies; it stays empty where that cannot be known.
func (c *checker) checkLedgersRoot() {
	facts := &c.cluster.Facts
	root := c.cluster.Spec.GitOps.Image.LedgersRoot
	const path = "spec.gitops.image.ledgersRoot"
	if root != "" {
		if err := checkZNode(root); err != nil {
			c.errorf(path, "%v", err)
			return
		}
		if !c.hardened() {
			c.errorf(path, "under Operator the image's own script chooses the root")
			c.hint("put PRAVEGA_CLUSTER_NAME into the ConfigMap of spec.envVars, and give bkgen its document too")
			return
		}
		facts.LedgersRoot = root
		return
	}
	switch {
	case facts.Contract == PravegaImage && (c.cluster.Spec.EnvVars == "" || c.env != nil):
		facts.LedgersRoot = "/" + c.envOr(envPravegaPath, defaultPravegaPath) + "/" +
			c.envOr(envPravegaCluster, defaultPravegaCluster) + "/" + c.envOr(envBookKeeperName, defaultBookKeeperName) + "/ledgers"
	case !c.hardened() && c.cluster.Spec.Options["metadataServiceUri"] != "":
		if address, err := ParseZooKeeperAddress(c.cluster.Spec.Options["metadataServiceUri"]); err == nil {
			facts.ZooKeeper, facts.LedgersRoot = ZooKeeperAddress{Hosts: address.Hosts}, address.Chroot
		}
	case facts.Contract == ApacheImage && c.hardened():
		facts.LedgersRoot = "/bookkeeper/" + c.cluster.Namespace + "/" + c.cluster.Name + "/ledgers"
	}
	if facts.LedgersRoot != "" && facts.Contract == PravegaImage {
		if err := checkZNode(facts.LedgersRoot); err != nil {
			c.errorf("spec.envVars", "ledgers root %v", err)
		}
	}
}

func (c *checker) envOr(key, otherwise string) string {
	if value := c.cluster.Spec.Options[strings.TrimPrefix(key, "BK_")]; strings.HasPrefix(key, "BK_") && value != "" && c.env == nil {
		return value // the operator makes BK_<option> of it
	}
	if c.env != nil {
		if value := c.env.configMap.Data[key]; value != "" {
			return value
		}
	}
	return otherwise
}

// javaVariables are read by the JVM itself: options in them pass by every check of
// spec.jvmOptions. Source: OpenJDK, java(1); jdk.jvmti, JAVA_TOOL_OPTIONS.
var javaVariables = []string{"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}

// ownVariable says why a variable of a Hardened pod is not the user's; "" if it is.
func ownVariable(name string) string {
	switch {
	case name == PodNameVariable:
		return "the variable holds the pod's name, of which the bookie's identity is made"
	case slices.Contains(javaVariables, name):
		return "the JVM would take options from it; allowed: in spec.jvmOptions"
	case slices.ContainsFunc(OwnVariables, func(v EnvVar) bool { return v.Name == name }):
		return "the variable is bkgen's own"
	}
	return ""
}

// forScript reports whether a variable is one that the images' scripts read.
// Sources: bookkeeper, docker/scripts/common.sh; pravega, docker/bookkeeper/entrypoint.sh.
func forScript(name string) bool {
	return strings.HasPrefix(name, "BK_") || slices.Contains(reservedEnv, name) ||
		name == envPravegaPath || name == envPravegaCluster || name == "WAIT_FOR"
}

// checkPodEnv looks at the variables of spec.gitops.pod.
func (c *checker) checkPodEnv() {
	seen := map[string]bool{}
	for i, variable := range c.cluster.Spec.GitOps.Pod.Env {
		path := fmt.Sprintf("spec.gitops.pod.env[%d].name", i)
		switch {
		case variable.Name == "":
			c.errorf(path, "required")
		case !isEnvName(variable.Name):
			c.errorf(path, "%q is not an environment variable's name", variable.Name)
		case seen[variable.Name]:
			c.errorf(path, "%q is given twice", variable.Name)
		case c.hardened() && ownVariable(variable.Name) != "":
			c.errorf(path, "%s", ownVariable(variable.Name))
		case forScript(variable.Name) && c.hardened():
			c.errorf(path, "%q is the image's script's, and no script runs in a Hardened pod", variable.Name)
			c.hint("settings belong in spec.options, the place of the metadata in spec.gitops.image.ledgersRoot")
		case forScript(variable.Name):
			c.errorf(path, "%q would override what the operator's ConfigMap says", variable.Name)
			c.hint("say it in spec.options, or PRAVEGA_CLUSTER_NAME in the ConfigMap of spec.envVars")
		}
		seen[variable.Name] = true
	}
}
