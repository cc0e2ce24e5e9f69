package manifest

// Kustomization is a kustomization.yaml that lists the files as resources, in the order given
// (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/).
func Kustomization(files []string) []byte {
	resources := make([]any, len(files))
	for i, file := range files {
		resources[i] = file
	}
	return appendYAML(nil, map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1",
		"kind":       "Kustomization",
		"resources":  resources,
	})
}
