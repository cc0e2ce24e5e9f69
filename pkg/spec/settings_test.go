package spec

import (
	"slices"
	"testing"
)

func TestEveryKeyListIsEmbedded(t *testing.T) {
	for i, version := range keyLists {
		t.Run(version, func(t *testing.T) {
			keys := settingKeysFor(version)
			if keys.version != version || len(keys.file) < 150 || len(keys.all) < 200 || !slices.IsSorted(keys.all) {
				t.Errorf("list %s: %d keys in the file, %d in all", keys.version, len(keys.file), len(keys.all))
			}
			if i > 0 && compareVersions(keyLists[i-1], version) >= 0 {
				t.Errorf("%s stands after %s", version, keyLists[i-1])
			}
			for _, key := range []string{"bookiePort", "ledgerDirectories", "journalDirectories", "indexDirectories", "diskUsageThreshold", "useHostNameAsBookieID", "enableStatistics"} {
				if !keys.file[key] || !keys.knows(key) {
					t.Errorf("%s is not known", key)
				}
			}
			for _, key := range keys.all {
				if !settingPattern.MatchString(key) {
					t.Errorf("%q is not a setting's name", key)
				}
			}
		})
	}
	entries, err := bkKeys.ReadDir("bkkeys")
	if err != nil || len(entries) != 2*len(keyLists) {
		t.Errorf("%d lists are embedded, %d named; error %v", len(entries), len(keyLists), err)
	}
}

func TestSettingKeysOfTheNewestListThatIsNotNewer(t *testing.T) {
	for version, want := range map[string]string{
		"4.17.4": "4.17.4", "v4.17.4-acme": "4.17.4", "4.17.3": "4.16.7", "4.14.2": "4.14.1", "9.9.9": "4.18.0", "4.8.0": "4.9.2", "": "4.9.2",
	} {
		if got := settingKeysFor(version).version; got != want {
			t.Errorf("keys of %q are those of %s, want %s", version, got, want)
		}
	}
}

func TestOwnedSettingsAreSettings(t *testing.T) {
	newest := settingKeysFor("99.0.0")
	for key := range ownedSettings {
		known := slices.ContainsFunc(keyLists, func(v string) bool { return settingKeysFor(v).knows(key) })
		if !known {
			t.Errorf("no BookKeeper has a setting %s", key)
		}
	}
	for _, key := range listSettings {
		if !newest.knows(key) {
			t.Errorf("no setting %s", key)
		}
	}
	if newest.knows("bookiePrt") || !newest.knows("dbStorage_anything") {
		t.Error("a misspelt key is known, or a driver's is not")
	}
}

func TestCompareVersions(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"4.9.2", "4.11.0", -1}, {"4.17.4", "v4.17.4", 0}, {"0.13.0-2252.b6f6512", "0.13.0", 0}, {"10.0.0", "9.99.99", 1}, {"", "0.0.0", 0}, {"latest", "0.0.1", -1}, {"4.9", "4.9.0", -1},
	} {
		if got := compareVersions(test.a, test.b); got != test.want {
			t.Errorf("%q against %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

// TestSuggestionsForTypos: a letter missing from the middle of a key leads to a key, and
// nearly always back to it.
func TestSuggestionsForTypos(t *testing.T) {
	keys := settingKeysFor("4.17.4")
	tried, back := 0, 0
	for i := 0; i < len(keys.all); i += 40 {
		key := keys.all[i]
		typo := key[:len(key)/2] + key[len(key)/2+1:]
		near := suggest(typo, keys.all)
		if near == "" {
			t.Errorf("%q suggests nothing, want %q", typo, key)
		}
		if tried++; near == key {
			back++
		}
	}
	if back*10 < tried*9 {
		t.Errorf("%d of %d typos lead back", back, tried)
	}
}
