package zk

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEnsemble(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		want     Ensemble
		majority int
	}{
		"one that stands alone": {"", Ensemble{}, 0},
		"three, with an observer": {"server.10=zk-2:2888:3888:observer;0.0.0.0:2181\nserver.2=10.0.0.2:2888:3888:participant;2181\nserver.1=[fd00::1]:2888:3888:participant\nversion=10000000a",
			Ensemble{Version: 0x10000000a, Servers: []Server{
				{ID: 1, Host: "[fd00::1]"},
				{ID: 2, Host: "10.0.0.2", Address: "10.0.0.2:2181"},
				{ID: 10, Host: "zk-2", Address: "0.0.0.0:2181", Observer: true},
			}}, 2},
		"several addresses a server": {"server.1=a:1:2|b:1:2:participant;0.0.0.0:2181\n", Ensemble{Servers: []Server{{ID: 1, Host: "a", Address: "0.0.0.0:2181"}}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseEnsemble([]byte(test.text))
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" || got.Majority() != test.majority {
				t.Errorf("error %v, majority %d, want %d; (-want +got):\n%s", err, got.Majority(), test.majority, diff)
			}
		})
	}
	for text, want := range map[string]string{
		"server.x=a:1:2":  `ensemble's configuration: server "x" has no number`,
		"server.1=a":      `ensemble's configuration: server 1: "a" does not begin with host:port`,
		"version=forever": `ensemble's configuration: version "forever" is not hexadecimal`,
	} {
		if _, err := ParseEnsemble([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}
