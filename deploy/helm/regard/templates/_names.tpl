{{/* Names and labels. */}}
{{- define "regard.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "regard.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "regard.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "regard.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "regard.selector" -}}
app.kubernetes.io/name: {{ include "regard.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "regard.labels" -}}
{{ include "regard.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "regard.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "regard.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "regard.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What can't work together, said before anything is installed. */}}
{{- define "regard.check" -}}
{{- if not .Values.database.existingSecret -}}
{{- if gt (int .Values.server.replicas) 1 -}}
{{- fail "Several servers share a PostgreSQL database: set database.existingSecret, or server.replicas to 1." -}}
{{- end -}}
{{- if or .Values.workers.enabled .Values.streamWorkers.enabled -}}
{{- fail "Workers of their own need a PostgreSQL database: set database.existingSecret, or leave workers and streamWorkers off." -}}
{{- end -}}
{{- else if not .Values.keys.existingSecret -}}
{{- fail "All processes on one database need the same encryption.key: set keys.existingSecret." -}}
{{- end -}}
{{- if and (eq .Values.models.source "claim") (not .Values.models.existingClaim) -}}
{{- fail "models.source is claim: set models.existingClaim." -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.existingSecret) -}}
{{- fail "Nobody may read /metrics without a token: set metrics.existingSecret." -}}
{{- end -}}
{{- end -}}
