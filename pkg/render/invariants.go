package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// removable are the kinds that a patch may take away altogether.
var removable = []string{"NetworkPolicy", "PodMonitor"}

// hookAnnotations make a delivery engine run an object at another time than a sync.
var hookAnnotations = []string{"argocd.argoproj.io/hook", "helm.sh/hook"}

// recreations are values of annotations with which a delivery engine deletes an object
// and makes it anew, all its pods with it. Sources: argo-cd, docs/user-guide/sync-options.md;
// https://fluxcd.io/flux/components/kustomize/kustomizations/#force.
var recreations = []struct{ annotation, value string }{
	{argoSyncOptions, "Replace=true"},
	{argoSyncOptions, "Force=true"},
	{"kustomize.toolkit.fluxcd.io/force", "enabled"},
}

// broken names what the patched objects no longer keep of what the original ones
// promise: the names by which pods, disks and identities are found, and the order that
// nothing restarts a bookie but who has asked for its data.
func (s objectSet) broken(patched objectSet) []string {
	var reasons []string
	for _, o := range s {
		after := patched.find(o.key)
		if after == nil {
			if !slices.Contains(removable, o.key.Kind) {
				reasons = append(reasons, fmt.Sprintf("%s is gone after the patch; a patch may remove only %s", o.key, strings.Join(removable, " and ")))
			}
			continue
		}
		for _, reason := range slices.Concat(brokenMeta(o.typed, after), brokenDelivery(o.typed, after), brokenObject(o.typed, after)) {
			reasons = append(reasons, fmt.Sprintf("%s: %s", o.key, reason))
		}
	}
	for _, o := range patched {
		if s.find(o.key) == nil {
			reasons = append(reasons, fmt.Sprintf("%s is new after the patch; a patch may change objects only", o.key))
		}
		reasons = append(reasons, otherDelivery(o)...)
	}
	return reasons
}

// otherDelivery names the annotations that would deliver an object otherwise than by applying it.
func otherDelivery(o typedObject) []string {
	var reasons []string
	for _, key := range hookAnnotations {
		if annotationOf(o.typed, key) != "" {
			reasons = append(reasons, fmt.Sprintf("%s: annotation %s would take it out of the sync", o.key, key))
		}
	}
	for _, r := range recreations {
		for option := range strings.SplitSeq(annotationOf(o.typed, r.annotation), ",") {
			if strings.EqualFold(strings.TrimSpace(option), r.value) {
				reasons = append(reasons, fmt.Sprintf("%s: annotation %s: %s would delete it and make it anew", o.key, r.annotation, r.value))
			}
		}
	}
	return reasons
}

// brokenDelivery: what was rendered for the delivery engine stays. Of a list of options
// a patch may only add to, and otherDelivery says what.
func brokenDelivery(before, after any) []string {
	var reasons []string
	for _, key := range []string{argoWave, fluxSubstitute} {
		if value := annotationOf(before, key); value != "" {
			reasons = unequal(reasons, "annotation "+key, value, annotationOf(after, key), "the delivery engine needs it")
		}
	}
	options := syncOptions(after)
	for _, option := range syncOptions(before) {
		if !slices.Contains(options, option) {
			reasons = append(reasons, fmt.Sprintf("annotation %s must contain %s, seen %q: the delivery engine needs it", argoSyncOptions, option, annotationOf(after, argoSyncOptions)))
		}
	}
	return reasons
}

func syncOptions(object any) []string {
	var options []string
	for option := range strings.SplitSeq(annotationOf(object, argoSyncOptions), ",") {
		if option = strings.TrimSpace(option); option != "" {
			options = append(options, option)
		}
	}
	return options
}

func annotationOf(object any, key string) string {
	switch o := object.(type) {
	case metav1.Object:
		return o.GetAnnotations()[key]
	case map[string]any:
		metadata, _ := o["metadata"].(map[string]any)
		annotations, _ := metadata["annotations"].(map[string]any)
		value, _ := annotations[key].(string)
		return value
	}
	return ""
}

// brokenMeta: labels, annotations and finalizers are a patch's to change. The rest of the
// metadata is the API server's, or, as an owner, deletes the object with another one.
func brokenMeta(before, after any) []string {
	b, ok := before.(metav1.ObjectMetaAccessor)
	if !ok {
		return nil
	}
	return unequalMeta(nil, "metadata", b.GetObjectMeta(), after.(metav1.ObjectMetaAccessor).GetObjectMeta())
}

