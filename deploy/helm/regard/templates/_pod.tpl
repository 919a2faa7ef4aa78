{{/* What the pods of the server and of both kinds of workers have in common.
     Called with a dict: root, the chart's values and names; part, the values of the part; component, its name;
     command, the arguments of `regard`. */}}

{{- define "regard.podMetadata" -}}
labels:
  {{- include "regard.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .component }}
annotations:
  checksum/settings: {{ include (print .root.Template.BasePath "/settings.yaml") .root | sha256sum }}
  {{- with .part.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "regard.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "regard.podSpec" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ include "regard.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationGracePeriodSeconds: {{ add (int $values.stop.graceSeconds) (int $values.stop.seconds) 15 }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- if eq $values.models.source "install" }}
initContainers:
  - name: models
    image: {{ include "regard.image" .root }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: [models, install, --if-missing, {{ $values.models.pack }}]
    env:
      - {name: HOME, value: /tmp}   # for pip and npm; there is no /data yet
    securityContext:
      {{- include "regard.containerSecurity" .root | nindent 6 }}
    resources:
      requests: {cpu: 500m, memory: 1Gi}
      limits: {memory: 2Gi}
    volumeMounts:
      - {name: models, mountPath: /models}
      - {name: temporary, mountPath: /tmp}
{{- end }}
containers:
  - name: regard
    image: {{ include "regard.image" .root }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: {{ toJson .command }}
    securityContext:
      {{- include "regard.containerSecurity" .root | nindent 6 }}
    envFrom:
      - configMapRef:
          name: {{ include "regard.fullname" .root }}
    {{- $tells := and $values.metrics.existingSecret (ne .component "server") }}
    {{- if or $values.s3.existingSecret $tells }}
    env:
      {{- if $tells }}
      - {name: REGARD_WORKER_METRICS, value: "0.0.0.0:9101"}
      {{- end }}
      {{- if $values.s3.existingSecret }}
      - name: AWS_ACCESS_KEY_ID
        valueFrom:
          secretKeyRef: {name: {{ $values.s3.existingSecret }}, key: AWS_ACCESS_KEY_ID}
      - name: AWS_SECRET_ACCESS_KEY
        valueFrom:
          secretKeyRef: {name: {{ $values.s3.existingSecret }}, key: AWS_SECRET_ACCESS_KEY}
      {{- end }}
    {{- end }}
    {{- if $tells }}
    ports:
      - {name: metrics, containerPort: 9101}
    {{- end }}
    {{- if eq .component "server" }}
    ports:
      - {name: http, containerPort: 8090}
    startupProbe:
      httpGet: {path: /healthz, port: http}
      periodSeconds: 5
      failureThreshold: 120
    livenessProbe:
      httpGet: {path: /healthz, port: http}
      periodSeconds: 15
      timeoutSeconds: 5
      failureThreshold: 4
    readinessProbe:
      httpGet: {path: /readyz, port: http}
      periodSeconds: 3
      timeoutSeconds: 3
      failureThreshold: 2
    {{- end }}
    resources:
      {{- toYaml .part.resources | nindent 6 }}
    volumeMounts:
      - {name: data, mountPath: /data}
      - {name: temporary, mountPath: /tmp}
      {{- if ne $values.models.source "image" }}
      - {name: models, mountPath: /models, readOnly: true}
      {{- end }}
      {{- if $values.database.existingSecret }}
      - {name: database, mountPath: /run/secrets/database, readOnly: true}
      {{- end }}
      {{- if $values.keys.existingSecret }}
      - {name: keys, mountPath: /run/secrets/keys, readOnly: true}
      {{- end }}
      {{- if $values.metrics.existingSecret }}
      - {name: metrics, mountPath: /run/secrets/metrics, readOnly: true}
      {{- end }}
      {{- if $values.secretSettings }}
      - {name: settings, mountPath: /run/secrets/settings, readOnly: true}
      {{- end }}
volumes:
  - name: temporary
    emptyDir: {sizeLimit: {{ $values.temporary.sizeLimit }}}
  {{- if ne .component "server" }}
  - name: data
    emptyDir: {}
  {{- end }}
  {{- if eq $values.models.source "claim" }}
  - name: models
    persistentVolumeClaim: {claimName: {{ $values.models.existingClaim }}, readOnly: true}
  {{- else if eq $values.models.source "install" }}
  - name: models
    emptyDir: {}
  {{- end }}
  {{- if $values.database.existingSecret }}
  - name: database
    secret:
      secretName: {{ $values.database.existingSecret }}
      defaultMode: 0440
      items: [{key: {{ $values.database.key }}, path: url}]
  {{- end }}
  {{- if $values.keys.existingSecret }}
  - name: keys
    secret:
      secretName: {{ $values.keys.existingSecret }}
      defaultMode: 0440
      items:
        - {key: encryption.key, path: encryption.key}
        - {key: audit.key, path: audit.key}
  {{- end }}
  {{- if $values.metrics.existingSecret }}
  - name: metrics
    secret:
      secretName: {{ $values.metrics.existingSecret }}
      defaultMode: 0440
      items: [{key: {{ $values.metrics.key }}, path: token}]
  {{- end }}
  {{- with $values.secretSettings }}
  - name: settings
    projected:
      defaultMode: 0440
      sources:
        {{- range $name, $from := . }}
        - secret:
            name: {{ $from.secret }}
            items: [{key: {{ $from.key }}, path: {{ $name }}}]
        {{- end }}
  {{- end }}
{{- with .part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
