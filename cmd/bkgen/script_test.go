//go:build unix

package main

import (
	"errors"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bkgen/bkgen/internal/manifest"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

// TestMain makes this program the command bkgen too, for all tests that start a process.
func TestMain(m *testing.M) {
	if err := os.Setenv(raceOptions, quickExit); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"bkgen": main})
}

// With the race detector, a process waits a second at its end if it is not told otherwise.
const raceOptions, quickExit = "GORACE", "atexit_sleep_ms=0"

// TestScript runs the cases in testdata/script. Beside testscript's own commands they have:
//
//	exits CODE [COMMAND...]   run a command, bkgen if none is named, and check its exit code
//	clusters N FILE           write a file of N clusters, bk-1 in namespace storage and so on
//	sparse FILE BYTES         make a file of zeros
//	inventory DIR             print what a directory's inventory lists, and check every sum
//	files DIR                 print the files below a directory, without their content
//	kinds FILE                print kind/name of each object in a file, or in stdout
//	keep DIR                  remember a directory: content, modes and modification times
//	kept DIR                  the directory is as it was remembered
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(raceOptions, quickExit)
			env.Values[keptTrees{}] = map[string]tree{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "clusters": writeClusters, "sparse": sparse,
			"files": listFiles, "kinds": listKinds, "inventory": listInventory, "keep": keep, "kept": kept,
		},
	})
}

// arguments are those of a command that takes no "!" and this many.
func arguments(ts *testscript.TestScript, neg bool, args []string, usage string) []string {
	if neg || len(args) != len(strings.Fields(usage))-1 {
		ts.Fatalf("usage: %s", usage)
	}
	return args
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE [COMMAND...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	command := append(slices.Clone(args[1:]), "bkgen")
	if len(args) > 1 {
		command = args[1:]
	}
	if got := exitCode(ts.Exec(command[0], command[1:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// exitCode is that of a command that has ended, -1 if a signal has ended it.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

func writeClusters(ts *testscript.TestScript, neg bool, args []string) {
	args = arguments(ts, neg, args, "clusters N FILE")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(manyClusters(n)), 0o644))
}

// manyClusters are n documents; each second one names no namespace.
func manyClusters(n int) string {
	var text strings.Builder
	for i := range n {
		number, namespace := strconv.Itoa(i+1), ", namespace: storage"
		if i%2 == 1 {
			namespace = ""
		}
		text.WriteString("---\napiVersion: bookkeeper.pravega.io/v1alpha1\nkind: BookkeeperCluster\n" +
			"metadata: {name: bk-" + number + namespace + "}\n" +
			"spec: {version: 4.17.4, replicas: 4, zookeeperUri: 'zk-" + number + ":2181', image: {imageSpec: {repository: apache/bookkeeper}}}\n")
	}
	return text.String()
}

func sparse(ts *testscript.TestScript, neg bool, args []string) {
	args = arguments(ts, neg, args, "sparse FILE BYTES")
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	file := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(file, nil, 0o644))
	ts.Check(os.Truncate(file, size))
}

// printLines makes the lines the output that the next commands of the script see.
func printLines(ts *testscript.TestScript, lines []string) {
	_, err := ts.Stdout().Write([]byte(strings.Join(append(lines, ""), "\n")))
	ts.Check(err)
}

func listFiles(ts *testscript.TestScript, neg bool, args []string) {
	args = arguments(ts, neg, args, "files DIR")
	printLines(ts, slices.Sorted(maps.Keys(scriptTree(ts, args[0]))))
}

func listKinds(ts *testscript.TestScript, neg bool, args []string) {
	args = arguments(ts, neg, args, "kinds FILE")
	var lines []string
	kind := ""
	for line := range strings.SplitSeq(ts.ReadFile(args[0]), "\n") {
		if value, ok := strings.CutPrefix(line, "kind: "); ok {
			kind = value
		}
		if name, ok := strings.CutPrefix(line, "  name: "); ok && kind != "" {
			lines = append(lines, kind+"/"+name)
			kind = ""
		}
	}
	printLines(ts, lines)
}

func listInventory(ts *testscript.TestScript, neg bool, args []string) {
	dir := arguments(ts, neg, args, "inventory DIR")[0]
	inventory, err := manifest.DecodeInventory([]byte(ts.ReadFile(filepath.Join(dir, manifest.InventoryName))))
	ts.Check(err)
	var lines []string
	list := func(what string, digests []manifest.Digest) {
		for _, d := range digests {
			lines = append(lines, what+" "+d.Path)
			if d.Path == "-" {
				continue
			}
			if sum := manifest.Sum([]byte(ts.ReadFile(filepath.Join(dir, d.Path)))); sum != d.SHA256 {
				ts.Fatalf("%s has the sum %s, the inventory says %s", d.Path, sum, d.SHA256)
			}
		}
	}
	list("input", inventory.Inputs)
	for _, flag := range inventory.Flags {
		lines = append(lines, "flag "+flag)
	}
	list("file", inventory.Files)
	printLines(ts, lines)
}

// keptTrees is the key of what a script has remembered.
type keptTrees struct{}

func keep(ts *testscript.TestScript, neg bool, args []string) {
	args = arguments(ts, neg, args, "keep DIR")
	ts.Value(keptTrees{}).(map[string]tree)[args[0]] = scriptTree(ts, args[0])
}

func kept(ts *testscript.TestScript, neg bool, args []string) {
	args = arguments(ts, neg, args, "kept DIR")
	old, ok := ts.Value(keptTrees{}).(map[string]tree)[args[0]]
	if !ok {
		ts.Fatalf("%s was not kept", args[0])
	}
	if diff := cmp.Diff(old, scriptTree(ts, args[0])); diff != "" {
		ts.Fatalf("%s changed (-before +after):\n%s", args[0], diff)
	}
}

func scriptTree(ts *testscript.TestScript, dir string) tree {
	found, err := walkTree(ts.MkAbs(dir), withTime)
	ts.Check(err)
	return found
}
