package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bkgen/bkgen/pkg/spec"
)

const explainHelp = `explain prints what each spec comes to: every field with its value and where that
comes from, and what follows from all of them.

The source of a value is one of
  FILE:LINE             where a document says it
  default               nobody says it
  inferred              it follows from the image's name and tag
  --namespace, --gitops the flag says it
A value of - is a field that is not set and has no default. Of Kubernetes' own
types only the fields that are set are listed. Patches are not applied.`

const explainExamples = `  # What does this spec come to?
  bkgen explain cluster.yaml

  # Which values does nobody say?
  bkgen explain cluster.yaml | grep default

  # The bookies' heap, for a script
  bkgen explain -o json cluster.yaml | jq '.clusters[0].derived.memory.heapBytes'`

// explainOptions are the flags of the command that explains.
type explainOptions struct {
	render renderOptions // its namespace and gitops
	format string
}

func newExplainCommand(s streams) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:     "explain [flags] FILE|DIR|GLOB|-...",
		Short:   "Print the effective value of every field and where it comes from",
		Long:    explainHelp,
		Example: explainExamples,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return explainCommand(cmd.Context(), args, o, s)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.format, "output", "o", "text", "`FORMAT`: text or json")
	flags.StringVar(&o.render.gitops, "gitops", "", "delivery `ENGINE`: argocd, flux or none; overrides spec.gitops.engine")
	flags.StringVarP(&o.render.namespace, "namespace", "n", "", "namespace of documents that name none")
	return cmd
}

func (o *explainOptions) validate(args []string) error {
	if o.format != "text" && o.format != "json" {
		return &exitError{code: exitCouldNotSay, err: fmt.Errorf("--output: seen %q, allowed text, json", o.format)}
	}
	return o.render.validate(args)
}

func explainCommand(ctx context.Context, args []string, o explainOptions, s streams) error {
	if err := o.validate(args); err != nil {
		return err
	}
	sources, err := readInputs(ctx, args, s.in)
	if err != nil {
		return err
	}
	clusters, problems := spec.Explain(sources, spec.Options{Namespace: o.render.namespace, Engine: spec.Engine(o.render.gitops)})
	reportProblems(s.err, problems)
	if spec.Failed(problems) {
		return errReported
	}
	var text bytes.Buffer
	if o.format == "json" {
		err = encodeExplanations(&text, clusters)
	} else {
		writeExplanations(&text, clusters)
	}
	if err == nil {
		_, err = s.out.Write(text.Bytes())
	}
	if err != nil {
		return fmt.Errorf("writing to standard output: %w", cause(err))
	}
	return nil
}

func encodeExplanations(text *bytes.Buffer, clusters []spec.Explanation) error {
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Clusters []spec.Explanation `json:"clusters"`
	}{clusters})
}
