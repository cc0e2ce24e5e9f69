// Package judge asks the engines that will deliver the manifests: Argo CD's own comparison
// and Flux's, and their own way of applying. It runs the program that parts.Judges builds
// from the module in engines, because they need other versions of Kubernetes' libraries.
//
// I/O: the program, and through it the cluster.
package judge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bkgen/bkgen/e2e/parts"
)

// Method is how objects come to the cluster.
type Method string

const (
	// ArgoCDClientSide is Argo CD as it syncs by default.
	ArgoCDClientSide Method = "argocd-sync-client"
	// ArgoCDServerSide is Argo CD with the sync option ServerSideApply=true.
	ArgoCDServerSide Method = "argocd-sync-server"
	// Flux is kustomize-controller's reconciliation.
	Flux Method = "flux-sync"
)

// diff is the comparison of the same engine.
func (m Method) diff() string {
	engine, _, _ := strings.Cut(string(m), "-")
	return engine + "-diff"
}

// Way is how an engine compares what is committed with what is live.
type Way string

const (
	// ThreeWay is Argo CD's default. It is a comparison of two where nothing says what was
	// applied last.
	ThreeWay Way = "argocd three-way"
	// StructuredMerge is what Argo CD uses with ServerSideApply=true.
	StructuredMerge Way = "argocd structured merge"
	// ServerSide is Argo CD's with the compare option ServerSideDiff=true.
	ServerSide Way = "argocd server-side"
	// DryRun is Flux's.
	DryRun Way = "flux"
)

// Verdict is what an engine did with one object, or thinks of it.
type Verdict struct {
	// Object is kind/namespace/name.
	Object string `json:"object"`
	// Way is how the engine compared; after a sync, what it says that it did.
	Way Way `json:"way"`
	// Changed is that the object has drifted; after a sync, that the engine changed it. Argo
	// CD applies what it is told to, changed or not.
	Changed bool `json:"changed"`
	// Live and Predicted are the object as it is and as the engine would make it, as far as
	// it compared them: only where it drifted.
	Live      json.RawMessage `json:"live"`
	Predicted json.RawMessage `json:"predicted"`
	// Health is Argo CD's word for the live object's, such as "Progressing"; "" for kinds that have none.
	Health string `json:"health"`
	// Error is why the engine has no answer.
	Error string `json:"error"`
}

// String says where the object drifted.
func (v Verdict) String() string {
	switch {
	case v.Error != "":
		return fmt.Sprintf("%s, %s: %s", v.Object, v.Way, v.Error)
	case !v.Changed:
		return fmt.Sprintf("%s, %s: no drift", v.Object, v.Way)
	}
	var live, predicted any
	if json.Unmarshal(v.Live, &live) != nil || json.Unmarshal(v.Predicted, &predicted) != nil {
		return fmt.Sprintf("%s, %s: drifted", v.Object, v.Way)
	}
	return fmt.Sprintf("%s, %s: drifted (-live +predicted):\n%s", v.Object, v.Way, cmp.Diff(live, predicted))
}

// Engines are the judges of one cluster.
type Engines struct {
	program, kubeconfig, home string
}

// New makes the engines ready. They keep what kubectl keeps, such as the API's schemas, in
// the directory home.
func New(ctx context.Context, kubeconfig, home string) (*Engines, error) {
	program, err := parts.Judges(ctx)
	if err != nil {
		return nil, err
	}
	return &Engines{program: program, kubeconfig: kubeconfig, home: home}, nil
}

// Sync applies objects that are committed, as the engine does, and returns what it did with
// each. It adds the engine's own marks of ownership.
func (e *Engines) Sync(ctx context.Context, m Method, objects []*unstructured.Unstructured) ([]Verdict, error) {
	return e.run(ctx, string(m), objects)
}

// Diff compares objects that are committed with the live ones, in each way that the engine
// has, and changes nothing.
func (e *Engines) Diff(ctx context.Context, m Method, objects []*unstructured.Unstructured) ([]Verdict, error) {
	return e.run(ctx, m.diff(), objects)
}

func (e *Engines) run(ctx context.Context, what string, objects []*unstructured.Unstructured) ([]Verdict, error) {
	input, err := json.Marshal(objects)
	if err != nil {
		return nil, fmt.Errorf("encoding the objects: %w", err)
	}
	var output, complaints bytes.Buffer
	command := exec.CommandContext(ctx, e.program, e.kubeconfig, what)
	command.Env = append(os.Environ(), "HOME="+e.home)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &output, &complaints
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("running %s: %w\n%s", what, err, complaints.Bytes())
	}
	var verdicts []Verdict
	if err := json.Unmarshal(output.Bytes(), &verdicts); err != nil {
		return nil, fmt.Errorf("reading what %s said: %w", what, err)
	}
	return verdicts, nil
}
