// Package sandbox runs a test binary in namespaces of its own: mount, network, process,
// IPC and host name. Whatever the tests start, mount or configure there ends with the test
// binary, however that ends; the cgroups, which namespaces do not cover, are removed by a
// process that outlives it.
//
//	func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }
//
// Three processes stand behind each other. The test binary that go test started is the
// supervisor: it starts itself again as the sandbox's first process, waits for it and
// returns its exit code. That first process mounts and configures, starts the binary a third time, which
// runs the tests, and reaps what others leave. A fourth, the sweeper, started first, waits in a session of its
// own until the supervisor is gone for whatever reason, and then kills and removes what is left.
//
// Inside, the network consists of loopback and of what the tests add; it has no link to
// the machine's.
package sandbox
