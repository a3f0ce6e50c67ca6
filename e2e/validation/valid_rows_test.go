// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import "strings"

// valid is an object that must be accepted.
type valid struct {
	name, document string
	// defaults are fields of the spec as they are after defaulting.
	defaults map[string]any
}

var valids = []valid{
	{"empty spec", wukong(""), map[string]any{"cpu": int64(2), "memory": "4Gi", "runStrategy": "Always", "networks": nil, "osImage": nil}},
	{"no spec", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm}\n",
		map[string]any{"cpu": int64(2), "memory": "4Gi", "runStrategy": "Always"}},
	{"null in place of a value", wukong("cpu: null, memory: null, networks: null"), map[string]any{"cpu": int64(2), "memory": "4Gi", "networks": nil}},
	{"status is left out", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm}\nstatus: {virtualMachine: {name: other}}\n", nil},
	{"generated name", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {generateName: vm-}\n", nil},
	{"machine of its own size", wukong("cpu: 512, memory: 64Ti, runStrategy: Manual"), map[string]any{"cpu": int64(512), "memory": "64Ti", "runStrategy": "Manual"}},
	{"memory in bytes", wukong("memory: 4294967296"), map[string]any{"memory": int64(4294967296)}},
	{"memory in bytes, as a string", wukong("memory: '4294967296'"), nil},
	{"memory in decimal units", wukong("memory: 4G"), nil},
	{"memory at the bound", wukong("memory: 64Mi"), nil},
	{"osImage by digest", wukong("osImage: 'registry.example.org:5000/disks/debian@sha256:" + strings.Repeat("0", 64) + "'"), nil},
	{"osImage by its name", wukong("osImage: debian"), nil},
	{"no disk", wukong("disks: []"), nil},
	{"blank disk", wukong("disks: [{name: data, size: 20Gi, storageClassName: fast.ssd}]"), nil},
	{"disk size in bytes", wukong("disks: [{name: data, size: '21474836480'}]"), nil},
	{"disk sizes at the bounds", wukong("disks: [{name: a, size: 1Mi}, {name: b, size: 1Pi}]"), nil},
	{"boot disk from a registry", wukong("disks: [{name: root, size: 20Gi, image: 'docker://registry.example.org:5000/disks/debian@sha256:" + strings.Repeat("0", 64) + "', boot: true}]"), nil},
	{"boot disk from a web server", wukong("disks: [{name: root, size: 20Gi, image: 'https://example.org:8443/a%20b/debian.qcow2?x=1', boot: true}]"), nil},
	{"boot disk that exists", wukong("disks: [{name: root, claimName: vm.root, boot: true}, {name: data, size: 1Gi, boot: false}]"), nil},
	{"disks beside osImage", wukong("osImage: debian, disks: [{name: data, size: 20Gi, image: 'http://10.0.0.1/data.img'}, {name: more, claimName: more}]"), nil},
	{"sixteen disks", wukong("disks: [" + strings.Join(manyDisks(), ", ") + "]"), nil},
	{"placement", wukong("nodeSelector: {kubernetes.io/arch: amd64}, tolerations: [{key: a, operator: Exists}], " +
		"affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}"), nil},
	{"firewall that lets nothing in", wukong("firewall: {}"), map[string]any{"guestAgent": "Install"}},
	{"firewall of both families", wukong("firewall: {allow: [{port: 22}, {from: 10.0.0.0/8, port: 53, protocol: udp}, {from: '2001:db8::/32', port: 65535}]}"), nil},
	{"user-data of one's own", wukong("cloudInit: {secretName: vm-data}, guestAgent: Leave"), map[string]any{"guestAgent": "Leave"}},
	{"search domains", network("ipConfig: {mode: dhcp, ipFamilies: [IPv6, IPv4], searchDomains: [a, corp.example.org, '1e3', xn--fiqs8s]}"), nil},
	{"Secret of keys", wukong("sshKeySecret: ops.keys-1"), nil},

	{"user by name", user(""), nil},
	{"user with everything", user("passwordHash: '$6$rounds=4096$salt$J/abc.DEF', sudo: 'ALL=(ALL) NOPASSWD:ALL', shell: /bin/bash, " +
		"groups: [sudo, adm, _www], lockPasswd: false, sshAuthorizedKeys: ['" + somePublicKey + "', 'ssh-rsa AAAAB3NzaC1yc2EAAA==']"), nil},
	{"user with sudo for some commands", user(`sudo: 'ALL=(root) NOPASSWD: /usr/bin/systemctl restart "a b", /bin/ls #1'`), nil},
	{"user with a hash of yescrypt", user("passwordHash: '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC'"), nil},
	{"user with a hash in a Secret", user("passwordHashSecretRef: {name: vm, key: password.hash}"), nil},
	{"user with keys of security tokens", user("sshAuthorizedKeys: ['sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1l me', 'ecdsa-sha2-nistp256 AAAAE2VjZHNh']"), nil},

	{"no network", wukong("networks: []"), nil},
	{"pod network alone", wukong("networks: [{name: default}]"), nil},
	{"pod network that says bridge", podNetwork("type: bridge, ipConfig: {mode: dhcp}"), nil},
	{"pod network of another name", network("type: pod, macAddress: '02:00:5e:10:00:01'"), nil},
	{"bridge by name alone", wukong("networks: [{name: lan}]"), nil},
	{"network name of 63 characters", wukong("networks: [{name: " + strings.Repeat("a", 63) + "}]"), nil},
	{"bridgeName of 15 characters", network("bridgeName: br-123456789012"), nil},
	{"bridgeName with a dot", network("bridgeName: br-lan.100"), nil},
	{"vlanId at the bounds", wukong("networks: [{name: a, vlanId: 1}, {name: b, vlanId: 4094}]"), nil},
	{"vlanID", network("vlanID: 100"), nil},
	{"vlanId and vlanID equal", network("vlanId: 100, vlanID: 100"), nil},
	{"two NICs on one bridge", wukong("networks: [{name: a, bridgeName: br-x, vlanId: 100}, {name: b, bridgeName: br-x, vlanID: 100, type: bridge}]"), nil},
	{"two VLANs on one Open vSwitch", wukong("networks: [{name: a, type: ovs, bridgeName: br-x, vlanId: 100}, {name: b, type: ovs, bridgeName: br-x, vlanId: 200}]"), nil},
	{"uplink", network("uplink: enp175s0f0np0, vlanId: 100"), nil},
	{"uplink longer than a NIC's name", network("uplink: datacenter-1-storage"), nil},
	{"uplink of 63 characters", network("uplink: " + strings.Repeat("a", 63)), nil},
	{"macvlan by a WukongUplink's name", network("type: macvlan, uplink: datacenter-1-storage"), nil},
	{"MAC in capitals", mac("02:00:5E:10:00:AB"), nil},
	{"MAC of a vendor", mac("52:54:00:12:34:56"), nil},
	{"mtu at the bounds", wukong("networks: [{name: a, mtu: 576}, {name: b, mtu: 65535}, {name: c, mtu: 1280, ipConfig: {mode: static, address: 'fd00::10/64'}}]"), nil},
	{"attachment in the machine's namespace", network("nadName: lan, mtu: 9000"), nil},
	{"attachment in another namespace", network("nadName: networks/lan.v2, type: macvlan"), nil},
	{"macvlan on a VLAN interface", network("type: macvlan, bridgeName: ens160.100"), nil},
	{"macvlan on the default uplink", network("type: macvlan"), nil},
	{"macvlan that repeats its parent", network("type: macvlan, bridgeName: ens160, uplink: ens160"), nil},
	{"ipvlan by its uplink", network("type: ipvlan, uplink: ens160"), nil},
	{"sriov by its resource", network("type: sriov, bridgeName: openshift.io/sriov_nic, vlanId: 100"), nil},
	{"sriov by an attachment", network("type: sriov, nadName: networks/fast"), nil},
	{"ovs on an uplink", network("type: ovs, bridgeName: ovs-br0, uplink: ens192, vlanId: 100"), nil},

	{"address in /31", gateway("192.168.100.10/31", "192.168.100.11"), nil},
	{"upper address in /31", address("192.168.100.11/31"), nil},
	{"address in /32", address("192.168.100.10/32"), nil},
	{"address in /30", gateway("192.168.100.5/30", "192.168.100.6"), nil},
	{"address in /23 that ends with 255", address("192.168.100.255/23"), nil},
	{"address in /23 that ends with 0", address("192.168.101.0/23"), nil},
	{"address in /8", gateway("10.1.255.255/8", "10.255.255.254"), nil},
	{"address, IPv6", gateway("2001:db8::10/64", "2001:db8::1"), nil},
	{"address, IPv6 in capitals", gateway("2001:DB8:0:0::10/64", "2001:db8::1"), nil},
	{"address in /127", gateway("2001:db8::/127", "2001:db8::1"), nil},
	{"address in /128", address("2001:db8::10/128"), nil},
	{"last address of a subnet, IPv6", address("2001:db8::ffff:ffff:ffff:ffff/64"), nil},
	{"dual stack", static("address: 192.168.100.10/24, gateway: 192.168.100.1, addresses: ['fd00::10/64'], " +
		"routes: [{to: '::/0', via: 'fd00::1', metric: 100}], dnsServers: [192.168.100.1, 'fd00::1']"), nil},
	{"addresses without address", static("addresses: [192.168.100.10/24, 'fd00::10/64'], gateway: 'fd00::1', metric: 50"), nil},
	{"routes", route("to: 10.0.0.0/8, via: 192.168.100.1, metric: 10}, {to: 0.0.0.0/0, via: 192.168.100.1"), nil},
	{"routes beside DHCP", dhcp("dnsServers: [169.254.25.10], routes: [{to: 10.0.0.0/8, via: 192.168.100.1}]"), nil},
	{"one subnet in two networks", wukong("networks: [{name: a, ipConfig: {mode: static, address: 10.0.0.10/24}}, {name: b, ipConfig: {mode: static, address: 10.0.0.11/24}}]"), nil},
	{"sixteen networks with nine addresses each", wukong("networks: [" + strings.Join(manyNetworks(), ", ") + "]"), nil},

	{"WukongNetwork", wukongNetwork("network: lan, type: bridge, bridgeName: br-lan, macAddress: '02:00:5e:10:00:01', addresses: [10.0.0.10/24]"), nil},
	{"WukongNodeBridge", nodeBridge("network: lan, bridgeName: br-lan, type: linux-bridge, uplink: ens160, vlanId: 100"), nil},
	{"WukongNodeBridge on a WukongUplink", nodeBridge("network: lan, bridgeName: br-lan, type: linux-bridge, uplink: datacenter-1-storage"), nil},
}

