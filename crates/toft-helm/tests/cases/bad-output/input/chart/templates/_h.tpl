{{ define "h" }}
{{ .Values.nope.x }}{{ end }}