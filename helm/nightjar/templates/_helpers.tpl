{{- define "nightjar.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "nightjar.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "nightjar.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "nightjar.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Without the chart's version: selectors never change. Takes (dict "root" $ "component" "media"). */}}
{{- define "nightjar.selector" -}}
app.kubernetes.io/name: {{ include "nightjar.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "nightjar.labels" -}}
{{ include "nightjar.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: nightjar
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "nightjar.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end }}
{{- end }}

{{- define "nightjar.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "nightjar.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* The claim that the StatefulSet makes for its one pod. */}}
{{- define "nightjar.claim" -}}
{{ .volume }}-{{ include "nightjar.fullname" .root }}-media-0
{{- end }}

{{/* Bytes of a quantity, as 1.5Ti. */}}
{{- define "nightjar.bytes" -}}
{{- $number := regexFind "^[0-9.]+" . -}}
{{- $unit := get (dict "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "Ki" 0x1p10 "Mi" 0x1p20 "Gi" 0x1p30 "Ti" 0x1p40 "Pi" 0x1p50) (trimPrefix $number .) | default 1.0 -}}
{{ printf "%.0f" (mulf (float64 $number) $unit) }}
{{- end }}

{{/* What a StatefulSet never changes of its claims, a line each. Takes its volumeClaimTemplates. */}}
{{- define "nightjar.claimFacts" -}}
{{- range . }}
{{ .metadata.name }} {{ include "nightjar.bytes" .spec.resources.requests.storage }} {{ .spec.storageClassName }} {{ .spec.accessModes }} {{ .metadata.annotations | default dict | toJson }}
{{- end }}
{{- end }}

{{- define "nightjar.claimTemplates" -}}
{{- $persistence := .Values.persistence -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
    {{- with $persistence.annotations }}
    annotations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  spec:
    accessModes: [{{ $persistence.accessMode }}]
    {{- with $persistence.storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests:
        storage: {{ $persistence.size }}
{{- range .Values.extraVolumes }}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: {{ .name }}
  spec:
    accessModes: [{{ $persistence.accessMode }}]
    {{- with .storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests:
        storage: {{ .size }}
{{- end }}
{{- end }}

{{/* What the user wrote, and what the chart knows better. */}}
{{- define "nightjar.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $rtsp := dict "host" (printf "%s-rtsp" (include "nightjar.fullname" .)) "port" (int .Values.service.rtsp.port) }}
{{- $_ := set $config "http" (merge (default dict $config.http) (dict "rtspServer" $rtsp)) }}
{{- if eq .Values.queue.backend "redis" }}
{{- $queue := dict "backend" "redis" "urlEnv" "NIGHTJAR_QUEUE_URL" }}
{{- if and .Values.queue.valkey.enabled .Values.queue.valkey.existingSecret }}
{{- $_ := set $queue "passwordEnv" "NIGHTJAR_QUEUE_PASSWORD" }}
{{- end }}
{{- if include "nightjar.queueAuthority" . }}
{{- $_ := set $queue "caFile" "/etc/nightjar/queue/ca.crt" }}
{{- end }}
{{- $_ := set $config "queue" $queue }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{- define "nightjar.databaseSecret" -}}
{{- if eq .Values.database.mode "cnpg" -}}
name: {{ include "nightjar.fullname" . }}-db-app
key: uri
{{- else -}}
name: {{ .Values.database.external.existingSecret }}
key: {{ .Values.database.external.key }}
{{- end }}
{{- end }}

{{/* Volume with the authority of the queue's certificate; empty where there is none of one's own. */}}
{{- define "nightjar.queueAuthority" -}}
{{- $queue := .Values.queue -}}
{{- if eq $queue.backend "redis" }}
{{- $secret := ternary $queue.valkey.tlsSecret $queue.redis.existingSecret $queue.valkey.enabled }}
{{- $key := ternary "ca.crt" $queue.redis.caKey $queue.valkey.enabled }}
{{- if and $secret $key -}}
name: queue-authority
secret:
  secretName: {{ $secret }}
  items: [{ key: {{ $key }}, path: ca.crt }]
{{- end }}
{{- end }}
{{- end }}

{{/* Environment of every role. Takes (dict "root" $ "operations" 9464 "needsDatabase" true). */}}
{{- define "nightjar.env" -}}
{{- $root := .root -}}
- name: NIGHTJAR_CONFIG
  value: /etc/nightjar/config/nightjar.yaml
- name: NIGHTJAR_DATA_DIR
  value: /var/lib/nightjar
- name: NIGHTJAR_OPERATIONS_HOST
  value: 0.0.0.0
- name: NIGHTJAR_OPERATIONS_PORT
  value: {{ .operations | quote }}
- name: NIGHTJAR_DATABASE_URL
  valueFrom:
    secretKeyRef:
      {{- include "nightjar.databaseSecret" $root | nindent 6 }}
      optional: {{ not .needsDatabase }}
# A volume that hangs keeps these calls, and must leave some to the others.
- name: UV_THREADPOOL_SIZE
  value: {{ add 4 (mul 6 (max 1 (len (default dict $root.Values.config.volumes)))) | quote }}
{{- if eq $root.Values.queue.backend "redis" }}
- name: NIGHTJAR_QUEUE_URL
{{- if $root.Values.queue.valkey.enabled }}
  value: {{ ternary "rediss" "redis" (ne $root.Values.queue.valkey.tlsSecret "") }}://{{ include "nightjar.fullname" $root }}-valkey:6379
{{- if $root.Values.queue.valkey.existingSecret }}
- name: NIGHTJAR_QUEUE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $root.Values.queue.valkey.existingSecret }}
      key: {{ $root.Values.queue.valkey.key }}
{{- end }}
{{- else }}
  valueFrom:
    secretKeyRef:
      name: {{ $root.Values.queue.redis.existingSecret }}
      key: {{ $root.Values.queue.redis.key }}
{{- end }}
{{- end }}
{{- with $root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What the configuration needs to be read. */}}
{{- define "nightjar.configMounts" -}}
- name: config
  mountPath: /etc/nightjar/config
  readOnly: true
{{- range .Values.secrets }}
- name: secret-{{ . }}
  mountPath: /etc/nightjar/secrets/{{ . }}
  readOnly: true
{{- end }}
{{- if include "nightjar.queueAuthority" . }}
- name: queue-authority
  mountPath: /etc/nightjar/queue
  readOnly: true
{{- end }}
{{- end }}

{{- define "nightjar.mounts" -}}
{{ include "nightjar.configMounts" . }}
- name: data
  mountPath: /var/lib/nightjar
{{- range .Values.extraVolumes }}
- name: {{ .name }}
  mountPath: /volumes/{{ .name }}
{{- end }}
{{- end }}

{{/* Volumes of a pod, but for the claims. A ConfigMap that is mounted as a folder is followed when it changes. */}}
{{- define "nightjar.volumes" -}}
- name: config
  configMap:
    name: {{ include "nightjar.fullname" . }}
{{- range .Values.secrets }}
- name: secret-{{ . }}
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with include "nightjar.queueAuthority" . }}
- {{ nindent 2 . | trim }}
{{- end }}
{{- end }}

{{/* The event loop turns; it has started; it does its own duties. Takes the name of the port. */}}
{{- define "nightjar.probes" -}}
startupProbe:
  httpGet: { path: /startupz, port: {{ . }} }
  periodSeconds: 5
  failureThreshold: 120
livenessProbe:
  httpGet: { path: /healthz, port: {{ . }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: {{ . }} }
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
