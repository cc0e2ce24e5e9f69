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

// versionInfo is what `bkgen version -o json` prints.
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
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  bkgen version\n  bkgen version -o json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info := currentVersion()
			var err error
			switch output {
			case "text":
				_, err = fmt.Fprintf(s.out, "bkgen %s (%s, %s)\n", info.Version, info.GoVersion, info.Platform)
			case "json":
				err = json.NewEncoder(s.out).Encode(info)
			default:
				return &exitError{code: exitCouldNotSay, err: fmt.Errorf("--output: seen %q, allowed text, json", output)}
			}
			if err != nil {
				return fmt.Errorf("writing to standard output: %w", cause(err))
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: text or json")
	return cmd
}
