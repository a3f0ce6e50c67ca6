// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// link is an interface as the node's kernel has it.
type link struct {
	Index   int      `json:"ifindex"`
	Name    string   `json:"ifname"`
	Flags   []string `json:"flags"`
	Master  string   `json:"master"`
	MAC     string   `json:"address"`
	Info    linkInfo `json:"linkinfo"`
	Address []struct {
		Family string `json:"family"`
		Local  string `json:"local"`
		Prefix int    `json:"prefixlen"`
	} `json:"addr_info"`
}

type linkInfo struct {
	Kind string `json:"info_kind"`
	Data struct {
		ID            int32  `json:"id"`
		Protocol      string `json:"protocol"`
		VLANFiltering int    `json:"vlan_filtering"`
		STP           int    `json:"stp_state"`
	} `json:"info_data"`
}

// route is an IPv4 route of the node.
type route struct {
	Destination string `json:"dst"`
	Gateway     string `json:"gateway"`
	Device      string `json:"dev"`
}

func (n *node) links(t *testing.T) map[string]link {
	t.Helper()
	links := map[string]link{}
	for _, l := range decode[[]link](t, n.run(t, "ip -j -d address show")) {
		links[l.Name] = l
	}
	return links
}

// link returns an interface that is up.
func (n *node) link(t *testing.T, name string) link {
	t.Helper()
	found, ok := n.links(t)[name]
	if !ok {
		t.Fatalf("the node has no %s", name)
	}
	if !slices.Contains(found.Flags, "UP") {
		t.Errorf("%s is not up: %v", name, found.Flags)
	}
	return found
}

// expectNone fails when the node has one of the interfaces.
func (n *node) expectNone(t *testing.T, names ...string) {
	t.Helper()
	links := n.links(t)
	for _, name := range names {
		if _, there := links[name]; there {
			t.Errorf("%s is still there", name)
		}
	}
}

// ipv4 returns the interface's addresses with their lengths.
func (l link) ipv4() []string {
	var addresses []string
	for _, address := range l.Address {
		if address.Family == "inet" {
			addresses = append(addresses, address.Local)
		}
	}
	return addresses
}

// hasRoute says whether the node sends what is for the destination through the gateway and the interface.
func (n *node) hasRoute(t *testing.T, want route) bool {
	t.Helper()
	return slices.Contains(decode[[]route](t, n.run(t, "ip -j -4 route")), want)
}

// tags returns the VLANs that the bridge lets through at a port, for example "1 PVID,Egress Untagged".
func (n *node) tags(t *testing.T, port string) []string {
	t.Helper()
	type filter struct {
		Name  string `json:"ifname"`
		VLANs []struct {
			First int      `json:"vlan"`
			Last  int      `json:"vlanEnd"`
			Flags []string `json:"flags"`
		} `json:"vlans"`
	}
	var tags []string
	for _, f := range decode[[]filter](t, n.run(t, "bridge -j -compressvlans vlan")) {
		if f.Name != port {
			continue
		}
		for _, vlan := range f.VLANs {
			tags = append(tags, vlanRange(vlan.First, vlan.Last)+strings.TrimRight(" "+strings.Join(vlan.Flags, ","), " "))
		}
	}
	return tags
}

func vlanRange(first, last int) string {
	if last == 0 {
		return strconv.Itoa(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

func decode[T any](t *testing.T, text []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return value
}
