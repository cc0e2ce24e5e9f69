package zk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cookie is what ZooKeeper keeps of a bookie that was ever formatted: the bookie's disks
// hold the same, and it refuses to start where they differ. A bookie whose cookie is there
// and that is not registered is down.
type Cookie struct {
	// ID is the bookie's identity.
	ID string
	// Layout is the version of the cookie's own format: 5 since BookKeeper 4.16, 4 before.
	Layout int
	// BookieHost is host:port, or an ID that was configured.
	BookieHost string
	// JournalDirs, LedgerDirs and IndexDirs are directories; of the last there may be none.
	JournalDirs, LedgerDirs, IndexDirs []string
	// InstanceID is that of the cluster, "" in a cookie that names none.
	InstanceID string
	// CreatedBy and ChangedBy are the transactions that created the cookie and last wrote
	// it, Created and Changed when. A cookie that was made or written while bookies are only
	// restarted tells of a disk that was formatted: what it held is gone. (A directory that
	// was added rewrites it too.)
	CreatedBy, ChangedBy int64
	Created, Changed     time.Time
	// Unreadable is why nothing but the ID and the times are known.
	Unreadable error
}

const cookiesNode = "cookies"

// Cookies are those of all bookies, sorted by ID. Where no bookie ever started there are
// none.
// Source: bookkeeper, bookie/Cookie.java.
func (m *Metadata) Cookies(ctx context.Context) ([]Cookie, error) {
	ids, err := m.reader.Children(ctx, m.at(cookiesNode))
	if errors.Is(err, ErrNoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	type one struct {
		cookie Cookie
		err    error
	}
	var cookies []Cookie
	for got := range pipeline(slices.Values(ids), readsInFlight, func(id string) one {
		data, stat, err := m.reader.Read(ctx, m.at(cookiesNode, id))
		cookie, unreadable := ParseCookie(data)
		cookie.ID, cookie.Unreadable = id, unreadable
		cookie.CreatedBy, cookie.ChangedBy = stat.CreatedBy, stat.ChangedBy
		cookie.Created, cookie.Changed = stat.Created, stat.Changed
		return one{cookie, err}
	}) {
		if errors.Is(got.err, ErrNoNode) {
			continue // it was deleted meanwhile
		}
		if got.err != nil {
			return nil, got.err
		}
		cookies = append(cookies, got.cookie)
	}
	return cookies, nil
}

// ParseCookie reads a cookie, of any layout since 3. What a newer layout adds is no error.
// Source: bookkeeper, bookie/Cookie.java (parse, encodeDirPaths), DataFormats.proto (CookieFormat).
func ParseCookie(data []byte) (Cookie, error) {
	head, rest, _ := strings.Cut(string(data), "\n")
	layout, err := strconv.Atoi(strings.TrimSpace(head))
	if err != nil || layout < 3 {
		return Cookie{}, fmt.Errorf("cookie: layout %q is not a number of 3 or more", head)
	}
	if layout == 3 {
		return parseOldCookie(rest)
	}
	fields, err := parseText(rest)
	if err != nil {
		return Cookie{}, fmt.Errorf("cookie: %w", err)
	}
	cookie := Cookie{Layout: layout}
	cookie.BookieHost, _ = fields.text("bookieHost")
	cookie.InstanceID, _ = fields.text("instanceId")
	journals, _ := fields.text("journalDir")
	ledgers, _ := fields.text("ledgerDirs")
	indexes, _ := fields.text("indexDirs")
	return cookie.withDirs(journals, ledgers, indexes)
}

// parseOldCookie reads the lines of layout 3.
func parseOldCookie(text string) (Cookie, error) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) != 3 {
		return Cookie{}, fmt.Errorf("cookie: %d lines after the layout, want 3", len(lines))
	}
	return Cookie{Layout: 3, BookieHost: lines[0]}.withDirs(lines[1], lines[2], "")
}

// withDirs fills in the directories: journals are a list with commas, the others a count
// and as many directories, with tabs.
func (c Cookie) withDirs(journals, ledgers, indexes string) (Cookie, error) {
	if c.BookieHost == "" {
		return Cookie{}, errors.New("cookie: bookieHost is missing")
	}
	if journals != "" {
		c.JournalDirs = strings.Split(journals, ",")
	}
	for _, list := range []struct {
		text string
		to   *[]string
	}{{ledgers, &c.LedgerDirs}, {indexes, &c.IndexDirs}} {
		if list.text == "" {
			continue
		}
		dirs := strings.Split(list.text, "\t")
		if dirs[0] != strconv.Itoa(len(dirs)-1) {
			return Cookie{}, fmt.Errorf("cookie: %q does not count its directories", list.text)
		}
		*list.to = dirs[1:]
	}
	return c, nil
}
