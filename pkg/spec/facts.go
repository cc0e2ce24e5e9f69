package spec

import corev1 "k8s.io/api/core/v1"

// BookKeeperFacts is what follows from a BookKeeper spec: Decode fills it in.
type BookKeeperFacts struct {
	// Contract is the family of images that the image belongs to; empty where it is unknown (Operator only).
	Contract ContractName
	// BookKeeperVersion is the BookKeeper release in the image, such as 4.17.4; empty where it is unknown (Operator only).
	BookKeeperVersion string
	// Java is the major version of the image's Java, 0 where it is unknown.
	Java int32
	// ZooKeeper is spec.zookeeperUri, parsed.
	ZooKeeper ZooKeeperAddress
	// LedgersRoot is the znode of the metadata below ZooKeeper.Chroot; empty where it
	// depends on what the input does not hold (Operator only).
	LedgersRoot string
	// Ledger, Journal and Index are the data directories, at least one each.
	Ledger, Journal, Index []Directory
	// HostPaths, EmptyDirs and ConfigMaps are the volumes that options ask for, in their order.
	HostPaths, EmptyDirs, ConfigMaps []Mount
	// EnvConfigMap is the ConfigMap of spec.envVars, if the inputs hold it.
	EnvConfigMap *corev1.ConfigMap
	// Env are its entries that are neither settings nor the image's own, sorted by name; Hardened only.
	Env []EnvVar
	// Files are the files that the document named.
	Files []File
}

// EnvVar is an environment variable with a plain value.
type EnvVar struct{ Name, Value string }

// File is a file that a document named, relative to its source's directory.
type File struct {
	Source string
	Path   string
	Data   []byte
}

// Directories are all data directories: ledger, journal, index.
func (f *BookKeeperFacts) Directories() []Directory {
	dirs := append([]Directory{}, f.Ledger...)
	dirs = append(dirs, f.Journal...)
	return append(dirs, f.Index...)
}

// Names of what the pods of Hardened consist of.
const (
	// ConfigVolume projects ConfigAnnotation as a file.
	ConfigVolume = "config"
	// TempVolume is /tmp, where the JVM unpacks native libraries.
	TempVolume = "tmp"

	// EnsureClusterContainer creates the cluster's metadata if none exists.
	EnsureClusterContainer = "ensure-cluster"
	// SidecarContainer is the name kept for bkcheck's sidecar.
	SidecarContainer = "bkcheck"

	// ConfigDirectory and ConfigFile are where the configuration file is.
	ConfigDirectory = "/etc/bookkeeper"
	ConfigFile      = "bk_server.conf"
)

// TempDirectory is where everything in a pod may write.
const TempDirectory = "/tmp"

// OwnVariables are the environment variables of Hardened pods beside POD_NAME. They let
// `bookkeeper shell` find the configuration, write its logs where it may and take little
// of the pod's memory; the process itself reads none of them.
// Source: bookkeeper, bin/bookkeeper, bin/common.sh.
var OwnVariables = []EnvVar{
	{"BOOKIE_CONF", ConfigDirectory + "/" + ConfigFile},
	{"BOOKIE_LOG_DIR", TempDirectory},
	{"CLI_LOG_DIR", TempDirectory},
	{"CLI_MEM_OPTS", "-Xms64m -Xmx128m"},
}

// BkcheckImage is the bkcheck that runs in rendered pods. Changing it restarts every
// bookie of every cluster that does not name its own, so it changes rarely, on purpose,
// and not with each release of bkgen.
const BkcheckImage = "bkgen/bkcheck:0.1.0"
