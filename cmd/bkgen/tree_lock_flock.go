//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package main

import (
	"errors"
	"os"
	"syscall"
)

// lockDir locks an open directory for this process alone, until it is closed; errLocked
// means that another process has it. The lock is on the directory itself, so that no file
// is left behind, and it ends with the process, however that ends. File systems without
// such locks, as NFS, are written to without one.
func lockDir(dir *os.File) error {
	for {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errLocked
		case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.EBADF), errors.Is(err, syscall.ENOLCK):
			return nil
		}
		return err
	}
}
