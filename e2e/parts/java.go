package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// jdkPackage is the Debian package that is installed where there is no JDK. BookKeeper 4.17
// runs on Java 17 in its own image.
const jdkPackage = "openjdk-17-jdk-headless"

// JDK returns the home of a Java development kit, of version 17 or later, that has java,
// javac, jlink and the modules that jlink links: $JAVA_HOME, that of java in $PATH, or one in
// /usr/lib/jvm. Where there is none it installs Debian's, which needs root.
func JDK(ctx context.Context) (home string, err error) {
	if home, err = findJDK(); err == nil {
		return home, nil
	}
	if err := install(ctx, jdkPackage, func() bool { home, err = findJDK(); return err == nil }); err != nil {
		return "", &MissingError{Part: "a JDK", Err: err}
	}
	return home, nil
}

func findJDK() (string, error) {
	homes := []string{os.Getenv("JAVA_HOME")}
	if java, err := exec.LookPath("java"); err == nil {
		if java, err = filepath.EvalSymlinks(java); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(java)))
		}
	}
	installed, err := filepath.Glob("/usr/lib/jvm/*17*")
	if err != nil {
		return "", fmt.Errorf("finding a JDK: %w", err)
	}
	var problems []error
	for _, home := range append(homes, installed...) {
		if home == "" {
			continue
		}
		err := checkJDK(home)
		if err == nil {
			return home, nil
		}
		problems = append(problems, err)
	}
	return "", fmt.Errorf("finding a JDK: none is whole: %w", errors.Join(problems...))
}

// checkJDK says what a directory lacks to be the home of a JDK. A runtime without
// development kit has no javac; some kits come without jmods, which jlink needs.
func checkJDK(home string) error {
	for _, file := range []string{"bin/java", "bin/javac", "bin/jlink", "jmods/java.base.jmod"} {
		if _, err := os.Stat(filepath.Join(home, file)); err != nil {
			return fmt.Errorf("looking for a JDK: %w", err)
		}
	}
	text, err := os.ReadFile(filepath.Join(home, "release"))
	if err != nil {
		return fmt.Errorf("looking for a JDK's version: %w", err)
	}
	_, after, _ := strings.Cut("\n"+string(text), "\nJAVA_VERSION=\"")
	version, _, _ := strings.Cut(after, "\"")
	first, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(first)
	if err != nil || major < 17 {
		return fmt.Errorf("looking for a JDK: %s is of version %q, want 17 or later", home, version)
	}
	return nil
}

// install installs a Debian package unless done says that nothing is missing any more, as
// after another process has installed it. Package lists may be missing, or older than the
// archive: they are updated where the first attempt fails.
func install(ctx context.Context, name string, done func() bool) error {
	cache, err := Dir()
	if err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(cache, "apt.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if done() {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("installing %s: only root can: apt-get install %[1]s", name)
	}
	fmt.Fprintf(os.Stderr, "e2e: installing Debian's package %s\n", name)
	env := []string{"DEBIAN_FRONTEND=noninteractive"}
	args := []string{"-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", "install", name}
	if err := run(ctx, "", env, "apt-get", args...); err != nil {
		if err := run(ctx, "", env, "apt-get", "-q", "update"); err != nil {
			return fmt.Errorf("updating the lists of Debian packages: %w", err)
		}
		if err := run(ctx, "", env, "apt-get", args...); err != nil {
			return fmt.Errorf("installing %s: %w", name, err)
		}
	}
	if !done() {
		return fmt.Errorf("installing %s: it is not where it is looked for", name)
	}
	return nil
}
