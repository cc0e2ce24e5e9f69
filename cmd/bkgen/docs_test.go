//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents must each show commands, from the day that they exist.
var documents = []string{"README.md", "docs/getting-started.md", "docs/profiles.md"}

// Every command in a console block of README.md and docs/ prints what stands below it. The
// commands of a document run in one directory, one after the other, beside a copy of
// examples/, with bkgen on the PATH and with -e and -u set. Standard error stands in the
// output, as on a terminal. A line "..." is any number of lines, and a command without
// output below it may print what it likes. One that fails says so by || echo "exit $?".
func TestDocuments(t *testing.T) {
	names, err := fs.Glob(os.DirFS(repository), "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	names = append(names, documents...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(repository, name))
			if err != nil {
				t.Fatal(err)
			}
			steps, err := consoleSteps(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if len(steps) == 0 && slices.Contains(documents, name) {
				t.Error("no console block")
			}
			runSteps(t, name, steps)
		})
	}
}

func runSteps(t *testing.T, name string, steps []consoleStep) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS(filepath.Join(repository, "examples"))); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", step.command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		switch {
		case err != nil:
			t.Fatalf("%s:%d: %s\n%v:\n%s", name, step.line, step.command, err, out)
		case len(step.output) > 0 && !matchesOutput(step.output, string(out)):
			t.Errorf("%s:%d: %s\nprints:\n%s\nthe document says:\n%s", name, step.line, step.command, out, strings.Join(step.output, "\n"))
		}
	}
}

// consoleStep is a command and the lines of its output that a document shows.
type consoleStep struct {
	line    int
	command string
	output  []string
}

var hereDocument = regexp.MustCompile(`<<-?\s*(['"]?)(\w+)`)

// consoleSteps returns the commands in the console blocks of a Markdown text. A command
// starts with "$ " and goes on after a backslash and through a here-document.
func consoleSteps(text string) ([]consoleStep, error) {
	var steps []consoleStep
	var block, indent, end string // the block's first line and what stands before it; the end of a here-document
	var before int                // how many steps there were before the block
	continued := false
	for i, line := range strings.Split(text, "\n") {
		if block == "" {
			indent = line[:len(line)-len(strings.TrimLeft(line, " "))]
		}
		line = strings.TrimPrefix(line, indent)
		fence := strings.HasPrefix(line, "```")
		command, prompt := strings.CutPrefix(line, "$ ")
		switch {
		case fence && (end != "" || continued):
			return nil, fmt.Errorf("line %d: the block ends within a command", i+1)
		case fence && block != "":
			block = ""
		case fence:
			block, before = line, len(steps)
		case block != "```console":
		case end != "" || continued:
			last := &steps[len(steps)-1]
			last.command += "\n" + line
			if line == end {
				end = ""
			}
			continued = end == "" && strings.HasSuffix(line, `\`)
		case prompt:
			steps = append(steps, consoleStep{line: i + 1, command: command})
			if match := hereDocument.FindStringSubmatch(command); match != nil {
				end = match[2]
			}
			continued = end == "" && strings.HasSuffix(command, `\`)
		case len(steps) == before:
			return nil, fmt.Errorf("line %d: output without a command", i+1)
		default:
			last := &steps[len(steps)-1]
			last.output = append(last.output, line)
		}
	}
	if block != "" {
		return nil, errors.New("the last block does not end")
	}
	return steps, nil
}

// matchesOutput compares an output with what a document shows of it.
func matchesOutput(want []string, got string) bool {
	var pattern strings.Builder
	for _, line := range want {
		if line == "..." {
			pattern.WriteString(`(?:.*\n)*?`)
		} else {
			pattern.WriteString(regexp.QuoteMeta(line) + `\n`)
		}
	}
	if !strings.HasSuffix(got, "\n") {
		got += "\n"
	}
	return regexp.MustCompile(`\A` + pattern.String() + `\z`).MatchString(got)
}

func TestConsoleSteps(t *testing.T) {
	text := strings.Join([]string{
		"# Text", "$ not a command", "```sh", "$ make test", "```", "```console", "$ one", "two", "...", "$ three \\", "  four",
		"$ cat <<'EOF'", "$ five", "EOF", "six", "```", "seven", "- In a list:", "  ```console", "  $ eight", "    nine", "  ```", "",
	}, "\n")
	want := []consoleStep{
		{7, "one", []string{"two", "..."}},
		{10, "three \\\n  four", nil},
		{12, "cat <<'EOF'\n$ five\nEOF", []string{"six"}},
		{20, "eight", []string{"  nine"}},
	}
	got, err := consoleSteps(text)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: %+v, want %+v", err, got, want)
	}
	for name, text := range map[string]string{
		"output without a command": "```console\n$ one\n```\n```console\nout\n```\n",
		"a block without an end":   "```console\n$ one\n",
		"a command without an end": "```console\n$ cat <<EOF\n```\n",
	} {
		if steps, err := consoleSteps(text); err == nil {
			t.Errorf("%s: %+v", name, steps)
		}
	}
}

func TestMatchesOutput(t *testing.T) {
	cases := []struct {
		name string
		want []string
		got  string
		is   bool
	}{
		{"equal", []string{"a", "b"}, "a\nb\n", true},
		{"without a last newline", []string{"a"}, "a", true},
		{"another line", []string{"a", "b"}, "a\nc\n", false},
		{"a line more", []string{"a"}, "a\nb\n", false},
		{"a line less", []string{"a", "b"}, "a\n", false},
		{"any lines", []string{"a", "...", "d"}, "a\nb\nc\nd\n", true},
		{"any lines, none", []string{"...", "a", "..."}, "a\n", true},
		{"any lines, not parts of one", []string{"...", "a"}, "ba\n", false},
		{"no pattern", []string{"a.c"}, "abc\n", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := matchesOutput(c.want, c.got); got != c.is {
				t.Errorf("matchesOutput(%q, %q) = %v", c.want, c.got, got)
			}
		})
	}
}
