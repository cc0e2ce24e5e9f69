// Package proof tests what the project promises on a real cluster: rendered manifests,
// unedited, with real bookies in their pods and a client that counts what it lost.
package proof
