package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// compare proves that the tools make the same objects of their inputs. kustomize writes
// YAML in its own way, so what bkgen wrote goes through it too before the comparison.
func (s sets) compare(ctx context.Context) error {
	stream, err := s.capture(ctx, s.bkgen, "specs/one.yaml")
	if err != nil {
		return err
	}
	others := map[string][]string{
		"bkgen, JSON 6902 patch":       {s.bkgen, "specs/json.yaml"},
		"bkgen, strategic merge patch": {s.bkgen, "specs/strategic.yaml"},
		"helm":                         {s.helm, "template", clusterName, "chart", "-n", namespace},
	}
	for name, argv := range others {
		other, err := s.capture(ctx, argv...)
		if err != nil {
			return err
		}
		if err := same(stream, other); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	last := manyNamespace(maxOverlays - 1)
	if _, err := s.capture(ctx, s.bkgen, "-o", "rendered/many", "specs/many/"+last+".yaml"); err != nil {
		return err
	}
	return errors.Join(
		s.compareOverlay(ctx, "rendered/one", "json", namespace),
		s.compareOverlay(ctx, "rendered/one", "strategic", namespace),
		s.compareOverlay(ctx, "rendered/many", last, last),
	)
}

func (s sets) compareOverlay(ctx context.Context, rendered, overlay, from string) error {
	ours, err := s.capture(ctx, s.kustomize, "build", rendered)
	if err != nil {
		return err
	}
	theirs, err := s.capture(ctx, s.kustomize, "build", "kustomize/"+overlay)
	if err != nil {
		return err
	}
	if err := same(inText(ours, from), theirs); err != nil {
		return fmt.Errorf("kustomize, overlay %s: %w", overlay, err)
	}
	return nil
}

// inText puts the namespace of the base back where a namespace is part of a longer text
// (an address, a path in ZooKeeper). kustomize's namespace does not reach those, and an
// overlay that patched each of them would have more to do than the one compared here.
func inText(text, from string) string {
	return strings.NewReplacer(
		"/"+from+"/", "/"+namespace+"/",
		"."+from+".svc", "."+namespace+".svc",
	).Replace(text)
}

// same reports the first document that two streams do not share. Order does not count.
func same(ours, theirs string) error {
	a, b := documents(ours), documents(theirs)
	if len(a) == 0 {
		return errors.New("no document")
	}
	if len(a) != len(b) {
		return fmt.Errorf("%d documents, where bkgen has %d", len(b), len(a))
	}
	for i := range a {
		if a[i] != b[i] {
			return differing(a[i], b[i])
		}
	}
	return nil
}

// differing names the first line in which two documents differ, and the line before it.
func differing(ours, theirs string) error {
	a, b := strings.Split(ours, "\n"), strings.Split(theirs, "\n")
	i := 0
	for i < min(len(a), len(b))-1 && a[i] == b[i] {
		i++
	}
	return fmt.Errorf("line %d of a document is %q where bkgen has %q, after %q", i+1, b[i], a[i], a[max(0, i-1)])
}

// documents splits a stream, without comments at the start of documents, and sorts it.
func documents(stream string) []string {
	var docs []string
	for doc := range strings.SplitSeq("\n"+stream, "\n---\n") {
		if doc = strings.TrimSpace(withoutComments(strings.TrimSpace(doc) + "\n")); doc != "" {
			docs = append(docs, doc)
		}
	}
	slices.Sort(docs)
	return docs
}
