package main

import (
	"fmt"
	"strings"
)

const chartText = `apiVersion: v2
name: bookkeeper
version: 1.0.0
`

// writeChart writes the objects as the templates of a chart. What one would expect of
// such a chart comes from the values; the rest stays as it is.
func (s sets) writeChart(objects []object) error {
	if err := s.file("chart/Chart.yaml", chartText); err != nil {
		return err
	}
	var values strings.Builder
	for i, o := range objects {
		if strings.Contains(o.text, "{{") {
			return fmt.Errorf("%s has what a template would take for its own", o.name)
		}
		section := fmt.Sprintf("object%d", i)
		text, used := template(o.text, section)
		if len(used) > 0 {
			values.WriteString(section + ":\n")
		}
		for _, v := range used {
			values.WriteString("  " + v.key + ": " + v.value + "\n")
		}
		if err := s.file("chart/templates/"+o.name, text); err != nil {
			return err
		}
	}
	return s.file("chart/values.yaml", values.String())
}

// names are replaced wherever they mean the cluster and its namespace.
var names = strings.NewReplacer(
	"\n  name: "+clusterName+"-", "\n  name: {{ .Release.Name }}-",
	"\n  namespace: "+namespace+"\n", "\n  namespace: {{ .Release.Namespace }}\n",
	"bookkeeper_cluster: "+clusterName+"\n", "bookkeeper_cluster: {{ .Release.Name }}\n",
	"serviceName: "+clusterName+"-", "serviceName: {{ .Release.Name }}-",
	"serviceAccountName: "+clusterName+"-", "serviceAccountName: {{ .Release.Name }}-",
	"/"+namespace+"/"+clusterName+"/", "/{{ .Release.Namespace }}/{{ .Release.Name }}/",
	"."+namespace+".svc", ".{{ .Release.Namespace }}.svc",
)

// value is one line of the values.
type value struct{ key, value string }

// templated are the fields whose scalars become values, by the key in the line.
var templated = map[string]bool{
	"replicas": true, "image": true, "imagePullPolicy": true, "storage": true, "memory": true, "cpu": true,
	"storageClassName": true, "terminationGracePeriodSeconds": true, "minReadySeconds": true,
}

// template turns an object into a template, and returns the values that it uses of its section.
func template(text, section string) (string, []value) {
	var used []value
	lines := strings.SplitAfter(names.Replace(text), "\n")
	for i, line := range lines {
		key, scalar, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || !templated[key] {
			continue
		}
		name := fmt.Sprintf("%s%d", key, len(used))
		call := "{{ .Values." + section + "." + name + " }}"
		if strings.HasPrefix(scalar, `"`) {
			call = "{{ .Values." + section + "." + name + " | quote }}"
		}
		lines[i] = strings.Replace(line, ": "+scalar, ": "+call, 1)
		used = append(used, value{name, scalar})
	}
	return strings.Join(lines, ""), used
}
