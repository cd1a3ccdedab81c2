{{- define "spillway.labels" -}}
app.kubernetes.io/name: spillway
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "spillway.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* The file of one service's settings: those of the chart unless its values say otherwise, and those of its values. */ -}}
{{- define "spillway.settings" -}}
{{- range $name, $value := .defaults }}
{{- if not (hasKey $.settings $name) }}
{{ $name }} = {{ $value }}
{{- end }}
{{- end }}
{{- range $name, $from := .secrets }}
{{- /* These settings are the names of files by themselves; of all others the service reads the value from a file. */}}
{{ $name }}{{ has $name (list "kafka-client-properties" "tls-client-ca") | ternary "" "-file" }} = /run/secrets/spillway/{{ $name }}
{{- end }}
{{- if .tls }}
tls-certificate = /run/secrets/tls/tls.crt
tls-key = /run/secrets/tls/tls.key
{{- else if .root.Values.plainHttp }}
plain-http = true
{{- else }}
{{- fail (printf "tls.%sSecret: none (expected: a Secret of type kubernetes.io/tls; or plainHttp, if others may read what is sent)" .component) }}
{{- end }}
{{- if .authority }}
tls-ca = /run/secrets/authority/ca.crt
{{- end }}
{{- range $name, $value := .settings }}
{{- /* A number of the values is a float64, which would be printed as 1e+06. */}}
{{ $name }} = {{ kindIs "float64" $value | ternary (int64 $value) $value }}
{{- end }}
{{- end }}

{{- define "spillway.pod" -}}
automountServiceAccountToken: false
# Kubernetes would set SPILLWAY_..._PORT and the like, which are no settings.
enableServiceLinks: false
terminationGracePeriodSeconds: 60
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "spillway.container" -}}
image: {{ include "spillway.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
# Those who still have its address come to the end of their way before it stops.
lifecycle:
  preStop: {exec: {command: [sleep, "5"]}}
{{- end }}

{{- define "spillway.probes" -}}
{{- $at := dict "port" "http" "scheme" (ternary "HTTPS" "HTTP" (not (empty .tls))) -}}
startupProbe:
  httpGet: {{ merge (dict "path" "/livez") $at | toJson }}
  periodSeconds: 5
  failureThreshold: 24
livenessProbe:
  httpGet: {{ merge (dict "path" "/livez") $at | toJson }}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {{ merge (dict "path" "/readyz") $at | toJson }}
  periodSeconds: 5
  timeoutSeconds: 6
{{- end }}

{{- /* The way to the collector of traces, by its port: that of the policy's values, of the endpoint, or of its scheme. */ -}}
{{- define "spillway.otlpEgress" -}}
{{- with index .settings "otlp-endpoint" }}
{{- $url := urlParse . }}
{{- $given := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) }}
- ports: [{port: {{ $.port | default $given | default (ternary 443 80 (eq $url.scheme "https")) }}}]
{{- end }}
{{- end }}

{{- /* The Secrets of a service's settings as files of one folder. */ -}}
{{- define "spillway.secretVolumes" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range $name, $from := .secrets }}
      - secret:
          name: {{ $from.secret }}
          items: [{key: {{ $from.key }}, path: {{ $name }}}]
      {{- end }}
      {{- range $name, $from := .files }}
      - secret:
          name: {{ $from.secret }}
          items: [{key: {{ $from.key }}, path: files/{{ $name }}}]
      {{- end }}
{{- with .tls }}
- name: tls
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .authority }}
- name: authority
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "spillway.secretMounts" -}}
- {name: secrets, mountPath: /run/secrets/spillway, readOnly: true}
{{- with .tls }}
- {name: tls, mountPath: /run/secrets/tls, readOnly: true}
{{- end }}
{{- with .authority }}
- {name: authority, mountPath: /run/secrets/authority, readOnly: true}
{{- end }}
{{- end }}
