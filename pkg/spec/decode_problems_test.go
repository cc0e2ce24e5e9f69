package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeProblems(t *testing.T) {
	for name, test := range map[string]struct {
		data string
		want []string
	}{
		"an unknown field that is near one": {"spec: {replica: 3}", []string{`1:8: spec.replica: unknown field (did you mean "replicas"?)`}},
		"an unknown field of another case":  {"spec: {Replicas: 3}", []string{`1:8: spec.Replicas: unknown field (did you mean "replicas"?)`}},
		"an unknown field near nothing":     {"flavour: 1", []string{"1:1: flavour: unknown field; allowed: apiVersion, kind, metadata, spec"}},
		"an unknown field of many": {"spec: {zzz: 3}", []string{
			"1:8: spec.zzz: unknown field; allowed: affinity, args, claim, containers, counts, enabled, level, options, pair, patch, period, port, …",
		}},
		"a field that JSON leaves out":            {"spec: {Skipped: 3, hidden: 1}", []string{"1:8: spec.Skipped: " + knownFields, "1:20: spec.hidden: " + knownFields}},
		"an unknown field of an inlined struct":   {"spec: {volumes: [{name: a, emptyDri: {}}]}", []string{`1:28: spec.volumes[0].emptyDri: unknown field (did you mean "emptyDir"?)`}},
		"an unknown field, and all that is in it": {"foo: {a: 1, a: 2}", []string{"1:1: foo: unknown field; allowed: apiVersion, kind, metadata, spec", "1:13: foo.a: duplicate key, first written on line 1"}},

		"a string for an integer":    {"spec:\n  replicas: three", []string{`2:13: spec.replicas: seen the string "three", allowed an integer`}},
		"a list for a mapping":       {"spec:\n- a", []string{"2:1: spec: seen a list, allowed a mapping"}},
		"a list for a map":           {"spec: {options: []}", []string{"1:17: spec.options: seen a list, allowed a mapping"}},
		"a mapping for a list":       {"spec: {args: {}}", []string{"1:14: spec.args: seen a mapping, allowed a list"}},
		"a mapping for a string":     {"spec: {version: {a: b}}", []string{"1:17: spec.version: seen a mapping, allowed a string"}},
		"a list for a boolean":       {"spec: {enabled: [true]}", []string{"1:17: spec.enabled: seen a list, allowed true or false"}},
		"a mapping for an integer":   {"spec: {replicas: {}}", []string{"1:18: spec.replicas: seen a mapping, allowed an integer"}},
		"a scalar for a mapping":     {"spec: 3", []string{"1:7: spec: seen the integer 3, allowed a mapping"}},
		"a scalar for a list":        {"spec: {args: a}", []string{`1:14: spec.args: seen the string "a", allowed a list`}},
		"a text that is long":        {"spec: {replicas: " + strings.Repeat("ä", 61) + "}", []string{`1:18: spec.replicas: seen the string "` + strings.Repeat("ä", 60) + `…", allowed an integer`}},
		"lists of the wrong length":  {"spec: {pair: [1]}", []string{"1:14: spec.pair: seen a list of 1, allowed a list of 2"}},
		"wrong types in a list":      {"spec: {pair: [a, {}]}", []string{`1:15: spec.pair[0]: seen the string "a", allowed an integer`, "1:18: spec.pair[1]: seen a mapping, allowed an integer"}},
		"null in a list of strings":  {"spec: {args: [a, ~]}", []string{"1:18: spec.args[1]: seen null, allowed a string"}},
		"null in a list of mappings": {"spec:\n  volumes:\n  -\n", []string{"3:4: spec.volumes[0]: seen null, allowed a mapping"}},
		"text that is no base64":     {"spec: {secret: '?'}", []string{`1:16: spec.secret: seen the string "?", allowed a string in base64`}},
		"an integer for base64":      {"spec: {secret: 1234}", []string{`1:16: spec.secret: seen the integer 1234, allowed a string in base64`}},

		"an integer beyond 32 bits":     {"spec: {replicas: 2147483648}", []string{"1:18: spec.replicas: seen the integer 2147483648, allowed -2147483648 to 2147483647"}},
		"an integer beyond 64 bits":     {"spec: {replicas: -99999999999999999999}", []string{"1:18: spec.replicas: seen the number -99999999999999999999, allowed -2147483648 to 2147483647"}},
		"a negative for an unsigned":    {"spec: {port: -1}", []string{"1:14: spec.port: seen the integer -1, allowed 0 to 65535"}},
		"an unsigned that is too large": {"spec: {port: 65536}", []string{"1:14: spec.port: seen the integer 65536, allowed 0 to 65535"}},
		"an integer in quotes":          {`spec: {replicas: "3", port: '4'}`, []string{`1:18: spec.replicas: seen the string "3", allowed an integer: drop the quotes`, `1:29: spec.port: seen the string "4", allowed an integer: drop the quotes`}},
		"a fraction for an integer":     {"spec: {replicas: 3.0}", []string{"1:18: spec.replicas: seen the number 3.0, allowed an integer"}},
		"a hexadecimal integer":         {"spec: {replicas: 0x3}", []string{"1:18: spec.replicas: seen the integer 0x3, allowed an integer in plain decimal, without prefix, leading zero or underscore"}},
		"an integer with underscores":   {"spec: {replicas: 1_000}", []string{"1:18: spec.replicas: seen the integer 1_000, allowed an integer in plain decimal, without prefix, leading zero or underscore"}},
		"an integer with a zero":        {"spec: {replicas: 010}", []string{"1:18: spec.replicas: seen the integer 010, allowed an integer in plain decimal, without prefix, leading zero or underscore"}},
		"a boolean for an integer":      {"spec: {replicas: on}", []string{"1:18: spec.replicas: seen the boolean on, allowed an integer"}},
		"a tag that lies": {"spec: {replicas: !!int three, enabled: !!bool maybe, status: !!bool maybe}", []string{
			"1:18: spec.replicas: seen the integer three, allowed an integer in plain decimal, without prefix, leading zero or underscore",
			"1:40: spec.enabled: seen the boolean maybe, allowed true or false",
			"1:62: spec.status: seen the boolean maybe, allowed true or false",
		}},
		"numbers that are none":      {"spec: {ratio: .inf, status: .nan}", []string{"1:15: spec.ratio: seen the number .inf, allowed a number", "1:29: spec.status: seen the number .nan, allowed a finite number"}},
		"a number in quotes":         {"spec: {ratio: '0.5'}", []string{`1:15: spec.ratio: seen the string "0.5", allowed a number: drop the quotes`}},
		"a string for a number":      {"spec: {ratio: half}", []string{`1:15: spec.ratio: seen the string "half", allowed a number`}},
		"a boolean in quotes":        {"spec: {enabled: \"true\"}", []string{`1:17: spec.enabled: seen the string "true", allowed true or false: drop the quotes`}},
		"a string for a boolean":     {"spec: {enabled: maybe}", []string{`1:17: spec.enabled: seen the string "maybe", allowed true or false`}},
		"an integer for a boolean":   {"spec: {enabled: 1}", []string{"1:17: spec.enabled: seen the integer 1, allowed true or false"}},
		"a boolean word as string":   {"spec: {version: yes}", []string{"1:17: spec.version: seen the boolean yes, allowed a string: put it in quotes"}},
		"an integer as string":       {"spec: {level: 0x1F}", []string{"1:15: spec.level: seen the integer 0x1F, allowed a string: put it in quotes"}},
		"a number as string":         {"spec: {version: 4.17}", []string{"1:17: spec.version: seen the number 4.17, allowed a string: put it in quotes"}},
		"a hash that reads as float": {"spec: {version: 12e34}", []string{"1:17: spec.version: seen the number 12e34, allowed a string: put it in quotes"}},
		"unquoted values of a map": {"spec: {options: {a: 1, b: Off, c: 1e3, d: , e: n}}", []string{
			"1:21: spec.options.a: seen the integer 1, allowed a string: put it in quotes",
			"1:27: spec.options.b: seen the boolean Off, allowed a string: put it in quotes",
			"1:35: spec.options.c: seen the number 1e3, allowed a string: put it in quotes",
			`1:43: spec.options.d: seen null, allowed a string: write "" for an empty one`,
			"1:48: spec.options.e: seen the boolean n, allowed a string: put it in quotes",
		}},

		"a key that is written twice": {"kind: A\nspec:\n  args: []\n  version: a\n  args: []\nkind: B", []string{
			"5:3: spec.args: duplicate key, first written on line 3", "6:1: kind: duplicate key, first written on line 1",
		}},
		"a key that is written twice where all is allowed": {"spec:\n  status:\n  - a.b: 1\n    a.b: 2\n    a.b: 3\n", []string{
			`4:5: spec.status[0]["a.b"]: duplicate key, first written on line 3`, `5:5: spec.status[0]["a.b"]: duplicate key, first written on line 3`,
		}},
		"a key once plain, once in quotes": {"kind: A\n'kind': B\n", []string{"2:1: kind: duplicate key, first written on line 1"}},
		"two merge keys":                   {"spec: {status: {<<: {}, <<: {}}}", []string{`1:25: spec.status["<<"]: duplicate key, first written on line 1`}},
		"keys that are no strings": {"spec:\n  options: {1: a, yes: b, 1.5: c, ~: d}\n  ? [a]\n  : b\n", []string{
			"2:13: spec.options: seen the integer 1 as a key, allowed a string: put it in quotes",
			"2:19: spec.options: seen the boolean yes as a key, allowed a string: put it in quotes",
			"2:27: spec.options: seen the number 1.5 as a key, allowed a string: put it in quotes",
			"2:35: spec.options: seen null as a key, allowed a string: put it in quotes",
			"3:5: spec: seen a list as a key, allowed a string",
		}},
		"a template that was not rendered": {"spec: {version: {{ .Version }}}", []string{"1:17: spec.version: seen a mapping, allowed a string", "1:18: spec.version: seen a mapping as a key, allowed a string"}},
		"merges of what is no mapping": {"spec:\n  status: {<<: a, b: {<<: [{}, c]}}", []string{
			`2:16: spec.status["<<"]: seen the string "a", allowed a mapping or a list of mappings`, `2:32: spec.status.b["<<"][1]: seen the string "c", allowed a mapping`,
		}},
		"tags that JSON has not": {"spec: {version: !Ref a, secret: !!binary aGk=, args: !!set {a}, status: [!x {}]}", []string{
			"1:17: spec.version: the tag !Ref is not allowed: remove it", "1:33: spec.secret: the tag !!binary is not allowed: remove it",
			"1:54: spec.args: the tag !!set is not allowed: remove it", "1:74: spec.status[0]: the tag !x is not allowed: remove it",
		}},

		"a quantity that is none":       {"spec: {claim: {resources: {requests: {storage: 10Gx}}}}", []string{`1:48: spec.claim.resources.requests.storage: "10Gx" is not a quantity (examples: 10Gi, 500m, 2)`}},
		"a quantity of absurd exponent": {"spec: {resources: {limits: {a: '1e999999999', b: 1e-999999999}}}", []string{`1:32: spec.resources.limits.a: "1e999999999" is not a quantity (examples: 10Gi, 500m, 2)`}},
		"a list for a quantity":         {"spec: {resources: {limits: {cpu: [1]}}}", []string{"1:34: spec.resources.limits.cpu: seen a list, allowed a quantity (examples: 10Gi, 500m, 2)"}},
		"a boolean for a port":          {"spec: {target: yes}", []string{"1:16: spec.target: seen the boolean yes, allowed a 32-bit integer or a string (examples: 8080, http, 25%)"}},
		"a fraction for a port":         {"spec: {target: 1.5}", []string{"1:16: spec.target: seen the number 1.5, allowed a 32-bit integer or a string (examples: 8080, http, 25%)"}},
		"a duration without unit":       {"spec: {period: '30'}", []string{`1:16: spec.period: "30" is not a duration (examples: 30s, 5m, 1h30m)`}},
		"a time that is none":           {"metadata: {creationTimestamp: 2026-01-31}", []string{`1:31: metadata.creationTimestamp: "2026-01-31" is not a time (examples: 2026-01-31T12:00:00Z)`}},

		"problems in the order of their lines": {"spec:\n  a: 1\n  replicas: x\n  a: 2\nfoo: 1", []string{
			`2:3: spec.a: ` + knownFields, `3:13: spec.replicas: seen the string "x", allowed an integer`,
			"4:3: spec.a: duplicate key, first written on line 2", "5:1: foo: unknown field; allowed: apiVersion, kind, metadata, spec",
		}},
		"an alias of the wrong type": {"spec:\n  version: &v a\n  replicas: *v", []string{`3:13: spec.replicas: seen the string "a", allowed an integer`}},
		"a mistake behind two aliases is one": {"spec:\n  containers:\n  - resources: &r\n      limit: {}\n  - resources: *r\n  - resources: {<<: *r}", []string{
			`4:7: spec.containers[0].resources.limit: unknown field (did you mean "limits"?)`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got shapes
			problems := parsed(t, test.data).decode(&got)
			var want []string
			for _, w := range test.want {
				want = append(want, "f:"+w)
			}
			if diff := cmp.Diff(want, texts(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if !Failed(problems) {
				t.Errorf("severities of %q: want errors", problems)
			}
		})
	}
}

const knownFields = "unknown field; allowed: affinity, args, claim, containers, counts, enabled, level, options, pair, patch, period, port, …"