func unequalMeta(reasons []string, field string, before, after metav1.Object) []string {
	rest := func(o metav1.Object) metav1.ObjectMeta {
		return metav1.ObjectMeta{
			OwnerReferences: o.GetOwnerReferences(), GenerateName: o.GetGenerateName(),
			UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(), ManagedFields: o.GetManagedFields(),
		}
	}
	return unequal(reasons, field, rest(before), rest(after), "a patch may change only labels, annotations and finalizers")
}

func brokenObject(before, after any) []string {
	switch b := before.(type) {
	case *appsv1.StatefulSet:
		a := after.(*appsv1.StatefulSet)
		return append(brokenStatefulSet(b, a), brokenTemplate(b.Spec.Template, a.Spec.Template, b.Spec.Selector, claimNames(a.Spec.VolumeClaimTemplates))...)
	case *appsv1.Deployment:
		a := after.(*appsv1.Deployment)
		return append(brokenDeployment(b, a), brokenTemplate(b.Spec.Template, a.Spec.Template, b.Spec.Selector, nil)...)
	case *corev1.ConfigMap:
		a := after.(*corev1.ConfigMap)
		return append(brokenData("data", b.Data, a.Data), brokenData("binaryData", b.BinaryData, a.BinaryData)...)
	case *corev1.Service:
		return brokenService(b, after.(*corev1.Service))
	case *policyv1.PodDisruptionBudget:
		a := after.(*policyv1.PodDisruptionBudget)
		reasons := unequal(nil, "spec.selector", b.Spec.Selector, a.Spec.Selector, "it finds the pods that the budget protects")
		reasons = unequal(reasons, "spec.maxUnavailable", b.Spec.MaxUnavailable, a.Spec.MaxUnavailable, "set spec.maxUnavailableBookkeeperReplicas instead")
		return unequal(reasons, "spec.minAvailable", b.Spec.MinAvailable, a.Spec.MinAvailable, "set spec.maxUnavailableBookkeeperReplicas instead")
	}
	return nil
}

// unequal adds a reason if a field that must stay was changed.
func unequal(reasons []string, field string, before, after any, why string) []string {
	if equality.Semantic.DeepEqual(before, after) {
		return reasons
	}
	return append(reasons, fmt.Sprintf("%s must stay %s, seen %s: %s", field, compact(before), compact(after), why))
}

// brokenData: the data were checked where the spec has them, and say which cluster it
// is and where its ledgers are.
func brokenData[V any](field string, before, after map[string]V) []string {
	all := maps.Clone(before)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, after)
	var reasons []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		reasons = unequal(reasons, field+": "+key, valueOf(before, key), valueOf(after, key), "change the spec instead")
	}
	return reasons
}

// valueOf is nil where there is no value, which an empty one is not.
func valueOf[V any](data map[string]V, key string) any {
	if value, ok := data[key]; ok {
		return value
	}
	return nil
}

func brokenDeployment(b, a *appsv1.Deployment) []string {
	reasons := unequal(nil, "spec.selector", b.Spec.Selector, a.Spec.Selector, "it is immutable and finds the pods")
	if a.Spec.Replicas != nil && *a.Spec.Replicas < 1 {
		reasons = append(reasons, fmt.Sprintf("spec.replicas must be at least 1, seen %d: without autorecovery no lost copy is made again", *a.Spec.Replicas))
	}
	return reasons
}

func brokenStatefulSet(b, a *appsv1.StatefulSet) []string {
	var reasons []string
	reasons = unequal(reasons, "spec.replicas", b.Spec.Replicas, a.Spec.Replicas, "set spec.replicas of the cluster instead")
	reasons = unequal(reasons, "spec.selector", b.Spec.Selector, a.Spec.Selector, "it is immutable and finds the pods")
	reasons = unequal(reasons, "spec.serviceName", b.Spec.ServiceName, a.Spec.ServiceName, "the bookies' identities contain it")
	reasons = unequal(reasons, "spec.podManagementPolicy", b.Spec.PodManagementPolicy, a.Spec.PodManagementPolicy, "it is immutable, and OrderedReady cannot recover behind a broken pod")
	reasons = unequal(reasons, "spec.updateStrategy", b.Spec.UpdateStrategy, a.Spec.UpdateStrategy, "any other restarts bookies without asking whether their ledgers are replicated")
	reasons = unequal(reasons, "spec.persistentVolumeClaimRetentionPolicy", b.Spec.PersistentVolumeClaimRetentionPolicy, a.Spec.PersistentVolumeClaimRetentionPolicy, "claims hold the ledgers")
	reasons = unequal(reasons, "spec.ordinals", b.Spec.Ordinals, a.Spec.Ordinals, "the bookies' identities contain the ordinal")
	return append(reasons, brokenClaims(b.Spec.VolumeClaimTemplates, a.Spec.VolumeClaimTemplates)...)
}

