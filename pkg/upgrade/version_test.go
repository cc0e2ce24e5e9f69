package upgrade

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseVersion(t *testing.T) {
	for _, test := range []struct {
		text                string
		known               bool
		major, minor, patch int
		preRelease          bool
	}{
		{"4.17.3", true, 4, 17, 3, false},
		{"v4.17.3", true, 4, 17, 3, false},
		{"4.17", true, 4, 17, -1, false},
		{"4.18.0-SNAPSHOT", true, 4, 18, 0, true},
		{"4.18.0-rc-1", true, 4, 18, 0, true},
		{"4.18.0-rc1", true, 4, 18, 0, true},
		{"4.17.3-debian-12-r4", true, 4, 17, 3, false},
		{"4.17-java17", true, 4, 17, -1, false},
		{"4.14.3.1", true, 4, 14, 3, false},
		{"4.17.3_1+b", true, 4, 17, 3, false},
		{"4.17.3@sha256:aa", true, 4, 17, 3, false},
		{"0.13.0", true, 0, 13, 0, false},
		{"", false, 0, 0, -1, false},
		{"latest", false, 0, 0, -1, false},
		{"latest@sha256:aa", false, 0, 0, -1, false},
		{"4", false, 0, 0, -1, false},
		{"4.", false, 0, 0, -1, false},
		{"4.17.", false, 0, 0, -1, false},
		{"4.17.x", true, 4, 17, -1, false},
		{"4.017.3", false, 0, 0, -1, false},
		{"4.17.3 ", false, 0, 0, -1, false},
		{"4.17rc1", false, 0, 0, -1, false},
		{"sha256:aa", false, 0, 0, -1, false},
		{"99999.1.1", false, 0, 0, -1, false},
		{"-4.17.3", false, 0, 0, -1, false},
	} {
		got := ParseVersion(test.text)
		want := Version{test.major, test.minor, test.patch, test.text, test.known, test.preRelease}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Version{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, text := range []string{"4.17.3", "v4.17", "4.18.0-SNAPSHOT", "latest", "4.17.3@sha256:aa", "0.13.0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := ParseVersion(text)
		if v.Text != text || v.Patch < -1 || v.Major < 0 || v.Minor < 0 || v.Patch > 9999 {
			t.Errorf("%q: %+v", text, v)
		}
		number := fmt.Sprintf("%d.%d", v.Major, v.Minor)
		if v.Known() && !strings.HasPrefix(strings.TrimPrefix(text, "v"), number) {
			t.Errorf("%q: %+v", text, v)
		}
		if CheckVersions([]Version{v}, v, VersionFacts{}).Verdict == StepAllowed && !v.Known() && !strings.Contains(text, "@sha256:") {
			t.Errorf("%q: allowed, whatever it is", text)
		}
	})
}

// allSeen are facts that allow the most.
func allSeen() VersionFacts {
	return VersionFacts{
		IndexCookies:  Seen[[]string](nil),
		RocksDB:       Seen(true),
		FormatVersion: Seen(5),
		Java:          Seen(17),
		DiskFullSet:   Seen(true),
		LedgerDirs:    Seen(2),
	}
}

func TestCheckVersions(t *testing.T) {
	with := func(change func(*VersionFacts)) VersionFacts {
		facts := allSeen()
		change(&facts)
		return facts
	}
	files := with(func(f *VersionFacts) { f.RocksDB = Seen(false) })
	cookies := with(func(f *VersionFacts) {
		f.RocksDB, f.IndexCookies = Seen(false), Seen([]string{"bk-1:3181", "bk-0:3181"})
	})
	format := func(n int) VersionFacts { return with(func(f *VersionFacts) { f.FormatVersion = Seen(n) }) }
	noFormat := with(func(f *VersionFacts) { f.FormatVersion = Unseen[int]("a file of its own") })
	noRocksDB := with(func(f *VersionFacts) { f.RocksDB = Observed[bool]{} })
	java := func(n int) VersionFacts { return with(func(f *VersionFacts) { f.Java = Seen(n) }) }
	noJava := with(func(f *VersionFacts) { f.Java = Observed[int]{} })
	disk := func(set Observed[bool], dirs Observed[int]) VersionFacts {
		return with(func(f *VersionFacts) { f.DiskFullSet, f.LedgerDirs = set, dirs })
	}

	for _, test := range []struct {
		name, from, to string
		facts          VersionFacts
		want           StepVerdict
		// rules are those that say something, with their verdicts.
		rules string
	}{
		{"nothing changes", "4.17.3", "4.17.3", VersionFacts{}, StepAllowed, ""},
		{"a new cluster", "", "4.17.3", VersionFacts{}, StepAllowed, ""},
		{"a new cluster on 4.18 without its Java", "", "4.18.0", java(11), StepRefused, "java refused"},
		{"a new cluster of who knows what", "", "latest", allSeen(), StepUnknown, "version-known unknown"},
		{"a patch forth", "4.17.2", "4.17.3", VersionFacts{}, StepAllowed, ""},
		{"a patch back", "4.17.3", "4.17.0", VersionFacts{}, StepAllowed, ""},
		{"a patch of which one number is open", "4.17", "4.17.3", VersionFacts{}, StepAllowed, ""},
		{"a patch of a line after all that is known", "4.31.0", "4.31.1", VersionFacts{}, StepAllowed, ""},
		{"a minor forth", "4.16.7", "4.17.3", VersionFacts{}, StepAllowed, ""},
		{"a minor forth to a pre-release", "4.16.7", "4.17.0-SNAPSHOT", VersionFacts{}, StepAllowed, "pre-release allowed"},
		{"two minors forth", "4.15.5", "4.17.3", VersionFacts{}, StepAllowed, "minor-jump allowed"},
		{"Pravega's step from 0.9 to 0.10", "4.11.1", "4.14.1", VersionFacts{}, StepAllowed, "minor-jump allowed"},
		{"from before all that is known", "4.6.2", "4.7.3", allSeen(), StepUnknown, "line-known unknown"},
		{"to after all that is known", "4.18.0", "4.19.0", allSeen(), StepUnknown, "line-known unknown"},
		{"to another major", "4.18.0", "5.0.0", allSeen(), StepUnknown, "line-known unknown"},
		{"a version of Pravega's", "0.12.0", "4.14.1", allSeen(), StepUnknown, "line-known unknown"},

		{"one bookie runs who knows what", "4.17.3 prod-7", "4.17.3", allSeen(), StepUnknown, "version-known unknown"},
		{"who knows what is wanted", "4.17.3", "prod-8", allSeen(), StepUnknown, "version-known unknown"},
		{"the same tag of who knows what", "prod-7", "prod-7", allSeen(), StepUnknown, "version-known unknown, version-known unknown"},
		{"the same image of who knows what", "prod@sha256:aa", "prod@sha256:aa", VersionFacts{}, StepAllowed, ""},
		{"another image of who knows what", "prod@sha256:aa", "prod@sha256:bb", allSeen(), StepUnknown, "version-known unknown, version-known unknown"},

		{"in the middle of a rollout", "4.16.7 4.17.3 4.16.7", "4.17.3", VersionFacts{}, StepAllowed, ""},
		{"a fixed patch in the middle of a rollout", "4.16.7 4.17.2", "4.17.3", VersionFacts{}, StepAllowed, ""},
		{"a third line in the middle of a rollout", "4.15.5 4.16.7", "4.17.3", allSeen(), StepRefused, "two-lines refused, minor-jump allowed"},
		{"three lines that run already", "4.15.5 4.16.7 4.17.3", "4.17.3", allSeen(), StepRefused, "two-lines refused, minor-jump allowed"},

		{"back to 4.15 with no trace of 4.16's cookies, in files", "4.16.7", "4.15.5", files, StepAllowed, "downgrade allowed"},
		{"back to 4.15 with cookies of 4.16", "4.16.7", "4.15.5", cookies, StepRefused, "cookie-layout refused, downgrade allowed"},
		{"back to 4.15 with cookies that nobody saw", "4.16.7", "4.15.5", with(func(f *VersionFacts) { f.RocksDB, f.IndexCookies = Seen(false), Observed[[]string]{} }), StepUnknown, "cookie-layout unknown, downgrade allowed"},
		{"back to 4.15 with RocksDB", "4.16.7", "4.15.5", allSeen(), StepRefused, "rocksdb-format refused, downgrade allowed"},
		{"back to 4.15 with indexes that nobody saw", "4.16.7", "4.15.5", noRocksDB, StepUnknown, "rocksdb-format unknown, downgrade allowed"},
		{"back to 4.15 with nothing seen", "4.16.7", "4.15.5", VersionFacts{}, StepUnknown, "cookie-layout unknown, rocksdb-format unknown, downgrade allowed"},
		{"a canary of 4.16 alone goes back", "4.15.5 4.16.7", "4.15.5", cookies, StepRefused, "cookie-layout refused, downgrade allowed"},
		{"back from 4.17 to 4.15", "4.17.3", "4.15.5", files, StepRefused, "one-minor-down refused"},
		{"back from 4.17 to 4.16", "4.17.3", "4.16.7", VersionFacts{}, StepAllowed, "downgrade allowed"},
		{"back from 4.15 to 4.14", "4.15.5", "4.14.8", VersionFacts{}, StepAllowed, "downgrade allowed"},
		{"back from 4.14 to 4.13, whose RocksDB was not looked up", "4.14.8", "4.13.0", allSeen(), StepUnknown, "rocksdb-format unknown, downgrade allowed"},
		{"back from 4.14 to 4.13 in files", "4.14.8", "4.13.0", files, StepAllowed, "downgrade allowed"},
		{"back from 4.18 with files pinned", "4.18.0", "4.17.3", format(5), StepAllowed, "downgrade allowed"},
		{"back from 4.18 with files of an older format", "4.18.0", "4.17.3", format(2), StepAllowed, "downgrade allowed"},
		{"back from 4.18 with files of a newer format", "4.18.0", "4.17.3", format(6), StepRefused, "rocksdb-format refused, downgrade allowed"},
		{"back from 4.18 with a format that nobody saw", "4.18.0", "4.17.3", noFormat, StepUnknown, "rocksdb-format unknown, downgrade allowed"},
		{"back from 4.18 with indexes that nobody saw", "4.18.0", "4.17.3", noRocksDB, StepUnknown, "rocksdb-format unknown, downgrade allowed"},
		{"back from 4.18 without RocksDB", "4.18.0", "4.17.3", files, StepAllowed, "downgrade allowed"},
		{"back from 4.18 to 4.16", "4.18.0", "4.16.7", format(5), StepRefused, "one-minor-down refused"},
		{"back from 4.18 to 4.15", "4.18.0", "4.15.5", allSeen(), StepRefused, "rocksdb-format refused, one-minor-down refused"},
		{"back from 4.9 to 4.8", "4.9.2", "4.8.2", files, StepUnknown, "journal-format unknown, downgrade allowed"},
		{"back from 4.9 to 4.7", "4.9.2", "4.7.3", files, StepRefused, "journal-format refused, one-minor-down refused"},
		{"back from 4.8 to 4.7", "4.8.2", "4.7.3", files, StepAllowed, "downgrade allowed"},

		{"to 4.18 with all it needs", "4.17.3", "4.18.0", allSeen(), StepAllowed, ""},
		{"to 4.18 with Java 21", "4.17.3", "4.18.0", java(21), StepAllowed, ""},
		{"to 4.18 with Java 11", "4.17.3", "4.18.0", java(11), StepRefused, "java refused"},
		{"to 4.18 with a Java that nobody knows", "4.17.3", "4.18.0", noJava, StepUnknown, "java unknown"},
		{"to 4.18, where one bookie is already", "4.17.3 4.18.0", "4.18.0", noJava, StepAllowed, ""},
		{"4.18 stays 4.18", "4.18.0", "4.18.0", VersionFacts{}, StepAllowed, ""},
		{"to 4.18 with many disks and its new default", "4.17.3", "4.18.0", disk(Seen(false), Seen(2)), StepAllowed, "disk-full-default allowed"},
		{"to 4.18 with one disk", "4.17.3", "4.18.0", disk(Seen(false), Seen(1)), StepAllowed, ""},
		{"to 4.18 with disks that nobody counted", "4.17.3", "4.18.0", disk(Observed[bool]{}, Observed[int]{}), StepAllowed, "disk-full-default allowed"},
		{"to 4.18 with files of a newer format", "4.17.3", "4.18.0", format(6), StepAllowed, "no-way-back allowed"},
		{"to 4.18 with a format that nobody saw", "4.17.3", "4.18.0", noFormat, StepAllowed, "no-way-back allowed"},
		{"to 4.18 without RocksDB", "4.17.3", "4.18.0", with(func(f *VersionFacts) { f.RocksDB, f.FormatVersion = Seen(false), Seen(6) }), StepAllowed, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var from []Version
			for _, text := range strings.Fields(test.from) {
				from = append(from, ParseVersion(text))
			}
			got := CheckVersions(from, ParseVersion(test.to), test.facts)
			var rules []string
			for _, p := range got.Problems {
				rules = append(rules, p.Rule+" "+p.Verdict.String())
				if p.Why == "" || p.Evidence == "" || (p.Try == "" && p.Verdict != StepAllowed) {
					t.Errorf("%s does not say why, what was seen or what to do: %+v", p.Rule, p)
				}
			}
			if diff := cmp.Diff(test.rules, strings.Join(rules, ", ")); diff != "" || got.Verdict != test.want {
				t.Errorf("%s, want %s; rules (-want +got):\n%s", got.Verdict, test.want, diff)
			}
			checkFinding(t, got)
		})
	}
}

