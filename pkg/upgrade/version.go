package upgrade

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Version is a release of BookKeeper. The zero value is an unknown one.
type Version struct {
	// Major, Minor and Patch are its numbers. Patch is -1 where the text leaves it open ("4.17").
	Major, Minor, Patch int
	// Text is what it was read from.
	Text string

	known, preRelease bool
}

var (
	versionForm    = regexp.MustCompile(`^v?(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})(?:\.(0|[1-9][0-9]{0,3}))?(?:[-+._][A-Za-z0-9+._-]+)?$`)
	preReleaseForm = regexp.MustCompile(`(?i)[-.](snapshot|alpha|beta|rc|m)[-.0-9]*$`)
)

// ParseVersion reads a version of BookKeeper or the tag of an image of BookKeeper's own, such
// as 4.17.3, v4.17, 4.17.3-SNAPSHOT or 4.17.3-debian-12@sha256:…. What is none of these is
// unknown. (The tags of Pravega's images are Pravega's versions: see package spec.)
func ParseVersion(text string) Version {
	v := Version{Patch: -1, Text: text}
	tag, _, _ := strings.Cut(text, "@")
	numbers := versionForm.FindStringSubmatch(tag)
	if numbers == nil {
		return v
	}
	for i, into := range []*int{&v.Major, &v.Minor, &v.Patch} {
		if n, err := strconv.Atoi(numbers[i+1]); err == nil {
			*into = n
		}
	}
	v.known, v.preRelease = true, preReleaseForm.MatchString(tag)
	return v
}

// Known reports whether it is known which release that is.
func (v Version) Known() bool { return v.known }

func (v Version) String() string { return cmp.Or(v.Text, "(none)") }

// line is its minor release; patches of one line share their formats.
func (v Version) line() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

func (v Version) compareLine(other Version) int {
	return cmp.Or(cmp.Compare(v.Major, other.Major), cmp.Compare(v.Minor, other.Minor))
}

// from reports whether the version is of that line of BookKeeper 4 or of a later one.
func (v Version) from(minor int) bool { return v.Major > 4 || v.Major == 4 && v.Minor >= minor }

// sameImage: one digest is one release, whichever that is.
func (v Version) sameImage(other Version) bool {
	return v.Text == other.Text && strings.Contains(v.Text, "@sha256:")
}
