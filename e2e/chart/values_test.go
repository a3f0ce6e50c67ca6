// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLint has helm look at the chart in each shape; a warning is a failure.
func TestLint(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			out, complaints, err := helm(t, "lint", "--strict", "--kube-version=1.31.0", chartFolder, "--values="+valuesFile(t, shape))
			if err != nil || strings.Contains(out+complaints, "[WARNING]") {
				t.Errorf("%v\n%s%s", err, out, complaints)
			}
		})
	}
}

// TestRefusedValues gives values that are nonsense, each of which has to be named by the refusal.
func TestRefusedValues(t *testing.T) {
	for name, tc := range map[string]struct {
		values values
		named  string
	}{
		"unknown value":               {values{"defaultUplnk": "ens192"}, "defaultUplnk"},
		"unknown value below":         {values{"log": values{"verbosity": 3}}, "verbosity"},
		"NIC above 15 characters":     {values{"defaultUplink": "a-nic-of-17-chars"}, "/defaultUplink"},
		"empty NIC":                   {values{"defaultUplink": ""}, "/defaultUplink"},
		"NIC with a space":            {values{"defaultUplink": "ens 192"}, "/defaultUplink"},
		"image with a space":          {values{"defaultOSImage": "fedora 42"}, "/defaultOSImage"},
		"uplink that is no object":    {values{"uplinks": values{"a": "ens192"}}, "/uplinks/a"},
		"uplink without a group":      {values{"uplinks": values{"a": values{"vlanRanges": []any{}}}}, "nodeGroups"},
		"uplink with no NIC":          {values{"uplinks": values{"a": values{"nodeGroups": []any{values{"name": "all"}}}}}, "interface"},
		"uplink's name":               {values{"uplinks": values{"Data_Center": values{"nodeGroups": []any{values{"name": "all", "interface": "ens192"}}}}}, "Data_Center"},
		"no replica":                  {values{"replicas": 0}, "/replicas"},
		"replicas as text":            {values{"replicas": "two"}, "/replicas"},
		"tag in the repository":       {values{"image": values{"repository": "example.org/wukong:v1"}}, "/image/repository"},
		"digest of another kind":      {values{"image": values{"digest": "md5:abc"}}, "/image/digest"},
		"pull policy":                 {values{"image": values{"pullPolicy": "Sometimes"}}, "/image/pullPolicy"},
		"pull secret as text":         {values{"imagePullSecrets": []any{"registry"}}, "/imagePullSecrets/0"},
		"log level":                   {values{"log": values{"level": "loud"}}, "/log/level"},
		"log format":                  {values{"log": values{"format": "xml"}}, "/log/format"},
		"no deadline":                 {values{"nodeDeadline": "0s"}, "/nodeDeadline"},
		"deadline without a unit":     {values{"nodeDeadline": "120"}, "/nodeDeadline"},
		"negative interval":           {values{"retryInterval": "-1m"}, "/retryInterval"},
		"no requests":                 {values{"kubeAPI": values{"qps": 0}}, "/kubeAPI/qps"},
		"burst in parts":              {values{"kubeAPI": values{"burst": 1.5}}, "/kubeAPI/burst"},
		"resources":                   {values{"resources": values{"memory": "1Gi"}}, "memory"},
		"label that is a number":      {values{"podLabels": values{"team": 7}}, "/podLabels/team"},
		"priority of Kubernetes' own": {values{"priorityClass": values{"value": 2000000000}}, "/priorityClass/value"},
		"making a system class":       {values{"priorityClass": values{"create": true, "name": "system-wukong"}}, "/priorityClass"},
		"budget of nothing":           {values{"podDisruptionBudget": values{"maxUnavailable": 0}}, "/podDisruptionBudget/maxUnavailable"},
		"no port of the API server":   {values{"networkPolicy": values{"apiServerPorts": []any{}}}, "/networkPolicy/apiServerPorts"},
		"port above all":              {values{"networkPolicy": values{"apiServerPorts": []any{65536}}}, "/networkPolicy/apiServerPorts/0"},
		"empty peer":                  {values{"networkPolicy": values{"metricsFrom": []any{values{}}}}, "/networkPolicy/metricsFrom/0"},
		"metrics below 1024":          {values{"metrics": values{"port": 443}}, "/metrics/port"},
		"metrics where probes are":    {values{"metrics": values{"port": 8081}}, "/metrics/port"},
		"reader without a namespace":  {values{"metrics": values{"readers": []any{values{"name": "prometheus"}}}}, "namespace"},
		"switch as text":              {values{"admission": values{"protectChildren": "yes"}}, "/admission/protectChildren"},
	} {
		t.Run(name, func(t *testing.T) {
			_, complaints, err := helm(t, "template", release, chartFolder, "--kube-version=1.31.0", "--values="+valuesFile(t, tc.values))
			if err == nil {
				t.Fatal("helm took it")
			}
			pointer := strings.ReplaceAll(strings.TrimPrefix(tc.named, "/"), "/", ".")
			if !strings.Contains(complaints, tc.named) && !strings.Contains(complaints, pointer) {
				t.Errorf("the refusal does not name %s:\n%s", tc.named, complaints)
			}
		})
	}
}

// TestOldKubernetes refuses a cluster whose CRDs' rules would not be understood.
func TestOldKubernetes(t *testing.T) {
	_, complaints, err := helm(t, "template", release, chartFolder, "--kube-version=1.30.9")
	if err == nil || !strings.Contains(complaints, "1.31") {
		t.Errorf("%v: %s", err, complaints)
	}
}

// TestManifests compares what those install who do not use Helm with what the chart installs.
func TestManifests(t *testing.T) {
	rendered := mustHelm(t, "template", release, chartFolder, "--namespace="+namespace, "--kube-version=1.31.0", "--no-hooks")
	committed, err := os.ReadFile(filepath.Join("..", "..", "config", "default", "install.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if rendered != string(committed) {
		t.Error("config/default/install.yaml is not what the chart renders; run `make generate`")
	}
}
