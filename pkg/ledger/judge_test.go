// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/ledger"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// claim returns a claim on VLAN 100; what has colons in pairs of digits is the MAC.
func claim(texts ...string) ledger.Claim { return claimOn("ens160/100", texts...) }

func claimOn(segment string, texts ...string) ledger.Claim {
	made := ledger.Claim{Segment: segment}
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			made.Addresses = append(made.Addresses, address)
		} else {
			made.MAC = text
		}
	}
	return made
}

// entry returns a network lan of a Wukong, "namespace/wukong", made at a second.
func entry(name string, second int, wants ledger.Claim, changes ...func(*ledger.Entry)) ledger.Entry {
	namespace, wukong, _ := strings.Cut(name, "/")
	made := ledger.Entry{
		Key: types.NamespacedName{Namespace: namespace, Name: wukong + "-lan"}, Wukong: wukong, Owner: types.UID(name), Network: "lan",
		Created: start.Add(time.Duration(second) * time.Second), Claim: wants,
	}
	for _, change := range changes {
		change(&made)
	}
	return made
}

func holding(held ledger.Claim) func(*ledger.Entry) { return func(e *ledger.Entry) { e.Held = held } }

func via(gateway string) func(*ledger.Entry) {
	return func(e *ledger.Entry) { e.Gateways = []netip.Addr{netip.MustParseAddr(gateway)} }
}

func deleted(e *ledger.Entry) { e.Deleted = true }

// named gives the entry another name and network, for a further WukongNetwork of one Wukong.
func named(name, network string) func(*ledger.Entry) {
	return func(e *ledger.Entry) { e.Key.Name, e.Network = name, network }
}

