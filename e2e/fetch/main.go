// Command fetch provides all real parts that the tests run, and says what it does, where
// each part is and which cannot be had. It exits 1 where a part is missing and CI is "true".
package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"text/tabwriter"

	"github.com/bkgen/bkgen/e2e/parts"
)

// wanted are the parts in the order in which they are made: what takes longest comes last.
var wanted = []struct {
	name string
	get  func(context.Context) (string, error)
}{
	{"Debian's containerd, runc, CNI plugins, iptables", parts.Runtime},
	{"JDK", parts.JDK},
	{"BookKeeper and ZooKeeper", parts.Jars},
	{"the client that writes and verifies ledgers", parts.Ledgers},
	{"Java, BookKeeper and ZooKeeper as images", parts.JavaImages},
	{"the stand-in's images", parts.StandinImages},
	{"CoreDNS", parts.DNS},
	{"KWOK", parts.KWOK},
	{"Argo CD's and Flux's diff", parts.Judges},
	{"a definition of PodMonitor", parts.PodMonitorCRD},
	{"Kubernetes", parts.Kube},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	missing := 0
	for _, part := range wanted {
		place, err := part.get(ctx)
		if err != nil {
			missing++
			fmt.Fprintf(table, "%s\tMISSING\t%v\n", part.name, err)
			continue
		}
		fmt.Fprintf(table, "%s\t%d MB\t%s\n", part.name, size(place)>>20, place)
	}
	table.Flush()
	if missing > 0 && os.Getenv("CI") == "true" {
		os.Exit(1)
	}
}

// size is of all files below a part's directory, or of the directory that a file is in.
func size(place string) (bytes int64) {
	if info, err := os.Stat(place); err == nil && !info.IsDir() {
		place = filepath.Dir(place)
	}
	_ = filepath.WalkDir(place, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is only a figure to be shown
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
