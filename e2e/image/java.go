package image

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The names of the testbed's own Java images.
const (
	// ZooKeeper runs a ZooKeeper server from /conf/zoo.cfg.
	ZooKeeper = "bkgen-e2e/zookeeper:1"
	// Ledgers runs e2e/java's Ledgers: its arguments are the container's.
	Ledgers = "bkgen-e2e/ledgers:1"
)

// BookKeeper is the name of BookKeeper's own image in a version, which the rendered
// manifests use.
func BookKeeper(version string) string { return "apache/bookkeeper:" + version }

const (
	javaHome = "opt/java"
	// jars is the class path of BookKeeper's own image, which the rendered manifests name.
	jars    = "opt/bookkeeper/lib"
	classes = "opt/ledgers"
)

// javaOptions keep the second compiler from running: it takes half of the processor time of
// a start (2.5 s in place of 4.9 s for a bookie), and a test is over before it pays.
const javaOptions = "-XX:TieredStopAtLevel=1"

// Java is what the Java images are made of.
type Java struct {
	// JDK is a Java home with jlink and the modules that it takes.
	JDK string
	// Jars is a directory with the class path of BookKeeper, ZooKeeper and Ledgers.
	Jars string
	// Ledgers is a directory with the classes of e2e/java.
	Ledgers string
	// Version is BookKeeper's.
	Version string
}

// Images makes the three images. They differ in how they run, and share the layers of the
// Java runtime and of the jars, so a node unpacks these once. scratch is a directory for
// files that nobody needs afterwards.
func (j Java) Images(ctx context.Context, scratch string) ([]Named, error) {
	layers, err := j.layers(ctx, scratch)
	if err != nil {
		return nil, err
	}
	var images []Named
	for _, run := range []struct {
		reference string
		layers    []v1.Layer
		// entrypoint is none for BookKeeper: rendered manifests bring the whole command.
		entrypoint, args []string
	}{
		{BookKeeper(j.Version), layers[:2], nil, []string{"java", "-version"}},
		{ZooKeeper, layers[:2], []string{"java", "-XX:+UseSerialGC", "-Xmx128m", "-cp", "/" + jars + "/*", "org.apache.zookeeper.server.quorum.QuorumPeerMain"}, []string{"/conf/zoo.cfg"}},
		{Ledgers, layers, []string{"java", "-XX:+UseSerialGC", "-cp", "/" + jars + "/*:/" + classes, "Ledgers"}, nil},
	} {
		image, err := Build(Spec{
			Platform: v1.Platform{OS: "linux", Architecture: runtime.GOARCH},
			Layers:   run.layers,
			Config: v1.Config{
				User:       "10000:0", // as in BookKeeper's own image
				Env:        []string{"PATH=/" + javaHome + "/bin", "JAVA_HOME=/" + javaHome, "JAVA_TOOL_OPTIONS=" + javaOptions},
				WorkingDir: "/opt/bookkeeper",
				Entrypoint: run.entrypoint,
				Cmd:        run.args,
			},
		})
		if err != nil {
			return nil, fmt.Errorf("making %s: %w", run.reference, err)
		}
		images = append(images, Named{Reference: run.reference, Content: image})
	}
	return images, nil
}

// layers are the Java runtime with the system's libraries, the jars, and Ledgers' classes.
func (j Java) layers(ctx context.Context, scratch string) ([]v1.Layer, error) {
	base, libraries, client := Tree{}, Tree{}, Tree{}
	natives, err := libraries.AddJars(jars, j.Jars)
	if err != nil {
		return nil, err
	}
	if err := base.addRuntime(ctx, j.JDK, scratch); err != nil {
		return nil, err
	}
	if err := base.AddLibraries(natives...); err != nil {
		return nil, err
	}
	base.AddText("etc/passwd", "root:x:0:0:root:/:/sbin/nologin\nbookkeeper:x:10000:0:bookkeeper:/opt/bookkeeper:/sbin/nologin\n")
	base.AddText("etc/group", "root:x:0:\n")
	base.AddText("etc/nsswitch.conf", "hosts: files dns\n")
	base["tmp"] = temporary
	if err := client.Copy(classes, j.Ledgers); err != nil {
		return nil, err
	}
	var layers []v1.Layer
	for _, tree := range []Tree{base, libraries, client} {
		layer, err := Plain(tree)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

// javaModules are what BookKeeper, ZooKeeper, and the libraries that they load, use of the
// JDK, as jdeps lists it, and jdk.crypto.ec and jdk.naming.dns, which are found by name at
// run time. Of java.desktop it is only java.beans, so its own native libraries stay out.
var javaModules = []string{
	"java.base", "java.compiler", "java.desktop", "java.logging", "java.management", "java.naming",
	"java.rmi", "java.scripting", "java.security.jgss", "java.security.sasl", "java.sql", "java.xml",
	"jdk.crypto.ec", "jdk.management", "jdk.naming.dns", "jdk.unsupported",
}

// addRuntime adds a Java runtime, cut out of a JDK, with an archive of the classes that
// every start loads.
func (t Tree) addRuntime(ctx context.Context, jdk, scratch string) error {
	home := filepath.Join(scratch, "runtime")
	if err := tool(ctx, filepath.Join(jdk, "bin", "jlink"),
		"--add-modules", strings.Join(javaModules, ","),
		"--vm", "server", "--exclude-files", "/java.desktop/lib/**",
		"--strip-java-debug-attributes", "--no-man-pages", "--no-header-files",
		"--output", home); err != nil {
		return fmt.Errorf("cutting a Java runtime: %w", err)
	}
	if err := tool(ctx, filepath.Join(home, "bin", "java"), "-Xshare:dump"); err != nil {
		return fmt.Errorf("archiving Java's classes: %w", err)
	}
	return t.Copy(javaHome, home)
}

func tool(ctx context.Context, name string, args ...string) error {
	output, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s: %w\n%s", name, err, strings.TrimSpace(string(output)))
	}
	return nil
}
