// Package admin holds the tests of internal/bookie with real bookies and a real autorecovery.
package admin
