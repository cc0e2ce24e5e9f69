package spec

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed bkkeys/*.txt
var bkKeys embed.FS

// keyLists are the BookKeeper releases whose keys are recorded in bkkeys, oldest first.
var keyLists = []string{"4.9.2", "4.11.1", "4.14.1", "4.14.8", "4.15.3", "4.15.5", "4.16.7", "4.17.4", "4.18.0"}

// settingKeys are the settings that one BookKeeper release knows.
type settingKeys struct {
	// version is the release that the lists were taken from.
	version string
	// file holds the keys of conf/bk_server.conf, the only ones that the images' scripts apply.
	file map[string]bool
	// all holds the keys of the code too, sorted.
	all []string
}

// driverPrefixes begin keys of storage, statistics and metadata drivers, which are not in the lists.
var driverPrefixes = []string{"dbStorage_", "prometheus", "codahale", "storageserver.", "storage.", "dlog.", "metadata"}

func (k *settingKeys) knows(key string) bool {
	if _, found := slices.BinarySearch(k.all, key); found {
		return true
	}
	return slices.ContainsFunc(driverPrefixes, func(p string) bool { return strings.HasPrefix(key, p) })
}

// keyCache holds the lists that have been read; each is read once.
var keyCache sync.Map // release → *settingKeys

// settingKeysFor are the keys of the newest recorded release that is not newer than
// version; of the oldest one for what is older than all.
func settingKeysFor(version string) *settingKeys {
	chosen := keyLists[0]
	for _, v := range keyLists {
		if compareVersions(v, version) <= 0 {
			chosen = v
		}
	}
	if keys, ok := keyCache.Load(chosen); ok {
		return keys.(*settingKeys)
	}
	keys := &settingKeys{version: chosen, file: map[string]bool{}}
	for _, key := range readKeys(chosen + ".conf.txt") {
		keys.file[key] = true
		keys.all = append(keys.all, key)
	}
	keys.all = append(keys.all, readKeys(chosen+".code.txt")...)
	slices.Sort(keys.all)
	keys.all = slices.Compact(keys.all)
	keyCache.Store(chosen, keys)
	return keys
}

func readKeys(name string) []string {
	text, err := bkKeys.ReadFile("bkkeys/" + name)
	if err != nil {
		panic(fmt.Sprintf("spec: key list %s is not embedded: %v", name, err))
	}
	return strings.Fields(string(text))
}

// compareVersions orders the numbers of two versions; what follows the third number
// does not count, as the operator's webhook has it.
func compareVersions(a, b string) int {
	x, y := versionNumbers(a), versionNumbers(b)
	for i := range x {
		if c := cmp.Compare(x[i], y[i]); c != 0 {
			return c
		}
	}
	return 0
}

// versionNumbers are the first three numbers of a version; missing ones are 0.
func versionNumbers(version string) [3]int {
	var numbers [3]int
	match := versionPattern.FindStringSubmatch(version)
	for i := range numbers {
		if match != nil {
			numbers[i], _ = strconv.Atoi(match[i+1])
		}
	}
	return numbers
}
