package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// initialize is the sandbox's first process: it prepares the namespaces, starts the tests
// and reaps whatever is left to it until they end. With it end all other processes.
func initialize() (int, error) {
	for _, step := range []func() error{privateMounts, quietSysctls, ownRun, ownNames, ownVar, shareMounts, loopback} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	tests := command(roleTests, Name(), Dir())
	// What tests leave in temporary directories when they are killed goes with the sandbox.
	temporary := filepath.Join(Dir(), "tmp")
	if err := os.Mkdir(temporary, 0o777); err != nil {
		return 0, fmt.Errorf("making a place for temporary files: %w", err)
	}
	tests.Env = append(tests.Env, "TMPDIR="+temporary)
	tests.Stdin, tests.Stdout, tests.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := tests.Start(); err != nil {
		return 0, fmt.Errorf("starting the tests: %w", err)
	}
	stop := forward(tests.Process)
	defer stop()
	return reap(tests.Process.Pid)
}

// reap waits for all children, those adopted included, until one has ended.
func reap(until int) (int, error) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("waiting for the tests: %w", err)
		}
		if pid == until {
			return exitCode(status), nil
		}
	}
}

// privateMounts cuts the mounts off from the machine's and shows this namespace's processes.
func privateMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	return nil
}

// kubeletSysctls are the settings that the kubelet wants, and which it writes where they
// differ, for the whole machine. Source: kubernetes, pkg/kubelet/cm/container_manager_linux.go,
// setupKernelTunables.
var kubeletSysctls = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// quietSysctls shows the kubelet copies that have the values already.
func quietSysctls() error {
	for name, value := range kubeletSysctls {
		if err := cover(filepath.Join("/proc/sys", name), value+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// cover mounts a file with that text over a file that exists.
func cover(path, text string) error {
	own := filepath.Join(Dir(), "cover", strings.ReplaceAll(path[1:], "/", "."))
	if err := os.MkdirAll(filepath.Dir(own), 0o755); err != nil {
		return fmt.Errorf("covering %s: %w", path, err)
	}
	if err := os.WriteFile(own, []byte(text), 0o644); err != nil {
		return fmt.Errorf("covering %s: %w", path, err)
	}
	if err := unix.Mount(own, path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("covering %s: %w", path, err)
	}
	return nil
}

// ownRun gives the sandbox a /run of its own, where sockets and namespaces are named.
func ownRun() error {
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	for _, dir := range []string{"/run/netns", "/run/lock"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making %s: %w", dir, err)
		}
	}
	return nil
}

// ownNames gives the sandbox a host name that resolves, as the JVM wants it, and no name server
// but the one that a cluster may start.
func ownNames() error {
	if err := unix.Sethostname([]byte("sandbox")); err != nil {
		return fmt.Errorf("setting the host name: %w", err)
	}
	hosts := "127.0.0.1 localhost sandbox\n"
	for number := 1; number <= lastHost; number++ {
		// ZooKeeper's client looks addresses up in reverse, which without this takes seconds.
		hosts += fmt.Sprintf("%s host%d\n", addressOf(number), number)
	}
	if err := cover("/etc/hosts", hosts); err != nil {
		return err
	}
	resolver, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if os.IsNotExist(err) {
		return nil // it pointed into /run, or there is none
	}
	if err != nil {
		return fmt.Errorf("finding the name servers: %w", err)
	}
	return cover(resolver, "nameserver "+NodeAddress(1).String()+"\noptions timeout:1 attempts:1\n")
}

// ownVar lets programs write to places whose paths are compiled into them
// (/var/lib/kubelet/device-plugins, /var/lib/cni, /var/log/containers) without a trace.
func ownVar() error {
	for _, place := range []string{"/var/lib", "/var/log"} {
		own := filepath.Join(Dir(), "over", filepath.Base(place))
		for _, dir := range []string{"upper", "work"} {
			if err := os.MkdirAll(filepath.Join(own, dir), 0o755); err != nil {
				return fmt.Errorf("overlaying %s: %w", place, err)
			}
		}
		options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", place, own, own)
		if err := unix.Mount("overlay", place, "overlay", 0, options); err != nil {
			return fmt.Errorf("overlaying %s: %w", place, err)
		}
	}
	return nil
}

// shareMounts lets volumes that are mounted later be seen in containers: the kubelet
// needs shared propagation.
func shareMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing mounts: %w", err)
	}
	return nil
}

func loopback() error {
	link, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("finding the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bringing loopback up: %w", err)
	}
	return nil
}
