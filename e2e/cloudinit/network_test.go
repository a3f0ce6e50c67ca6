// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/novasphere/wukong/e2e/cloudinit"
)

// route is a declared route.
type route struct {
	To     netip.Prefix
	Via    netip.Addr
	Metric int
}

// config is the network-config as it is rendered.
type config struct {
	Ethernets map[string]struct {
		Match          struct{ MACAddress string }
		MTU            int
		DHCP4, DHCP6   bool
		DHCP4Overrides struct {
			RouteMetric int `json:"route-metric"`
		} `json:"dhcp4-overrides"`
		Addresses   []netip.Prefix
		Routes      []route
		Nameservers struct{ Addresses, Search []string }
	}
}

// kept counts what one renderer made of what was declared.
type kept struct{ routes, routesKept, metrics, metricsKept, defaults6, defaults6Kept, dhcpMetrics, dhcpMetricsKept int }

// TestNetworkConfig has each renderer of Debian's cloud-init configure each guest. Addresses, name servers, and the IPv4 routes
// come out as declared everywhere. What a renderer loses, the guest is told to keep itself.
func TestNetworkConfig(t *testing.T) {
	s := session(t)
	guests := append(seedGuests(t), generated(t)...)
	for name, text := range files(t, filepath.Join(goldens, "networkconfig")) {
		guests = append(guests, guest{name: name, networkConfig: text})
	}
	counts := map[cloudinit.Renderer]*kept{}
	for _, renderer := range cloudinit.Renderers {
		counts[renderer] = &kept{}
	}
	for _, g := range guests {
		var declared config
		if err := yaml.Unmarshal([]byte(g.networkConfig), &declared); err != nil {
			t.Fatal(err)
		}
		path := file(t, t.TempDir(), "network-config", g.networkConfig)
		for _, renderer := range cloudinit.Renderers {
			folder := t.TempDir()
			if err := s.Convert(t.Context(), renderer, path, folder); err != nil {
				t.Errorf("%s, %s: %v\n%s", g.name, renderer, err, g.networkConfig)
				continue
			}
			outcome, err := cloudinit.ReadOutcome(renderer, folder)
			if err != nil {
				t.Errorf("%s, %s: %v\n%s", g.name, renderer, err, g.networkConfig)
				continue
			}
			compare(t, g, renderer, declared, outcome, counts[renderer])
		}
	}
	t.Logf("%d network-configs", len(guests))
	for _, renderer := range cloudinit.Renderers {
		c := counts[renderer]
		t.Logf("%-16s IPv4 routes %d of %d, metrics of routes %d of %d, default routes of IPv6 %d of %d, metrics of DHCP %d of %d", renderer,
			c.routesKept, c.routes, c.metricsKept, c.metrics, c.defaults6Kept, c.defaults6, c.dhcpMetricsKept, c.dhcpMetrics)
	}
}

func compare(t *testing.T, g guest, renderer cloudinit.Renderer, declared config, outcome cloudinit.Outcome, count *kept) {
	t.Helper()
	report := func(name, format string, args ...any) {
		t.Helper()
		t.Errorf("%s, %s, NIC %s: %s\n%s", g.name, renderer, name, fmt.Sprintf(format, args...), g.networkConfig)
	}
	for name, want := range declared.Ethernets {
		got := outcome[name]
		if got == nil {
			// NetworkManager and eni write nothing for a NIC without an address, and then nothing configures it.
			if want.DHCP4 || want.DHCP6 || len(want.Addresses) > 0 {
				report(name, "it is not configured")
			}
			continue
		}
		if got.MAC != want.Match.MACAddress {
			report(name, "found by MAC %q, want %q", got.MAC, want.Match.MACAddress)
		}
		if !sameSet(got.Addresses, want.Addresses) {
			report(name, "addresses %v, want %v", got.Addresses, want.Addresses)
		}
		if got.DHCP4 != want.DHCP4 || got.DHCP6 != want.DHCP6 {
			report(name, "DHCP %v and %v, want %v and %v", got.DHCP4, got.DHCP6, want.DHCP4, want.DHCP6)
		}
		if want.MTU != 0 && got.MTU != fmt.Sprint(want.MTU) {
			report(name, "MTU %q, want %d", got.MTU, want.MTU)
		}
		if len(want.Addresses) > 0 && (!sameSet(got.DNS, want.Nameservers.Addresses) || !sameSet(got.SearchDomains, want.Nameservers.Search)) {
			report(name, "name servers %v and domains %v, want %v", got.DNS, got.SearchDomains, want.Nameservers)
		}
		if want.DHCP4 {
			count.dhcpMetrics++
			if got.DHCPMetric == fmt.Sprint(want.DHCP4Overrides.RouteMetric) {
				count.dhcpMetricsKept++
			} else if !told(g, "metric "+got.MAC) && severalWaysOut(declared) {
				report(name, "the metric %d of DHCP is lost, and the guest is not told", want.DHCP4Overrides.RouteMetric)
			}
		}
		for _, r := range want.Routes {
			if problem := compareRoute(g, got, cloudinit.Route{To: r.To, Via: r.Via, Metric: metric(r.Metric)}, count); problem != "" {
				report(name, "%s; it has %v", problem, got.Routes)
			}
		}
		if extra := len(got.Defaults()) - len(want.Routes); extra > 0 {
			report(name, "there are more default routes than were declared: %v", got.Defaults())
		}
	}
}

// compareRoute returns what is wrong with a declared route: a renderer loses it, or its metric, and the guest is not told.
func compareRoute(g guest, got *cloudinit.NIC, want cloudinit.Route, count *kept) string {
	six := want.To.Addr().Is6()
	at := slices.IndexFunc(got.Routes, func(r cloudinit.Route) bool { return r.To == want.To.Masked() && r.Via == want.Via })
	switch {
	case !six:
		count.routes++
	case want.To.Bits() == 0:
		count.defaults6++
	}
	if at < 0 {
		if !six {
			return fmt.Sprintf("route %v is lost", want)
		}
		if !told(g, "route "+got.MAC) {
			return fmt.Sprintf("route %v is lost, and the guest is not told", want)
		}
		return ""
	}
	switch {
	case !six:
		count.routesKept++
	case want.To.Bits() == 0:
		count.defaults6Kept++
	}
	if want.Metric == "" {
		return ""
	}
	count.metrics++
	if got.Routes[at].Metric == want.Metric {
		count.metricsKept++
	} else if !told(g, "route "+got.MAC) && (six || want.To.Bits() != 0) {
		return fmt.Sprintf("the metric of route %v is lost, and the guest is not told", want)
	}
	return ""
}

func metric(number int) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprint(number)
}

// told reports whether the guest is told to see to a NIC's routes itself. A network-config alone belongs to no guest.
func told(g guest, item string) bool {
	return g.userData == "" || regexp.MustCompile(`(?m)^ *`+regexp.QuoteMeta(item)+` `).MatchString(g.userData)
}

func severalWaysOut(declared config) bool {
	exits := 0
	for _, nic := range declared.Ethernets {
		if nic.DHCP4 || nic.DHCP6 || slices.ContainsFunc(nic.Routes, func(r route) bool { return r.To.Bits() == 0 }) {
			exits++
		}
	}
	return exits > 1
}

func sameSet[T comparable](got, want []T) bool {
	sorted := func(list []T) []string {
		var texts []string
		for _, element := range list {
			texts = append(texts, strings.ToLower(fmt.Sprint(element)))
		}
		slices.Sort(texts)
		return slices.Compact(texts)
	}
	return slices.Equal(sorted(got), sorted(want))
}
