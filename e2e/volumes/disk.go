package volumes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/api/resource"
)

// disk is the directory that holds all volumes.
type disk string

func (d disk) path(name string) string { return filepath.Join(string(d), name) }

// make makes a volume's directory, where it does not exist, and mounts a file system of
// that size there unless that is empty. As the root of a new disk it belongs to root: a pod that is
// not root needs an fsGroup to write to it.
func (d disk) make(name, size string) (string, error) {
	path := d.path(name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", fmt.Errorf("making the directory: %w", err)
	}
	if size == "" {
		return path, nil
	}
	bytes, err := resource.ParseQuantity(size)
	if err != nil || bytes.Sign() <= 0 {
		return "", fmt.Errorf("parameter %s: %q is no size", tmpfsParameter, size)
	}
	mounted, err := d.mounted(path)
	if err != nil || mounted {
		return path, err
	}
	if err := unix.Mount("tmpfs", path, "tmpfs", 0, fmt.Sprintf("mode=755,size=%d", bytes.Value())); err != nil {
		return "", fmt.Errorf("mounting %s of tmpfs: %w", size, err)
	}
	return path, nil
}

// mounted reports whether a file system is mounted at the path, which lies in the disk.
func (d disk) mounted(path string) (bool, error) {
	var parent, own unix.Stat_t
	if err := errors.Join(unix.Stat(string(d), &parent), unix.Stat(path, &own)); err != nil {
		return false, fmt.Errorf("looking for a mount at %s: %w", path, err)
	}
	return own.Dev != parent.Dev, nil
}

// remove removes a volume with all that is in it, if it exists.
func (d disk) remove(name string) error {
	path := d.path(name)
	if err := unmount(path); err != nil {
		return err
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("removing the directory: %w", err)
	}
	return nil
}

// unmountAll unmounts all volumes; what is in directories stays.
func (d disk) unmountAll() error {
	paths, err := filepath.Glob(d.path("pvc-*"))
	errs := []error{err}
	for _, path := range paths {
		errs = append(errs, unmount(path))
	}
	return errors.Join(errs...)
}

// unmount unmounts what is mounted at the path, if anything is. A pod that still uses it
// keeps it until it ends.
func unmount(path string) error {
	err := unix.Unmount(path, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmounting %s: %w", path, err)
	}
	return nil
}
