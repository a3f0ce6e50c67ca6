// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// field is a field with the values that it can have, by the names that failures give them. The first is none.
type field[T any] struct {
	name   string
	values []value[T]
}

type value[T any] struct {
	name string
	set  func(*T)
}

// pick sets one value of each field and returns the names of those set.
func pick[T any](random *rand.Rand, fields []field[T], target *T) []string {
	var picked []string
	for _, f := range fields {
		v := f.values[random.IntN(len(f.values))]
		v.set(target)
		picked = append(picked, f.name+" "+v.name)
	}
	return picked
}

func choicesOf[T any](fields []field[T]) []string {
	var choices []string
	for _, f := range fields {
		for _, v := range f.values {
			choices = append(choices, f.name+" "+v.name)
		}
	}
	return choices
}

// everyChoice lists what generated Wukongs have to have among them.
func everyChoice() []string { return append(choicesOf(specFields), choicesOf(networkFields)...) }

// maxNetworks is as many as the API takes.
const maxNetworks = 16

// generate returns the Wukong of a number, and what was chosen for it. Any two calls with one number return the same.
func generate(number int) (*vmv1alpha1.Wukong, []string) {
	random := rand.New(rand.NewPCG(uint64(number), 4)) //nolint:gosec // a seed is no secret.
	wukong := &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{
		Namespace: metav1.NamespaceDefault, Name: fmt.Sprintf("generated-%d", number),
	}}
	choices := pick(random, specFields, &wukong.Spec)
	if random.IntN(3) == 0 {
		wukong.Spec.Networks = append(wukong.Spec.Networks, vmv1alpha1.Network{Name: vmv1alpha1.PodNetworkName})
	}
	count := random.IntN(4)
	if number%25 == 0 {
		count = maxNetworks - len(wukong.Spec.Networks)
	}
	for i := range count {
		network := vmv1alpha1.Network{Name: fmt.Sprintf("net-%d", i)}
		choices = append(choices, pick(random, networkFields, &network)...)
		numbered(&network, i)
		wukong.Spec.Networks = append(wukong.Spec.Networks, network)
	}
	return wukong, choices
}

// numbered keeps what must be used only once in a machine apart between its networks.
func numbered(network *vmv1alpha1.Network, number int) {
	if network.BridgeName == "br" {
		network.BridgeName = fmt.Sprintf("br-%d", number)
	}
	if network.VLANID != nil {
		*network.VLANID += int32(number)
	}
	if network.MACAddress != "" {
		network.MACAddress = vmv1alpha1.MACAddress(fmt.Sprintf("%s%02x", network.MACAddress, number))
	}
	if config := network.IPConfig; config != nil && config.Address != "" {
		config.Address = vmv1alpha1.InterfaceAddress(fmt.Sprintf(string(config.Address), number))
		for i := range config.Addresses {
			config.Addresses[i] = vmv1alpha1.InterfaceAddress(fmt.Sprintf(string(config.Addresses[i]), number))
		}
	}
}

func nothing[T any]() value[T] { return value[T]{"none", func(*T) {}} }

type spec = vmv1alpha1.WukongSpec

func cpus(count int32) value[spec] {
	return value[spec]{fmt.Sprint(count), func(s *spec) { s.CPU = count }}
}

func memory(quantity string) value[spec] {
	return value[spec]{quantity, func(s *spec) { s.Memory = resource.MustParse(quantity) }}
}

func strategy(strategy vmv1alpha1.RunStrategy) value[spec] {
	return value[spec]{string(strategy), func(s *spec) { s.RunStrategy = strategy }}
}

func affinity(name string, affinity *corev1.Affinity) value[spec] {
	return value[spec]{name, func(s *spec) { s.Affinity = affinity }}
}

var others = []corev1.PodAffinityTerm{{
	TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
}}

