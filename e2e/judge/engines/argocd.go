package main

import (
	"context"
	"fmt"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	argodiff "github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// application is the Application to which all objects belong.
const application = "bookkeeper"

// applying is how an Application applies: its sync option ServerSideApply.
type applying int

const (
	clientSide applying = 1 + iota
	serverSide
)

var kubectl = &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}

// tracked returns copies that belong to the Application, as Argo CD stamps what it has
// rendered before it compares and applies. Source: argo-cd v3.5.7, controller/state.go,
// GetRepoObjs; the tracking method is the default one.
func tracked(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	stamp := argo.NewResourceTracking()
	copies := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		copies[i] = object.DeepCopy()
		err := stamp.SetAppInstance(copies[i], common.LabelKeyAppInstance, application, object.GetNamespace(), v1alpha1.TrackingMethodAnnotation, "")
		if err != nil {
			return nil, fmt.Errorf("stamping %s: %w", name(object), err)
		}
	}
	return copies, nil
}

// argoSync applies the objects in their order by the engine's own kubectl apply, with the
// options of the engine's sync. Source: gitops-engine, pkg/sync/sync_context.go, applyObject.
func argoSync(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured, how applying) ([]result, error) {
	objects, err := tracked(objects)
	if err != nil {
		return nil, err
	}
	operations, done, err := kubectl.ManageResources(config)
	if err != nil {
		return nil, err
	}
	defer done()
	results := make([]result, len(objects))
	for i, object := range objects {
		said, err := operations.ApplyResource(ctx, object, cmdutil.DryRunNone, false, true, how == serverSide, common.ArgoCDSSAManager)
		if err != nil {
			return nil, fmt.Errorf("applying %s: %w", name(object), err)
		}
		results[i] = result{Object: name(object), Way: said, Changed: true}
	}
	return results, nil
}

// comparison is one of the ways in which Argo CD compares.
type comparison struct {
	way       string
	configure func(*argodiff.DiffConfigBuilder)
}

// argoDiff compares each object in each way, as Argo CD is configured where nobody
// configures it. Source: argo-cd v3.5.7, controller/state.go, CompareAppState.
func argoDiff(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) ([]result, error) {
	objects, err := tracked(objects)
	if err != nil {
		return nil, err
	}
	lives, err := liveOf(ctx, config, objects)
	if err != nil {
		return nil, err
	}
	dryRuns, done, err := kubectl.ManageServerSideDiffDryRuns(config)
	if err != nil {
		return nil, err
	}
	defer done()
	_, parser, err := kubectl.LoadOpenAPISchema(config)
	if err != nil {
		return nil, err
	}
	var results []result
	for _, c := range []comparison{
		{"argocd three-way", func(*argodiff.DiffConfigBuilder) {}},
		{"argocd structured merge", func(b *argodiff.DiffConfigBuilder) { b.WithStructuredMergeDiff(true) }},
		{"argocd server-side", func(b *argodiff.DiffConfigBuilder) {
			b.WithServerSideDiff(true).WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(dryRuns))
		}},
	} {
		builder := defaults().WithGVKParser(parser)
		c.configure(builder)
		settings, err := builder.Build()
		if err != nil {
			return nil, err
		}
		for i := range objects {
			results = append(results, compare(c.way, lives[i], objects[i], settings))
		}
	}
	return results, nil
}

// defaults are the settings of an Argo CD whose ConfigMap argocd-cm is empty: the status of
// every kind is ignored, nothing else. Source: argo-cd v3.5.7, util/settings/settings.go,
// GetResourceOverrides and GetDefaultDiffOptions; normalizers.DefaultJQExecutionTimeout.
func defaults() *argodiff.DiffConfigBuilder {
	ignored := map[string]v1alpha1.ResourceOverride{
		"*/*": {IgnoreDifferences: v1alpha1.OverrideIgnoreDiff{JSONPointers: []string{"/status"}}},
	}
	return argodiff.NewDiffConfigBuilder().
		WithDiffSettings(nil, ignored, false, normalizers.IgnoreNormalizerOpts{JQExecutionTimeout: time.Second}).
		WithTracking(common.LabelKeyAppInstance, string(v1alpha1.TrackingMethodAnnotation)).
		WithManager(common.ArgoCDSSAManager).
		WithLogger(logr.Discard()).
		WithNoCache()
}

func compare(way string, live, desired *unstructured.Unstructured, settings argodiff.DiffConfig) result {
	r := result{Object: name(desired), Way: way, Health: healthOf(live)}
	found, err := argodiff.StateDiff(live, desired, settings)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	if found.Modified {
		r.Changed, r.Live, r.Predicted = true, found.NormalizedLive, found.PredictedLive
	}
	return r
}

func healthOf(live *unstructured.Unstructured) string {
	if live == nil {
		return string(health.HealthStatusMissing)
	}
	status, err := health.GetResourceHealth(live, nil)
	switch {
	case err != nil:
		return fmt.Sprintf("%s: %v", health.HealthStatusUnknown, err)
	case status == nil:
		return ""
	}
	return string(status.Status)
}

// liveOf reads the live objects; nil stands for one that is not there.
func liveOf(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	reader, err := client.New(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	lives := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(object.GroupVersionKind())
		err := reader.Get(ctx, client.ObjectKeyFromObject(object), live)
		switch {
		case err == nil:
			lives[i] = live
		case !apierrors.IsNotFound(err):
			return nil, fmt.Errorf("reading %s: %w", name(object), err)
		}
	}
	return lives, nil
}