// brokenClaims: a claim is made of its template's metadata too. One with an owner is
// deleted with it, and its data.
func brokenClaims(before, after []corev1.PersistentVolumeClaim) []string {
	reasons := unequal(nil, "the names of spec.volumeClaimTemplates", claimNames(before), claimNames(after), "the bookies' disks are found by them")
	if len(reasons) > 0 {
		return reasons
	}
	for i := range before {
		reasons = unequalMeta(reasons, "metadata of claim template "+before[i].Name, &before[i], &after[i])
		reasons = append(reasons, brokenClaim(before[i], after[i])...)
	}
	return reasons
}

// brokenClaim: a new bookie's disk is empty, its own, and holds what the others' do.
func brokenClaim(before, after corev1.PersistentVolumeClaim) []string {
	var reasons []string
	b, a := before.Spec, after.Spec
	for _, field := range []struct {
		name          string
		before, after any
	}{
		{"accessModes", b.AccessModes, a.AccessModes},
		{"volumeMode", b.VolumeMode, a.VolumeMode},
		{"dataSource", b.DataSource, a.DataSource},
		{"dataSourceRef", b.DataSourceRef, a.DataSourceRef},
		{"volumeName", b.VolumeName, a.VolumeName},
		{"selector", b.Selector, a.Selector},
	} {
		reasons = unequal(reasons, fmt.Sprintf("%s of claim template %s", field.name, before.Name), field.before, field.after, "every bookie needs a disk of its own, empty at first")
	}
	if least, seen := b.Resources.Requests.Storage(), a.Resources.Requests.Storage(); seen.Cmp(*least) < 0 {
		reasons = append(reasons, fmt.Sprintf("the storage request of claim template %s must be at least %s, seen %s: no claim can shrink", before.Name, least, seen))
	}
	return reasons
}

func claimNames(claims []corev1.PersistentVolumeClaim) []string {
	list := []string{}
	for _, c := range claims {
		list = append(list, c.Name)
	}
	return list
}

func brokenService(b, a *corev1.Service) []string {
	var reasons []string
	reasons = unequal(reasons, "spec.clusterIP", b.Spec.ClusterIP, a.Spec.ClusterIP, "a bookie's DNS name needs a headless Service")
	reasons = unequal(reasons, "spec.selector", b.Spec.Selector, a.Spec.Selector, "it finds the bookies")
	reasons = unequal(reasons, "spec.publishNotReadyAddresses", b.Spec.PublishNotReadyAddresses, a.Spec.PublishNotReadyAddresses, "bookies are looked up before they are ready")
	reasons = unequal(reasons, "spec.type", typeOf(b), typeOf(a), "only a ClusterIP Service can be headless")
	for _, port := range b.Spec.Ports {
		i := slices.IndexFunc(a.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == port.Name && p.Port == port.Port })
		if i < 0 {
			reasons = append(reasons, fmt.Sprintf("spec.ports: port %s %d is gone", port.Name, port.Port))
			continue
		}
		reasons = unequal(reasons, "spec.ports: protocol of port "+port.Name, port.Protocol, a.Spec.Ports[i].Protocol, "the bookies speak no other")
		reasons = unequal(reasons, "spec.ports: targetPort of port "+port.Name, targetOf(port), targetOf(a.Spec.Ports[i]), "the bookies listen there")
	}
	return reasons
}

// typeOf and targetOf are what the API server takes where nothing is said.
// Source: kubernetes, pkg/apis/core/v1/defaults.go (SetDefaults_Service).
func typeOf(s *corev1.Service) corev1.ServiceType {
	if s.Spec.Type == "" {
		return corev1.ServiceTypeClusterIP
	}
	return s.Spec.Type
}

func targetOf(port corev1.ServicePort) intstr.IntOrString {
	if port.TargetPort == (intstr.IntOrString{}) || port.TargetPort == intstr.FromString("") {
		return intstr.FromInt32(port.Port)
	}
	return port.TargetPort
}

// compact writes a value on one line for a message.
func compact(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
