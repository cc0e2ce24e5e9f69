package parts

import (
	"context"
	"runtime"
)

// runtimePackages are what a node needs beside the kubelet, and the libraries of these that
// a Debian without them lacks.
var runtimePackages = []string{
	"containerd", "runc", "containernetworking-plugins",
	"iptables", "conntrack", // for kube-proxy
	"libip4tc2", "libip6tc2", "libmnl0", "libnetfilter-conntrack3", "libnfnetlink0", "libnftnl11", "libseccomp2", "libxtables12",
}

// Runtime returns the root of a file tree with containerd, runc, the CNI plugins and
// iptables, unpacked from Debian's packages: usr/bin, usr/sbin, usr/lib/cni, and the libraries
// in usr/lib/<architecture>. Their versions are in its file "versions". 150 MB stay.
func Runtime(ctx context.Context) (root string, err error) {
	build := func(ctx context.Context, into string) error { return unpack(ctx, into, runtimePackages) }
	key := append([]string{debianRelease, runtime.GOARCH}, runtimePackages...)
	return recipe{name: "runtime", key: key, build: build}.part(ctx)
}
