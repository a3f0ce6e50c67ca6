// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

type values = map[string]any

// shapes are values that, together, take every branch of the templates.
var shapes = map[string]values{
	"default": {},
	"everything": {
		"defaultUplink": "ens192", "defaultOSImage": "registry.example.org:5000/fedora:42", "replicas": 3,
		"uplinks": values{"datacenter": values{
			"nodeGroups": []any{values{"name": "all", "interface": "ens192"}},
			"vlanRanges": []any{values{"first": 100, "last": 199}},
		}},
		"image": values{
			"repository": "registry.example.org:5000/wukong/manager", "pullPolicy": "Always",
			"digest": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		},
		"imagePullSecrets": []any{values{"name": "registry"}},
		"log":              values{"level": "debug", "format": "console"},
		"resources":        values{"limits": values{"cpu": "1", "memory": "2Gi"}, "requests": values{"cpu": "100m", "memory": "256Mi"}},
		"podAnnotations":   values{"example.org/team": "platform"}, "podLabels": values{"team": "platform"},
		"nodeSelector": values{"node-role.kubernetes.io/control-plane": ""},
		"tolerations":  []any{values{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}},
		"affinity": values{"podAntiAffinity": values{"requiredDuringSchedulingIgnoredDuringExecution": []any{values{
			"topologyKey": "kubernetes.io/hostname", "labelSelector": values{"matchLabels": values{"app.kubernetes.io/name": "wukong"}},
		}}}},
		"topologySpreadConstraints": []any{values{"maxSkew": 1, "topologyKey": "example.org/room", "whenUnsatisfiable": "ScheduleAnyway"}},
		"priorityClass":             values{"name": "wukong", "value": 500000},
		"serviceAccount":            values{"annotations": values{"example.org/role": "wukong"}},
		"podDisruptionBudget":       values{"maxUnavailable": "50%"},
		"networkPolicy": values{"apiServerPorts": []any{443, 6443, 16443}, "metricsFrom": []any{values{
			"namespaceSelector": values{"matchLabels": values{"kubernetes.io/metadata.name": "monitoring"}},
		}}},
		"metrics": values{
			"port": 9443, "readers": []any{values{"namespace": "monitoring", "name": "prometheus"}},
			"serviceMonitor": values{"enabled": true, "interval": "1m", "labels": values{"release": "prometheus"}},
			"rules":          values{"enabled": true, "labels": values{"release": "prometheus"}},
			"dashboard":      values{"enabled": true},
		},
	},
	"nothing optional": {
		"replicas": 1, "priorityClass": values{"create": false}, "podDisruptionBudget": values{"enabled": false},
		"networkPolicy": values{"enabled": false}, "userRoles": values{"aggregate": false},
		"admission": values{"protectChildren": false, "limitSecretAccess": false}, "crds": values{"upgrade": false},
		"metrics": values{"enabled": false}, "resources": values{}, "image": values{"tag": "latest"},
	},
	"existing objects": {
		"priorityClass": values{"create": false, "name": "system-cluster-critical"}, "serviceAccount": values{"name": "default"},
	},
	"a durations' other forms": {"nodeDeadline": "1h30m", "retryInterval": "0s", "progressInterval": "500ms", "kubeAPI": values{"qps": 0.5, "burst": 1}},
}
