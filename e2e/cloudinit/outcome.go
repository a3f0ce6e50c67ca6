// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Route is a route of a NIC.
type Route struct {
	To     netip.Prefix
	Via    netip.Addr
	Metric string
}

// NIC is what a guest's configuration makes of one NIC.
type NIC struct {
	MAC           string
	MTU           string
	Addresses     []netip.Prefix
	Routes        []Route
	DHCP4, DHCP6  bool
	DHCPMetric    string
	DNS           []string
	SearchDomains []string
}

// Defaults returns the NIC's default routes.
func (n *NIC) Defaults() []Route {
	return slices.DeleteFunc(slices.Clone(n.Routes), func(r Route) bool { return r.To.Bits() != 0 })
}

// Outcome is what a guest's configuration makes of its NICs, by their names.
type Outcome map[string]*NIC

func (o Outcome) nic(name string) *NIC {
	if o[name] == nil {
		o[name] = &NIC{}
	}
	return o[name]
}

// ReadOutcome reads the files that a renderer wrote into a folder.
func ReadOutcome(renderer Renderer, folder string) (Outcome, error) {
	readers := map[Renderer]func(Outcome, string, string) error{
		"netplan": readNetworkd, "networkd": readNetworkd, "eni": readENI, "sysconfig": readSysconfig, "network-manager": readKeyfile,
	}
	outcome := Outcome{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := readers[renderer](outcome, path, string(content)); err != nil {
			return fmt.Errorf("%s: %w\n%s", filepath.Base(path), err, content)
		}
		return nil
	})
	return outcome, err
}

// settings returns the lines of a file as section, key and value, in order; a section that begins again has another number.
func settings(content string) [][3]string {
	var found [][3]string
	section, count := "", 0
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		key, value, isSetting := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			count++
			section = fmt.Sprintf("%s %d", strings.Trim(line, "[]"), count)
		case isSetting:
			found = append(found, [3]string{section, key, value})
		}
	}
	return found
}

func (n *NIC) addAddress(text string) error {
	address, err := netip.ParsePrefix(text)
	if err == nil {
		n.Addresses = append(n.Addresses, address)
	}
	return err
}

func (n *NIC) addRoute(to, via, metric string) error {
	destination, err := netip.ParsePrefix(to)
	if err != nil {
		return err
	}
	router, err := netip.ParseAddr(via)
	if err == nil {
		n.Routes = append(n.Routes, Route{destination, router, metric})
	}
	return err
}