func TestJudge(t *testing.T) {
	const (
		ip  = "10.0.0.5"
		gw  = "10.0.0.1"
		mac = "02:00:00:00:00:05"
	)
	around := ledger.Surroundings{
		Nodes: map[netip.Addr]string{netip.MustParseAddr("10.0.0.9"): "node-1"},
		Stuck: func(e ledger.Entry) bool { return e.Wukong == "stuck" },
	}
	for name, row := range map[string]struct {
		entry  ledger.Entry
		rivals []ledger.Entry
		// reason is empty where the network may have what it claims.
		reason string
		says   []string
	}{
		"alone": {entry: entry("a/vm", 1, claim(ip, mac))},
		"the older one goes first": {
			entry: entry("a/vm", 2, claim(ip)), rivals: []ledger.Entry{entry("b/other", 1, claim(ip))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"address 10.0.0.5", "ens160/100", "network lan of Wukong b/other", "write another address"},
		},
		"the older one itself":      {entry: entry("a/vm", 1, claim(ip)), rivals: []ledger.Entry{entry("b/other", 2, claim(ip))}},
		"of one second, by name":    {entry: entry("a/vm", 1, claim(ip)), rivals: []ledger.Entry{entry("b/other", 1, claim(ip))}},
		"another segment":           {entry: entry("a/vm", 2, claim(ip)), rivals: []ledger.Entry{entry("b/other", 1, claimOn("ens160/200", ip))}},
		"another address":           {entry: entry("a/vm", 2, claim(ip)), rivals: []ledger.Entry{entry("b/other", 1, claim("10.0.0.6"))}},
		"no segment is known":       {entry: entry("a/vm", 2, claimOn("", ip)), rivals: []ledger.Entry{entry("b/other", 1, claimOn("", ip))}},
		"a deleted one claims none": {entry: entry("a/vm", 2, claim(ip)), rivals: []ledger.Entry{entry("b/other", 1, claim(ip), deleted)}},
		"a younger one holds it": {
			entry: entry("a/vm", 1, claim(ip)), rivals: []ledger.Entry{entry("b/other", 2, claim(ip), holding(claim(ip)))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"b/other"},
		},
		"a deleted one holds it": {
			entry: entry("a/vm", 1, claim(ip)), rivals: []ledger.Entry{entry("b/other", 2, claim(ip), holding(claim(ip)), deleted)},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"b/other"},
		},
		"one that waits for another address holds it": {
			entry: entry("a/vm", 1, claim(ip)), rivals: []ledger.Entry{entry("b/other", 2, claim("10.0.0.6"), holding(claim(ip)))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"b/other"},
		},
		"an older one that cannot have it": {entry: entry("a/vm", 2, claim(ip)), rivals: []ledger.Entry{entry("b/stuck", 1, claim(ip))}},
		"a user of the gateway that waits": {entry: entry("a/vm", 2, claim(gw)), rivals: []ledger.Entry{entry("b/stuck", 1, claim(ip), via(gw))}},
		"behind one that cannot have it": {
			entry: entry("a/vm", 3, claim(ip)), rivals: []ledger.Entry{entry("b/stuck", 1, claim(ip)), entry("c/next", 2, claim(ip))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"c/next"},
		},
		"one that holds it and cannot have more": {
			entry: entry("a/vm", 1, claim(ip)), rivals: []ledger.Entry{entry("b/stuck", 2, claim("10.0.0.6"), holding(claim(ip)))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"b/stuck"},
		},
		"both hold it": {
			entry: entry("a/vm", 2, claim(ip), holding(claim(ip))), rivals: []ledger.Entry{entry("b/other", 1, claim(ip), holding(claim(ip)))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"b/other"},
		},
		"it holds it itself": {entry: entry("a/vm", 2, claim(ip), holding(claim(ip))), rivals: []ledger.Entry{entry("b/other", 1, claim(ip))}},
		"the holder is named, not the oldest": {
			entry:  entry("a/vm", 3, claim(ip)),
			rivals: []ledger.Entry{entry("b/oldest", 1, claim(ip)), entry("c/holder", 2, claim(ip), holding(claim(ip)))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"c/holder"},
		},
		"another network of the same Wukong": {
			entry: entry("a/vm", 2, claim(ip), named("vm-b", "b")), rivals: []ledger.Entry{entry("a/vm", 1, claim(ip), named("vm-a", "a"))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"network a of Wukong a/vm"},
		},
		"an earlier declaration of the same network": {
			entry: entry("a/vm", 2, claim(ip, mac), named("vm-lan-x", "lan")), rivals: []ledger.Entry{entry("a/vm", 1, claim(ip, mac), holding(claim(ip, mac)))},
		},
		"an earlier declaration holds it against an older claim": {
			entry:  entry("a/vm", 3, claim(ip), named("vm-lan-x", "lan")),
			rivals: []ledger.Entry{entry("b/other", 2, claim(ip)), entry("a/vm", 1, claim(ip), holding(claim(ip)), deleted)},
		},
		"an IPv6 address": {
			entry: entry("a/vm", 2, claim("2001:db8::5")), rivals: []ledger.Entry{entry("b/other", 1, claim("2001:0db8:0:0::0005"))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"2001:db8::5"},
		},
		"a node's address": {
			entry: entry("a/vm", 1, claimOn("ens160/7", "10.0.0.9")), reason: vmv1alpha1.ReasonAddressConflict, says: []string{"node node-1's own", "write another address"},
		},
		"a MAC": {
			entry: entry("a/vm", 2, claim(mac)), rivals: []ledger.Entry{entry("b/other", 1, claim(mac))},
			reason: vmv1alpha1.ReasonMACAddressConflict, says: []string{mac, "b/other", "write another macAddress"},
		},
		"a MAC on another segment": {entry: entry("a/vm", 2, claim(mac)), rivals: []ledger.Entry{entry("b/other", 1, claimOn("ens161/100", mac))}},
		"an address and a MAC": {
			entry: entry("a/vm", 3, claim(ip, mac)), rivals: []ledger.Entry{entry("b/other", 1, claim(ip)), entry("c/third", 2, claim(mac))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"b/other", "c/third"},
		},
		"the gateway of another namespace": {
			entry: entry("a/vm", 2, claim(gw)), rivals: []ledger.Entry{entry("b/other", 1, claim(ip), via(gw))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"address 10.0.0.1 is the gateway of network lan of Wukong b/other", "write another address"},
		},
		"the gateway of the same namespace":   {entry: entry("a/vm", 2, claim(gw)), rivals: []ledger.Entry{entry("a/other", 1, claim(ip), via(gw))}},
		"the gateway of another segment":      {entry: entry("a/vm", 2, claim(gw)), rivals: []ledger.Entry{entry("b/other", 1, claimOn("ens160/200", ip), via(gw))}},
		"a gateway that somebody has":         {entry: entry("a/vm", 2, claim(ip), via(gw)), rivals: []ledger.Entry{entry("b/other", 1, claim(gw), holding(claim(gw)))}},
		"a router with users elsewhere":       {entry: entry("a/vm", 2, claim(gw), holding(claim(gw))), rivals: []ledger.Entry{entry("b/other", 1, claim(ip), via(gw))}},
		"a router before its users elsewhere": {entry: entry("a/vm", 1, claim(gw)), rivals: []ledger.Entry{entry("b/other", 2, claim(ip), via(gw))}},
		"the gateway of a younger one that has its addresses": {
			entry: entry("a/vm", 1, claim(gw)), rivals: []ledger.Entry{entry("b/other", 2, claim(ip), holding(claim(ip)), via(gw))},
			reason: vmv1alpha1.ReasonAddressConflict, says: []string{"gateway"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := ledger.Judge(row.entry, row.rivals, around)
			if row.reason == "" {
				if len(got) > 0 {
					t.Fatalf("got %+v, want no conflict", got)
				}
				return
			}
			if len(got) == 0 || got[0].Reason != row.reason {
				t.Fatalf("got %+v, want %s", got, row.reason)
			}
			message := ""
			for _, conflict := range got {
				message += conflict.Message + "; "
			}
			for _, text := range row.says {
				if !strings.Contains(message, text) {
					t.Errorf("%q does not say %q", message, text)
				}
			}
			for range 10 {
				rand.Shuffle(len(row.rivals), func(i, j int) { row.rivals[i], row.rivals[j] = row.rivals[j], row.rivals[i] })
				if difference := cmp.Diff(got, ledger.Judge(row.entry, row.rivals, around), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); difference != "" {
					t.Fatalf("the order of the rivals matters:\n%s", difference)
				}
			}
		})
	}
}

