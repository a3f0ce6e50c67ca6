// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/novasphere/wukong/pkg/manifest"
)

// generatedCount is how many Wukongs are made up.
const generatedCount = 200

// generated returns guests of made-up Wukongs, the same ones each time.
func generated(t *testing.T) []guest {
	t.Helper()
	guests := make([]guest, 0, generatedCount)
	for i := range generatedCount {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		document, err := json.Marshal(map[string]any{
			"apiVersion": "vm.novasphere.dev/v1alpha1", "kind": "Wukong", "metadata": map[string]any{"name": fmt.Sprintf("vm-%d", i), "namespace": "team"}, "spec": spec(random),
		})
		if err != nil {
			t.Fatal(err)
		}
		guests = append(guests, rendered(t, fmt.Sprintf("generated-%d", i), document, manifest.Options{}))
	}
	return guests
}

// chance is true once in so many times.
func chance(random *rand.Rand, once int) bool { return random.IntN(once) == 0 }

func spec(random *rand.Rand) map[string]any {
	made := map[string]any{}
	var networks []any
	if !chance(random, 4) {
		networks = append(networks, map[string]any{"name": "default"})
	}
	for i := range random.IntN(5) {
		networks = append(networks, network(random, i))
	}
	random.Shuffle(len(networks), func(i, j int) { networks[i], networks[j] = networks[j], networks[i] })
	made["networks"] = networks
	if !chance(random, 4) {
		made["cloudInitUser"] = user(random)
	}
	if chance(random, 2) {
		made["firewall"] = firewall(random)
	}
	if chance(random, 3) {
		made["guestAgent"] = "Leave"
	}
	return made
}

func user(random *rand.Rand) map[string]any {
	made := map[string]any{"name": []string{"ubuntu", "no", "y", "_x"}[random.IntN(4)]}
	if chance(random, 2) {
		made["passwordHash"] = "$6$rounds=4096$salt$abc./XYZ"
		made["lockPasswd"] = chance(random, 2)
	}
	if chance(random, 2) {
		made["sudo"] = []string{"ALL=(ALL) NOPASSWD:ALL", "ALL=(root) /bin/ls \"a: b\" #'"}[random.IntN(2)]
		made["shell"] = "/bin/bash"
		made["groups"] = []string{"sudo", "null", "on"}[:1+random.IntN(3)]
	}
	if chance(random, 2) {
		made["sshAuthorizedKeys"] = []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXBvR2k1OE9Ln4n2LkVZg2dVzXq1bKqVY2m0l1bS6pA me: '日本' #1"}
	}
	return made
}

func firewall(random *rand.Rand) map[string]any {
	allow := []any{}
	for range random.IntN(4) {
		rule := map[string]any{"port": 1 + random.IntN(65535), "protocol": []string{"tcp", "udp"}[random.IntN(2)]}
		if chance(random, 2) {
			rule["from"] = []string{"10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0", "::/0", "192.0.2.1/32"}[random.IntN(5)]
		}
		allow = append(allow, rule)
	}
	return map[string]any{"allow": allow}
}

// network returns a network that shares no subnet with the others.
func network(random *rand.Rand, i int) map[string]any {
	made := map[string]any{"name": []string{"lan", "all", "a-long-network-name", "no", "1e3"}[i], "vlanId": 100 + i}
	if chance(random, 3) {
		made["mtu"] = 1280 + random.IntN(8000)
	}
	if chance(random, 3) {
		made["macAddress"] = fmt.Sprintf("52:54:AB:00:%02x:%02x", random.IntN(256), i)
	}
	switch random.IntN(6) {
	case 0:
	case 1, 2:
		config := map[string]any{"mode": "dhcp"}
		if chance(random, 2) {
			config["ipFamilies"] = [][]string{{"IPv4"}, {"IPv6"}, {"IPv4", "IPv6"}}[random.IntN(3)]
		}
		made["ipConfig"] = names(random, config)
	default:
		made["ipConfig"] = names(random, static(random, i))
	}
	return made
}

func static(random *rand.Rand, i int) map[string]any {
	config := map[string]any{"mode": "static"}
	v4, v6 := fmt.Sprintf("10.0.%d.", i), fmt.Sprintf("2001:db8:%d::", i)
	families := 1 + random.IntN(3)
	var addresses []string
	if families&1 != 0 {
		addresses = append(addresses, v4+"10/24")
	}
	if families&2 != 0 {
		addresses = append(addresses, v6+"10/64")
	}
	config["addresses"] = addresses
	var routes []any
	switch random.IntN(4) {
	case 0:
		config["gateway"] = gateway(families, v4, v6)
	case 1:
		config["gateway"] = gateway(families, v4, v6)
		config["metric"] = 1 + random.IntN(4)*1000 + i
	case 2:
		if families&2 != 0 {
			routes = append(routes, map[string]any{"to": "::/0", "via": v6 + "1"})
		}
	}
	if families&1 != 0 && chance(random, 3) {
		routes = append(routes, map[string]any{"to": fmt.Sprintf("172.%d.0.0/16", 16+i), "via": v4 + "254"}, map[string]any{"to": "192.0.2.9/32", "via": v4 + "253", "metric": 50 + i})
	}
	if families&2 != 0 && chance(random, 3) {
		routes = append(routes, map[string]any{"to": fmt.Sprintf("2001:db8:ff%d::/48", i), "via": v6 + "fe"})
	}
	config["routes"] = routes
	return config
}

func gateway(families int, v4, v6 string) string {
	if families&1 != 0 {
		return v4 + "1"
	}
	return v6 + "1"
}

// names adds name servers and search domains.
func names(random *rand.Rand, config map[string]any) map[string]any {
	if chance(random, 3) {
		config["dnsServers"] = []string{"10.0.0.53", "2001:db8::53"}[random.IntN(2):]
	}
	if chance(random, 3) {
		config["searchDomains"] = []string{"example.org", "no", "1e3"}[:1+random.IntN(3)]
	}
	return config
}
