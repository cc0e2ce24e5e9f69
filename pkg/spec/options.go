package spec

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// The operator's pseudo options: entries of spec.options that shape the pod and are no
// settings of BookKeeper. Source: bookkeeper-operator, controllers/bookie.go l.117-228.
const (
	optionLedgerDirectories  = "ledgerDirectories"
	optionJournalDirectories = "journalDirectories"
	optionIndexDirectories   = "indexDirectories"
	optionLedgerSubPath      = "ledgerSubPath"
	optionJournalSubPath     = "journalSubPath"
	optionIndexSubPath       = "indexSubPath"
	optionHostPathMounts     = "hostPathVolumeMounts"
	optionEmptyDirMounts     = "emptyDirVolumeMounts"
	optionConfigMapMounts    = "configMapVolumeMounts"
)

// pseudoOptions are those that BookKeeper itself does not know. The three directory
// lists are settings of BookKeeper too.
var pseudoOptions = []string{
	optionLedgerSubPath, optionJournalSubPath, optionIndexSubPath,
	optionHostPathMounts, optionEmptyDirMounts, optionConfigMapMounts,
}

// Claim is one of the three volume claims of a bookie.
type Claim string

// The claims, by the names that the operator gave them.
const (
	LedgerClaim  Claim = "ledger"
	JournalClaim Claim = "journal"
	IndexClaim   Claim = "index"
)

// Directory is one data directory of a bookie and where on its claim it lies.
type Directory struct {
	Path string
	// SubPath is the directory inside the claim; empty for its root.
	SubPath string
}

// Mount is a volume that an option asked for.
type Mount struct {
	// Volume is the volume's name; for a ConfigMap it is the ConfigMap's.
	Volume string
	Path   string
	// Key is the ConfigMap's key; empty for the other kinds.
	Key string
}

// optionError is a malformed option and the byte of its value at which it goes wrong.
type optionError struct {
	offset int
	reason string
}

func (e *optionError) Error() string { return e.reason }

// parseDirectories reads a comma list of absolute paths. One directory is the claim's
// root; of several, each is a numbered sub path.
func parseDirectories(value, subPath string) ([]Directory, []*optionError) {
	var dirs []Directory
	var problems []*optionError
	items := splitList(value)
	for i, item := range items {
		if reason := checkAbsolute(item.text); reason != "" {
			problems = append(problems, &optionError{item.offset, reason})
			continue
		}
		dir := Directory{Path: item.text}
		if len(items) > 1 {
			dir.SubPath = fmt.Sprintf("%s%d", subPath, i)
		}
		dirs = append(dirs, dir)
	}
	return dirs, problems
}

// parseMounts reads "name=/path,name2=/path2".
func parseMounts(value string) ([]Mount, []*optionError) {
	var mounts []Mount
	var problems []*optionError
	for _, item := range splitList(value) {
		name, target, ok := strings.Cut(item.text, "=")
		switch {
		case !ok:
			problems = append(problems, &optionError{item.offset, fmt.Sprintf("%q has no =; allowed: name=/path, several separated by commas", item.text)})
		case !isLabel(name):
			problems = append(problems, &optionError{item.offset, fmt.Sprintf("volume name %q is not lower-case letters, digits and -", name)})
		default:
			if reason := checkAbsolute(target); reason != "" {
				problems = append(problems, &optionError{item.offset + len(name) + 1, reason})
				continue
			}
			mounts = append(mounts, Mount{Volume: name, Path: target})
		}
	}
	return mounts, problems
}

// parseConfigMapMounts reads "configmap:key=/path,…".
func parseConfigMapMounts(value string) ([]Mount, []*optionError) {
	var mounts []Mount
	var problems []*optionError
	for _, item := range splitList(value) {
		source, target, ok := strings.Cut(item.text, "=")
		if !ok {
			problems = append(problems, &optionError{item.offset, fmt.Sprintf("%q has no =; allowed: configmap:key=/path, several separated by commas", item.text)})
			continue
		}
		name, key, ok := strings.Cut(source, ":")
		switch {
		case !ok:
			problems = append(problems, &optionError{item.offset, fmt.Sprintf("%q has no key; allowed: configmap:key=/path", item.text)})
		case !isLabel(name):
			problems = append(problems, &optionError{item.offset, fmt.Sprintf("ConfigMap name %q is not lower-case letters, digits and - (it names the volume too)", name)})
		case !isConfigKey(key):
			problems = append(problems, &optionError{item.offset + len(name) + 1, fmt.Sprintf("ConfigMap key %q is not letters, digits, -, _ and .", key)})
		default:
			if reason := checkAbsolute(target); reason != "" {
				problems = append(problems, &optionError{item.offset + len(source) + 1, reason})
				continue
			}
			mounts = append(mounts, Mount{Volume: name, Key: key, Path: target})
		}
	}
	return mounts, problems
}

type listItem struct {
	text   string
	offset int
}

// splitList cuts at commas and keeps where each item begins.
func splitList(value string) []listItem {
	var items []listItem
	offset := 0
	for part := range strings.SplitSeq(value, ",") {
		items = append(items, listItem{part, offset})
		offset += len(part) + 1
	}
	return items
}

// checkAbsolute says what is wrong with a path that must be absolute and clean; "" if nothing is.
func checkAbsolute(text string) string {
	switch {
	case text == "":
		return "an empty path; allowed: an absolute path such as /bk/ledgers"
	case !strings.HasPrefix(text, "/"):
		return fmt.Sprintf("path %q should start with /", text)
	case text == "/":
		return `path "/" would cover the whole container`
	case strings.TrimSpace(text) != text:
		return fmt.Sprintf("path %q has white space around it", text)
	case strings.Contains(text, ":"):
		return fmt.Sprintf("path %q has a colon, which no mount path may have", text)
	case path.Clean(text) != strings.TrimSuffix(text, "/"):
		return fmt.Sprintf("path %q is not clean; write %q", text, path.Clean(text))
	}
	return ""
}

// within reports whether inner is outer or lies below it.
func within(inner, outer string) bool {
	inner, outer = strings.TrimSuffix(inner, "/"), strings.TrimSuffix(outer, "/")
	return inner == outer || strings.HasPrefix(inner, outer+"/")
}

// settings are the options that are settings of BookKeeper, directories apart.
func settings(options map[string]string) map[string]string {
	out := make(map[string]string, len(options))
	for key, value := range options {
		if !slices.Contains(pseudoOptions, key) {
			out[key] = value
		}
	}
	return out
}