func TestStuck(t *testing.T) {
	const ip = "10.0.0.5"
	asked := entry("a/vm", 2, claim(ip, "10.0.0.6"))
	for name, row := range map[string]struct {
		rivals []ledger.Entry
		want   bool
	}{
		"free":                          {nil, false},
		"claimed by an older one":       {[]ledger.Entry{entry("b/other", 1, claim(ip))}, false},
		"held":                          {[]ledger.Entry{entry("b/other", 3, claim(ip), holding(claim(ip)))}, true},
		"a gateway in use":              {[]ledger.Entry{entry("b/other", 3, claim("10.0.0.7"), via(ip), holding(claim("10.0.0.7")))}, true},
		"a gateway that is not in use":  {[]ledger.Entry{entry("b/other", 1, claim("10.0.0.7"), via(ip))}, false},
		"held by the same network":      {[]ledger.Entry{entry("a/vm", 1, claim(ip), holding(claim(ip)))}, false},
		"held on another segment":       {[]ledger.Entry{entry("b/other", 1, claimOn("ens161/0", ip), holding(claimOn("ens161/0", ip)))}, false},
		"one held and one that is free": {[]ledger.Entry{entry("b/other", 3, claim("10.0.0.6"), holding(claim("10.0.0.6")))}, true},
	} {
		if got := ledger.Stuck(asked, row.rivals, nil); got != row.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestSettle(t *testing.T) {
	lan := claim("10.0.0.5", "10.0.0.6", "02:00:00:00:00:05")
	taken := ledger.Conflict{Address: netip.MustParseAddr("10.0.0.5"), Taken: true}
	for name, row := range map[string]struct {
		entry     ledger.Entry
		conflicts []ledger.Conflict
		want      ledger.Claim
	}{
		"granted":                  {entry("a/vm", 1, lan), nil, lan},
		"changed to what was free": {entry("a/vm", 1, claim("10.0.0.7"), holding(lan)), nil, claim("10.0.0.7")},
		"nothing yet":              {entry("a/vm", 1, lan), []ledger.Conflict{taken}, ledger.Claim{}},
		"changed to what is taken": {entry("a/vm", 1, claim("10.0.0.7"), holding(claim("10.0.0.6"))), []ledger.Conflict{taken}, claim("10.0.0.6")},
		"lost to another":          {entry("a/vm", 1, lan, holding(lan)), []ledger.Conflict{taken}, claim("10.0.0.6", "02:00:00:00:00:05")},
		"a node came to have it":   {entry("a/vm", 1, lan, holding(lan)), []ledger.Conflict{{Address: taken.Address}}, lan},
		"lost the MAC":             {entry("a/vm", 1, lan, holding(lan)), []ledger.Conflict{{Taken: true}}, claim("10.0.0.5", "10.0.0.6")},
		"changed to a MAC that is taken": {
			entry("a/vm", 1, claim("02:00:00:00:00:06"), holding(claim("02:00:00:00:00:05"))), []ledger.Conflict{{Taken: true}}, claim("02:00:00:00:00:05"),
		},
		"on another segment before": {entry("a/vm", 1, lan, holding(claimOn("ens161/0", "10.0.0.5"))), []ledger.Conflict{taken}, claimOn("ens161/0", "10.0.0.5")},
		"no segment is known":       {entry("a/vm", 1, claimOn("", "10.0.0.5")), nil, ledger.Claim{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ledger.Settle(row.entry, row.conflicts); !got.Equal(row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}