var specFields = []field[spec]{
	{"cpu", []value[spec]{nothing[spec](), cpus(1), cpus(3), cpus(16), cpus(512)}},
	{"memory", []value[spec]{nothing[spec](), memory("64Mi"), memory("1Gi"), memory("1500M"), memory("1000000001"), memory("2Ti")}},
	{"osImage", []value[spec]{
		nothing[spec](),
		{"tag", func(s *spec) { s.OSImage = "quay.io/containerdisks/debian:12" }},
		{"digest", func(s *spec) {
			s.OSImage = "registry.example:5000/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		}},
	}},
	{"cloudInitUser", []value[spec]{
		nothing[spec](),
		{"name", func(s *spec) { s.CloudInitUser = &vmv1alpha1.CloudInitUser{Name: "ubuntu"} }},
		{"everything", func(s *spec) {
			s.CloudInitUser = &vmv1alpha1.CloudInitUser{
				Name: "ubuntu", PasswordHash: "$6$salt$hash", Sudo: "ALL=(ALL) NOPASSWD:ALL", Shell: "/bin/bash", Groups: []string{"sudo"},
				SSHAuthorizedKeys: []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@host"},
			}
		}},
	}},
	{"disks", []value[spec]{
		nothing[spec](), nothing[spec](),
		{"data", func(s *spec) { s.Disks = []vmv1alpha1.Disk{{Name: "data", Size: "5Gi", StorageClassName: "fast-ssd"}} }},
		{"claim", func(s *spec) { s.Disks = []vmv1alpha1.Disk{{Name: "archive", ClaimName: "archive"}} }},
		{"boot and more", func(s *spec) {
			s.Disks = []vmv1alpha1.Disk{
				{Name: "blank", Size: "1Mi"},
				{Name: "root", Size: "20Gi", Image: "docker://quay.io/containerdisks/debian:12", Boot: true},
				{Name: "a-name-that-is-as-long-as-the-name-of-a-disk-may-be-at-all", Size: "1.5Gi", Image: "https://example.org/data.qcow2"},
			}
			s.Disks[2].Name = s.Disks[2].Name[:57]
		}},
		{"boot from claim", func(s *spec) { s.Disks = []vmv1alpha1.Disk{{Name: "root", ClaimName: "root.v2", Boot: true}} }},
	}},
	{"firewall", []value[spec]{
		nothing[spec](),
		{"rules", func(s *spec) {
			s.Firewall = &vmv1alpha1.Firewall{Allow: []vmv1alpha1.FirewallRule{{Port: 22, From: "10.0.0.0/8"}, {Port: 53, Protocol: "udp"}}}
		}},
	}},
	{"runStrategy", []value[spec]{
		nothing[spec](), strategy(vmv1alpha1.RunStrategyAlways), strategy(vmv1alpha1.RunStrategyHalted), strategy(vmv1alpha1.RunStrategyManual),
		strategy(vmv1alpha1.RunStrategyRerunOnFailure), strategy(vmv1alpha1.RunStrategyOnce),
	}},
	{"nodeSelector", []value[spec]{
		nothing[spec](),
		{"labels", func(s *spec) { s.NodeSelector = map[string]string{"zone": "a", "example.com/disk": "ssd", "empty": ""} }},
	}},
	{"tolerations", []value[spec]{
		nothing[spec](),
		{"taints", func(s *spec) {
			s.Tolerations = []corev1.Toleration{
				{Key: "machines", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
				{Key: "size", Value: "big"}, {Operator: corev1.TolerationOpExists},
				{Key: "slow", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(60))},
			}
		}},
	}},
	{"affinity", []value[spec]{
		nothing[spec](),
		affinity("to nodes", &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
				{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "gpu", Operator: corev1.NodeSelectorOpDoesNotExist}}},
			}},
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 5, Preference: corev1.NodeSelectorTerm{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "zone", Operator: corev1.NodeSelectorOpIn, Values: []string{"a", "b"}}},
			}}},
		}}),
		affinity("to pods", &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: others}}),
		affinity("away from pods", &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: others[0]}},
		}}),
	}},
}

type network = vmv1alpha1.Network

func kind(kind vmv1alpha1.NetworkType, bridge string) value[network] {
	name := fmt.Sprintf("%s %s", kind, bridge)
	return value[network]{name, func(n *network) { n.Type, n.BridgeName = kind, bridge }}
}

func attached(name string) value[network] {
	return value[network]{name, func(n *network) { n.NADName = name }}
}

func ips(name string, config vmv1alpha1.IPConfig) value[network] {
	return value[network]{name, func(n *network) { n.IPConfig = config.DeepCopy() }}
}

var networkFields = []field[network]{
	{"type", []value[network]{
		nothing[network](), kind("", "br"), kind(vmv1alpha1.NetworkTypeBridge, ""), kind(vmv1alpha1.NetworkTypeBridge, "br"),
		kind(vmv1alpha1.NetworkTypeOVS, "br"), kind(vmv1alpha1.NetworkTypeMacvlan, ""), kind(vmv1alpha1.NetworkTypeMacvlan, "ens160.100"),
		kind(vmv1alpha1.NetworkTypeIPVLAN, "ens160"), kind(vmv1alpha1.NetworkTypeSRIOV, "openshift.io/sriov_nic"),
	}},
	{"vlanId", []value[network]{
		nothing[network](), nothing[network](),
		{"100", func(n *network) { n.VLANID = new(int32(100)) }},
	}},
	{"uplink", []value[network]{
		nothing[network](), nothing[network](),
		{"NIC", func(n *network) { n.Uplink = "ens160" }},
		{"WukongUplink", func(n *network) { n.Uplink = "datacenter-1-storage" }},
	}},
	{"nadName", []value[network]{
		nothing[network](), nothing[network](), nothing[network](), attached("lan"), attached("networks/lan.v2"),
	}},
	{"macAddress", []value[network]{
		nothing[network](),
		{"lower", func(n *network) { n.MACAddress = "02:00:5e:10:00:" }},
		{"upper", func(n *network) { n.MACAddress = "52:54:00:AB:CD:" }},
	}},
	{"mtu", []value[network]{
		nothing[network](), {"9000", func(n *network) { n.MTU = new(int32(9000)) }},
	}},
	{"ipConfig", []value[network]{
		nothing[network](),
		ips("dhcp", vmv1alpha1.IPConfig{Mode: vmv1alpha1.IPModeDHCP}),
		ips("static", vmv1alpha1.IPConfig{Mode: vmv1alpha1.IPModeStatic, Address: "192.168.%d.10/24"}),
		ips("both families", vmv1alpha1.IPConfig{
			Mode: vmv1alpha1.IPModeStatic, Address: "10.0.%d.10/16", Addresses: []vmv1alpha1.InterfaceAddress{"fd00:%d::10/64"},
			Gateway: "10.0.255.254", Metric: new(int32(50)), DNSServers: []vmv1alpha1.IPAddress{"10.0.255.253"},
			Routes: []vmv1alpha1.Route{{To: "172.16.0.0/12", Via: "10.0.255.254"}},
		}),
	}},
}
