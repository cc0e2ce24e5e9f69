package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
)

// BookKeeperVersion is the version of BookKeeper that the tests run.
const BookKeeperVersion = "4.17.3"

// Maven returns the path of mvn, and installs Debian's where there is none, which needs root.
func Maven(ctx context.Context) (path string, err error) {
	if path, err = exec.LookPath("mvn"); err == nil {
		return path, nil
	}
	if err := install(ctx, "maven", func() bool { path, err = exec.LookPath("mvn"); return err == nil }); err != nil {
		return "", &MissingError{Part: "Maven", Err: err}
	}
	return path, nil
}

// Jars returns a directory with the jars of a BookKeeper server and of all that it needs at
// run time, as /opt/bookkeeper/lib of its image: ZooKeeper's server and BookKeeper's client
// run from them too. 101 MB stay, and as much again in Maven's own repository.
func Jars(ctx context.Context) (dir string, err error) {
	project, err := source("java")
	if err != nil {
		return "", &MissingError{Part: "BookKeeper", Err: err}
	}
	pom := filepath.Join(project, "pom.xml")
	text, err := os.ReadFile(pom)
	if err != nil {
		return "", fmt.Errorf("reading what BookKeeper consists of: %w", err)
	}
	build := func(ctx context.Context, into string) error { return copyJars(ctx, pom, into) }
	return recipe{name: "bookkeeper", key: []string{BookKeeperVersion, string(text)}, build: build}.part(ctx)
}

// copyJars downloads into Maven's repository what is not there yet, and refuses what does
// not match its checksum.
func copyJars(ctx context.Context, pom, into string) error {
	maven, err := Maven(ctx)
	if err != nil {
		return err
	}
	home, err := JDK(ctx)
	if err != nil {
		return err
	}
	err = run(ctx, into, []string{"JAVA_HOME=" + home}, maven, "--batch-mode", "--quiet", "--strict-checksums", "--file", pom,
		"dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+into, "-Dbookkeeper.version="+BookKeeperVersion)
	if err != nil {
		return fmt.Errorf("downloading BookKeeper %s: %w", BookKeeperVersion, err)
	}
	return nil
}

// Ledgers returns a directory with the compiled classes of the ledger client, whose main
// class is Ledgers. It runs with these and Jars as its class path.
func Ledgers(ctx context.Context) (dir string, err error) {
	sources, key, err := ledgerSources()
	if err != nil {
		return "", fmt.Errorf("reading the ledger client: %w", err)
	}
	build := func(ctx context.Context, into string) error { return compile(ctx, sources, into) }
	return recipe{name: "ledgers", key: append(key, BookKeeperVersion), build: build}.part(ctx)
}

// ledgerSources are the client's files, and all their names and content.
func ledgerSources() (files, key []string, err error) {
	project, err := source("java")
	if err != nil {
		return nil, nil, err
	}
	files, err = filepath.Glob(filepath.Join(project, "*.java"))
	if err != nil {
		return nil, nil, err
	}
	sort.Strings(files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		key = append(key, filepath.Base(file), string(text))
	}
	return files, key, nil
}

func compile(ctx context.Context, sources []string, into string) error {
	home, err := JDK(ctx)
	if err != nil {
		return err
	}
	jars, err := Jars(ctx)
	if err != nil {
		return err
	}
	// Jars name in their manifests what is not there and is not needed: that is "path".
	args := []string{"--release", "17", "-proc:none", "-Xlint:all,-path,-classfile,-processing", "-Werror", "-cp", jars + "/*", "-d", into}
	if err := run(ctx, into, nil, filepath.Join(home, "bin", "javac"), append(args, sources...)...); err != nil {
		return fmt.Errorf("compiling the ledger client: %w", err)
	}
	return nil
}
