package metadata_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bkgen/bkgen/e2e/bookkeeper"
	"github.com/bkgen/bkgen/pkg/zk"
)

// What is read is what BookKeeper's own tools say of the same cluster.
func TestAnswersAreBookKeepers(t *testing.T) {
	t.Parallel()
	s := start(t, 4)
	audit := s.StartAutorecovery(t, "autorecovery")
	t.Run("identity", func(t *testing.T) { compareIdentity(t, s) })
	t.Run("registrations", func(t *testing.T) { compareRegistrations(t, s, audit) })
	t.Run("cookies", func(t *testing.T) { compareCookies(t, s) })
	t.Run("autorecovery", func(t *testing.T) { compareAutorecovery(t, s, audit) })
	t.Run("ledgers", func(t *testing.T) { compareLedgers(t, s) })
}

func compareIdentity(t *testing.T, s setting) {
	id := ask(t, s, s.InstanceID)
	if out := s.shell(t, "whatisinstanceid"); id == "" || !strings.Contains(out, "InstanceId: "+id) {
		t.Errorf("instance %q, BookKeeper says:\n%s", id, out)
	}
	want := zk.Layout{Factory: "org.apache.bookkeeper.meta.HierarchicalLedgerManagerFactory", Version: 1}
	if got := ask(t, s, s.Layout); got != want {
		t.Errorf("layout %+v, want %+v", got, want)
	}
}

// clusterInfo is the answer of cluster_info.
// Source: bookkeeper, server/http/service/ClusterInfoService.java.
type clusterInfo struct {
	AuditorElected, ClusterUnderReplicated, LedgerReplicationEnabled                       bool
	AuditorID                                                                              string
	TotalBookiesCount, WritableBookiesCount, ReadonlyBookiesCount, UnavailableBookiesCount int
}

// clusterInfo is what one of the bookies answers.
func clusterInfoOf(t *testing.T, b *bookkeeper.Bookie) (info clusterInfo) {
	t.Helper()
	answer, err := b.Ask(t.Context(), "/api/v1/bookie/cluster_info")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(answer), &info); err != nil {
		t.Fatal(err)
	}
	return info
}

// ourInfo is the same from ZooKeeper.
func ourInfo(t *testing.T, s setting) clusterInfo {
	t.Helper()
	registered, cookies, repair := ask(t, s, s.Registrations), ask(t, s, s.Cookies), ask(t, s, s.Autorecovery)
	marks := ask(t, s, func(ctx context.Context) (zk.Marks, error) { return s.Marked(ctx, 10) })
	info := clusterInfo{
		AuditorElected:           repair.Auditor != "",
		AuditorID:                repair.Auditor,
		ClusterUnderReplicated:   !marks.None(),
		LedgerReplicationEnabled: repair.Disabled == nil,
		TotalBookiesCount:        len(cookies),
		UnavailableBookiesCount:  len(cookies) - len(registered),
	}
	for _, r := range registered {
		switch r.Mode {
		case zk.Writable:
			info.WritableBookiesCount++
		case zk.ReadOnly:
			info.ReadonlyBookiesCount++
		}
	}
	return info
}

var listed = regexp.MustCompile(`BookieID:(\S+), IP:(\S+), Port:(\d+)`)