// checkFinding: the gate passes what is allowed, and nothing else.
func checkFinding(t *testing.T, report VersionReport) {
	t.Helper()
	finding, seen := report.Finding().Get()
	passes := seen && finding.Refused == ""
	if passes != (report.Verdict == StepAllowed) || seen != (report.Verdict != StepUnknown) {
		t.Errorf("finding %+v, seen %t, of a report that is %s", finding, seen, report.Verdict)
	}
	if !seen && report.Finding().Why() == "" {
		t.Error("a finding that was not seen does not say why")
	}
}

// The order in which the pods were listed changes nothing, and the same is said once.
func TestCheckVersionsIgnoresOrder(t *testing.T) {
	a, b, c := ParseVersion("4.15.5"), ParseVersion("4.16.7"), ParseVersion("4.17.3")
	want := CheckVersions([]Version{a, b, c}, a, VersionFacts{})
	for _, from := range [][]Version{{c, b, a}, {b, b, a, c}, {a, c, b, a}} {
		if diff := cmp.Diff(want, CheckVersions(from, a, VersionFacts{})); diff != "" {
			t.Errorf("%v (-want +got):\n%s", from, diff)
		}
	}
}

// Between any two versions: seeing more never makes an Unknown of what was judged, and what is
// allowed without facts is allowed with the best of them.
func TestVersionFactsOnlyHelp(t *testing.T) {
	for from := range 22 {
		for to := range 22 {
			v, w := ParseVersion(fmt.Sprintf("4.%d.0", from)), ParseVersion(fmt.Sprintf("4.%d.0", to))
			blind := CheckVersions([]Version{v}, w, VersionFacts{}).Verdict
			seeing := CheckVersions([]Version{v}, w, allSeen()).Verdict
			if blind == StepAllowed && seeing != StepAllowed || from == to && blind != StepAllowed {
				t.Errorf("%s to %s: %s without facts, %s with all", v, w, blind, seeing)
			}
			if from > to+1 && seeing == StepAllowed {
				t.Errorf("%s to %s: a way back over %d releases is allowed", v, w, from-to)
			}
		}
	}
}

func TestVerdictsHaveNames(t *testing.T) {
	if (VersionReport{}).Finding().Why() != "not judged" {
		t.Error("the zero report is a judgement")
	}
	for verdict, want := range map[StepVerdict]string{0: "StepVerdict(0)", StepAllowed: "allowed", StepUnknown: "unknown", StepRefused: "refused"} {
		if text, err := verdict.MarshalText(); string(text) != want || err != nil {
			t.Errorf("%q, error %v; want %q", text, err, want)
		}
	}
}
