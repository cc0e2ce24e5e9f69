package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/bkgen/bkgen/internal/manifest"
	"github.com/bkgen/bkgen/pkg/spec"
)

// What keeps Argo CD and Flux from seeing a difference where there is none.
func TestOutputHoldsNothingThatDrifts(t *testing.T) {
	forEachRender(t, func(t *testing.T, _ spec.Cluster, objects []manifest.Object) {
		for _, o := range objects {
			for _, fault := range faults(o.Data) {
				t.Errorf("%s: %s", o.Key(), fault)
			}
			if _, there := o.Data["status"]; there {
				t.Errorf("%s has a status", o.Key())
			}
		}
	})
}

// meaningful are the keys whose empty map says something: any, or all.
var meaningful = []string{"emptyDir", "podSelector", "namespaceSelector"}

// tracking are keys of labels and annotations that belong to a delivery engine, or that
// take an object out of the sync.
var tracking = []string{"app.kubernetes.io/instance", "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/hook", "helm.sh/hook", "argocd.argoproj.io/hook-delete-policy"}

// faults are what is wrong with a tree, wherever it stands.
func faults(tree any) []string {
	var found []string
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch value := value.(type) {
		case nil:
			found = append(found, path+" is null")
		case []any:
			if len(value) == 0 && !strings.HasSuffix(path, ".ingress") {
				found = append(found, path+" is an empty list")
			}
			for i, item := range value {
				walk(fmt.Sprintf("%s[%d]", path, i), item)
			}
		case map[string]any:
			key := path[strings.LastIndexByte(path, '.')+1:]
			if len(value) == 0 && !slices.Contains(meaningful, key) {
				found = append(found, path+" is an empty map")
			}
			for _, key := range slices.Sorted(maps.Keys(value)) {
				if key == "creationTimestamp" || slices.Contains(tracking, key) {
					found = append(found, path+" has "+key)
				}
				walk(path+"."+key, value[key])
			}
		}
	}
	walk("", tree)
	return found
}

func TestFaultsAreSeen(t *testing.T) {
	for name, tree := range map[string]map[string]any{
		"null":               {"a": []any{nil}},
		"an empty map":       {"a": map[string]any{"resources": map[string]any{}}},
		"an empty list":      {"a": []any{}},
		"creationTimestamp":  {"metadata": map[string]any{"creationTimestamp": "x"}},
		"a tracking label":   {"labels": map[string]any{"app.kubernetes.io/instance": "x"}},
		"a hook annotation":  {"annotations": map[string]any{"argocd.argoproj.io/hook": "Sync"}},
		"a null in emptyDir": {"emptyDir": map[string]any{"sizeLimit": nil}},
	} {
		if len(faults(tree)) == 0 {
			t.Errorf("%s is not seen", name)
		}
	}
	if seen := faults(map[string]any{"emptyDir": map[string]any{}, "ingress": []any{}}); len(seen) > 0 {
		t.Errorf("%v is no fault", seen)
	}
}

func TestEveryObjectIsValidAndCanonical(t *testing.T) {
	forEachRender(t, func(t *testing.T, _ spec.Cluster, objects []manifest.Object) {
		for _, o := range objects {
			value, err := strictTyped(o)
			if err != nil {
				t.Errorf("%s: %v", o.Key(), err)
				continue
			}
			if _, untyped := value.(map[string]any); untyped && o.Key().Kind != "PodMonitor" {
				t.Errorf("%s is checked against no type", o.Key())
			}
			again, err := manifest.FromTyped(value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(o.AppendYAML(nil)), string(again.AppendYAML(nil))); diff != "" {
				t.Errorf("%s changes when it is encoded again:\n%s", o.Key(), diff)
			}
		}
	})
}

// The bytes mean the same to the parser of kubectl, Argo CD and Flux.
func TestYAMLReadsBackAsTheObject(t *testing.T) {
	forEachRender(t, func(t *testing.T, _ spec.Cluster, objects []manifest.Object) {
		for _, o := range objects {
			json, err := sigsyaml.YAMLToJSONStrict(o.AppendYAML(nil))
			if err != nil {
				t.Fatalf("%s: %v", o.Key(), err)
			}
			if want := jsonOf(t, o.Data); string(json) != want {
				t.Errorf("%s is read as\n%s\nwant\n%s", o.Key(), json, want)
			}
		}
	})
}

func TestPortsAndClaimTemplatesAreComplete(t *testing.T) {
	forEachRender(t, func(t *testing.T, _ spec.Cluster, objects []manifest.Object) {
		for _, o := range objects {
			for _, path := range portsWithoutProtocol(o.Data) {
				t.Errorf("%s: %s has no protocol", o.Key(), path)
			}
		}
		claims, _ := at(object(t, objects, "StatefulSet", statefulSetName(t, objects)), "spec", "volumeClaimTemplates").([]any)
		if len(claims) != 3 {
			t.Fatalf("%d claim templates, want 3", len(claims))
		}
		for _, c := range claims {
			claim := manifest.Object{Data: c.(map[string]any)}
			for want, value := range map[string]any{
				"v1": at(claim, "apiVersion"), "PersistentVolumeClaim": at(claim, "kind"), "Filesystem": at(claim, "spec", "volumeMode"),
			} {
				if value != want {
					t.Errorf("claim template %s has %v, want %s", claim.Key().Name, value, want)
				}
			}
		}
	})
}

