package spec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

const mebi = 1 << 20

// What a bookie's process needs beside heap, direct memory and RocksDB's cache:
// metaspace, code cache, thread stacks, the collector's tables, native libraries.
const jvmOverhead = 256 * mebi

// probeJVM is the least heap of the JVM that the operator's readiness probe starts
// inside the bookie's limit. Source: bookkeeper, bin/common.sh (CLI_MIN_HEAP_MEMORY).
const probeJVM = 256 * mebi

// What the images' scripts pass where the options name no sizes.
// Source: bookkeeper, bin/common.sh (BOOKIE_MAX_HEAP_MEMORY, BOOKIE_MAX_DIRECT_MEMORY).
const (
	scriptHeap   = 1024 * mebi
	scriptDirect = 2048 * mebi
)

// defaultRAMPercentage is the heap that a JVM takes unasked, in percent of the limit.
const defaultRAMPercentage = 25

// dbStorage is the storage whose index and caches live outside the heap.
const dbStorage = "org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage"

// Memory is what a bookie's process may take, in bytes.
type Memory struct {
	Heap, Direct, RocksDB, Overhead int64
}

// Total is the sum.
func (m Memory) Total() int64 { return m.Heap + m.Direct + m.RocksDB + m.Overhead }

// memoryShares sizes heap and direct memory by the container's limit: a quarter of it
// is heap, two fifths are direct memory, from which DbLedgerStorage takes its write and
// read caches; the rest is RocksDB's, the JVM's own and the page cache's.
func memoryShares(limit int64) (heap, direct int64) {
	return limit / 4 / mebi * mebi, limit / 5 * 2 / mebi * mebi
}

// bookieMemory adds up what the JVM options allow under a limit.
func (b *BookKeeper) bookieMemory() (Memory, error) {
	limit := b.memoryLimit()
	options := b.jvmOptions()
	m := Memory{Overhead: jvmOverhead}
	var err error
	if m.Heap, err = heapSize(options, limit); err != nil {
		return m, err
	}
	m.Direct = m.Heap // what the JVM allows unasked
	if _, ok := jvmValue(options, "-XX:MaxDirectMemorySize"); ok {
		if m.Direct, err = sizeOf(options, "-XX:MaxDirectMemorySize"); err != nil {
			return m, err
		}
	}
	if b.Spec.GitOps.Profile == Operator {
		m.Overhead += probeJVM
		if len(b.Spec.JVMOptions.MemoryOpts) == 0 {
			m.Heap, m.Direct = scriptHeap, scriptDirect
		}
	}
	m.RocksDB, err = b.rocksDBCache(m.Direct)
	return m, err
}

// heapSize is the most that the heap may take: -Xmx, else a share of the limit, but
// never less than -Xms.
func heapSize(options []string, limit int64) (int64, error) {
	most, err := sizeOf(options, "-Xmx")
	if err != nil {
		return 0, err
	}
	least, err := sizeOf(options, "-Xms")
	if err != nil {
		return 0, err
	}
	if _, ok := jvmValue(options, "-Xmx"); ok {
		if least > most {
			err = errors.New("-Xms is more than -Xmx: the JVM does not start")
		}
		return most, err
	}
	percent := float64(defaultRAMPercentage)
	if value, ok := jvmValue(options, "-XX:MaxRAMFraction"); ok {
		parts, err := strconv.ParseUint(value, 10, 32)
		if err != nil || parts == 0 {
			return 0, fmt.Errorf("-XX:MaxRAMFraction: %q is not a number of parts", value)
		}
		percent = 100 / float64(parts)
	}
	if value, ok := jvmValue(options, "-XX:MaxRAMPercentage"); ok {
		if percent, err = strconv.ParseFloat(value, 64); err != nil || !(percent > 0 && percent <= 100) {
			return 0, fmt.Errorf("-XX:MaxRAMPercentage: %q is not a percentage", value)
		}
	}
	return max(least, int64(float64(limit)*percent/100)), nil
}

// sizeOf is the size that an option gives, 0 where it is not given.
func sizeOf(options []string, key string) (int64, error) {
	value, ok := jvmValue(options, key)
	if !ok {
		return 0, nil
	}
	size, err := parseJVMSize(value)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", key, err)
	}
	return size, nil
}

const optionRocksDBCache = "dbStorage_rocksDB_blockCacheSize"

// rocksDBCache is RocksDB's block cache: a tenth of direct memory unless set, and
// outside of it. Source: bookkeeper, bookie/storage/ldb/DbLedgerStorage.java.
func (b *BookKeeper) rocksDBCache(direct int64) (int64, error) {
	if b.Spec.Options["ledgerStorageClass"] != dbStorage {
		return 0, nil
	}
	value, ok := b.Spec.Options[optionRocksDBCache]
	if !ok || value == "" {
		return direct / 10, nil
	}
	size, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil || size < 0 || size > largestSize {
		return 0, fmt.Errorf("%q is not a number of bytes, 0 and more", value)
	}
	return size, nil
}

// memoryLimit is the bookie container's limit in bytes, 0 if there is none.
func (b *BookKeeper) memoryLimit() int64 {
	limit := b.Spec.Resources.Limits[corev1.ResourceMemory]
	return limit.Value()
}

// leastLimit is the smallest limit in which a bookie's JVM starts and takes writes.
const leastLimit = 768 * mebi

func (c *checker) checkMemory() {
	if _, given := c.cluster.Spec.Resources.Limits[corev1.ResourceMemory]; !given {
		return
	}
	limit := c.cluster.memoryLimit()
	const path = "spec.resources.limits.memory"
	if limit < leastLimit {
		c.badf(path, "%s is less than a bookie needs to start, %s", bytesText(limit), bytesText(leastLimit))
		return
	}
	if _, err := c.cluster.rocksDBCache(0); err != nil {
		c.badf("spec.options."+optionRocksDBCache, "%v", err)
		return
	}
	m, err := c.cluster.bookieMemory()
	if err != nil {
		c.badf("spec.jvmOptions", "%v", err)
		return
	}
	if m.Total() <= limit {
		return
	}
	c.warnf(path, "heap %s + direct memory %s + RocksDB cache %s + overhead %s are %s, more than the limit %s: the kernel may kill the bookie",
		bytesText(m.Heap), bytesText(m.Direct), bytesText(m.RocksDB), bytesText(m.Overhead), bytesText(m.Total()), bytesText(limit))
	heap, direct := memoryShares(limit)
	c.hint("give -Xmx%dm -XX:MaxDirectMemorySize=%dm in spec.jvmOptions.memoryOpts, or a limit of %s", heap/mebi, direct/mebi, bytesText(roundUp(m.Total())))
}

// roundUp is the next multiple of 256 MiB.
func roundUp(size int64) int64 { return (size + 256*mebi - 1) / (256 * mebi) * (256 * mebi) }

func bytesText(size int64) string {
	if size > 0 && size < mebi {
		return strconv.FormatInt(size, 10) + " bytes"
	}
	return resource.NewQuantity(size/mebi*mebi, resource.BinarySI).String()
}
