package zk

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What BookKeeper 4.17.3 wrote: format 3 of a closed ledger, of one closed without entries
// and of one with a write quorum of 1; formats 1 and 2 of open ones.
const (
	realClosed = "BookieMetadataFormatVersion\t3\nH\b\x03\x10\x03\x18\x80\xa0\x06 c(\x0322\n\x0e10.98.0.4:3181\n\x0e10.98.0.6:3181\n\x0e10.98.0.3:3181\x10\x008\x03B\x00H\x03`\x00"
	realEmpty  = "BookieMetadataFormatVersion\t3\nO\b\x03\x10\x03\x18\x00 \xff\xff\xff\xff\xff\xff\xff\xff\xff\x01(\x0322\n\x0e10.98.0.4:3181\n\x0e10.98.0.3:3181\n\x0e10.98.0.5:3181\x10\x008\x03B\x00H\x03`\x00"
	realSingle = "BookieMetadataFormatVersion\t3\n(\b\x01\x10\x01\x18\x80\xe8\x01 \x1c(\x032\x12\n\x0e10.98.0.5:3181\x10\x008\x03B\x00H\x01`\x00"
	realLines  = "BookieMetadataFormatVersion\t1\n3\n3\n0\n0\t10.98.0.5:3181\t10.98.0.6:3181\t10.98.0.3:3181\n"
	realText   = "BookieMetadataFormatVersion\t2\nquorumSize: 3\nensembleSize: 3\nlength: 0\nlastEntryId: -1\nstate: OPEN\nsegment {\n  ensembleMember: \"10.98.0.4:3181\"\n  ensembleMember: \"10.98.0.6:3181\"\n  ensembleMember: \"10.98.0.3:3181\"\n  firstEntryId: 0\n}\ndigestType: CRC32C\npassword: \"\"\nackQuorumSize: 2\ncustomMetadata {\n  key: \"Bookie\"\n  value: \"simpletest\"\n}\n"
)

// In recovery with a password, from the fields that BookKeeper's TestLedgerMetadataSerDe.java names.
const (
	secret         = "hunter2hunter2"
	recoveringText = "BookieMetadataFormatVersion\t2\nquorumSize: 2\nensembleSize: 3\nlength: 0\nlastEntryId: -1\nstate: IN_RECOVERY\nsegment {\n  ensembleMember: \"192.0.2.1:1234\"\n  ensembleMember: \"192.0.2.2:1234\"\n  ensembleMember: \"192.0.2.3:1234\"\n  firstEntryId: 0\n}\nsegment {\n  ensembleMember: \"192.0.2.1:1234\"\n  ensembleMember: \"192.0.2.4:1234\"\n  ensembleMember: \"192.0.2.3:1234\"\n  firstEntryId: 7\n}\ndigestType: CRC32\npassword: \"" + secret + "\"\nackQuorumSize: 2\n"
)

func segment(first int64, bookies ...string) Segment { return Segment{First: first, Bookies: bookies} }

func TestParseLedger(t *testing.T) {
	three := []string{"192.0.2.1:1234", "192.0.2.2:1234", "192.0.2.3:1234"}
	for name, test := range map[string]struct {
		data string
		want Ledger
	}{
		"format 3, closed": {realClosed, Ledger{Format: 3, State: Closed, Ensemble: 3, WriteQuorum: 3, AckQuorum: 3, LastEntry: 99,
			Segments: []Segment{segment(0, "10.98.0.4:3181", "10.98.0.6:3181", "10.98.0.3:3181")}}},
		"format 3, closed and empty": {realEmpty, Ledger{Format: 3, State: Closed, Ensemble: 3, WriteQuorum: 3, AckQuorum: 3, LastEntry: -1,
			Segments: []Segment{segment(0, "10.98.0.4:3181", "10.98.0.3:3181", "10.98.0.5:3181")}}},
		"format 3, on one bookie": {realSingle, Ledger{Format: 3, State: Closed, Ensemble: 1, WriteQuorum: 1, AckQuorum: 1, LastEntry: 28,
			Segments: []Segment{segment(0, "10.98.0.5:3181")}}},
		"format 2, open": {realText, Ledger{Format: 2, State: Open, Ensemble: 3, WriteQuorum: 3, AckQuorum: 2, LastEntry: -1,
			Segments: []Segment{segment(0, "10.98.0.4:3181", "10.98.0.6:3181", "10.98.0.3:3181")}}},
		"format 2, in recovery, with a password": {recoveringText, Ledger{Format: 2, State: InRecovery, Ensemble: 3, WriteQuorum: 2, AckQuorum: 2, LastEntry: -1,
			Segments: []Segment{segment(0, three...), segment(7, "192.0.2.1:1234", "192.0.2.4:1234", "192.0.2.3:1234")}}},
		"format 2 before there was an ack quorum": {strings.Replace(realText, "ackQuorumSize: 2", "", 1), Ledger{Format: 2, State: Open, Ensemble: 3, WriteQuorum: 3, AckQuorum: 3, LastEntry: -1,
			Segments: []Segment{segment(0, "10.98.0.4:3181", "10.98.0.6:3181", "10.98.0.3:3181")}}},
		"format 1, open": {realLines, Ledger{Format: 1, State: Open, Ensemble: 3, WriteQuorum: 3, AckQuorum: 3, LastEntry: -1,
			Segments: []Segment{segment(0, "10.98.0.5:3181", "10.98.0.6:3181", "10.98.0.3:3181")}}},
		"format 1, closed": {ledgerHeader + "1\n2\n3\n700\n0\t" + strings.Join(three, "\t") + "\n99\tCLOSED", Ledger{Format: 1, State: Closed, Ensemble: 3, WriteQuorum: 2, AckQuorum: 2, LastEntry: 99,
			Segments: []Segment{segment(0, three...)}}},
		"format 1, in recovery": {ledgerHeader + "1\n2\n3\n0\n0\t" + strings.Join(three, "\t") + "\n-102\tCLOSED", Ledger{Format: 1, State: InRecovery, Ensemble: 3, WriteQuorum: 2, AckQuorum: 2, LastEntry: -1,
			Segments: []Segment{segment(0, three...)}}},
	} {
		t.Run(name, func(t *testing.T) {
			test.want.ID = 42
			got, err := ParseLedger(42, []byte(test.data))
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("error %v; (-want +got):\n%s", err, diff)
			}
			if strings.Contains(fmt.Sprintf("%#v", got), secret) {
				t.Error("the password is in the result")
			}
		})
	}
}

