// Package accept tests that every manifest that bkgen renders is accepted by a real API
// server, and that neither Kubernetes nor Argo CD nor Flux finds anything to change in it
// afterwards. It has only tests.
//
// Their sets are every golden and every example. Where several are in the cluster at once,
// each has a namespace of its own, and its objects' metadata.namespace is all that is edited.
package accept
