package spec

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseZooKeeperAddress(t *testing.T) {
	for name, test := range map[string]struct {
		text   string
		hosts  []string
		chroot string
	}{
		"a Service with a port":           {"zookeeper-client:2181", []string{"zookeeper-client:2181"}, ""},
		"a Service without a port":        {"zookeeper-client", []string{"zookeeper-client:2181"}, ""},
		"a qualified name":                {"zk.infra.svc.cluster.local:2181", []string{"zk.infra.svc.cluster.local:2181"}, ""},
		"a name with its final dot":       {"zk.example.com.:2281", []string{"zk.example.com.:2281"}, ""},
		"a list with commas":              {"zk-0.zk:2181,zk-1.zk:2182,zk-2.zk", []string{"zk-0.zk:2181", "zk-1.zk:2182", "zk-2.zk:2181"}, ""},
		"a list with semicolons":          {"zk-0.zk:2181;zk-1.zk", []string{"zk-0.zk:2181", "zk-1.zk:2181"}, ""},
		"an IPv4 address":                 {"10.0.0.5:2181", []string{"10.0.0.5:2181"}, ""},
		"a chroot":                        {"zk:2181/chroot", []string{"zk:2181"}, "/chroot"},
		"a deep chroot with a last slash": {"zk-0,zk-1/a/b-c.d_e/", []string{"zk-0:2181", "zk-1:2181"}, "/a/b-c.d_e"},
		"a slash alone":                   {"zk:2181/", []string{"zk:2181"}, ""},
		"an IPv6 address":                 {"[fd00::1]:2181", []string{"[fd00::1]:2181"}, ""},
		"an IPv6 address without a port":  {"[::1]/a", []string{"[::1]:2181"}, "/a"},
		"several IPv6 addresses":          {"[fd00::1]:2181,[fd00::2]", []string{"[fd00::1]:2181", "[fd00::2]:2181"}, ""},
		"the scheme zk":                   {"zk://zk:2181/a", []string{"zk:2181"}, "/a"},
		"the scheme zk+hierarchical":      {"zk+hierarchical://zk-0;zk-1:2281/a", []string{"zk-0:2181", "zk-1:2281"}, "/a"},
		"the scheme zk+longhierarchical":  {"zk+longhierarchical://zk", []string{"zk:2181"}, ""},
		"a name with an underscore":       {"zk_0:65535", []string{"zk_0:65535"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseZooKeeperAddress(test.text)
			want := ZooKeeperAddress{Hosts: test.hosts, Chroot: test.chroot}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("error %v, address (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestParseZooKeeperAddressThatIsNone(t *testing.T) {
	const noHost = "names no host; allowed: host:port, several separated by commas, and an optional /chroot"
	const allowed = "; allowed: letters, digits and -._~:@!&'()*+="
	for name, test := range map[string]struct {
		text   string
		offset int
		reason string
	}{
		"nothing":                       {"", 0, noHost},
		"a scheme alone":                {"zk://", 5, noHost},
		"a chroot alone":                {"/chroot", 0, noHost},
		"a comma at the end":            {"zk-0:2181,", 10, noHost},
		"two commas":                    {"zk-0,,zk-2", 5, noHost},
		"another scheme":                {"etcd://a:2379", 0, `"etcd://a:2379" has a scheme that is not ZooKeeper's; allowed: zk://, zk+hierarchical:// or none`},
		"a scheme in capitals":          {"ZK://a", 0, `"ZK://a" has a scheme that is not ZooKeeper's; allowed: zk://, zk+hierarchical:// or none`},
		"a port that is no number":      {"zk-0,zk-1:client", 5, `"zk-1:client": port "client" is not a number from 1 to 65535`},
		"no port after the colon":       {"zk:", 0, `"zk:": port "" is not a number from 1 to 65535`},
		"port 0":                        {"zk:0", 0, `"zk:0": port "0" is not a number from 1 to 65535`},
		"port 65536":                    {"zk:65536", 0, `"zk:65536": port "65536" is not a number from 1 to 65535`},
		"a port with a sign":            {"zk:+2181", 0, `"zk:+2181": port "+2181" is not a number from 1 to 65535`},
		"a port with a zero before":     {"zk:02181", 0, `"zk:02181": port "02181" is not a number from 1 to 65535`},
		"a port in full-width digits":   {"zk:２１８１", 0, `"zk:２１８１": port "２１８１" is not a number from 1 to 65535`},
		"a name with a space":           {"zk-0, zk-1", 5, `" zk-1" is not a host name`},
		"a name of two lines":           {"zk\nbookieId=x", 0, `"zk\nbookieId=x" is not a host name`},
		"a name that ends in a dash":    {"zk-:2181", 0, `"zk-" is not a host name`},
		"no name before the port":       {":2181", 0, `"" is not a host name`},
		"IPv6 without brackets":         {"zk,fd00::1", 3, `"fd00::1": an IPv6 address stands in brackets: [fd00::1]:2181`},
		"IPv6 whose bracket stays open": {"[fd00::1:2181", 0, `"[fd00::1:2181" is not an IPv6 address in brackets`},
		"IPv4 in brackets":              {"zk://[10.0.0.5]:2181", 5, `"[10.0.0.5]:2181" is not an IPv6 address in brackets`},
		"IPv6 with a zone":              {"[fe80::1%eth0]:2181", 0, `"[fe80::1%eth0]:2181" is not an IPv6 address in brackets`},
		"a zone of two lines":           {"[fe80::1%\nbookieId=x]:2181", 0, `"[fe80::1%\nbookieId=x]:2181" is not an IPv6 address in brackets`},
		"text after the brackets":       {"[fd00::1]x", 0, `"[fd00::1]x": after an address in brackets comes :port`},
		"two slashes":                   {"zk:2181//", 7, `chroot "/" ends with /`},
		"an empty component":            {"zk:2181/a//b", 7, `chroot "/a//b" has a component ""`},
		"a dot component":               {"zk/a/../b", 2, `chroot "/a/../b" has a component ".."`},
		"ZooKeeper's own tree":          {"zk/zookeeper", 2, `chroot "/zookeeper" lies in ZooKeeper's own tree /zookeeper`},
		"a chroot for each host":        {"zk-0/a,zk-1/a", 4, `chroot "/a,zk-1/a" has a character ','` + allowed},
		"a query":                       {"zk/a?b", 2, `chroot "/a?b" has a character '?'` + allowed},
		"a fragment":                    {"zk/a#b", 2, `chroot "/a#b" has a character '#'` + allowed},
		"an escape":                     {"zk/a%2fb", 2, `chroot "/a%2fb" has a character '%'` + allowed},
		"a backslash":                   {`zk/a\`, 2, `chroot "/a\\" has a character '\\'` + allowed},
		"a variable":                    {"zk/${x}", 2, `chroot "/${x}" has a character '$'` + allowed},
		"a space":                       {"zk://zk/a b", 7, `chroot "/a b" has a character ' '` + allowed},
		"a line break":                  {"zk/a\nb", 2, `chroot "/a\nb" has a character '\n'` + allowed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseZooKeeperAddress(test.text)
			bad := (*addressError)(nil)
			if !errors.As(err, &bad) || bad.offset != test.offset || bad.Error() != test.reason {
				t.Errorf("error %+v, want %d: %s", err, test.offset, test.reason)
			}
		})
	}
}

func TestMetadataServiceURI(t *testing.T) {
	for name, test := range map[string]struct{ address, want string }{
		"one host":           {"zk:2181", "zk://zk:2181/pravega/ledgers"},
		"several hosts":      {"zk-0,zk-1:2281", "zk://zk-0:2181;zk-1:2281/pravega/ledgers"},
		"a chroot":           {"zk/a/", "zk://zk:2181/a/pravega/ledgers"},
		"a scheme":           {"zk+hierarchical://zk", "zk://zk:2181/pravega/ledgers"},
		"an IPv6 address":    {"[fd00::1]/a", "zk://[fd00::1]:2181/a/pravega/ledgers"},
		"a scheme, a chroot": {"zk://a;b/c", "zk://a:2181;b:2181/c/pravega/ledgers"},
	} {
		t.Run(name, func(t *testing.T) {
			address, err := ParseZooKeeperAddress(test.address)
			if got := address.MetadataServiceURI("/pravega/ledgers"); err != nil || got != test.want {
				t.Errorf("%q, error %v; want %q", got, err, test.want)
			}
		})
	}
}

// FuzzParseZooKeeperAddress: what is accepted is one line that a properties file and a
// URI can hold, and reads the same when it is written and read again.
func FuzzParseZooKeeperAddress(f *testing.F) {
	for _, seed := range []string{
		"zookeeper-client:2181", "zk-0.zk:2181,zk-1.zk;zk-2/a/b/", "10.0.0.5", "zk+hierarchical://[fd00::1]:2181/c", "[fe80::1%\nx=y]", "a:1/b,c:2/d", "zk:02181", "/", "zk:2181/%2e?a#b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := ParseZooKeeperAddress(text)
		if err != nil {
			bad := (*addressError)(nil)
			if !errors.As(err, &bad) || bad.offset < 0 || bad.offset > len(text) || bad.reason == "" {
				t.Fatalf("%q: error %#v", text, err)
			}
			return
		}
		printed := strings.Join(address.Hosts, ",") + address.Chroot
		if strings.ContainsAny(printed, "\n\r\x00\\ \"%?#$") || len(address.Hosts) == 0 {
			t.Errorf("%q: read as %q", text, printed)
		}
		for _, again := range []string{printed, address.MetadataServiceURI("")} {
			reread, err := ParseZooKeeperAddress(again)
			if diff := cmp.Diff(address, reread); err != nil || diff != "" {
				t.Errorf("%q, printed as %q: error %v, (-first +again):\n%s", text, again, err, diff)
			}
		}
	})
}
