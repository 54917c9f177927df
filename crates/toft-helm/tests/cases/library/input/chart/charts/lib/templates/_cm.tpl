{{ define "lib.cm" }}{{ $top := first . }}{{ $own := fromYaml (include (index . 1) $top) | default (dict) }}{{ toYaml (merge $own (fromYaml (include "lib.base" $top))) }}{{ end }}{{ define "lib.base" }}apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Chart.Name }}}{{ end }}