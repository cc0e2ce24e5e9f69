package main

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bkgen/bkgen/pkg/spec"
)

// writeExplanations writes one block a cluster: its fields in columns, then what follows
// from them.
func writeExplanations(text *bytes.Buffer, clusters []spec.Explanation) {
	for i, c := range clusters {
		if i > 0 {
			text.WriteString("\n")
		}
		fmt.Fprintf(text, "cluster %s, %s\n\n", path.Join(c.Namespace, c.Name), c.Source)
		rows := [][]string{{"FIELD", "VALUE", "SOURCE"}}
		for _, f := range c.Fields {
			rows = append(rows, []string{f.Path, valueText(f.Value), f.Source})
		}
		writeColumns(text, rows)
		text.WriteString("\n")
		writeColumns(text, derivedRows(c))
	}
}

// widestColumn is how wide a column gets for the sake of a long value.
const widestColumn = 70

// writeColumns aligns all columns but the last.
func writeColumns(text *bytes.Buffer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			if n := utf8.RuneCountInString(cell); n <= widestColumn {
				widths[i] = max(widths[i], n)
			}
		}
	}
	for _, row := range rows {
		last := len(row) - 1
		for i, cell := range row[:last] {
			fmt.Fprintf(text, "%-*s  ", widths[i], cell)
		}
		text.WriteString(row[last] + "\n")
	}
}

// valueText is a field's value as a cell: text as it is where it is one plain word or
// several, in quotes elsewhere, and of several lines the first.
func valueText(value any) string {
	switch v := value.(type) {
	case nil:
		return "-"
	case map[string]any:
		return "{}"
	case []any:
		return "[]"
	case string:
		line, _, more := strings.Cut(v, "\n")
		if more {
			return strconv.Quote(line) + "…"
		}
		plain := v != "" && v != "-" && v == strings.TrimSpace(v) && !strings.HasPrefix(v, `"`) &&
			!strings.Contains(v, "  ") && strings.IndexFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
		if !plain {
			return strconv.Quote(v)
		}
		return v
	}
	return fmt.Sprint(value)
}

func derivedRows(c spec.Explanation) [][]string {
	d := c.Derived
	rows := [][]string{
		{"DERIVED", "VALUE"},
		{"image", d.Image},
		{"BookKeeper", orUnknown(d.BookKeeperVersion, "spec.gitops.image.bookkeeperVersion says it")},
		{"Java", unknownText("spec.gitops.image.javaVersion says it")},
		{"metadata", orUnknown(d.MetadataServiceURI, "the input does not hold the ConfigMap of spec.envVars, or the image is another's")},
		{"bookie ids", unknownText("under Operator the image's own script chooses them")},
		{"memory", memoryText(d.Memory)},
		{"capacity", capacityText(d.Capacity)},
	}
	if d.Java != 0 {
		rows[3][1] = strconv.Itoa(int(d.Java))
	}
	if ids := d.BookieIDs; ids != nil && ids.First == ids.Last {
		rows[5][1] = ids.First
	} else if ids != nil {
		rows[5][1] = ids.First + " to " + ids.Last
	}
	return append(rows, toleranceRows(d.Tolerance)...)
}

func orUnknown(text, reason string) string {
	if text == "" {
		return unknownText(reason)
	}
	return text
}

func unknownText(reason string) string { return "unknown: " + reason }

func memoryText(m *spec.MemoryPlan) string {
	if m == nil {
		return unknownText("there is no memory limit, or the JVM options hold no sizes that can be read")
	}
	return fmt.Sprintf("heap %s + direct %s + RocksDB %s + overhead %s = %s of %s",
		sizeText(m.Heap), sizeText(m.Direct), sizeText(m.RocksDB), sizeText(m.Overhead), sizeText(m.Total), sizeText(m.Limit))
}

func capacityText(c *spec.Capacity) string {
	if c == nil {
		return unknownText("spec.options.diskUsageThreshold is no share between 0 and 1")
	}
	return fmt.Sprintf("about %s, an estimate: %d bookies × %s × diskUsageThreshold %v ÷ writeQuorum %d",
		sizeText(c.Usable), c.Bookies, sizeText(c.LedgerVolume), c.DiskUsageThreshold, c.WriteQuorum)
}

func toleranceRows(t spec.Tolerance) [][]string {
	rows := [][]string{
		{"writes go on", fmt.Sprintf("with %s away (replicas − ensembleSize)", bookiesText(t.NewLedgers))},
		{"in an ensemble", fmt.Sprintf("with %s slow, or away if clients set delayEnsembleChange (writeQuorum − ackQuorum)", bookiesText(t.Ensemble))},
		{"data survives", fmt.Sprintf("the loss of %s (ackQuorum − 1)", bookiesText(t.DataLosses))},
	}
	if t.NewLedgers < 0 {
		rows[0][1] = fmt.Sprintf("never: %s missing for an ensemble (replicas − ensembleSize)", bookiesText(-t.NewLedgers))
	}
	return rows
}

func bookiesText(n int32) string {
	switch n {
	case 0:
		return "no bookie"
	case 1:
		return "1 bookie"
	}
	return fmt.Sprintf("%d bookies", n)
}

// sizeText is a number of bytes in the largest binary unit that leaves it at least 1.
func sizeText(bytes int64) string {
	size, unit := float64(bytes), 0
	for units := len(binaryUnits) - 1; size >= 1024 && unit < units; unit++ {
		size /= 1024
	}
	return strings.TrimSuffix(strconv.FormatFloat(size, 'f', 1, 64), ".0") + binaryUnits[unit]
}

var binaryUnits = []string{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"}
