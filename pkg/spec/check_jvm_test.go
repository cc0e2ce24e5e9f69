package spec

import "testing"

func TestCheckJVMOptions(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"flags that Java 17 has not": {
			spec: "jvmOptions: {gcLoggingOpts: ['-XX:+PrintGCDateStamps', '-XX:+UseGCLogFileRotation'], gcOpts: ['-XX:+UseConcMarkSweepGC', '-XX:CMSInitiatingOccupancyFraction=70', '-XX:+AggressiveOpts']}",
			bad: []string{
				`f:11:97: spec.jvmOptions.gcOpts[0]: Java 17 in apache/bookkeeper:4.17.4 does not start with "-XX:+UseConcMarkSweepGC", which was removed in Java 15`,
				`f:11:124: spec.jvmOptions.gcOpts[1]: Java 17 in apache/bookkeeper:4.17.4 does not start with "-XX:CMSInitiatingOccupancyFraction=70", which was removed in Java 15`,
				`f:11:165: spec.jvmOptions.gcOpts[2]: Java 17 in apache/bookkeeper:4.17.4 does not start with "-XX:+AggressiveOpts", which was removed in Java 13`,
				`f:11:32: spec.jvmOptions.gcLoggingOpts[0]: Java 17 in apache/bookkeeper:4.17.4 does not start with "-XX:+PrintGCDateStamps", which was removed in Java 9`,
				`f:11:58: spec.jvmOptions.gcLoggingOpts[1]: Java 17 in apache/bookkeeper:4.17.4 does not start with "-XX:+UseGCLogFileRotation", which was removed in Java 9`,
			},
			hint: "write -XX:+UseG1GC instead",
		},
		"flags that Java 11 has not": {
			spec: `version: 4.14.1
jvmOptions: {gcOpts: ['-XX:+UseConcMarkSweepGC', '-XX:+UseParNewGC', '-XX:+AggressiveOpts', '-XX:+PrintGCDateStamps']}`,
			bad: []string{
				`f:12:52: spec.jvmOptions.gcOpts[1]: Java 11 in apache/bookkeeper:4.14.1 does not start with "-XX:+UseParNewGC", which was removed in Java 10`,
				`f:12:95: spec.jvmOptions.gcOpts[3]: Java 11 in apache/bookkeeper:4.14.1 does not start with "-XX:+PrintGCDateStamps", which was removed in Java 9`,
			},
		},
		"flags that Java 8 has": {spec: `version: 4.9.2
jvmOptions: {gcOpts: ['-XX:+UseConcMarkSweepGC', '-XX:+UseParNewGC', '-XX:+PrintGCDateStamps', '-XX:MaxPermSize=1g']}`},
		"flags that a Java which is said has not": {
			spec: `gitops: {profile: PROFILE, image: {javaVersion: 25}}
jvmOptions: {memoryOpts: ['-XX:MaxRAMFraction=2']}`,
			hardened: []string{`f:12:29: spec.jvmOptions.memoryOpts[0]: Java 25 in apache/bookkeeper:4.17.4 does not start with "-XX:MaxRAMFraction=2", which was removed in Java 25`},
			operator: []string{
				`f:12:29: warning: spec.jvmOptions.memoryOpts[0]: Java 25 in apache/bookkeeper:4.17.4 does not start with "-XX:MaxRAMFraction=2", which was removed in Java 25`,
				"f:8:32: warning: spec.resources.limits.memory: heap 4Gi + direct memory 4Gi + RocksDB cache 0 + overhead 512Mi are 8704Mi, more than the limit 8Gi: the kernel may kill the bookie",
			},
		},
		"flags that are ignored on demand": {spec: "jvmOptions: {gcOpts: ['-XX:+UseConcMarkSweepGC'], extraOpts: ['-XX:+IgnoreUnrecognizedVMOptions']}"},
		"words that are no options": {
			spec: "jvmOptions: {extraOpts: [Xmx1g, '']}",
			bad: []string{
				`f:11:28: spec.jvmOptions.extraOpts[0]: "Xmx1g" does not begin with -: the JVM would take it for the class to run`,
				`f:11:35: spec.jvmOptions.extraOpts[1]: "" does not begin with -: the JVM would take it for the class to run`,
			},
		},
		"two options in one entry": {
			spec: "jvmOptions: {memoryOpts: ['-Xms1g -Xmx1g']}",
			hardened: []string{
				`f:11:29: spec.jvmOptions.memoryOpts[0]: "-Xms1g -Xmx1g" holds white space; allowed: one option an entry`,
				`f:11:15: spec.jvmOptions: -Xms: "1g -Xmx1g" is not a size such as 512m or 2g`,
			},
		},
		"a flag without a value": {spec: "jvmOptions: {extraOpts: ['-XX:Foo', '-XX:', '-XX:+', '-X', '-']}"},
		"a setting as a system property": {
			spec: "jvmOptions: {extraOpts: ['-DbookieId=x', '-DjournalMaxBackups=3', '-Dacme=1']}",
			hardened: []string{
				`f:11:28: spec.jvmOptions.extraOpts[0]: "bookieId" would be read as a setting of BookKeeper`,
				`f:11:44: spec.jvmOptions.extraOpts[1]: "journalMaxBackups" would be read as a setting of BookKeeper`,
			},
		},
		"a heap that begins larger than it may be": {spec: "jvmOptions: {memoryOpts: ['-Xms3g', '-Xmx2g']}", bad: []string{"f:11:15: spec.jvmOptions: -Xms is more than -Xmx: the JVM does not start"}},
		"a heap that begins larger than it may be, by other names": {
			spec: "jvmOptions: {memoryOpts: ['-XX:InitialHeapSize=3g', '-XX:MaxHeapSize=2g']}",
			bad:  []string{"f:11:15: spec.jvmOptions: -Xms is more than -Xmx: the JVM does not start"},
		},
		"sizes that are none":      {spec: "jvmOptions: {memoryOpts: ['-Xmx1.5g']}", bad: []string{`f:11:15: spec.jvmOptions: -Xmx: "1.5g" is not a size such as 512m or 2g`}},
		"a size beyond all memory": {spec: "jvmOptions: {memoryOpts: ['-Xmx9000000t']}", bad: []string{`f:11:15: spec.jvmOptions: -Xmx: "9000000t" is not a size such as 512m or 2g`}},
		"a percentage that is none": {
			spec: "jvmOptions: {memoryOpts: ['-XX:MaxRAMPercentage=NaN']}",
			bad:  []string{`f:11:15: spec.jvmOptions: -XX:MaxRAMPercentage: "NaN" is not a percentage`},
		},
		"a percentage of nothing": {spec: "jvmOptions: {memoryOpts: ['-XX:MaxRAMPercentage=0']}", bad: []string{`f:11:15: spec.jvmOptions: -XX:MaxRAMPercentage: "0" is not a percentage`}},
		"a fraction that is none": {spec: "jvmOptions: {memoryOpts: ['-XX:MaxRAMFraction=0']}", bad: []string{`f:11:15: spec.jvmOptions: -XX:MaxRAMFraction: "0" is not a number of parts`}},
		"a direct memory that is none": {
			spec: "jvmOptions: {memoryOpts: ['-XX:MaxDirectMemorySize=much']}",
			bad:  []string{`f:11:15: spec.jvmOptions: -XX:MaxDirectMemorySize: "much" is not a size such as 512m or 2g`},
		},
		"more than the limit": {
			spec:     "jvmOptions: {memoryOpts: ['-Xmx6g', '-XX:MaxDirectMemorySize=6g']}",
			hardened: []string{"f:8:32: warning: spec.resources.limits.memory: heap 6Gi + direct memory 6Gi + RocksDB cache 0 + overhead 256Mi are 12544Mi, more than the limit 8Gi: the kernel may kill the bookie"},
			operator: []string{"f:8:32: warning: spec.resources.limits.memory: heap 6Gi + direct memory 6Gi + RocksDB cache 0 + overhead 512Mi are 12800Mi, more than the limit 8Gi: the kernel may kill the bookie"},
			hint:     "give -Xmx2048m -XX:MaxDirectMemorySize=3276m in spec.jvmOptions.memoryOpts, or a limit of 12544Mi",
		},
		"RocksDB's cache above the limit": {
			spec: `jvmOptions: {memoryOpts: ['-Xmx2g', '-XX:MaxDirectMemorySize=2g']}
options: {ledgerStorageClass: org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage, dbStorage_rocksDB_blockCacheSize: '4294967296'}`,
			hardened: []string{"f:8:32: warning: spec.resources.limits.memory: heap 2Gi + direct memory 2Gi + RocksDB cache 4Gi + overhead 256Mi are 8448Mi, more than the limit 8Gi: the kernel may kill the bookie"},
			operator: []string{"f:8:32: warning: spec.resources.limits.memory: heap 2Gi + direct memory 2Gi + RocksDB cache 4Gi + overhead 512Mi are 8704Mi, more than the limit 8Gi: the kernel may kill the bookie"},
		},
		"RocksDB's cache that is none": {
			spec: "options: {ledgerStorageClass: org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage, dbStorage_rocksDB_blockCacheSize: '-1'}",
			bad:  []string{`f:11:125: spec.options.dbStorage_rocksDB_blockCacheSize: "-1" is not a number of bytes, 0 and more`},
		},
	})
}
