// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import "strings"

// invalidMachines are about what is neither a network nor an account.
var invalidMachines = []invalid{
	{"no name", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {}\nspec: {}\n",
		refused("metadata.name", "name or generateName is required")},
	{"name with capitals and underscore", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: My_VM}\nspec: {}\n",
		refused("metadata.name", "must consist of lower case alphanumeric characters, '-' or '.'")},
	{"label with a space", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm, labels: {team: a b}}\nspec: {}\n",
		refused("metadata.labels", "a valid label must be")},
	{"unknown field of metadata", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm, label: {}}\nspec: {}\n",
		refused("metadata.label", `unknown field "metadata.label"`)},
	{"unknown field at the top", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm}\nnetworks: []\n",
		refused("networks", `unknown field "networks"`)},
	{"field given twice",
		`{"apiVersion":"vm.novasphere.dev/v1alpha1","kind":"Wukong","metadata":{"name":"vm"},"spec":{"cpu":1,"cpu":2}}`,
		refused("spec.cpu", `duplicate field "spec.cpu"`)},
	{"two unknown fields", wukong("cores: 2, networks: [{name: lan, bridge: br-lan}]"), findings{
		{"spec.cores", `unknown field "spec.cores"`},
		{"spec.networks[0].bridge", `unknown field "spec.networks[0].bridge"`},
	}},

	{"cpu zero", wukong("cpu: 0"), refused("spec.cpu", "must be between 1 and 512")},
	{"cpu negative", wukong("cpu: -1"), refused("spec.cpu", "must be between 1 and 512")},
	{"cpu above the bound", wukong("cpu: 1000"), refused("spec.cpu", "must be between 1 and 512")},
	{"cpu as a string", wukong("cpu: two"), refused("spec.cpu", `must be of type integer: "string"`)},
	{"cpu as a fraction", wukong("cpu: 0.5"), findings{
		{"<nil>", "must be of type integer with format int32 in spec.cpu"},
		{"spec.cpu", `must be of type int32: "float64"`},
	}},

	{"memory without a unit", wukong("memory: 4"), refused("spec.memory", "a number without a unit is bytes, write for example 4Gi")},
	{"memory without a unit, as a string", wukong("memory: '4'"), refused("spec.memory", "a number without a unit is bytes, write for example 4Gi")},
	{"memory below the bound", wukong("memory: 1Ki"), refused("spec.memory", "must be at least 64Mi")},
	{"memory negative", wukong("memory: -1Gi"), refused("spec.memory", "must be at least 64Mi")},
	{"memory above the bound", wukong("memory: 65Ti"), refused("spec.memory", "must be at most 64Ti")},
	{"memory above the bound, in bytes", wukong("memory: 70368744177665"), refused("spec.memory", "must be at most 64Ti")},
	{"memory in words", wukong("memory: lots"), findings{
		{"spec.memory", "must be a quantity, for example 4Gi"},
		{"spec.memory", "should match"}, // Every quantity has a pattern; there is no way to leave it out.
	}},
	{"memory with a unit that does not exist", wukong("memory: 4GB"), findings{
		{"spec.memory", "must be a quantity, for example 4Gi"},
		{"spec.memory", "should match"},
	}},
	{"memory as a list", wukong("memory: [4Gi]"), findings{
		{"<nil>", `"spec.memory" must validate at least one schema (anyOf)`},
		{"spec.memory", `must be of type integer,string: "array"`},
		{"spec.memory", `must be of type integer: "array"`},
	}},

	{"osImage with docker://", wukong("osImage: 'docker://quay.io/containerdisks/debian:12'"),
		refused("spec.osImage", "without a scheme, for example quay.io/containerdisks/debian:12 instead of docker://")},
	{"osImage with https://", wukong("osImage: 'https://example.org/debian.qcow2'"),
		refused("spec.osImage", "without a scheme")},
	{"osImage with a space", wukong("osImage: 'quay.io/a b'"), refused("spec.osImage", "must be an image reference, for example quay.io")},
	{"osImage with a newline", wukong(`osImage: "quay.io/a\nb"`), refused("spec.osImage", "must be an image reference, for example quay.io")},
	{"osImage that ends with a newline", wukong(`osImage: "quay.io/a\n"`), refused("spec.osImage", "must be an image reference")},
	{"osImage too long", wukong("osImage: " + strings.Repeat("a", 513)), refused("spec.osImage", "may not be more than 512")},

	{"firewall from a block with host bits", wukong("firewall: {allow: [{from: 10.1.2.3/8, port: 22}]}"),
		refused("spec.firewall.allow[0].from", "for example 10.0.0.0/8 instead of 10.1.2.3/8")},
	{"firewall from anywhere in words", wukong("firewall: {allow: [{from: any, port: 22}]}"),
		refused("spec.firewall.allow[0].from", "must be a subnet in CIDR notation")},
	{"firewall without a port", wukong("firewall: {allow: [{from: 10.0.0.0/8}]}"), refused("spec.firewall.allow[0].port", "Required value")},
	{"firewall with port 0", wukong("firewall: {allow: [{port: 0}]}"), refused("spec.firewall.allow[0].port", "greater than or equal to 1")},
	{"firewall with a port too high", wukong("firewall: {allow: [{port: 65536}]}"), refused("spec.firewall.allow[0].port", "less than or equal to 65535")},
	{"firewall with a protocol in capitals", wukong("firewall: {allow: [{port: 22, protocol: TCP}]}"),
		refused("spec.firewall.allow[0].protocol", `supported values: "tcp", "udp"`)},
	{"cloudInit with a Secret's path", wukong("cloudInit: {secretName: prod/vm-data}"), refused("spec.cloudInit.secretName", "must be the name of a Secret")},
	{"cloudInit without a Secret", wukong("cloudInit: {}"), refused("spec.cloudInit.secretName", "Required value")},
	{"guestAgent in lower case", wukong("guestAgent: install"), refused("spec.guestAgent", `supported values: "Install", "Leave"`)},
	{"sshKeySecret with a namespace", wukong("sshKeySecret: prod/keys"), refused("spec.sshKeySecret", "must be the name of a Secret: lower-case letters")},
	{"sshKeySecret with two dots", wukong("sshKeySecret: vm..keys"), refused("spec.sshKeySecret", "for example vm-keys")},

	{"a grace period below zero", wukong("terminationGracePeriodSeconds: -1"), refused("spec.terminationGracePeriodSeconds", "must be between 0 and 86400 seconds")},
	{"a grace period of more than a day", wukong("terminationGracePeriodSeconds: 86401"), refused("spec.terminationGracePeriodSeconds", "must be between 0 and 86400 seconds")},
	{"runStrategy in lower case", wukong("runStrategy: always"), refused("spec.runStrategy", `supported values: "Always", "Halted"`)},
	{"runStrategy as a boolean", wukong("runStrategy: true"), findings{
		{"spec.runStrategy", `must be of type string: "boolean"`},
		{"spec.runStrategy", `supported values: "Always"`},
	}},

	{"nodeSelector as a list", wukong("nodeSelector: [zone=a]"), refused("spec.nodeSelector", `must be of type object: "array"`)},
	{"nodeSelector with a boolean", wukong("nodeSelector: {kvm: true}"), refused("spec.nodeSelector.kvm", `must be of type string: "boolean"`)},
	{"tolerations as a string", wukong("tolerations: all"), refused("spec.tolerations", `must be of type array: "string"`)},
	{"toleration with an unknown field", wukong("tolerations: [{name: a}]"), refused("spec.tolerations[0].name", "unknown field")},
	{"affinity as a string", wukong("affinity: zone-a"), refused("spec.affinity", `must be of type object: "string"`)},
	{"affinity with an incomplete term",
		wukong("affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1}]}}"),
		refused("spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference", "Required value")},
	{"spec as a list", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm}\nspec: []\n",
		refused("spec", `must be of type object: "array"`)},
}
