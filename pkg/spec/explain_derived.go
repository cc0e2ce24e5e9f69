package spec

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Derived is what follows from a spec as a whole.
type Derived struct {
	// Image is the image of the bookies, with its tag and digest.
	Image string `json:"image"`
	// BookKeeperVersion and Java are what the image holds; "" and 0 where that is unknown (Operator only).
	BookKeeperVersion string `json:"bookkeeperVersion,omitempty"`
	Java              int32  `json:"java,omitempty"`
	// MetadataServiceURI names the ZooKeeper ensemble and the root of the metadata in it;
	// "" where the input does not say (Operator only).
	MetadataServiceURI string `json:"metadataServiceUri,omitempty"`
	// BookieIDs are nil under Operator, where the image's script chooses them.
	BookieIDs *BookieIDs `json:"bookieIds,omitempty"`
	// Memory is nil where the container has no memory limit or the JVM options name no sizes that can be read (Operator only).
	Memory *MemoryPlan `json:"memory,omitempty"`
	// Capacity is nil where the option diskUsageThreshold is no share.
	Capacity  *Capacity `json:"capacity,omitempty"`
	Tolerance Tolerance `json:"tolerance"`
}

// BookieIDs are the bookies' names in ZooKeeper, those of the first and the last ordinal.
type BookieIDs struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// MemoryPlan compares what a bookie's process may take with its container's limit, in bytes.
type MemoryPlan struct {
	Limit    int64 `json:"limitBytes"`
	Heap     int64 `json:"heapBytes"`
	Direct   int64 `json:"directBytes"`
	RocksDB  int64 `json:"rocksDBBytes"`
	Overhead int64 `json:"overheadBytes"`
	Total    int64 `json:"totalBytes"`
}

// Capacity estimates how much the cluster's clients can store: all ledger volumes up to
// the share at which a bookie turns read-only, divided by the copies of each entry. It
// takes for granted that entries spread evenly, and leaves out the file system's own
// needs and what is deleted but not collected yet.
type Capacity struct {
	Bookies            int32   `json:"bookies"`
	LedgerVolume       int64   `json:"ledgerVolumeBytes"`
	DiskUsageThreshold float64 `json:"diskUsageThreshold"`
	WriteQuorum        int32   `json:"writeQuorum"`
	// Usable is in bytes.
	Usable int64 `json:"usableBytes"`
}

// Tolerance is how many bookies may fail before what. It follows from
// spec.gitops.durability; clients that write otherwise fare otherwise.
type Tolerance struct {
	// NewLedgers is how many bookies may be away while ledgers can be created, and the
	// open ones find a replacement: replicas − ensembleSize. Below 0, so many are missing
	// before any ledger can be created.
	NewLedgers int32 `json:"newLedgers"`
	// Ensemble is how many bookies of an ensemble may be slow, or with the client's
	// delayEnsembleChange away, and entries are still acknowledged: writeQuorum − ackQuorum.
	// Source: bookkeeper, client/LedgerHandle.java (handleBookieFailure).
	Ensemble int32 `json:"ensemble"`
	// DataLosses is how many bookies may be lost for ever and every acknowledged entry
	// still has a copy: ackQuorum − 1.
	DataLosses int32 `json:"dataLosses"`
}

func (b *BookKeeper) derived() Derived {
	facts := &b.Facts
	d := Derived{
		Image: b.ImageReference(), BookKeeperVersion: facts.BookKeeperVersion, Java: facts.Java,
		Memory: b.memoryPlan(), Capacity: b.capacity(), Tolerance: b.tolerance(),
	}
	if facts.LedgersRoot != "" {
		d.MetadataServiceURI = b.MetadataServiceURI()
	}
	if b.Spec.GitOps.Profile == Hardened {
		d.BookieIDs = &BookieIDs{First: b.bookieID(0), Last: b.bookieID(*b.Spec.Replicas - 1)}
	}
	return d
}

// bookieID is the id of the bookie with an ordinal: BookKeeper makes it of the advertised
// address and the port. Source: bookkeeper, bookie/BookieImpl.java (getBookieId).
func (b *BookKeeper) bookieID(ordinal int32) string {
	pod := fmt.Sprintf("%s-%d", b.BookieName(), ordinal)
	return b.BookieHost(pod) + ":" + strconv.Itoa(BookiePort)
}

func (b *BookKeeper) memoryPlan() *MemoryPlan {
	limit := b.memoryLimit()
	m, err := b.bookieMemory()
	if limit == 0 || err != nil {
		return nil
	}
	return &MemoryPlan{
		Limit: limit, Heap: m.Heap, Direct: m.Direct, RocksDB: m.RocksDB, Overhead: m.Overhead, Total: m.Total(),
	}
}

// defaultDiskUsageThreshold is the share of a disk at which a bookie turns read-only.
// Source: bookkeeper, conf/bk_server.conf (diskUsageThreshold).
const defaultDiskUsageThreshold = 0.95

func (b *BookKeeper) capacity() *Capacity {
	share := defaultDiskUsageThreshold
	if text := strings.TrimSpace(b.Spec.Options["diskUsageThreshold"]); text != "" {
		var err error
		if share, err = strconv.ParseFloat(text, 64); err != nil || !(share > 0 && share < 1) {
			return nil
		}
	}
	volume := b.Spec.Storage.LedgerVolumeClaimTemplate.Resources.Requests[corev1.ResourceStorage]
	c := &Capacity{
		Bookies: *b.Spec.Replicas, LedgerVolume: volume.Value(),
		DiskUsageThreshold: share, WriteQuorum: *b.Spec.GitOps.Durability.WriteQuorum,
	}
	usable := float64(c.LedgerVolume) * float64(c.Bookies) * share / float64(c.WriteQuorum)
	c.Usable = int64(min(usable, 1<<62)) // no cluster is larger, and int64 would overflow
	return c
}

func (b *BookKeeper) tolerance() Tolerance {
	d := b.Spec.GitOps.Durability
	return Tolerance{
		NewLedgers: *b.Spec.Replicas - *d.EnsembleSize,
		Ensemble:   *d.WriteQuorum - *d.AckQuorum,
		DataLosses: *d.AckQuorum - 1,
	}
}
