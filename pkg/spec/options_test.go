package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseDirectories(t *testing.T) {
	for name, test := range map[string]struct {
		value, subPath string
		want           []Directory
	}{
		"one directory is the claim's root":    {"/bk/ledgers", "ledger", []Directory{{Path: "/bk/ledgers"}}},
		"several are numbered sub paths":       {"/bk/l0,/bk/l1", "lg", []Directory{{"/bk/l0", "lg0"}, {"/bk/l1", "lg1"}}},
		"a last slash is kept, as it is given": {"/bk/l0/", "l", []Directory{{Path: "/bk/l0/"}}},
		"spaces inside of a path":              {"/bk/my disk", "l", []Directory{{Path: "/bk/my disk"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := parseDirectories(test.value, test.subPath)
			if diff := cmp.Diff(test.want, got); diff != "" || len(problems) > 0 {
				t.Errorf("problems %q, directories (-want +got):\n%s", problems, diff)
			}
		})
	}
}

func TestParseMountsKeepsTheirOrder(t *testing.T) {
	got, problems := parseMounts("heap-dump=/tmp/dumps,core=/var/core,eq=/a=b")
	want := []Mount{{Volume: "heap-dump", Path: "/tmp/dumps"}, {Volume: "core", Path: "/var/core"}, {Volume: "eq", Path: "/a=b"}}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("problems %q, mounts (-want +got):\n%s", problems, diff)
	}
	got, problems = parseConfigMapMounts("log4j:log4j.properties=/opt/conf/log4j.properties,log4j:b=/b")
	want = []Mount{{"log4j", "/opt/conf/log4j.properties", "log4j.properties"}, {"log4j", "/b", "b"}}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("problems %q, ConfigMap mounts (-want +got):\n%s", problems, diff)
	}
}

// TestOptionsOfEveryFormThatMadeTheOperatorPanic: each is an error, at the byte where
// the item that is wrong begins.
func TestOptionsOfEveryFormThatMadeTheOperatorPanic(t *testing.T) {
	for value, want := range map[string]string{
		"dumps":           `0: "dumps" has no =; allowed: configmap:key=/path, several separated by commas`,
		"a:k=/a,dumps":    `7: "dumps" has no =; allowed: configmap:key=/path, several separated by commas`,
		"a:k=/a,dumps=/d": `7: "dumps=/d" has no key; allowed: configmap:key=/path`,
		"a:k":             `0: "a:k" has no =; allowed: configmap:key=/path, several separated by commas`,
		",":               `0: "" has no =; allowed: configmap:key=/path, several separated by commas`,
		"=":               `0: "=" has no key; allowed: configmap:key=/path`,
		":=":              `0: ConfigMap name "" is not lower-case letters, digits and - (it names the volume too)`,
		"a:=/a":           `2: ConfigMap key "" is not letters, digits, -, _ and .`,
		"a:k=":            `4: an empty path; allowed: an absolute path such as /bk/ledgers`,
	} {
		t.Run(value, func(t *testing.T) {
			_, problems := parseConfigMapMounts(value)
			if len(problems) == 0 {
				t.Fatal("no problem")
			}
			if got := fmt.Sprintf("%d: %s", problems[0].offset, problems[0].reason); got != want {
				t.Errorf("problem %s, want %s", got, want)
			}
		})
	}
}

