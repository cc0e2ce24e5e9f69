package spec

import (
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What the checks demand of single fields, by field path; [] is every item of a list.
// A test holds them against what Decode says.
var (
	schemaEnums = map[string][]string{
		"spec.image.imageSpec.pullPolicy":       {"Always", "Never", "IfNotPresent"},
		"spec.gitops.engine":                    namesOf(Engines...),
		"spec.gitops.profile":                   namesOf(Hardened, Operator),
		"spec.gitops.lifecycle":                 namesOf(Active, Decommission),
		"spec.gitops.rollout.conductor":         {"Sidecar", "Gate"},
		"spec.gitops.rollout.writeAvailability": {"BestEffort", "Required"},
		"spec.gitops.cleanup.policy":            {"Retain", "Delete"},
		"spec.gitops.cleanup.hook":              {"PreDelete", "PostDelete"},
		"spec.gitops.cleanup.scope":             {"BookKeeper", "Pravega"},
		"spec.gitops.image.contract":            namesOf(ApacheImage, PravegaImage),
	}
	schemaMinimums = map[string]*int64{
		"spec.replicas":                                  new(int64(1)),
		"spec.maxUnavailableBookkeeperReplicas":          new(int64(0)),
		"spec.upgradeTimeout":                            new(int64(0)),
		"spec.probes.readinessProbe.initialDelaySeconds": new(int64(0)),
		"spec.probes.readinessProbe.periodSeconds":       new(int64(0)),
		"spec.probes.readinessProbe.failureThreshold":    new(int64(0)),
		"spec.probes.readinessProbe.successThreshold":    new(int64(0)),
		"spec.probes.readinessProbe.timeoutSeconds":      new(int64(0)),
		"spec.probes.livenessProbe.initialDelaySeconds":  new(int64(0)),
		"spec.probes.livenessProbe.periodSeconds":        new(int64(0)),
		"spec.probes.livenessProbe.failureThreshold":     new(int64(0)),
		"spec.probes.livenessProbe.successThreshold":     new(int64(0)),
		"spec.probes.livenessProbe.timeoutSeconds":       new(int64(0)),
		"spec.gitops.durability.ensembleSize":            new(int64(1)),
		"spec.gitops.durability.writeQuorum":             new(int64(1)),
		"spec.gitops.durability.ackQuorum":               new(int64(1)),
		"spec.gitops.rollout.soakSeconds":                new(int64(0)),
		"spec.gitops.rollout.deadlineSecondsPerPod":      new(int64(1)),
		"spec.gitops.image.runAsUser":                    new(int64(1)),
		"spec.gitops.image.runAsGroup":                   new(int64(0)),
		"spec.gitops.image.fsGroup":                      new(int64(0)),
		"spec.gitops.image.javaVersion":                  new(int64(8)),
	}
	// Where a text may be empty, that is as if it were not written.
	schemaPatterns = map[string]string{
		"metadata.name":                       `^[a-z]([-a-z0-9]*[a-z0-9])?$`,
		"metadata.namespace":                  `^$|^` + labelSyntax + `$`,
		"spec.version":                        `^$|` + versionPattern.String(),
		"spec.image.imageSpec.repository":     repositoryPattern.String(),
		"spec.serviceAccountName":             `^$|^` + subdomainSyntax + `$`,
		"spec.envVars":                        `^$|^` + subdomainSyntax + `$`,
		"spec.gitops.kubeVersion":             `^$|` + kubeVersionPattern.String(),
		"spec.gitops.clusterDomain":           `^$|^` + subdomainSyntax + `$`,
		"spec.gitops.image.digest":            `^$|^sha256:[0-9a-f]{64}$`,
		"spec.gitops.image.bookkeeperVersion": `^$|` + versionPattern.String(),
		"spec.gitops.pod.priorityClassName":   `^$|^` + subdomainSyntax + `$`,
		"spec.gitops.argocd.version":          `^$|` + argoVersionPattern.String(),
		"spec.gitops.argocd.application":      `^$|` + applicationPattern.String(),
	}
	schemaRequired = map[string][]string{
		"spec.image.imageSpec": {"repository"},
	}
	schemaChoices = map[string][]*schema{
		"spec.gitops.patches[]": {{Required: []string{"path"}}, {Required: []string{"patch"}}},
	}
)

// Names in DNS (RFC 1123), as schemas say it.
const (
	labelSyntax     = `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`
	subdomainSyntax = `[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`
)

func namesOf[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// quantityPattern is the grammar of quantities.
// Source: apimachinery, pkg/api/resource/quantity.go (Quantity).
const quantityPattern = `^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?$`

// customSchema is what a type that decodes itself takes.
func customSchema(t reflect.Type) *schema {
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return &schema{Type: []string{"string", "number"}, Pattern: quantityPattern}
	case reflect.TypeFor[intstr.IntOrString]():
		return &schema{Type: []string{"string", "integer"}}
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return &schema{Type: []string{"string", "null"}, Format: "date-time"} // kubectl writes null
	}
	return &schema{} // whatever the type itself takes
}

// dependentDefaults depend on what else a document says, so that no value of theirs is
// right to show.
var dependentDefaults = []string{"spec.affinity"}

// schemaDefaults are the values of the fields of a document that says nothing, by field
// path: of Kubernetes' structs as a whole, of ours one by one.
func schemaDefaults() map[string]any {
	b := &BookKeeper{}
	b.setDefaults(Options{})
	defaults := map[string]any{}
	addDefaults(defaults, "spec", reflect.ValueOf(b.Spec))
	maps.DeleteFunc(defaults, func(path string, _ any) bool { return slices.Contains(dependentDefaults, path) })
	return defaults
}

func addDefaults(defaults map[string]any, path string, v reflect.Value) {
	for _, f := range fieldsInOrder(v.Type()) {
		field, at := v.FieldByIndex(f.index), joinPath(path, f.name)
		if field.Kind() == reflect.Pointer && !field.IsNil() {
			field = field.Elem()
		} else if field.IsZero() && field.Kind() != reflect.Bool && field.Kind() != reflect.Struct {
			continue
		}
		if field.Kind() == reflect.Struct && field.Type().PkgPath() == ownPackage {
			addDefaults(defaults, at, field)
			continue
		}
		defaults[at] = throughJSON(field)
	}
}
