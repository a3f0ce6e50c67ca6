// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package launcher

import "testing"

// The names are those that KubeVirt gives, and the kernel takes 15 bytes.
func TestNamesOfLinks(t *testing.T) {
	want := links{pod: "poda7662f44d65", nic: "a7662f44d65-nic", bridge: "k6t-a7662f44d65", tap: "tapa7662f44d65"}
	if got := linksOf("network1"); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if one, other := linksOf("management").bridgeMAC(), linksOf("external").bridgeMAC(); one == other {
		t.Errorf("two bridges have the MAC %s", one)
	}
}