// statefulSetName is the name of the only StatefulSet.
func statefulSetName(t testing.TB, objects []manifest.Object) string {
	t.Helper()
	name := ""
	for _, o := range objects {
		if o.Key().Kind == "StatefulSet" {
			if name != "" {
				t.Fatal("two StatefulSets")
			}
			name = o.Key().Name
		}
	}
	return name
}

func portsWithoutProtocol(tree any) []string {
	var found []string
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch value := value.(type) {
		case []any:
			for i, item := range value {
				port, isMap := item.(map[string]any)
				if isMap && strings.HasSuffix(path, ".ports") && port["protocol"] == nil {
					found = append(found, fmt.Sprintf("%s[%d]", path, i))
				}
				walk(fmt.Sprintf("%s[%d]", path, i), item)
			}
		case map[string]any:
			for key := range value {
				walk(path+"."+key, value[key])
			}
		}
	}
	walk("", tree)
	return found
}

func TestEveryMountHasItsVolume(t *testing.T) {
	forEachRender(t, func(t *testing.T, _ spec.Cluster, objects []manifest.Object) {
		for _, set := range podSets(t, objects) {
			volumes := map[string]int{}
			for _, name := range set.claims {
				volumes[name]++
			}
			for _, v := range set.template.Spec.Volumes {
				volumes[v.Name]++
			}
			for name, times := range volumes {
				if times > 1 {
					t.Errorf("%s: volume %q is there %d times", set.key, name, times)
				}
			}
			for _, c := range containersOf(set.template.Spec) {
				paths := map[string]bool{}
				for _, m := range c.VolumeMounts {
					if volumes[m.Name] == 0 {
						t.Errorf("%s: container %s mounts %q, which is not there", set.key, c.Name, m.Name)
					}
					if paths[m.MountPath] {
						t.Errorf("%s: container %s mounts %s twice", set.key, c.Name, m.MountPath)
					}
					paths[m.MountPath] = true
				}
			}
		}
	})
}

func TestSelectorsFindTheirPods(t *testing.T) {
	forEachRender(t, func(t *testing.T, c spec.Cluster, objects []manifest.Object) {
		for _, set := range podSets(t, objects) {
			for key, value := range set.selector.MatchLabels {
				if set.template.Labels[key] != value {
					t.Errorf("%s: the selector wants %s=%s, pods have %q", set.key, key, value, set.template.Labels[key])
				}
			}
			if c.Stanza().Profile != spec.Hardened {
				continue
			}
			component := strings.TrimPrefix(set.key.Name, c.ClusterName()+"-")
			fixed := map[string]string{"app": "bookkeeper-cluster", "bookkeeper_cluster": c.ClusterName(), "component": component}
			if diff := cmp.Diff(fixed, set.selector.MatchLabels); diff != "" {
				t.Errorf("%s: selector (-fixed +seen):\n%s", set.key, diff)
			}
		}
	})
}

func TestLabelsOfTheSpecNeverSelect(t *testing.T) {
	plain := rendered(t, decode(t, spec.Options{}, source(minimal(spec.Hardened, ""), nil)))
	labelled := rendered(t, decode(t, spec.Options{}, source(minimal(spec.Hardened, "", "labels: {team: data, tier: gold}"), nil)))
	for i, set := range podSets(t, labelled) {
		if set.template.Labels["team"] != "data" {
			t.Errorf("%s: the pods do not have the label", set.key)
		}
		if diff := cmp.Diff(podSets(t, plain)[i].selector, set.selector); diff != "" {
			t.Errorf("%s: the selector changes with spec.labels:\n%s", set.key, diff)
		}
	}
	for _, kind := range []string{"Service", "PodDisruptionBudget", "NetworkPolicy", "StatefulSet", "Deployment", "ServiceAccount"} {
		for _, o := range labelled {
			if o.Key().Kind == kind && at(o, "metadata", "labels", "team") != "data" {
				t.Errorf("%s does not have the label", o.Key())
			}
		}
	}
}

// The environment is in the order in which $(NAME) can refer to what stands before it.
func TestEnvironmentKeepsItsOrder(t *testing.T) {
	stanza := "pod:\n  env:\n  - {name: Z, value: z}\n  - {name: A, value: \"$(Z)$(POD_NAME)\"}\n  - {name: M, value: m}\n"
	for _, profile := range []spec.Profile{spec.Hardened, spec.Operator} {
		objects := rendered(t, decode(t, spec.Options{}, source(minimal(profile, stanza), nil)))
		var order []string
		for _, e := range typed[appsv1.StatefulSet](t, objects, "StatefulSet", "bk-bookie").Spec.Template.Spec.Containers[0].Env {
			order = append(order, e.Name)
		}
		if n := len(order); n < 3 || !slices.Equal(order[n-3:], []string{"Z", "A", "M"}) {
			t.Errorf("%s: the environment is %v", profile, order)
		}
		if profile == spec.Hardened && order[0] != spec.PodNameVariable {
			t.Errorf("%s: the environment is %v, want %s first", profile, order, spec.PodNameVariable)
		}
	}
}
