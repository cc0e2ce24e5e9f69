package upgrade

import (
	"fmt"
	"slices"
	"strings"
)

// lineStep is the way from one line to another.
type lineStep struct {
	from, to Version
	facts    VersionFacts
}

const guide = "https://bookkeeper.apache.org/docs/admin/upgrade"

// up: what is newer reads what is older.
func (s lineStep) up() (problems []VersionProblem) {
	if s.from.Major == s.to.Major && s.to.Minor-s.from.Minor > 1 {
		problems = append(problems, VersionProblem{"minor-jump", StepAllowed,
			"minor releases are skipped: BookKeeper describes and tests upgrades from one to the next, and direct ones from old metadata only",
			fmt.Sprintf("%s to %s", s.from, s.to), "read the release notes of all between, and watch the first bookie for a day",
			guide + "; bookkeeper, tests/backward-compat/upgrade-direct"})
	}
	if s.from.from(18) || !s.to.from(18) {
		return problems
	}
	set, _ := s.facts.DiskFullSet.Get()
	if dirs, seen := s.facts.LedgerDirs.Get(); !set && (!seen || dirs > 1) {
		problems = append(problems, VersionProblem{"disk-full-default", StepAllowed,
			"from 4.18 on a bookie is read-only as soon as one of its disks is full, and a read-only bookie holds the rollout up",
			"readOnlyModeOnAnyDiskFullEnabled is not set", "make room first, or set readOnlyModeOnAnyDiskFullEnabled: false",
			"bookkeeper 4.18.0, conf/ServerConfiguration.java"})
	}
	rocks, seen := s.facts.RocksDB.Get()
	if format, pinned := s.facts.FormatVersion.Get(); (rocks || !seen) && (!pinned || format > 5) {
		problems = append(problems, VersionProblem{"no-way-back", StepAllowed,
			"RocksDB 9 of BookKeeper 4.18 may write files that no older one reads: there is no way back then",
			formatEvidence(s.facts.FormatVersion), "set dbStorage_rocksDB_format_version: 5 first",
			"https://github.com/apache/bookkeeper/pull/4580"})
	}
	return problems
}

func formatEvidence(version Observed[int]) string {
	if format, seen := version.Get(); seen {
		return fmt.Sprintf("dbStorage_rocksDB_format_version is %d", format)
	}
	return "dbStorage_rocksDB_format_version: " + version.Why()
}

// down: what is older need not read what is newer.
func (s lineStep) down() []VersionProblem {
	problems := slices.Concat(s.journal(), s.cookies(), s.rocksDB())
	if s.from.Major != s.to.Major || s.from.Minor-s.to.Minor > 1 {
		return append(problems, VersionProblem{"one-minor-down", StepRefused,
			"BookKeeper tests the way back to the previous minor release only", fmt.Sprintf("%s to %s", s.from, s.to),
			fmt.Sprintf("stay at %s, or go back one minor release at a time", s.from.line()),
			"bookkeeper, tests/backward-compat/upgrade-direct (TestCompatUpgradeDowngrade)"})
	}
	return append(problems, VersionProblem{"downgrade", StepAllowed, "this is a step back", fmt.Sprintf("%s to %s", s.from, s.to),
		"watch the first bookie until it has replayed its journal and is writable", guide})
}

// rebuild is the way back that always works.
const rebuild = "; or take down each bookie that ran it, let autorecovery copy what it had, and start it empty"

func (s lineStep) journal() []VersionProblem {
	if !s.from.from(9) || s.to.from(9) {
		return nil
	}
	p := VersionProblem{"journal-format", StepUnknown, "BookKeeper 4.9 and newer write journals (format 6) and index files (format 1) that 4.7 cannot read",
		fmt.Sprintf("%s to %s", s.from, s.to), "stay at " + s.from.line() + rebuild, guide + " (4.7.x to 4.8.X)"}
	if !s.to.from(8) {
		p.Verdict = StepRefused
	}
	return []VersionProblem{p}
}

func (s lineStep) cookies() []VersionProblem {
	if !s.from.from(16) || s.to.from(16) {
		return nil
	}
	p := VersionProblem{"cookie-layout", StepUnknown, "BookKeeper 4.15 cannot read a cookie that names index directories, and its bookie does not start",
		s.facts.IndexCookies.Why(), "let bkcheck read the cookies in ZooKeeper", "bookkeeper, bookie/Cookie.java; https://github.com/apache/bookkeeper/pull/3372"}
	bookies, seen := s.facts.IndexCookies.Get()
	switch {
	case !seen:
		return []VersionProblem{p}
	case len(bookies) > 0:
		p.Verdict, p.Evidence = StepRefused, "such cookies: "+strings.Join(slices.Sorted(slices.Values(bookies)), ", ")
		p.Try = "stay at " + s.from.line() + rebuild
		return []VersionProblem{p}
	}
	return nil
}

// rocksDBOf is the major version of RocksDB in a line, 0 where that was not looked up.
// Source: bookkeeper, pom.xml: 6.16.4 in 4.14.1, 6.29.4.1 in 4.14.8 and 4.15, 7.9.2 in 4.16 and
// 4.17.0, 7.10.2 in 4.17.3, 9.9.3 in 4.18.0.
func rocksDBOf(v Version) int {
	switch {
	case !v.inTable() || v.Minor < 14:
		return 0
	case v.Minor < 16:
		return 6
	case v.Minor < 18:
		return 7
	}
	return 9
}

func (s lineStep) rocksDB() []VersionProblem {
	p := VersionProblem{Rule: "rocksdb-format", Verdict: StepUnknown, Try: "stay at " + s.from.line() + rebuild}
	rocks, seen := s.facts.RocksDB.Get()
	newer, older := rocksDBOf(s.from), rocksDBOf(s.to)
	format, pinned := s.facts.FormatVersion.Get()
	switch {
	case seen && !rocks, newer != 0 && newer == older:
		return nil
	case newer == 0 || older == 0:
		p.Why, p.Evidence = "whether the older RocksDB reads the files of the newer one is not known", fmt.Sprintf("%s to %s", s.from, s.to)
	case older < 7:
		p.Why = "RocksDB 6 of BookKeeper 4.15 may not read files of RocksDB 7: \"unknown checksum type 4\""
		p.Evidence, p.Source = fmt.Sprintf("%s has RocksDB %d, %s has %d", s.from, newer, s.to, older), "https://github.com/apache/pulsar/issues/22051"
		if seen {
			p.Verdict = StepRefused
		}
	case seen && pinned && format <= 5:
		return nil
	default:
		p.Why = "RocksDB 7 reads files of RocksDB 9 only if all were written with format_version 5"
		p.Evidence, p.Source = formatEvidence(s.facts.FormatVersion), "https://github.com/apache/bookkeeper/pull/4559"
		if seen && pinned {
			p.Verdict = StepRefused
		}
	}
	if !seen {
		p.Evidence += "; where the bookies keep their indexes: " + s.facts.RocksDB.Why()
	}
	return []VersionProblem{p}
}
