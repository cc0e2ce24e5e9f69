package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/bkgen/bkgen/pkg/spec"
	"github.com/bkgen/bkgen/pkg/zk"
)

// Both tools agree: what bkgen renders as bkcheck's arguments is what bkcheck takes.
func TestRenderedArgumentsAreTaken(t *testing.T) {
	const goldens = "../../testdata/render"
	found := map[string]int{}
	err := filepath.WalkDir(goldens, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || !strings.Contains(path, string(filepath.Separator)+"want"+string(filepath.Separator)) {
			return err
		}
		for _, args := range ensureClusterArgs(t, path) {
			found[strings.Split(strings.TrimPrefix(path, goldens), string(filepath.Separator))[1]]++
			checkArgs(t, path, args)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 3 {
		t.Errorf("init containers were found in %v, want more cases", found)
	}
}

// ensureClusterArgs are the arguments of each such init container in a golden file.
func ensureClusterArgs(t *testing.T, path string) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for _, document := range bytes.Split(data, []byte("\n---\n")) {
		var object struct {
			Spec struct {
				Template corev1.PodTemplateSpec `json:"template"`
			} `json:"spec"`
		}
		if !bytes.Contains(document, []byte(spec.EnsureClusterContainer)) {
			continue
		}
		if err := yaml.Unmarshal(document, &object); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, container := range object.Spec.Template.Spec.InitContainers {
			if container.Name == spec.EnsureClusterContainer {
				all = append(all, container.Args)
			}
		}
	}
	return all
}

func checkArgs(t *testing.T, path string, args []string) {
	t.Helper()
	command, rest, err := newRootCommand(streams{}).Find(args)
	if err != nil || command.Name() != "ensure-cluster" {
		t.Errorf("%s: %q is no command of bkcheck's: %v", path, args, err)
		return
	}
	var o ensureOptions
	flags := command.Flags()
	if err := command.ParseFlags(rest); err != nil || flags.NArg() != 0 {
		t.Errorf("%s: %q: %v, %d arguments too many", path, args, err, flags.NArg())
		return
	}
	o.uri = flags.Lookup("metadata-service-uri").Value.String()
	config, root, err := o.read()
	if err != nil || len(config.Hosts) == 0 || !strings.HasPrefix(root, "/") {
		t.Errorf("%s: %q: hosts %q, root %q, error %v", path, args, config.Hosts, root, err)
	}
}

func TestOutcomeAsText(t *testing.T) {
	for name, test := range map[string]struct {
		format string
		result zk.Result
		want   string
	}{
		"created, as text":       {textFormat, zk.Created, "created the metadata of a new cluster at /a/ledgers, instance 6ed6\n"},
		"already there, as text": {textFormat, zk.AlreadyThere, "the metadata of a cluster is already at /a/ledgers, instance 6ed6\n"},
		"created, as JSON":       {jsonFormat, zk.Created, `{"result":"created","root":"/a/ledgers","instanceID":"6ed6"}` + "\n"},
		"already there, as JSON": {jsonFormat, zk.AlreadyThere, `{"result":"already there","root":"/a/ledgers","instanceID":"6ed6"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := printOutcome(&out, test.format, "/a/ledgers", zk.Outcome{Result: test.result, InstanceID: "6ed6"}); err != nil || out.String() != test.want {
				t.Errorf("error %v, output %q, want %q", err, out.String(), test.want)
			}
		})
	}
}

func TestHintOnWhatIsHalfThere(t *testing.T) {
	for name, test := range map[string]struct {
		found []string
		want  string
	}{
		"an empty znode":            {nil, "delete that empty znode"},
		"something else":            {[]string{"config", "topics"}, "is the path right?"},
		"what a nuke left":          {[]string{"00", "cookies"}, "let that end"},
		"a cluster without LAYOUT":  {[]string{"INSTANCEID", "available"}, "let that end"},
		"a cluster that was fenced": {[]string{"00", "INSTANCEID", "LAYOUT"}, "let that end"},
	} {
		t.Run(name, func(t *testing.T) {
			if hint := halfThereHint(&zk.HalfThereError{Root: "/a", Found: test.found}); !strings.Contains(hint, test.want) {
				t.Errorf("hint %q, want %q", hint, test.want)
			}
		})
	}
}

func TestProgressIsSaidRarely(t *testing.T) {
	var out bytes.Buffer
	tell := progress(&out)
	for range 9 {
		tell("zk:2181", errors.New("refused"))
	}
	tell("zk:2181", errors.New("no such host"))
	want := `bkcheck: waiting for ZooKeeper: zk:2181: refused
bkcheck: waiting for ZooKeeper: zk:2181: refused (2 times)
bkcheck: waiting for ZooKeeper: zk:2181: refused (4 times)
bkcheck: waiting for ZooKeeper: zk:2181: refused (8 times)
bkcheck: waiting for ZooKeeper: zk:2181: no such host
`
	if out.String() != want {
		t.Errorf("output:\n%swant:\n%s", out.String(), want)
	}
}

func TestInterruptedWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	errs := writerFunc(func(p []byte) (int, error) {
		defer cancel() // as soon as it says that it waits
		return out.Write(p)
	})
	args := []string{"ensure-cluster", "--metadata-service-uri=zk://127.0.0.1:1/ledgers", "--timeout=1h"}
	if code := run(ctx, args, streams{out: &out, err: errs}); code != exitCouldNotSay {
		t.Errorf("exit code %d, want %d", code, exitCouldNotSay)
	}
	if !strings.Contains(out.String(), "bkcheck: interrupted: ") {
		t.Errorf("output:\n%s", out.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