func compareRegistrations(t *testing.T, s setting, audit *bookkeeper.Process) {
	const readonly = 3
	put(t, s.Bookies[readonly].Process, "/api/v1/bookie/state/readonly", `{"readOnly":true}`)
	s.Bookies[2].Kill(t)
	eventually(t, "one bookie is read-only, one is gone", func() bool {
		info := ourInfo(t, s)
		return info.WritableBookiesCount == 2 && info.ReadonlyBookiesCount == 1
	})
	theirs := map[string]string{}
	for flag, mode := range map[string]string{"-rw": "writable", "-ro": "read-only"} {
		for _, match := range listed.FindAllStringSubmatch(s.shell(t, "listbookies", flag, "-h"), -1) {
			theirs[match[1]] = mode + " at " + match[2] + ":" + match[3]
		}
	}
	ours := map[string]string{}
	for _, r := range ask(t, s, s.Registrations) {
		ours[r.ID] = r.Mode.String() + " at " + r.Address()
		if want := r.Host() + ":8080"; r.AdminAddress() != want || r.Unreadable != nil {
			t.Errorf("HTTP server of %s: %q, error %v; want %q", r.ID, r.AdminAddress(), r.Unreadable, want)
		}
	}
	if diff := cmp.Diff(theirs, ours); diff != "" || len(ours) != 3 {
		t.Errorf("bookies (-BookKeeper's +ours):\n%s", diff)
	}
	if diff := cmp.Diff(clusterInfoOf(t, s.Bookies[0]), ourInfo(t, s)); diff != "" {
		t.Errorf("cluster info (-BookKeeper's +ours):\n%s", diff)
	}
	put(t, s.Bookies[readonly].Process, "/api/v1/bookie/state/readonly", `{"readOnly":false}`)
	s.Bookies[2].Start(t)
	s.Bookies[2].AwaitReady(t)
	before := ask(t, s, s.Registrations)
	s.Bookies[0].Restart(t)
	for i, r := range ask(t, s, s.Registrations) {
		isNew := r.Session != before[i].Session && r.CreatedBy > before[i].CreatedBy && r.Since.After(before[i].Since)
		if isNew != (r.ID == s.Bookies[0].ID) || r.Session == 0 {
			t.Errorf("%s was restarted: %v; was %+v, is %+v", s.Bookies[0].ID, isNew, before[i], r)
		}
	}
}

func compareCookies(t *testing.T, s setting) {
	want := []zk.Cookie{}
	id := ask(t, s, s.InstanceID)
	for _, b := range s.Bookies {
		want = append(want, zk.Cookie{ID: b.ID, Layout: 5, BookieHost: b.ID, InstanceID: id,
			JournalDirs: []string{filepath.Join(b.Dir, "journal")}, LedgerDirs: []string{filepath.Join(b.Dir, "ledgers")}})
	}
	slices.SortFunc(want, func(a, b zk.Cookie) int { return strings.Compare(a.ID, b.ID) })
	got := ask(t, s, s.Cookies)
	for i, cookie := range got {
		if cookie.Created.IsZero() || cookie.CreatedBy == 0 || cookie.ChangedBy != cookie.CreatedBy {
			t.Errorf("cookie of %s: created %v by %d, changed by %d", cookie.ID, cookie.Created, cookie.CreatedBy, cookie.ChangedBy)
		}
		got[i].Created, got[i].Changed, got[i].CreatedBy, got[i].ChangedBy = time.Time{}, time.Time{}, 0, 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
}

func compareAutorecovery(t *testing.T, s setting, audit *bookkeeper.Process) {
	repair := ask(t, s, s.Autorecovery)
	if out := s.shell(t, "whoisauditor"); repair.Auditor != audit.Host.IP+":3181" || !strings.Contains(out, "Auditor: "+repair.Auditor) {
		t.Errorf("auditor %q, BookKeeper says:\n%s", repair.Auditor, out)
	}
	s.shell(t, "lostbookierecoverydelay", "-set", "77")
	if got := ask(t, s, s.Autorecovery); got.LostBookieDelay != 77*time.Second {
		t.Errorf("delay %v, want 77 s", got.LostBookieDelay)
	}
	s.shell(t, "autorecovery", "-disable")
	if got := ask(t, s, s.Autorecovery); got.Disabled == nil || got.Disabled.Owner != "" {
		t.Errorf("disabled by the shell: %+v", got.Disabled)
	}
	notOwned := (*zk.NotOwnedError)(nil)
	if err := s.EnableAutorecovery(t.Context(), s.conn, "us"); !errors.As(err, &notOwned) {
		t.Errorf("undoing the shell's: error %v, want a NotOwnedError", err)
	}
	if err := s.DisableAutorecovery(t.Context(), s.conn, "us"); !errors.Is(err, zk.ErrNodeExists) {
		t.Errorf("disabling twice: error %v", err)
	}
	s.shell(t, "autorecovery", "-enable")
	if err := s.DisableAutorecovery(t.Context(), s.conn, "us"); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s, s.Autorecovery); got.Disabled == nil || got.Disabled.Owner != "us" || clusterInfoOf(t, s.Bookies[0]).LedgerReplicationEnabled {
		t.Errorf("disabled by us: %+v", got.Disabled)
	}
	if err := s.EnableAutorecovery(t.Context(), s.conn, "us"); err != nil || !clusterInfoOf(t, s.Bookies[0]).LedgerReplicationEnabled {
		t.Errorf("enabling it again: %v", err)
	}
	audit.Kill(t)
	eventually(t, "nobody is the auditor", func() bool { return ask(t, s, s.Autorecovery).Auditor == "" })
	if got := ask(t, s, s.Autorecovery); !got.EverRan || got.Candidates != 0 || clusterInfoOf(t, s.Bookies[0]).AuditorElected {
		t.Errorf("without an auditor: %+v", got)
	}
}

