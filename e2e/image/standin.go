package image

import (
	"fmt"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The names of the images that hold e2e/standin.
const (
	// Standin takes its command as the container's arguments.
	Standin = "bkgen-e2e/standin:1"
	// Pause is what containerd holds a pod's namespaces with: its sandbox_image.
	Pause = "bkgen-e2e/pause:1"
)

// StandinImages makes both from the static binary of e2e/standin.
func StandinImages(binary string) ([]Named, error) {
	tree := Tree{}
	if err := tree.AddFile("standin", binary); err != nil {
		return nil, err
	}
	tree["tmp"] = temporary
	layer, err := Plain(tree)
	if err != nil {
		return nil, err
	}
	var images []Named
	for _, run := range []struct {
		reference string
		command   []string
	}{
		{Standin, []string{"/standin"}},
		{Pause, []string{"/standin", "pause"}},
	} {
		image, err := Build(Spec{
			Platform: v1.Platform{OS: "linux", Architecture: runtime.GOARCH},
			Layers:   []v1.Layer{layer},
			Config:   v1.Config{User: "65532:65532", Env: []string{"PATH=/"}, Entrypoint: run.command},
		})
		if err != nil {
			return nil, fmt.Errorf("making %s: %w", run.reference, err)
		}
		images = append(images, Named{Reference: run.reference, Content: image})
	}
	return images, nil
}
