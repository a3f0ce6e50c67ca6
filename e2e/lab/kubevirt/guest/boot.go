// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// maxNameBytes is the kernel's limit for the name of a link.
const maxNameBytes = 15

// Boot configures the NICs from network data. A problem with one entry mostly costs the guest its whole network: that
// is how cloud-init's early stage fails.
func Boot(networkData string, nics []NIC, image Image) Network {
	if strings.TrimSpace(networkData) == "" {
		return fallback(nics)
	}
	config, err := parse(networkData)
	if err != nil {
		return Network{Links: bare(nics), Problem: err.Error()}
	}
	links := bare(nics)
	for _, id := range slices.Sorted(maps.Keys(config.Ethernets)) {
		if problem := configure(id, config.Ethernets[id], links, nics, image); problem != "" {
			return Network{Links: bare(nics), Problem: problem}
		}
	}
	return Network{Links: links, Problem: renameProblem(config)}
}

// fallback is what cloud-init does without network data: DHCP on the first NIC.
func fallback(nics []NIC) Network {
	links := bare(nics)
	if len(nics) > 0 {
		links[0].Addresses = slices.Clone(nics[0].DHCP)
	}
	return Network{Links: links}
}

// configure applies one entry to the NIC it matches, or says why the guest has no network.
func configure(id string, entry ethernet, links []Link, nics []NIC, image Image) string {
	index := slices.IndexFunc(links, func(link Link) bool { return matches(id, entry, link) })
	if index < 0 {
		if entry.Match != nil && entry.Match.MAC != "" {
			// Compared case-sensitively: the kernel writes lower case, so an upper-case MAC is never found.
			return fmt.Sprintf("%s: not all expected physical devices present: %s", id, entry.Match.MAC)
		}
		return ""
	}
	addresses, err := entry.static()
	if err != nil {
		return id + ": " + err.Error()
	}
	if err := entry.checkRoutes(image); err != nil {
		return id + ": " + err.Error()
	}
	link := &links[index]
	link.Addresses = append(link.Addresses, addresses...)
	if entry.DHCP4 || entry.DHCP6 {
		link.Addresses = append(link.Addresses, nics[index].DHCP...)
	}
	if entry.SetName != "" && len(entry.SetName) <= maxNameBytes && !collidesWithSysctl(entry.SetName) {
		link.Name = entry.SetName
	}
	return ""
}

func matches(id string, entry ethernet, link Link) bool {
	switch {
	case entry.Match == nil:
		return id == link.Name
	case entry.Match.MAC != "":
		return entry.Match.MAC == link.MAC
	case entry.Match.Name != "":
		matched, err := path.Match(entry.Match.Name, link.Name)
		return err == nil && matched
	default:
		return entry.Match.Driver == "" || strings.HasPrefix(entry.Match.Driver, "virtio")
	}
}

// collidesWithSysctl is true for names that mean every interface under /proc/sys/net.
func collidesWithSysctl(name string) bool {
	return name == "default" || name == "all"
}

func renameProblem(config networkConfig) string {
	for _, id := range slices.Sorted(maps.Keys(config.Ethernets)) {
		name := config.Ethernets[id].SetName
		if len(name) > maxNameBytes || collidesWithSysctl(name) {
			return fmt.Sprintf("%s: the interface cannot be named %q", id, name)
		}
	}
	return ""
}
