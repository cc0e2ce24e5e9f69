package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKustomization(t *testing.T) {
	const head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	for _, test := range []struct {
		name  string
		files []string
		want  string
	}{
		{"no files", nil, head + "resources: []\n"},
		{
			"in the order given",
			[]string{"60-statefulset-b.yaml", "storage/bk/10-serviceaccount-a.yaml"},
			head + "resources:\n- 60-statefulset-b.yaml\n- storage/bk/10-serviceaccount-a.yaml\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(Kustomization(test.files))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
