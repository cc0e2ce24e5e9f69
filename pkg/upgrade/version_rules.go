package upgrade

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// VersionFacts are what the rules have to know beside the versions. The zero value is that
// nothing was seen.
type VersionFacts struct {
	// IndexCookies are the bookies whose cookie in ZooKeeper names index directories (indexDirs).
	IndexCookies Observed[[]string]
	// RocksDB says that the bookies keep their indexes in it: ledgerStorageClass is DbLedgerStorage.
	RocksDB Observed[bool]
	// FormatVersion is that of RocksDB's files: dbStorage_rocksDB_format_version, and 5 where
	// that is not set; not seen where a file of RocksDB's own settings is configured.
	// Source: BookKeeper 4.18.0, bookie/storage/ldb/KeyValueStorageRocksDB.java.
	FormatVersion Observed[int]
	// Java is the major version of the wanted image's.
	Java Observed[int]
	// DiskFullSet says that readOnlyModeOnAnyDiskFullEnabled is set, LedgerDirs how many
	// ledger directories a bookie has.
	DiskFullSet Observed[bool]
	LedgerDirs  Observed[int]
}

// StepVerdict is what the rules say about a change of version.
type StepVerdict int

// From the best to the worst. A report has the worst of its problems'.
const (
	// StepAllowed: it may be done. As the verdict of a problem: what to know before.
	StepAllowed StepVerdict = 1 + iota
	// StepUnknown: something that decides was not seen or is not known. It is not done.
	StepUnknown
	// StepRefused: it must not be done.
	StepRefused
)

func (v StepVerdict) String() string {
	switch v {
	case StepAllowed:
		return "allowed"
	case StepUnknown:
		return "unknown"
	case StepRefused:
		return "refused"
	}
	return fmt.Sprintf("StepVerdict(%d)", int(v))
}

// MarshalText writes the verdict's name.
func (v StepVerdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// VersionProblem is one thing that a rule found.
type VersionProblem struct {
	// Rule is its name, kebab-case.
	Rule    string
	Verdict StepVerdict
	// Why says what is wrong or to be known, Evidence what was seen, Try what to do; "" where
	// there is nothing to do. Source is where the rule comes from.
	Why, Evidence, Try, Source string
}

// VersionReport is what CheckVersions found. The zero value has no verdict.
type VersionReport struct {
	Verdict  StepVerdict
	Problems []VersionProblem
}

// Finding is the report as the gate version-step reads it: not seen where the verdict is
// StepUnknown.
func (r VersionReport) Finding() Observed[VersionFinding] {
	if r.Verdict == StepAllowed {
		return Seen(VersionFinding{})
	}
	for _, p := range r.Problems {
		if p.Verdict != r.Verdict {
			continue
		}
		text := p.Why + " (" + p.Evidence + ")"
		if r.Verdict == StepRefused {
			return Seen(VersionFinding{Refused: text, Try: p.Try})
		}
		return Unseen[VersionFinding](text)
	}
	return Unseen[VersionFinding]("not judged")
}

// CheckVersions judges a change of version before its first pod: from are the versions of
// which a bookie has run on the disks that are there (its container was started; an image that
// could not be pulled has written nothing), in any order, to is the one wanted. Without from, a
// cluster without data, only to is judged.
func CheckVersions(from []Version, to Version, facts VersionFacts) VersionReport {
	from = distinct(from)
	problems := append(checkKnown(from, to), checkSet(from, to, facts)...)
	for _, v := range from {
		if !v.known || !to.known || v.compareLine(to) == 0 {
			continue // judged above, or nothing changes that the rules are about
		}
		step := lineStep{v, to, facts}
		if v.compareLine(to) < 0 {
			problems = append(problems, step.up()...)
		} else {
			problems = append(problems, step.down()...)
		}
	}
	report := VersionReport{StepAllowed, problems}
	for _, p := range problems {
		report.Verdict = max(report.Verdict, p.Verdict)
	}
	return report
}

// distinct sorts versions and drops what is there twice.
func distinct(versions []Version) []Version {
	versions = slices.SortedFunc(slices.Values(versions), func(a, b Version) int {
		return cmp.Or(a.compareLine(b), cmp.Compare(a.Patch, b.Patch), cmp.Compare(a.Text, b.Text))
	})
	return slices.CompactFunc(versions, func(a, b Version) bool { return a.Text == b.Text })
}

// Oldest and newest line whose formats this file knows.
const (
	oldestLine = 7
	newestLine = 18
)

func checkKnown(from []Version, to Version) (problems []VersionProblem) {
	const try = "say which BookKeeper it is at spec.gitops.image.bookkeeperVersion"
	for _, v := range from {
		switch {
		case v.sameImage(to):
		case !v.known:
			problems = append(problems, VersionProblem{"version-known", StepUnknown,
				"which BookKeeper a bookie ran is not known", fmt.Sprintf("%q", v.Text), try, ""})
		case to.known && v.compareLine(to) != 0 && (!v.inTable() || !to.inTable()):
			problems = append(problems, VersionProblem{"line-known", StepUnknown,
				fmt.Sprintf("what changes on disk is known from 4.%d to 4.%d only", oldestLine, newestLine), fmt.Sprintf("%s to %s", v, to),
				"use a bkcheck that knows both", ""})
		}
	}
	if !to.known && !slices.ContainsFunc(from, to.sameImage) {
		problems = append(problems, VersionProblem{"version-known", StepUnknown,
			"which BookKeeper is wanted is not known", fmt.Sprintf("%q", to.Text), try, ""})
	}
	return problems
}

func (v Version) inTable() bool {
	return v.Major == 4 && v.Minor >= oldestLine && v.Minor <= newestLine
}

// checkSet judges all versions together.
func checkSet(from []Version, to Version, facts VersionFacts) (problems []VersionProblem) {
	var lines []string
	java := to.known && to.from(18)
	for _, v := range append(slices.Clone(from), to) {
		if v.known && !slices.Contains(lines, v.line()) {
			lines = append(lines, v.line())
		}
	}
	if slices.ContainsFunc(from, func(v Version) bool { return v.known && v.from(18) }) {
		java = false // it runs
	}
	if len(lines) > 2 {
		problems = append(problems, VersionProblem{"two-lines", StepRefused,
			"more than two minor releases would be live at once, which nobody tests", strings.Join(lines, ", "),
			fmt.Sprintf("finish the change that has begun: want %s or %s", lines[0], lines[1]),
			"bookkeeper, tests/backward-compat (pairs of releases)"})
	}
	if to.preRelease {
		problems = append(problems, VersionProblem{Rule: "pre-release", Verdict: StepAllowed,
			Why: "what a pre-release writes may be read by no release", Evidence: to.Text})
	}
	if java {
		problems = append(problems, checkJava(facts)...)
	}
	return problems
}

func checkJava(facts VersionFacts) []VersionProblem {
	p := VersionProblem{Rule: "java", Verdict: StepUnknown, Why: "BookKeeper 4.18 needs Java 17",
		Evidence: facts.Java.Why(), Try: "say which Java is in the image at spec.gitops.image.javaVersion",
		Source: "bookkeeper 4.18.0, pom.xml (maven.compiler.release)"}
	java, seen := facts.Java.Get()
	switch {
	case !seen:
		return []VersionProblem{p}
	case java < 17:
		p.Verdict, p.Evidence, p.Try = StepRefused, fmt.Sprintf("the image has Java %d", java), "take an image with Java 17 or newer"
		return []VersionProblem{p}
	}
	return nil
}
