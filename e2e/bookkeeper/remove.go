package bookkeeper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Remove takes one entry from the disks of all bookies, whose processes have been stopped:
// its content from the entry logs and journals, and its place from the indexes. What the
// ledger's metadata promise stays. It fails the test if no bookie had the entry.
//
// It knows the files of InterleavedLedgerStorage, and entries of the ledger client with the
// digest CRC32C.
func (c *Cluster) Remove(t testing.TB, ledger, entry int64) {
	t.Helper()
	c.edit(t, ledger, entry, forget)
}

// Alter is like Remove, but leaves the entry's place: the bookies have an entry with another
// content, as a disk may that returns other bytes than were written to it.
func (c *Cluster) Alter(t testing.TB, ledger, entry int64) {
	t.Helper()
	c.edit(t, ledger, entry, func(string, int64, int64) error { return nil })
}

func (c *Cluster) edit(t testing.TB, ledger, entry int64, index func(dir string, ledger, entry int64) error) {
	t.Helper()
	found := 0
	for _, b := range c.Bookies {
		if b.running.Running() {
			t.Fatalf("editing the disk of %s: its process runs", b.Name)
		}
		n, err := blankAll(b.Dir, ledger, entry)
		if err != nil {
			t.Fatalf("editing the disk of %s: %v", b.Name, err)
		}
		if n == 0 {
			continue // not of the entry's ensemble
		}
		found++
		if err := index(b.Dir, ledger, entry); err != nil {
			t.Fatalf("editing the disk of %s: %v", b.Name, err)
		}
	}
	if found == 0 {
		t.Fatalf("no bookie has entry %d of ledger %d", entry, ledger)
	}
}

// blankAll blanks an entry wherever it is in the files of a directory, entry logs and
// journals, and returns how often that was.
func blankAll(dir string, ledger, entry int64) (int, error) {
	found := 0
	err := filepath.WalkDir(dir, func(path string, file fs.DirEntry, err error) error {
		if err != nil || !file.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n := blank(data, ledger, entry)
		if n == 0 {
			return nil
		}
		found += n
		return os.WriteFile(path, data, 0o600)
	})
	return found, err
}

// blank blanks the content of an entry wherever it is in data. An entry begins with its
// ledger and number, the last confirmed entry, the length and the digest, 36 bytes with
// CRC32C; its content, 1024 bytes of the ledger client's, begins with ledger and number again.
// Source: bookkeeper, DigestManager.java (computeDigestAndPackageForSending).
func blank(data []byte, ledger, entry int64) int {
	const head, size = 36, 1024
	place := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(ledger)), uint64(entry))
	found := 0
	for at := 0; at+head+size <= len(data); at++ {
		next := bytes.Index(data[at:], place)
		if next < 0 {
			break
		}
		at += next
		if at+head+size <= len(data) && bytes.HasPrefix(data[at+head:], place) {
			clear(data[at+head : at+head+size])
			found++
		}
	}
	return found
}

// forget takes an entry's place in its entry log from the ledger's index: 8 bytes for each
// entry behind a head of 1024, 0 where there is none.
// Source: bookkeeper, FileInfo.java (START_OF_DATA), IndexPersistenceMgr.java (getLedgerName).
func forget(dir string, ledger, entry int64) error {
	path := filepath.Join(dir, "ledgers", "current", fmt.Sprintf("%x", ledger>>8&0xff), fmt.Sprintf("%x", ledger&0xff), fmt.Sprintf("%x.idx", ledger))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("opening the index of ledger %d: %w", ledger, err)
	}
	defer file.Close()
	at, place := 1024+8*entry, make([]byte, 8)
	if _, err := file.ReadAt(place, at); err != nil {
		return fmt.Errorf("reading the index of ledger %d: %w", ledger, err)
	}
	if binary.BigEndian.Uint64(place) == 0 {
		return errors.New("the index does not have the entry")
	}
	if _, err := file.WriteAt(make([]byte, 8), at); err != nil {
		return fmt.Errorf("writing the index of ledger %d: %w", ledger, err)
	}
	return file.Close()
}