func TestParseLedgerRefuses(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(recoveringText, old, new, 1) }
	for name, test := range map[string]struct{ data, want string }{
		"nothing":                   {"", "ledger 7: not the metadata of a ledger: no header"},
		"another header":            {"password: " + secret, "ledger 7: not the metadata of a ledger: no header"},
		"a future format":           {ledgerHeader + "4\n", "ledger 7: format 4 of its metadata is none of 1, 2 and 3"},
		"format 3 cut off":          {realClosed[:60], "ledger 7: not the metadata of a ledger: it is cut off (format 3)"},
		"format 3 of other bytes":   {ledgerHeader + "3\n\x03\xff\xff\xff", "ledger 7: not a protocol buffer (format 3)"},
		"format 3 of nothing":       {ledgerHeader + "3\n\x00", "ledger 7: not the metadata of a ledger: ensemble 0, write quorum 0, ack quorum 0 (format 3)"},
		"text that does not end":    {replace(secret+"\"", secret), "ledger 7: text of a protocol buffer: want the end of a string at byte 388 (format 2)"},
		"an unknown state":          {replace("IN_RECOVERY", "LOST"), "ledger 7: not the metadata of a ledger: no known state (format 2)"},
		"a number that is none":     {replace("firstEntryId: 7", "firstEntryId: x"), "ledger 7: not the metadata of a ledger: a number is none (format 2)"},
		"quorums that do not fit":   {replace("quorumSize: 2", "quorumSize: 4"), "ledger 7: not the metadata of a ledger: ensemble 3, write quorum 4, ack quorum 2 (format 2)"},
		"too few bookies":           {replace("  ensembleMember: \"192.0.2.4:1234\"\n", ""), "ledger 7: not the metadata of a ledger: segment 1 has 2 bookies, the ensemble 3 (format 2)"},
		"segments out of order":     {replace("firstEntryId: 7", "firstEntryId: 0"), "ledger 7: not the metadata of a ledger: segment 1 begins with entry 0 (format 2)"},
		"a segment without a start": {replace("  firstEntryId: 0\n", ""), "ledger 7: not the metadata of a ledger: segment 0 begins with entry -1 (format 2)"},
		"format 1 without segments": {ledgerHeader + "1\n2\n3\n0\n", "ledger 7: not the metadata of a ledger: 3 lines (format 1)"},
		"format 1 of words":         {ledgerHeader + "1\n" + secret + "\n3\n0\n0\ta", "ledger 7: not the metadata of a ledger: line 1 is not a number (format 1)"},
		"format 1 with a bad line":  {ledgerHeader + "1\n1\n1\n0\n" + secret, "ledger 7: not the metadata of a ledger: line 4 is no segment (format 1)"},
		"format 1 closed at once":   {ledgerHeader + "1\n1\n1\n0\n-1\tCLOSED", "ledger 7: not the metadata of a ledger: no segments (format 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ParseLedger(7, []byte(test.data)); err == nil || err.Error() != test.want {
				t.Errorf("%+v, error %v; want %s", got, err, test.want)
			}
		})
	}
}

