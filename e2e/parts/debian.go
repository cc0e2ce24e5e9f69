package parts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// debianRelease is the release whose packages the nodes run. A stable release keeps one
// upstream version for its life and replaces a package only by its fixed revision, of which
// its archive keeps the last: the release is what can be pinned, not the revision.
const debianRelease = "bookworm"

// unpack puts the files of Debian packages under into, a directory, and their versions into
// its file "versions". Nothing is installed: no script of a package runs, no service starts,
// no file outside into changes but apt's own package lists. apt checks the signatures.
func unpack(ctx context.Context, into string, packages []string) error {
	debs := filepath.Join(into, "debs")
	if err := os.Mkdir(debs, 0o755); err != nil {
		return fmt.Errorf("downloading packages: %w", err)
	}
	if err := download(ctx, debs, packages); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return fmt.Errorf("downloading packages: %w", err)
	}
	var versions strings.Builder
	for _, file := range files {
		if err := run(ctx, debs, nil, "dpkg", "-x", file, into); err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
		fmt.Fprintln(&versions, strings.TrimSuffix(filepath.Base(file), ".deb"))
	}
	if err := os.WriteFile(filepath.Join(into, "versions"), []byte(versions.String()), 0o644); err != nil {
		return fmt.Errorf("recording versions: %w", err)
	}
	if err := os.RemoveAll(debs); err != nil {
		return fmt.Errorf("removing downloaded packages: %w", err)
	}
	return nil
}

// download fetches packages into dir, and the package lists first where these are missing,
// as in a fresh container, or older than the archive.
func download(ctx context.Context, dir string, packages []string) error {
	// Root's directories are closed to the user to which apt would switch.
	args := []string{"-q", "-o", "APT::Sandbox::User=root", "download"}
	for _, name := range packages {
		args = append(args, name+"/"+debianRelease)
	}
	if err := run(ctx, dir, nil, "apt-get", args...); err == nil {
		return nil
	}
	fmt.Fprintln(os.Stderr, "e2e: updating the lists of Debian packages (apt-get update)")
	if err := run(ctx, dir, nil, "apt-get", "-q", "update"); err != nil {
		return fmt.Errorf("updating the lists of Debian packages: %w", err)
	}
	if err := run(ctx, dir, nil, "apt-get", args...); err != nil {
		return fmt.Errorf("downloading packages of Debian %s: %w", debianRelease, err)
	}
	return nil
}
