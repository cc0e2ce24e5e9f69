package bookie

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seed adds the bodies of all recordings and of a few answers that were not recorded.
func seed(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		f.Fatalf("recordings: %v, error %v", files, err)
	}
	for _, file := range files {
		recorded, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := bytes.Cut(recorded, []byte("\r\n\r\n"))
		f.Add(body)
	}
	for _, body := range []string{"", "null", "[]", "[1,2", "{}", `{"running":null}`, "bookie_SERVER_STATUS -1\n", "Auditor: x"} {
		f.Add([]byte(body))
	}
}

// What any parser of objects takes has every field that it promises.
func FuzzObjects(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		has := func(fields ...string) {
			t.Helper()
			o, err := parseObject(body)
			if err != nil || slices.ContainsFunc(fields, func(name string) bool { return o[name] == nil }) {
				t.Errorf("%q was taken for an object with %v", body, fields)
			}
		}
		if s, err := parseState(body); err == nil {
			has("running", "readOnly", "shuttingDown", "availableForHighPriorityWrites")
		} else if s != (State{}) {
			t.Errorf("%q: %+v beside error %v", body, s, err)
		}
		if i, err := parseInfo(body); err == nil && (i.Free < 0 || i.Total < 0) {
			t.Errorf("%q: %+v", body, i)
		}
		if _, err := parseClusterInfo(body); err == nil {
			has("auditorElected", "auditorId", "clusterUnderReplicated", "ledgerReplicationEnabled",
				"totalBookiesCount", "writableBookiesCount", "readonlyBookiesCount", "unavailableBookiesCount")
		}
		if enabled, err := parseEnabled(body); err != nil && enabled {
			t.Errorf("%q: enabled beside error %v", body, err)
		}
		config, err := parseConfig(body)
		for name := range config {
			if err != nil || isSecret(name) {
				t.Errorf("%q: shows %s, error %v", body, name, err)
			}
			_ = config.List(name)
		}
	})
}

func FuzzTexts(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, code := range []int{http.StatusOK, http.StatusNotFound} {
			a := answer{code, body}
			if id, ok := parseAuditor(a); ok && (id == "" || code != http.StatusOK || !bytes.Contains(body, []byte(id))) {
				t.Errorf("%d %q: auditor %q", code, body, id)
			}
			if delay, ok := parseDelay(a); ok && (delay < 0 || code != http.StatusOK) {
				t.Errorf("%d %q: delay %s", code, body, delay)
			}
			_ = newStatusError(a).Error()
		}
	})
}

// However a list is cut, no ledger is made up and none is counted that was not there.
func FuzzLedgers(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		whole, err := parseLedgers(&bounded{reader: bytes.NewReader(body), left: large})
		if err == nil && (whole.Count < 1 || whole.AtLeast || whole.Count < len(whole.First)) {
			t.Errorf("%q: %+v", body, whole)
		}
		if err != nil || len(body) > 100 {
			return
		}
		for limit := range int64(len(body)) {
			cut, err := parseLedgers(&bounded{reader: bytes.NewReader(body), left: limit})
			if err != nil {
				continue
			}
			trailing := strings.TrimRight(string(body), " \t\r\n")
			if int64(len(trailing)) <= limit && !cut.AtLeast {
				continue
			}
			if !cut.AtLeast || cut.Count > whole.Count || !slices.Equal(cut.First, whole.First[:len(cut.First)]) {
				t.Errorf("%q cut at %d: %+v, whole %+v", body, limit, cut, whole)
			}
		}
	})
}

func FuzzRegistration(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		registration, err := parseRegistration(&bounded{reader: bytes.NewReader(body), left: large})
		if (err == nil) != (registration >= Writable && registration <= Unregistered) {
			t.Errorf("%q: %v, error %v", body, registration, err)
		}
		if err == nil && !bytes.Contains(body, []byte("bookie_SERVER_STATUS ")) {
			t.Errorf("%q: %v", body, registration)
		}
		if cut, err := parseRegistration(&bounded{reader: bytes.NewReader(body), left: int64(len(body) / 2)}); err == nil && len(body) > 1 {
			t.Errorf("half of %q: %v", body, cut)
		}
	})
}
