package zk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What BookKeeper 4.17.3 wrote.
const (
	realServiceInfo = "2\x1e\n\nhttpserver\x10\x90?\x1a\a0.0.0.0\"\x04http2\"\n\x06bookie\x10\xed\x18\x1a\t10.98.0.5\"\nbookie-rpc"
	realCookie      = "5\nbookieHost: \"10.98.0.5:3181\"\njournalDir: \"/bk/journal\"\nledgerDirs: \"1\\t/bk/ledgers\"\ninstanceId: \"9d89894a-828e-4d6c-ae55-4ed459fd9b19\"\n"
)

func TestParseCookie(t *testing.T) {
	for name, test := range map[string]struct {
		data string
		want Cookie
	}{
		"of BookKeeper 4.17": {realCookie, Cookie{Layout: 5, BookieHost: "10.98.0.5:3181", JournalDirs: []string{"/bk/journal"}, LedgerDirs: []string{"/bk/ledgers"}, InstanceID: "9d89894a-828e-4d6c-ae55-4ed459fd9b19"}},
		"several directories, and indexes": {"5\nbookieHost: \"bk-0\"\njournalDir: \"/j0,/j1\"\nledgerDirs: \"2\\t/l0\\t/l1\"\nindexDirs: \"1\\t/i\"\n",
			Cookie{Layout: 5, BookieHost: "bk-0", JournalDirs: []string{"/j0", "/j1"}, LedgerDirs: []string{"/l0", "/l1"}, IndexDirs: []string{"/i"}}},
		"layout 4 without an instance": {"4\nbookieHost: \"b:1\"\njournalDir: \"/j\"\nledgerDirs: \"1\\t/l\"\n",
			Cookie{Layout: 4, BookieHost: "b:1", JournalDirs: []string{"/j"}, LedgerDirs: []string{"/l"}}},
		"layout 3, in lines": {"3\n192.0.2.1:3181\n/j\n1\t/l\n",
			Cookie{Layout: 3, BookieHost: "192.0.2.1:3181", JournalDirs: []string{"/j"}, LedgerDirs: []string{"/l"}}},
		"a newer layout with fields that are not known": {"6\nbookieHost: \"b\"\nzone: EU\nextra { a: 1 b: \"}\" } list: [1, 2]\n", Cookie{Layout: 6, BookieHost: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseCookie([]byte(test.data))
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("error %v; (-want +got):\n%s", err, diff)
			}
		})
	}
	for name, test := range map[string]struct{ data, want string }{
		"nothing":                        {"", `cookie: layout "" is not a number of 3 or more`},
		"a layout that never was":        {"2\n", `cookie: layout "2" is not a number of 3 or more`},
		"cut off":                        {realCookie[:50], "cookie: text of a protocol buffer: want the end of a string at byte 48"},
		"no host":                        {"5\ninstanceId: \"a\"\n", "cookie: bookieHost is missing"},
		"fewer directories than it says": {"5\nbookieHost: \"b\"\nledgerDirs: \"2\\t/l\"\n", `cookie: "2\t/l" does not count its directories`},
		"layout 3 cut off":               {"3\nb\n", "cookie: 1 lines after the layout, want 3"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ParseCookie([]byte(test.data)); err == nil || err.Error() != test.want {
				t.Errorf("%+v, error %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestCookies(t *testing.T) {
	tree, m := metadataOf(t, map[string]string{"cookies/b": realCookie, "cookies/a": "rubbish", "cookies/gone": realCookie})
	created, changed := time.UnixMilli(1000), time.UnixMilli(2000)
	tree.stats["/bk/cookies/b"] = Stat{CreatedBy: 5, ChangedBy: 9, Created: created, Changed: changed}
	tree.before = func(call, node string) error {
		if call == "read" {
			tree.unset("/bk/cookies/gone")
		}
		return nil
	}
	got, err := m.Cookies(t.Context())
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, error %v; want two", got, err)
	}
	if got[0].ID != "a" || got[0].Unreadable == nil {
		t.Errorf("first %+v, want one of a that cannot be read", got[0])
	}
	want, _ := ParseCookie([]byte(realCookie))
	want.ID, want.CreatedBy, want.ChangedBy, want.Created, want.Changed = "b", 5, 9, created, changed
	if diff := cmp.Diff(want, got[1], sameErrors); diff != "" {
		t.Errorf("second (-want +got):\n%s", diff)
	}
	_, fresh := metadataOf(t, nil)
	if got, err := fresh.Cookies(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("of a new cluster: %+v, error %v", got, err)
	}
}
