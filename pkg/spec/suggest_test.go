package spec

import (
	"slices"
	"testing"
)

func TestSuggest(t *testing.T) {
	fields := []string{"replicas", "resources", "version", "zookeeperUri", "kind", "spec", "ab", "ac"}
	for name, test := range map[string]struct {
		word string
		in   []string
		want string
	}{
		"a letter is missing":                  {"replica", fields, "replicas"},
		"a letter too many":                    {"verssion", fields, "version"},
		"another letter":                       {"resourzes", fields, "resources"},
		"two letters swapped":                  {"kidn", fields, "kind"},
		"two edits in a word of 5 to 8":        {"relicsa", fields, "replicas"},
		"three edits in a word of 5 to 8":      {"rpicsa", fields, ""},
		"two edits in a word of 4":             {"knid", []string{"bind"}, ""},
		"three edits in a word of 9 and more":  {"zokeeperadd", []string{"zookeeperadrs"}, "zookeeperadrs"},
		"four edits in a word of 9 and more":   {"zokeperadd", []string{"zookeeperadrs"}, ""},
		"all letters of another case":          {"ZOOKEEPERURI", fields, "zookeeperUri"},
		"a case costs less than an edit":       {"URL", []string{"uri", "url", "urls"}, "url"},
		"fewer differences in case win":        {"aBc", []string{"abc", "aBC", "aBcd"}, "aBC"},
		"the word itself":                      {"kind", fields, "kind"},
		"the first of equals":                  {"ad", []string{"ac", "ab"}, "ab"},
		"nothing left of the word":             {"x", []string{"y"}, ""},
		"an empty word":                        {"", fields, ""},
		"no candidates":                        {"kind", nil, ""},
		"letters of more than one byte":        {"größse", []string{"größe"}, "größe"},
		"a word longer than any that is known": {string(make([]byte, maxSuggested+1)), []string{string(make([]byte, maxSuggested+1))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := suggest(test.word, test.in); got != test.want {
				t.Errorf("suggests %q for %q, want %q", got, test.word, test.want)
			}
		})
	}
}

func FuzzSuggest(f *testing.F) {
	f.Add("replica", "replicas", "resources")
	f.Add("\xff", "\xfe", "")
	f.Fuzz(func(t *testing.T, word, a, b string) {
		got := suggest(word, []string{a, b})
		if got != suggest(word, []string{b, a}) {
			t.Errorf("suggestion %q depends on the order", got)
		}
		if got != "" && !slices.Contains([]string{a, b}, got) {
			t.Errorf("suggestion %q is none of %q, %q", got, a, b)
		}
	})
}
