package volumes_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/cluster"
	"github.com/bkgen/bkgen/e2e/image"
	"github.com/bkgen/bkgen/e2e/sandbox"
	"github.com/bkgen/bkgen/e2e/volumes"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }

// group is the fsGroup of all pods here, user what they run as.
const (
	user  = int64(1000)
	group = int64(2000)
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, what string, condition func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, cluster.Await(ctx, what, condition))
}

func TestVolumes(t *testing.T) {
	var dir string
	t.Run("cluster", func(t *testing.T) { // which ends with this part
		c := cluster.Start(t, cluster.Options{Nodes: 1})
		dir = c.Volumes()
		t.Run("the default class", func(t *testing.T) { testDefault(t, c) })
		t.Run("a full disk that is retained", func(t *testing.T) { testFull(t, c) })
	})

	left, err := filepath.Glob(filepath.Join(dir, "pvc-*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("left are %q, %v, want the one that was retained", left, err)
	}
	inside, err := os.ReadDir(left[0])
	if err != nil || len(inside) != 0 {
		t.Errorf("%s holds %v, %v, want nothing: it is not mounted any more", left[0], inside, err)
	}
}

func testDefault(t *testing.T, c *cluster.Cluster) {
	volume := use(t, c, "default", "")
	path := volume.Spec.Local.Path
	if volume.Spec.StorageClassName != volumes.ClassName || volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		t.Errorf("the volume is of class %q, to be %s", volume.Spec.StorageClassName, volume.Spec.PersistentVolumeReclaimPolicy)
	}
	info, err := os.Stat(path)
	must(t, err)
	if got := info.Sys().(*syscall.Stat_t).Gid; int64(got) != group {
		t.Errorf("the volume belongs to group %d, want the pod's fsGroup", got)
	}
	must(t, os.WriteFile(filepath.Join(path, "greeting"), []byte("hello"), 0o644))
	out, err := c.Kubectl(t.Context(), "exec", "default", "--", "/standin", "file", "/data/greeting")
	if err != nil || !strings.Contains(out, "hello") {
		t.Errorf("the pod reads %q, %v", out, err)
	}

	release(t, c, "default")
	await(t, "the volume to be deleted", func(ctx context.Context) error {
		_, err := c.Client.CoreV1().PersistentVolumes().Get(ctx, volume.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there: %w", err)
	})
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of a deleted volume: %v, want none", err)
	}
}

func testFull(t *testing.T, c *cluster.Cluster) {
	retain, mode := corev1.PersistentVolumeReclaimRetain, storagev1.VolumeBindingWaitForFirstConsumer
	_, err := c.Client.StorageV1().StorageClasses().Create(t.Context(), &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: "small"},
		Provisioner: volumes.Provisioner, ReclaimPolicy: &retain, VolumeBindingMode: &mode,
		Parameters: map[string]string{"tmpfs": "1Mi"},
	}, metav1.CreateOptions{})
	must(t, err)
	volume := use(t, c, "full", "small")
	err = os.WriteFile(filepath.Join(volume.Spec.Local.Path, "large"), make([]byte, 2<<20), 0o644)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("writing 2 MiB to 1 MiB: %v, want that the disk is full", err)
	}
	if out, err := c.Kubectl(t.Context(), "exec", "full", "--", "/standin", "file", "/data/large"); err != nil {
		t.Errorf("the pod does not see the full disk: %v: %.200s", err, out)
	}

	release(t, c, "full")
	await(t, "the volume to be released", func(ctx context.Context) error {
		found, err := c.Client.CoreV1().PersistentVolumes().Get(ctx, volume.Name, metav1.GetOptions{})
		if err == nil && found.Status.Phase != corev1.VolumeReleased {
			err = fmt.Errorf("it is %s", found.Status.Phase)
		}
		return err
	})
}

// use runs a pod with a claim of that class, both of that name, and returns its volume.
func use(t *testing.T, c *cluster.Cluster, name, class string) *corev1.PersistentVolume {
	t.Helper()
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}},
	}}
	if class != "" {
		claim.Spec.StorageClassName = &class
	}
	_, err := c.Client.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), claim, metav1.CreateOptions{})
	must(t, err)
	_, err = c.Client.CoreV1().Pods("default").Create(t.Context(), newPod(name), metav1.CreateOptions{})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, c.AwaitReady(ctx, "default", "app="+name, 1))
	claim, err = c.Client.CoreV1().PersistentVolumeClaims("default").Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	volume, err := c.Client.CoreV1().PersistentVolumes().Get(t.Context(), claim.Spec.VolumeName, metav1.GetOptions{})
	must(t, err)
	return volume
}

func newPod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: new(int64(1)),
			SecurityContext:               &corev1.PodSecurityContext{RunAsUser: new(user), FSGroup: new(group)},
			Containers: []corev1.Container{{
				Name: "main", Image: image.Standin, Args: []string{"serve"},
				VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}},
			}},
			Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}}},
		},
	}
}

// release deletes the pod, and with it the claim.
func release(t *testing.T, c *cluster.Cluster, name string) {
	t.Helper()
	must(t, c.Client.CoreV1().Pods("default").Delete(t.Context(), name, metav1.DeleteOptions{}))
	must(t, c.Client.CoreV1().PersistentVolumeClaims("default").Delete(t.Context(), name, metav1.DeleteOptions{}))
}