// openLedger leaves an open ledger whose metadata BookKeeper writes in that format.
func openLedger(t *testing.T, s setting, format int) int64 {
	t.Helper()
	before := ledgers(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	command := s.shellCommand(t, ctx, fmt.Sprintf("ledgerMetadataVersion=%d", format),
		"simpletest", "-ensemble", "3", "-writeQuorum", "3", "-ackQuorum", "2", "-numEntries", "1000000")
	log := filepath.Join(t.TempDir(), "simpletest.log")
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	command.Stdout, command.Stderr = file, file
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var id int64
	eventually(t, "a ledger is written", func() bool {
		for now := range ledgers(t, s) {
			if _, was := before[now]; !was {
				id = now
			}
		}
		text, err := os.ReadFile(log)
		return err == nil && strings.Contains(string(text), "entries written")
	})
	cancel()
	_ = command.Wait() // it was killed
	return id
}

// ledgers are all that are read.
func ledgers(t *testing.T, s setting) map[int64]zk.Ledger {
	t.Helper()
	all := map[int64]zk.Ledger{}
	for ledger, err := range s.Ledgers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all[ledger.ID] = ledger
	}
	return all
}

var listedLedger = regexp.MustCompile(`ledgerID: (\d+)`)

func compareLedgers(t *testing.T, s setting) {
	w := s.Write(t, bookkeeper.WriteOptions{PerLedger: 100})
	w.AwaitMore(t, 150)
	w.Kill(t)
	for _, format := range []int{1, 2, 3} {
		id := openLedger(t, s, format)
		if got := ledgers(t, s)[id]; got.Format != format || got.State != zk.Open {
			t.Errorf("ledger %d: %+v, want an open one of format %d", id, got, format)
		}
	}
	ours := ledgers(t, s)
	theirs := map[int64]bool{}
	for _, match := range listedLedger.FindAllStringSubmatch(s.shell(t, "listledgers"), -1) {
		id, err := strconv.ParseInt(match[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		theirs[id] = true
	}
	if count := ask(t, s, s.LedgerCount); count != int64(len(theirs)) || len(ours) != len(theirs) || len(ours) < 5 {
		t.Errorf("counted %d, read %d, BookKeeper lists %d", count, len(ours), len(theirs))
	}
	for id, ledger := range ours {
		if out, want := s.shell(t, "ledgermetadata", "-ledgerid", fmt.Sprint(id)), asJava(ledger); !strings.Contains(out, want[0]) || !strings.Contains(out, want[1]) || !strings.Contains(out, want[2]) {
			t.Errorf("ledger %d: %q, BookKeeper says:\n%s", id, want, out)
		}
		one, err := s.Ledger(t.Context(), id)
		if diff := cmp.Diff(ledger, one); diff != "" || err != nil {
			t.Errorf("ledger %d by itself: %v; (-all +one):\n%s", id, err, diff)
		}
	}
}

// asJava is how BookKeeper prints the same, in parts.
func asJava(l zk.Ledger) []string {
	var segments []string
	for _, s := range l.Segments {
		segments = append(segments, fmt.Sprintf("%d=[%s]", s.First, strings.Join(s.Bookies, ", ")))
	}
	last := ""
	if l.State == zk.Closed {
		last = fmt.Sprintf("lastEntryId=%d,", l.LastEntry)
	}
	state := strings.ReplaceAll(strings.ToUpper(l.State.String()), " ", "_")
	return []string{
		fmt.Sprintf("formatVersion=%d, ensembleSize=%d, writeQuorumSize=%d, ackQuorumSize=%d, state=%s,", l.Format, l.Ensemble, l.WriteQuorum, l.AckQuorum, state),
		last,
		fmt.Sprintf("ensembles={%s}", strings.Join(segments, ", ")),
	}
}
