package cluster

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bkgen/bkgen/e2e/sandbox"
)

// AwaitReady waits until that many pods with the label are Ready, and no others exist.
func (c *Cluster) AwaitReady(ctx context.Context, namespace, selector string, count int) error {
	return Await(ctx, fmt.Sprintf("%d pods %s to be Ready", count, selector), func(ctx context.Context) error {
		pods, err := c.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return err
		}
		ready := 0
		var states []string
		for _, pod := range pods.Items {
			if Ready(&pod) {
				ready++
			}
			states = append(states, fmt.Sprintf("%s on %s: %s", pod.Name, pod.Spec.NodeName, state(&pod)))
		}
		if ready != count || len(pods.Items) != count {
			return fmt.Errorf("%d of %d are\n%s", ready, len(pods.Items), strings.Join(states, "\n"))
		}
		return nil
	})
}

// Ready reports whether the pod is, and is to stay.
func Ready(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// state says in words where a pod stands.
func state(pod *corev1.Pod) string {
	words := []string{string(pod.Status.Phase)}
	for _, container := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		switch s := container.State; {
		case s.Waiting != nil:
			words = append(words, fmt.Sprintf("%s waits: %s %s", container.Name, s.Waiting.Reason, s.Waiting.Message))
		case s.Terminated != nil:
			words = append(words, fmt.Sprintf("%s ended with %d", container.Name, s.Terminated.ExitCode))
		default:
			words = append(words, fmt.Sprintf("%s ready=%t restarts=%d", container.Name, container.Ready, container.RestartCount))
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Status == corev1.ConditionFalse && condition.Message != "" {
			words = append(words, condition.Message)
		}
	}
	return strings.Join(words, "; ")
}

// Processes are the processes of a pod's containers, the pause container's included.
func (c *Cluster) Processes(pod *corev1.Pod) ([]int, error) {
	for _, node := range c.Nodes {
		if node.Name != pod.Spec.NodeName {
			continue
		}
		// The kubelet groups pods by quality of service, the guaranteed ones directly.
		for _, class := range []string{"", "burstable", "besteffort"} {
			pids := sandbox.CgroupProcesses(filepath.Join(node.cgroup, "kubepods", class, "pod"+string(pod.UID)))
			if len(pids) > 0 {
				return pids, nil
			}
		}
	}
	return nil, fmt.Errorf("finding the processes of pod %s on %q: there are none", pod.Name, pod.Spec.NodeName)
}

// Host is the pod's place in the network, to be cut off from others; see sandbox.Cut.
func (c *Cluster) Host(ctx context.Context, namespace, name string) (*sandbox.Host, error) {
	pod, err := c.Client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("finding the network of pod %s: %w", name, err)
	}
	pids, err := c.Processes(pod)
	if err != nil {
		return nil, err
	}
	return sandbox.HostOf(name, pod.Status.PodIP, pids[0])
}

// Evict asks for a pod's eviction, once: where a budget forbids it the answer is "too many
// requests".
func (c *Cluster) Evict(ctx context.Context, namespace, name string) error {
	return c.Client.PolicyV1().Evictions(namespace).Evict(ctx, &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}})
}

// Drain evicts what runs on a node, as an administrator does it.
func (c *Cluster) Drain(ctx context.Context, n *Node) error {
	_, err := c.Kubectl(ctx, "drain", n.Name, "--ignore-daemonsets", "--delete-emptydir-data", "--force")
	return err
}

// Uncordon lets a drained node have pods again.
func (c *Cluster) Uncordon(ctx context.Context, n *Node) error {
	_, err := c.Kubectl(ctx, "uncordon", n.Name)
	return err
}
