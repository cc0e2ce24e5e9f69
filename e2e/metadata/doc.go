// Package metadata compares what pkg/zk reads from ZooKeeper with what BookKeeper's own
// tools say of the same cluster: real bookies, autorecovery and ZooKeeper.
//
// I/O: processes and hosts of the sandbox that the tests run in.
package metadata