func TestPseudoOptionsAreNoSettings(t *testing.T) {
	options := map[string]string{
		"ledgerSubPath": "a", "journalSubPath": "b", "indexSubPath": "c", "hostPathVolumeMounts": "d",
		"emptyDirVolumeMounts": "e", "configMapVolumeMounts": "f", "ledgerDirectories": "/g", "gcWaitTime": "1",
	}
	want := map[string]string{"ledgerDirectories": "/g", "gcWaitTime": "1"}
	if diff := cmp.Diff(want, settings(options)); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestOptionsBecomeDirectoriesAndMounts(t *testing.T) {
	b := decoded(t, clusterText(Operator, `options:
  ledgerDirectories: /bk/l0,/bk/l1
  journalDirectories: /bk/j0
  ledgerSubPath: lg
  hostPathVolumeMounts: core=/var/core
  emptyDirVolumeMounts: logs=/opt/bookkeeper/logs
  configMapVolumeMounts: 'log4j:a=/a,log4j:b=/b'
  indexSubPath: unused`))
	want := BookKeeperFacts{
		Ledger: []Directory{{"/bk/l0", "lg0"}, {"/bk/l1", "lg1"}}, Journal: []Directory{{Path: "/bk/j0"}}, Index: []Directory{{Path: "/bk/index"}},
		HostPaths: []Mount{{Volume: "core", Path: "/var/core"}}, EmptyDirs: []Mount{{Volume: "logs", Path: "/opt/bookkeeper/logs"}},
		ConfigMaps: []Mount{{"log4j", "/a", "a"}, {"log4j", "/b", "b"}},
	}
	ignored := cmpopts.IgnoreFields(BookKeeperFacts{}, "Contract", "BookKeeperVersion", "Java", "ZooKeeper", "LedgersRoot", "EnvConfigMap", "Env", "Files")
	if diff := cmp.Diff(want, b.Facts, ignored); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	paths := joinDirectories(b.Facts.Directories())
	if paths != "/bk/l0,/bk/l1,/bk/j0,/bk/index" {
		t.Errorf("directories %s, want ledger, journal, index", paths)
	}
}

// checkItems fails where a list was neither read nor reported item by item.
func checkItems(t *testing.T, value string, read int, problems []*optionError) {
	t.Helper()
	if items := strings.Count(value, ",") + 1; read+len(problems) != items {
		t.Errorf("%q: %d items, %d read, problems %q", value, items, read, problems)
	}
	for _, p := range problems {
		if p.offset < 0 || p.offset > len(value) || p.Error() == "" {
			t.Errorf("%q: problem at %d: %s", value, p.offset, p.reason)
		}
	}
}

func checkReadPath(t *testing.T, path string) {
	t.Helper()
	up := slices.Contains(strings.Split(path, "/"), "..")
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, ":,") || up {
		t.Errorf("path %q was read", path)
	}
}

func FuzzParseDirectories(f *testing.F) {
	for _, seed := range []string{"/bk/l0,/bk/l1", "", ",", "/", "/a/../b", "/a:b", "/a ,b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		dirs, problems := parseDirectories(value, "sub")
		checkItems(t, value, len(dirs), problems)
		for _, dir := range dirs {
			checkReadPath(t, dir.Path)
		}
	})
}

func FuzzParseMounts(f *testing.F) {
	for _, seed := range []string{"a=/a,b=/b", "a", "=", "a=b=/c", "A=/a", ","} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		mounts, problems := parseMounts(value)
		checkItems(t, value, len(mounts), problems)
		for _, m := range mounts {
			checkReadPath(t, m.Path)
		}
		if len(problems) == 0 {
			printed := make([]string, len(mounts))
			for i, m := range mounts {
				printed[i] = m.Volume + "=" + m.Path
			}
			if strings.Join(printed, ",") != value {
				t.Errorf("%q was read as %q", value, printed)
			}
		}
	})
}

func FuzzParseConfigMapMounts(f *testing.F) {
	for _, seed := range []string{"a:k=/a,a:l=/b", "a=/a", "a:b:c=/d", ":=", "a:k=", "a:..=/a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		mounts, problems := parseConfigMapMounts(value)
		checkItems(t, value, len(mounts), problems)
		for _, m := range mounts {
			checkReadPath(t, m.Path)
			if !isLabel(m.Volume) || !isConfigKey(m.Key) {
				t.Errorf("%q: mount %+v", value, m)
			}
		}
	})
}