// manyNetworks are as much as the bounds allow, with long spellings: the rules that compare every network
// with every other must stay below the API server's limit of what a rule may cost.
func manyNetworks() []string {
	var networks []string
	for i := range 16 {
		octet := string("0123456789abcdef"[i])
		var further []string
		for j := range 8 {
			further = append(further, "'2001:0db8:0000:0000:0000:000"+octet+":0000:001"+string("01234567"[j])+"/64'")
		}
		networks = append(networks, "{name: n"+octet+", bridgeName: br-"+octet+", uplink: ens160, vlanId: 1"+octetDigits(i)+
			", macAddress: '02:00:5e:10:00:0"+octet+"', ipConfig: {mode: static, address: 10."+octetDigits(i)+".0.10/24, gateway: 10."+octetDigits(i)+
			".0.1, addresses: ["+strings.Join(further, ", ")+"]}}")
	}
	return networks
}

func octetDigits(i int) string { return string("12"[i/10]) + string("0123456789"[i%10]) }

func manyDisks() []string {
	disks := make([]string, 0, 16)
	for i := range 16 {
		name := strings.Repeat("n", 56) + string("0123456789abcdef"[i])
		disks = append(disks, "{name: "+name+", size: 1Gi, image: 'https://example.org/"+strings.Repeat("a", 490)+"'}")
	}
	return disks
}