// The password is in neither result nor error, whatever the metadata are.
func FuzzParseLedger(f *testing.F) {
	for _, seed := range []string{realClosed, realEmpty, realSingle, realLines, realText, recoveringText} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ledger, err := ParseLedger(1, data)
		if err != nil {
			return
		}
		// What was accepted can be counted with.
		ledger.ShortWithout("", map[string]bool{})
		ledger.ShortWithout(ledger.Segments[0].Bookies[0], map[string]bool{ledger.Segments[0].Bookies[0]: true})
	})
}

// A password is no part of any error, wherever the metadata are cut off or garbled.
func TestErrorsNeverShowThePassword(t *testing.T) {
	wire, err := hex.DecodeString("0803100318002001280132140a0e31302e39382e302e343a3331383110003803420e")
	if err != nil {
		t.Fatal(err)
	}
	wire = append(append([]byte(ledgerHeader+"3\n"), byte(len(wire)+len(secret)+2)), append(wire, secret+"H\x03"...)...)
	for _, whole := range [][]byte{[]byte(recoveringText), wire} {
		if !strings.Contains(string(whole), secret) {
			t.Fatal("the test's metadata hold no password")
		}
		for i := range whole {
			for _, garbled := range [][]byte{whole[:i], append(append([]byte{}, whole[:i]...), whole[i+1:]...)} {
				ledger, err := ParseLedger(1, garbled)
				if text := fmt.Sprintf("%v %+v", err, ledger); strings.Contains(text, secret[:4]) {
					t.Fatalf("at byte %d: %s", i, text)
				}
			}
		}
	}
}

func FuzzParseServiceInfo(f *testing.F) {
	f.Add([]byte(realServiceInfo))
	f.Fuzz(func(t *testing.T, data []byte) {
		endpoints, err := ParseServiceInfo(data)
		if err != nil && endpoints != nil {
			t.Errorf("error %v and %+v", err, endpoints)
		}
		for _, e := range endpoints {
			if e.Port < 0 || e.Port > 0xffff {
				t.Errorf("port %d", e.Port)
			}
		}
	})
}

func FuzzParseText(f *testing.F) {
	f.Add(realText)
	f.Add("a: 'x' \"y\\x41\\101\\n\\u00e9\" b <c: [1, 2; 3]> # comment\n")
	f.Add("replica: \"bk-1\"\nctime: 1763676000000\n")
	f.Fuzz(func(t *testing.T, data string) {
		if _, err := parseText(data); err != nil && !strings.HasPrefix(err.Error(), "text of a protocol buffer: want ") {
			t.Errorf("error %v", err)
		}
		for _, err := range []error{second(ParseCookie([]byte(data))), second(ParseMark([]byte(data))), second(ParseLayout([]byte(data))), second(ParseEnsemble([]byte(data)))} {
			if errors.Is(err, errLedger) {
				t.Errorf("error %v", err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestParseText(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want textMessage
	}{
		"nothing":             {"  # only a comment", nil},
		"texts that are one":  {`a: "x" 'y'  "\x41\101\n\t\\\"é"`, textMessage{{name: "a", text: "xyAA\n\t\\\"é"}}},
		"numbers and words":   {"a:-1, b: TRUE; c: 1.5e3", textMessage{{name: "a", text: "-1"}, {name: "b", text: "TRUE"}, {name: "c", text: "1.5e3"}}},
		"messages":            {"a { b: 1 } c: < d { } >", textMessage{{name: "a", message: textMessage{{name: "b", text: "1"}}}, {name: "c", message: textMessage{{name: "d"}}}}},
		"lists":               {"a: [1, 'x'] b: []", textMessage{{name: "a", text: "1"}, {name: "a", text: "x"}}},
		"a list of messages":  {"a [{b: 1}, {}]", textMessage{{name: "a", message: textMessage{{name: "b", text: "1"}}}, {name: "a"}}},
		"unicode":             {`a: "\u00e9\U0001F600"`, textMessage{{name: "a", text: "é😀"}}},
		"a field given twice": {"a: 1 a: 2", textMessage{{name: "a", text: "1"}, {name: "a", text: "2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseText(test.text)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(textField{})); err != nil || diff != "" {
				t.Errorf("error %v; (-want +got):\n%s", err, diff)
			}
		})
	}
	for _, text := range []string{"a", "a:", "a 1", ": 1", "a: {", "a: }", "a: \"x", "a: \"\\q\"", "a: \"\\400\"", "a: \"\\u12\"", "a: [1 2]", "a: [1,]", strings.Repeat("a {", 20), "a: \"x\ny\""} {
		if got, err := parseText(text); err == nil {
			t.Errorf("%q gives %+v, want an error", text, got)
		}
	}
}
