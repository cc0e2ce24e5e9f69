package spec

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSourceThatIsNoText(t *testing.T) {
	large := bytes.Repeat([]byte(" "), MaxSourceBytes+1)
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"one byte more than the limit":               {large, "f.yaml: is larger than 16 MiB (16777217 bytes seen)"},
		"a NUL byte":                                 {[]byte("kind: Pod\nab\x00"), "f.yaml:2:3: not text: byte 0x00 at offset 12"},
		"Latin-1 after a character of two bytes":     {[]byte("# ä \xe9\n"), "f.yaml:1:5: not text: byte 0xe9 at offset 5"},
		"bad UTF-8 before a NUL":                     {[]byte("\xff\x00"), "f.yaml:1:1: not text: byte 0xff at offset 0"},
		"a NUL before bad UTF-8":                     {[]byte("a\r\n\x00\xff"), "f.yaml:2:1: not text: byte 0x00 at offset 3"},
		"UTF-16, the low byte first":                 {[]byte("\xff\xfea\x00"), "f.yaml: not UTF-8 text: it begins with the byte order mark of UTF-16"},
		"UTF-16, the high byte first":                {[]byte("\xfe\xff\x00a"), "f.yaml: not UTF-8 text: it begins with the byte order mark of UTF-16"},
		"a byte order mark does not move the column": {[]byte("\ufeffa\x00"), "f.yaml:1:2: not text: byte 0x00 at offset 4"},
	} {
		t.Run(name, func(t *testing.T) {
			docs, problems := documents(Source{Name: "f.yaml", Data: test.data})
			if diff := cmp.Diff([]string{test.want}, texts(problems)); diff != "" || len(docs) > 0 {
				t.Errorf("%d documents, problems (-want +got):\n%s", len(docs), diff)
			}
			if problems[0].Severity != Error || problems[0].Hint == "" {
				t.Errorf("severity %v, hint %q; want an error with a hint", problems[0].Severity, problems[0].Hint)
			}
		})
	}
}

func TestSourceOfTheLargestSize(t *testing.T) {
	if p := (Source{Data: bytes.Repeat([]byte(" "), MaxSourceBytes)}).unreadable(); p != nil {
		t.Errorf("problem %q, want none", p)
	}
}

// texts are problems as the user sees them, without the hints.
func texts(problems []Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.String())
	}
	return all
}
