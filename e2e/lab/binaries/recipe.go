// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"fmt"
	"strings"
)

// recipe says how binaries are made from one module. Its version is not here: the go.mod beside this package has it.
type recipe struct {
	// module is the one whose version the binaries carry.
	module string
	// packages maps a binary to the package it is built from.
	packages map[string]string
	// stamp gives the linker flags that tell the binaries their own version.
	stamp func(version string) []string
	// sources are files beside the go.mod that binaries are built from as well.
	sources []string
	// tags are the build tags, for what a binary can be built without.
	tags string
}

// recipes are keyed by the folder that holds the recipe's go.mod.
var recipes = map[string]recipe{
	"cni": {
		module: "github.com/containernetworking/plugins",
		packages: map[string]string{
			bridgePlugin:  "github.com/containernetworking/plugins/plugins/main/bridge",
			macvlanPlugin: "github.com/containernetworking/plugins/plugins/main/macvlan",
		},
		stamp: unstamped,
	},
	"etcd": {
		module:   "go.etcd.io/etcd/server/v3",
		packages: map[string]string{etcd: "go.etcd.io/etcd/server/v3"},
		stamp:    unstamped,
	},
	"helm": {
		module:   "helm.sh/helm/v4",
		packages: map[string]string{helm: "helm.sh/helm/v4/cmd/helm"},
		stamp:    stampHelm,
	},
	"kubernetes": {
		module: "k8s.io/kubernetes",
		packages: map[string]string{
			kubeAPIServer:         "k8s.io/kubernetes/cmd/kube-apiserver",
			kubeControllerManager: "k8s.io/kubernetes/cmd/kube-controller-manager",
		},
		stamp: stampKubernetes,
	},
	"kubevirt": {
		module: "kubevirt.io/kubevirt",
		packages: map[string]string{
			virtAPI:        "kubevirt.io/kubevirt/cmd/virt-api",
			virtController: "kubevirt.io/kubevirt/cmd/virt-controller",
			virtComponents: "./components",
		},
		stamp:   stampKubeVirt,
		sources: []string{"components/main.go"},
	},
	"prometheus": {
		module:   "github.com/prometheus/prometheus",
		packages: map[string]string{promtool: "github.com/prometheus/prometheus/cmd/promtool"},
		stamp:    stampPrometheus,
		// Without the discovery of targets in a score of clouds, which checks no rule and takes most of the build.
		tags: "remove_all_sd",
	},
}

// unstamped is for binaries that know their version from their source.
func unstamped(string) []string { return nil }

// stampHelm sets the patch release, of which the source has no more than the minor one.
func stampHelm(version string) []string {
	return []string{"-X helm.sh/helm/v4/internal/version.version=" + version}
}

// stampPrometheus sets the version, of which the source has nothing.
func stampPrometheus(version string) []string {
	return []string{"-X github.com/prometheus/common/version.Version=" + version}
}

// stampKubernetes sets what the release scripts would: unstamped, an apiserver reports v0.0.0, which clients refuse to parse.
func stampKubernetes(version string) []string {
	const variables = "k8s.io/component-base/version."
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return []string{
		fmt.Sprintf("-X %sgitVersion=%s", variables, version),
		fmt.Sprintf("-X %sgitMajor=%s", variables, major),
		fmt.Sprintf("-X %sgitMinor=%s", variables, minor),
	}
}

// stampKubeVirt sets the version that virt-api serves and both log.
func stampKubeVirt(version string) []string {
	return []string{"-X kubevirt.io/client-go/version.gitVersion=" + version}
}
