{{- /* The prefix of every name: the release's, with the chart's in it. Other names add at most 20 characters. */}}
{{- define "wukong.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 43 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 43 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "wukong.manager" -}}
{{ include "wukong.fullname" . }}-manager
{{- end }}

{{- define "wukong.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "wukong.manager" .) }}
{{- end }}

{{- /* Who the manager is at the API server. */}}
{{- define "wukong.username" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "wukong.serviceAccount" . }}
{{- end }}

{{- define "wukong.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "wukong.labels" -}}
{{ include "wukong.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: wukong
{{- end }}

{{- define "wukong.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- /* What the Pod Security Standard "restricted" asks of a pod, and of a container. */}}
{{- define "wukong.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "wukong.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Where a pod may run, for every pod of the chart. */}}
{{- define "wukong.scheduling" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
{{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
{{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "wukong.priorityClass" -}}
{{- if .Values.priorityClass.create }}{{ .Values.priorityClass.name | default (include "wukong.manager" .) }}
{{- else }}{{ .Values.priorityClass.name }}{{ end }}
{{- end }}

{{- /* Where replicas go unless the values say otherwise: apart, where that is possible. */}}
{{- define "wukong.spread" -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
{{- end }}
{{- end }}
