package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ownedSettings are the settings that Hardened derives from the spec, and where to say
// it. Where the answer is empty, the setting has one right value there.
var ownedSettings = map[string]string{
	"metadataServiceUri":        "spec.zookeeperUri and spec.gitops.image.ledgersRoot",
	"zkServers":                 "spec.zookeeperUri",
	"zkLedgersRootPath":         "spec.gitops.image.ledgersRoot",
	"advertisedAddress":         "",
	"bookieId":                  "",
	"listeningInterface":        "",
	"bookiePort":                "",
	"httpServerEnabled":         "",
	"httpServerPort":            "",
	"httpServerHost":            "",
	"httpServerClass":           "",
	"journalDirectory":          "spec.options.journalDirectories",
	"autoRecoveryDaemonEnabled": "spec.autoRecovery",
	"ledgerManagerFactoryClass": "",
	"ledgerManagerType":         "",
	"allowEphemeralPorts":       "",
	"disableServerSocketBind":   "",
	"forceReadOnlyBookie":       "",
}

// checkSettings compares the options that are settings with the keys that this
// BookKeeper knows, and with what its image makes of them.
func (c *checker) checkSettings() {
	given := settings(c.cluster.Spec.Options)
	c.checkConfigSize(given)
	keys := settingKeysFor(c.cluster.Facts.BookKeeperVersion)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		path := joinPath("spec.options", key)
		if !settingPattern.MatchString(key) {
			c.errorf(path, "%q is not a setting's name", key)
			continue
		}
		c.checkSettingValue(path, given[key])
		if c.hardened() {
			c.checkHardenedSetting(path, key, given[key], keys)
		} else {
			c.checkOperatorSetting(path, key, keys)
		}
	}
}

// maxConfigBytes keeps the configuration well below what the annotations of one object may
// hold together, 256 KiB. Source: kubernetes, pkg/apis/core/validation (TotalAnnotationSizeLimitB).
const maxConfigBytes = 128 << 10

func (c *checker) checkConfigSize(given map[string]string) {
	size := len(c.cluster.Spec.GitOps.RestartToken)
	for key, value := range c.cluster.Spec.Annotations {
		size += len(key) + len(value)
	}
	for key, value := range given {
		size += len(key) + len(value) + 2
	}
	if c.hardened() && size > maxConfigBytes {
		c.errorf("spec.options", "settings, annotations and restartToken are %d bytes, allowed %d: they ride in the annotations of the pod template", size, maxConfigBytes)
	}
}

// checkSettingValue: the configuration file has one line a setting.
func (c *checker) checkSettingValue(path, value string) {
	for i, r := range value {
		if r == '\n' || r == '\r' || r == 0 {
			c.insidef(path, i, "a setting is one line; seen %q", r)
			return
		}
	}
}

// listSettings are the settings that BookKeeper reads as lists, directories apart.
var listSettings = []string{"extraServerComponents", "permittedStartupUsers", "authorizedRoles"}

// checkComma: BookKeeper's configuration library cuts every value at commas and gives
// a setting that is no list the first piece. Tried with 4.14.1 and 4.17.2.
func (c *checker) checkComma(path, key, value string) {
	if strings.Contains(value, ",") && !slices.Contains(listSettings, key) && !strings.HasSuffix(key, "Directories") {
		c.warnf(path, "BookKeeper cuts the value at its comma and takes %q", value[:strings.IndexByte(value, ',')])
	}
}

func (c *checker) checkHardenedSetting(path, key, value string, keys *settingKeys) {
	if key == "useHostNameAsBookieID" {
		if value != "true" {
			c.errorf(path, "seen %q, allowed \"true\": a bookie's identity is its DNS name, because a pod's address changes with every restart", value)
		}
		return
	}
	if strings.EqualFold(key, "include") || strings.EqualFold(key, "includeoptional") {
		// Source: commons-configuration, PropertiesConfiguration.java (include).
		c.errorf(path, "the setting would read another file; allowed: settings in spec.options")
		return
	}
	if instead, owned := ownedSettings[key]; owned {
		c.errorf(path, "the setting is bkgen's own")
		if instead != "" {
			c.hint("say it at %s", instead)
		}
		return
	}
	if value == "" && !strings.HasSuffix(key, "Directories") {
		c.errorf(path, "an empty value is none of BookKeeper's")
		c.hint("leave the setting out for its default")
		return
	}
	if strings.Contains(value, "${") {
		c.warnf(path, "BookKeeper replaces ${…} by another setting, ${sys:…} and ${env:…} by the process' own")
	}
	if key == "ledgerStorageClass" && !strings.Contains(value, ".") {
		c.errorf(path, "%q is no class with its package; allowed: such as %s", value, dbStorage)
		return
	}
	if value == "false" && (key == "journalWriteData" || key == "journalSyncData") {
		c.warnf(path, "a bookie acknowledges entries that are not on its disk: a power cut may lose them")
	}
	c.checkComma(path, key, value)
	if keys.knows(key) {
		return
	}
	if near := suggest(key, keys.all); near != "" {
		c.errorf(path, "BookKeeper %s has no setting of this name (did you mean %q?)", c.bookKeeper(), near)
		return
	}
	c.warnf(path, "BookKeeper %s has no setting of this name; it is passed on for a plug-in to read", c.bookKeeper())
}

func (c *checker) checkOperatorSetting(path, key string, keys *settingKeys) {
	switch {
	case key == "bookiePort":
		c.warnf(path, "the Service and the probes name port %d whatever this says", BookiePort)
	case keys.file[key]:
	case keys.knows(key):
		c.warnf(path, "the image drops it: its script sets only what stands in bk_server.conf")
		c.hint("Hardened renders the whole configuration and keeps it")
	default:
		if near := suggest(key, keys.all); near != "" {
			c.warnf(path, "BookKeeper %s has no setting of this name, and the image drops it (did you mean %q?)", c.bookKeeper(), near)
			return
		}
		c.warnf(path, "BookKeeper %s has no setting of this name, and the image drops it", c.bookKeeper())
	}
}

func (c *checker) bookKeeper() string {
	if v := c.cluster.Facts.BookKeeperVersion; v != "" {
		return v
	}
	return fmt.Sprintf("(taken as %s)", settingKeysFor("").version)
}
