package spec

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// bookieBase are the settings that Hardened states for every bookie, because
// BookKeeper's own default would be worse in a pod. The user's options come after them.
var bookieBase = map[string]string{
	// Metrics are worth nothing if nobody can ask for them. The HTTP server answers
	// /metrics itself. Source: stats/prometheus/PrometheusMetricsProvider.java l.103-107.
	"enableStatistics":   "true",
	"statsProviderClass": "org.apache.bookkeeper.stats.prometheus.PrometheusMetricsProvider",
	// A full disk makes a bookie read-only instead of ending it.
	"readOnlyModeEnabled": "true",
	// A disk may be added to a bookie that has data.
	"allowStorageExpansion": "true",
	// Old journals help nobody here: what is flushed is replicated.
	"journalMaxBackups": "0",
	// Blocks that both RocksDB 7 and 9 read: a bookie can go back across that line.
	// Source: bookkeeper issues 4480, 4559.
	"dbStorage_rocksDB_format_version": "5",
}

// recoveryBase are the settings of autorecovery. A restart takes the grace period, the
// pod's start and the journal's replay; a delay shorter than that copies a bookie's data
// at every planned restart. The operator's 60 seconds are shorter than most restarts.
var recoveryBase = map[string]string{
	"lostBookieRecoveryDelay": "600",
}

// GracePeriodSeconds is how long a stopping bookie may flush. It is deleted from
// ZooKeeper only after that. Source: bookkeeper, bookie/BookieImpl.java (shutdown).
const GracePeriodSeconds = 300

// ownSettings are the settings that both processes derive from the spec.
func (b *BookKeeper) ownSettings() map[string]string {
	return map[string]string{
		"metadataServiceUri": b.MetadataServiceURI(),
		"bookiePort":         strconv.Itoa(BookiePort),
		"httpServerEnabled":  "true",
		"httpServerPort":     strconv.Itoa(HTTPPort),
		"httpServerClass":    "org.apache.bookkeeper.http.vertx.VertxHttpServer",
		// Autorecovery has pods of its own: in a bookie it would stop and start with every
		// restart, and an auditor that starts ignores lostBookieRecoveryDelay.
		// Source: bookkeeper, replication/Auditor.java (scheduleBookieCheckTask).
		"autoRecoveryDaemonEnabled": "false",
	}
}

// MetadataServiceURI is where the cluster's metadata is, as BookKeeper's clients take it.
func (b *BookKeeper) MetadataServiceURI() string {
	return b.Facts.ZooKeeper.MetadataServiceURI(b.Facts.LedgersRoot)
}

// BookieConfig is the whole configuration file of a bookie, apart from the identity,
// which is an argument of its process.
func (b *BookKeeper) BookieConfig() string {
	config := maps.Clone(bookieBase)
	maps.Copy(config, b.userSettings())
	maps.Copy(config, b.ownSettings())
	config["ledgerDirectories"] = joinDirectories(b.Facts.Ledger)
	config["journalDirectories"] = joinDirectories(b.Facts.Journal)
	config["indexDirectories"] = joinDirectories(b.Facts.Index)
	keys := settingKeysFor(b.Facts.BookKeeperVersion)
	for key := range bookieBase {
		if !keys.knows(key) && b.Spec.Options[key] == "" {
			delete(config, key)
		}
	}
	return configText(config)
}

// AutorecoveryConfig is the whole configuration file of an autorecovery process: the
// bookies' own, without what is a bookie's alone, so that it speaks to them as they expect.
func (b *BookKeeper) AutorecoveryConfig() string {
	config := map[string]string{
		"enableStatistics":   bookieBase["enableStatistics"],
		"statsProviderClass": bookieBase["statsProviderClass"],
	}
	maps.Copy(config, recoveryBase)
	for key, value := range b.userSettings() {
		if !bookieOnly(key) {
			config[key] = value
		}
	}
	maps.Copy(config, b.ownSettings())
	return configText(config)
}

// bookieOnly reports whether a setting speaks of a bookie's storage.
func bookieOnly(key string) bool {
	switch key {
	case "ledgerStorageClass", "ledgerDirectories", "journalDirectories", "indexDirectories":
		return true
	}
	return strings.HasPrefix(key, "journal") || strings.HasPrefix(key, "dbStorage_")
}

// userSettings are the options that are settings and are the user's to choose.
func (b *BookKeeper) userSettings() map[string]string {
	given := settings(b.Spec.Options)
	for key := range given {
		if _, owned := ownedSettings[key]; owned || key == "useHostNameAsBookieID" {
			delete(given, key)
		}
	}
	return given
}

func joinDirectories(dirs []Directory) string {
	paths := make([]string, len(dirs))
	for i, d := range dirs {
		paths[i] = d.Path
	}
	return strings.Join(paths, ",")
}

// configText is a properties file: sorted, one setting a line, backslashes doubled as
// the format wants it, and what is not printable ASCII escaped: BookKeeper reads the
// file as ISO 8859-1. Tried with commons-configuration 1.10 and 2.12.
func configText(config map[string]string) string {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(config)) {
		text.WriteString(key)
		text.WriteByte('=')
		writeEscaped(&text, config[key])
		text.WriteByte('\n')
	}
	return text.String()
}

func writeEscaped(text *strings.Builder, value string) {
	for _, r := range value {
		switch {
		case r == '\\':
			text.WriteString(`\\`)
		case ' ' <= r && r <= '~':
			text.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(text, `\u%04x`, unit)
			}
		}
	}
}

// OperatorSettings are the BK_ entries of the operator's ConfigMap.
// Source: bookkeeper-operator, controllers/bookie.go l.406-467.
func (b *BookKeeper) OperatorSettings() map[string]string {
	config := map[string]string{
		"BK_useHostNameAsBookieID":     strconv.FormatBool(compareVersions(b.Spec.Version, "0.5.0") >= 0),
		"BK_autoRecoveryDaemonEnabled": strconv.FormatBool(*b.Spec.AutoRecovery),
	}
	if *b.Spec.AutoRecovery {
		config["BK_lostBookieRecoveryDelay"] = "60"
	}
	for key, value := range b.Spec.Options {
		config["BK_"+key] = value
	}
	return config
}
