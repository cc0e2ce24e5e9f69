package spec

import "testing"

func TestCheckStorageProbesAndResources(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"a claim without a size": {
			spec:     "storage: {ledgerVolumeClaimTemplate: {storageClassName: fast}}",
			operator: []string{"f:11:40: warning: spec.storage.ledgerVolumeClaimTemplate: the operator ignores a claim without resources.requests.storage and takes 10Gi ReadWriteOnce of the default class; so does Operator"},
		},
		"a claim of no size": {
			spec: "storage: {journalVolumeClaimTemplate: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 0}}}}",
			both: []string{"f:11:104: spec.storage.journalVolumeClaimTemplate.resources.requests.storage: 0 is no size; allowed: more than 0, such as 10Gi"},
		},
		"a claim of a negative size": {
			spec: "storage: {indexVolumeClaimTemplate: {accessModes: [ReadWriteOnce], resources: {requests: {storage: -1Gi}}}}",
			both: []string{"f:11:102: spec.storage.indexVolumeClaimTemplate.resources.requests.storage: -1Gi is no size; allowed: more than 0, such as 10Gi"},
		},
		"a claim of a block device": {
			spec: "storage: {ledgerVolumeClaimTemplate: {accessModes: [ReadWriteOnce], volumeMode: Block, resources: {requests: {storage: 1Gi}}}}",
			both: []string{`f:11:83: spec.storage.ledgerVolumeClaimTemplate.volumeMode: seen "Block", allowed Filesystem: a bookie writes files`},
		},
		"a claim that bookies share": {
			spec: "storage: {ledgerVolumeClaimTemplate: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}}}",
			bad:  []string{"f:11:54: spec.storage.ledgerVolumeClaimTemplate.accessModes: ReadWriteMany lets two bookies share a disk; allowed: ReadWriteOnce, ReadWriteOncePod"},
		},
		"a claim of an unknown access mode": {
			spec: "storage: {ledgerVolumeClaimTemplate: {accessModes: [ReadWriteOnces], resources: {requests: {storage: 1Gi}}}}",
			both: []string{`f:11:55: spec.storage.ledgerVolumeClaimTemplate.accessModes[0]: seen "ReadWriteOnces", allowed ReadWriteOnce, ReadWriteOncePod, ReadWriteMany, ReadOnlyMany (did you mean "ReadWriteOnce"?)`},
		},
		"a claim without an access mode": {
			spec:     "storage: {ledgerVolumeClaimTemplate: {resources: {requests: {storage: 1Gi}}}}",
			operator: []string{"f:11:40: warning: spec.storage.ledgerVolumeClaimTemplate.accessModes: no claim is made without one; allowed: ReadWriteOnce, ReadWriteOncePod"},
		},
		"a probe with one field of five": {
			spec:     "probes: {readinessProbe: {periodSeconds: 5}}",
			operator: []string{"f:11:28: warning: spec.probes.readinessProbe: the operator gives a probe with missing fields Kubernetes' defaults (period 10, timeout 1, failures 3), not its own; so does Operator"},
		},
		"a whole probe": {spec: "probes: {readinessProbe: {initialDelaySeconds: 0, periodSeconds: 5, failureThreshold: 3, successThreshold: 2, timeoutSeconds: 1}}"},
		"a liveness probe that must succeed twice": {
			spec: "probes: {livenessProbe: {periodSeconds: 5, failureThreshold: 3, successThreshold: 2, timeoutSeconds: 1}}",
			both: []string{"f:11:85: spec.probes.livenessProbe.successThreshold: 2; Kubernetes allows only 1 for a liveness probe"},
		},
		"negative probe times": {
			spec: "probes: {livenessProbe: {initialDelaySeconds: -1, periodSeconds: -2, failureThreshold: -3, successThreshold: -4, timeoutSeconds: -5}}",
			both: []string{
				"f:11:49: spec.probes.livenessProbe.initialDelaySeconds: -1 is less than 0",
				"f:11:68: spec.probes.livenessProbe.periodSeconds: -2 is less than 0",
				"f:11:90: spec.probes.livenessProbe.failureThreshold: -3 is less than 0",
				"f:11:112: spec.probes.livenessProbe.successThreshold: -4 is less than 0",
				"f:11:132: spec.probes.livenessProbe.timeoutSeconds: -5 is less than 0",
			},
		},
		"requests above the limits": {
			spec: "resources: {limits: {memory: 8Gi, cpu: 1, nvidia.com/gpu: 1}, requests: {memory: 9Gi, cpu: 1500m, nvidia.com/gpu: 2}}",
			both: []string{
				"f:11:94: spec.resources.requests.cpu: 1500m is more than the limit 1",
				"f:11:84: spec.resources.requests.memory: 9Gi is more than the limit 8Gi",
				`f:11:117: spec.resources.requests["nvidia.com/gpu"]: 2 is more than the limit 1`,
			},
		},
		"negative resources": {spec: "resources: {limits: {memory: 8Gi}, requests: {cpu: -1}}", both: []string{"f:11:54: spec.resources.requests.cpu: -1 is less than 0"}},
		"no memory limit": {
			spec: "resources: {requests: {cpu: 1}}",
			bad:  []string{"f:11:14: spec.resources.limits.memory: required: the JVM's heap and direct memory are sized by it"},
		},
		"a memory limit of nothing":                {spec: "resources: {limits: {memory: 0}}", bad: []string{"f:11:32: spec.resources.limits.memory: 0 is less than a bookie needs to start, 768Mi"}},
		"a memory limit in which no bookie starts": {spec: "resources: {limits: {memory: 512Mi}}", bad: []string{"f:11:32: spec.resources.limits.memory: 512Mi is less than a bookie needs to start, 768Mi"}},
	})
}
