package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bkgen/bkgen/pkg/spec"
)

const schemaHelp = `schema prints the JSON Schema (draft 7) of a BookkeeperCluster document, so that an
editor completes fields, shows what they mean and marks what bkgen would refuse.

Editors with the YAML language server (VS Code, Neovim, Emacs, …) take the schema
that the first line of a file names, relative to the file:

  # yaml-language-server: $schema=bookkeeper.schema.json

What depends on several fields, such as quorums or directories, bkgen alone checks.`

func newSchemaCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of a spec, for editors",
		Long:    schemaHelp,
		Example: "  bkgen schema > bookkeeper.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := s.out.Write(spec.Schema()); err != nil {
				return fmt.Errorf("writing to standard output: %w", cause(err))
			}
			return nil
		},
	}
}
