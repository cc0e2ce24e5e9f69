package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the Makefile; `go install` leaves it to the module's version.
var version = ""

// versionInfo is what `bkcheck version -o json` prints.
type versionInfo struct {
	Version   string `json:"version"`
	GoVersion string `json:"goVersion"`
	Platform  string `json:"platform"`
}

func currentVersion() versionInfo {
	info := versionInfo{Version: version, GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if build, ok := debug.ReadBuildInfo(); ok && info.Version == "" {
		info.Version = build.Main.Version
	}
	if info.Version == "" || info.Version == "(devel)" {
		info.Version = "devel"
	}
	return info
}

func newVersionCommand(s streams) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  bkcheck version\n  bkcheck version -o json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			info := currentVersion()
			var err error
			if format == jsonFormat {
				err = json.NewEncoder(s.out).Encode(info)
			} else {
				_, err = fmt.Fprintf(s.out, "bkcheck %s (%s, %s)\n", info.Version, info.GoVersion, info.Platform)
			}
			if err != nil {
				return fmt.Errorf("writing to standard output: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", textFormat, "`FORMAT`: text or json")
	return cmd
}
