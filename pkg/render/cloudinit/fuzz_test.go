// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/readback"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

// hostile returns the text at a place in the list of hostile ones, which has no end.
func hostile(i int) string { return readback.Hostile[i%len(readback.Hostile)] }

// text is any text as JSON can hold it; what is not UTF-8 is replaced on the way.
func text(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// A user's value cannot become a key, another type or another user, whatever it is and without validation.
func FuzzUserData(f *testing.F) {
	for i := range readback.Hostile {
		f.Add(hostile(i), hostile(i+7), hostile(i+13), hostile(i+29), hostile(i+41), hostile(i+57), hostile(i+71), uint8(i))
	}
	f.Fuzz(func(t *testing.T, name, hash, sudo, shell, group, key, secretKey string, flags uint8) {
		name, hash, sudo, shell, group, key, secretKey = text(name), text(hash), text(sudo), text(shell), text(group), text(key), text(secretKey)
		want := map[string]any{"updates": map[string]any{"network": map[string]any{"when": []string{"boot-new-instance", "boot"}}}}
		var account *cloudinit.User
		if flags&1 == 0 {
			want["ssh_authorized_keys"] = []string{secretKey}
		} else {
			account = &cloudinit.User{
				Name: name, PasswordHash: hash, Sudo: sudo, Shell: shell, Groups: []string{group, name}, AuthorizedKeys: []string{key},
			}
			locked := hash == ""
			if flags&2 != 0 {
				locked = flags&4 != 0
				account.LockPassword = &locked
			}
			user := map[string]any{"name": name, "lock_passwd": locked, "groups": []string{group, name}, "ssh_authorized_keys": []string{key, secretKey}}
			for field, value := range map[string]string{"hashed_passwd": hash, "sudo": sudo, "shell": shell} {
				if value != "" {
					user[field] = value
				}
			}
			want["users"] = []any{user}
			if hash != "" && !locked {
				want["ssh_pwauth"] = true
			}
		}
		got, err := cloudinit.UserData(cloudinit.Guest{User: account, AuthorizedKeys: []string{secretKey}})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(got, "#cloud-config\n") || strings.HasPrefix(got, "#cloud-config\n#") {
			t.Fatalf("cloud-init does not know the format:\n%s", got)
		}
		readback.Check(t, got, want)
	})
}

func FuzzNetworkConfig(f *testing.F) {
	for i := range readback.Hostile {
		f.Add(hostile(i), hostile(i+7), hostile(i+13), hostile(i+29), hostile(i+41), hostile(i+57), int32(i), int32(i%3), uint8(i))
	}
	f.Fuzz(func(t *testing.T, network, mac, address, gateway, server, destination string, mtu, metric int32, flags uint8) {
		network, mac, address, gateway, server, destination = text(network), text(mac), text(address), text(gateway), text(server), text(destination)
		config := &vmv1alpha1.IPConfig{
			Mode: vmv1alpha1.IPModeStatic, Address: vmv1alpha1.InterfaceAddress(address), Addresses: []vmv1alpha1.InterfaceAddress{vmv1alpha1.InterfaceAddress(server)},
			Gateway: vmv1alpha1.IPAddress(gateway), Metric: &metric, DNSServers: []vmv1alpha1.IPAddress{vmv1alpha1.IPAddress(server), vmv1alpha1.IPAddress(mac)},
			Routes: []vmv1alpha1.Route{{To: vmv1alpha1.CIDR(destination), Via: vmv1alpha1.IPAddress(gateway), Metric: &mtu}},
		}
		if flags&1 != 0 {
			config.Mode = vmv1alpha1.IPModeDHCP
		}
		got, err := cloudinit.NetworkConfig([]cloudinit.NIC{{Network: network, MACAddress: mac, MTU: mtu, IPConfig: config}})
		if err != nil {
			t.Fatal(err)
		}
		readback.Check(t, got, map[string]any{
			"version": 2, "ethernets": map[string]any{naming.GuestInterface(network): ethernet(network, mac, mtu, metric, config)},
		})
	})
}

// ethernet returns what the guest has to read of a NIC.
func ethernet(network, mac string, mtu, metric int32, config *vmv1alpha1.IPConfig) map[string]any {
	if metric == 0 {
		metric = 100
	}
	dhcp := config.Mode == vmv1alpha1.IPModeDHCP
	want := map[string]any{
		"match": map[string]any{"macaddress": strings.ToLower(mac)}, "set-name": naming.GuestInterface(network), "dhcp4": dhcp,
		"nameservers": map[string]any{"addresses": config.DNSServers},
	}
	if dhcp {
		want["dhcp4-overrides"] = map[string]any{"route-metric": metric}
	}
	if mtu != 0 {
		want["mtu"] = mtu
	}
	addresses := config.Addresses
	if config.Address != "" {
		addresses = append([]vmv1alpha1.InterfaceAddress{config.Address}, addresses...)
	}
	want["addresses"] = addresses
	var routes []any
	if gateway := config.Gateway; gateway != "" {
		to := "0.0.0.0/0"
		if strings.Contains(string(gateway), ":") {
			to = "::/0"
		}
		routes = append(routes, map[string]any{"to": to, "via": gateway, "metric": metric})
	}
	declared := map[string]any{"to": config.Routes[0].To, "via": config.Routes[0].Via}
	if mtu != 0 {
		declared["metric"] = mtu
	}
	want["routes"] = append(routes, declared)
	return want
}

// What a guest's programs act on has the lines that its rules ask for and no other, or is refused.
func FuzzFirewall(f *testing.F) {
	for i := range readback.Hostile {
		f.Add(hostile(i), hostile(i+7), hostile(i+13), int32(i))
	}
	f.Add("10.0.0.0/8", "tcp", "vm", int32(22))
	f.Add("2001:db8::/32", "udp", "vm", int32(53))
	f.Fuzz(func(t *testing.T, from, protocol, hostname string, port int32) {
		from, protocol, hostname = text(from), text(protocol), text(hostname)
		firewall := &vmv1alpha1.Firewall{Allow: []vmv1alpha1.FirewallRule{{From: vmv1alpha1.CIDR(from), Protocol: protocol, Port: port}}}
		got, err := cloudinit.UserData(cloudinit.Guest{Hostname: hostname, Firewall: firewall})
		if err != nil {
			return
		}
		var read struct {
			Hostname string
			Bootcmd  [][]string
		}
		if err := yaml.Unmarshal([]byte(got), &read); err != nil || read.Hostname != hostname {
			t.Fatalf("hostname %q, %v:\n%s", read.Hostname, err, got)
		}
		if rule := read.Bootcmd[0][5]; !firewallLine.MatchString(rule) {
			t.Fatalf("the guest reads %q", rule)
		}
	})
}

var firewallLine = regexp.MustCompile(`^(tcp|udp) [0-9]{1,5} (any|[0-9a-f.:]+/[0-9]{1,3})\n$`)

// User-data of the user's own is refused, or reaches the guest byte by byte, and Wukong's beside it.
func FuzzOwnUserData(f *testing.F) {
	for i := range readback.Hostile {
		f.Add([]byte(hostile(i)), hostile(i+7))
		f.Add([]byte("#cloud-config\na: "+hostile(i)), hostile(i+13))
		f.Add([]byte("#!/bin/sh\n"+hostile(i)), hostile(i+29))
	}
	f.Add([]byte("Content-Type: multipart/mixed; boundary=x\nMIME-Version: 1.0\n\n--x\n\n#!/bin/sh\n--x--\n"), "vm")
	f.Fuzz(func(t *testing.T, content []byte, hostname string) {
		hostname = text(hostname)
		part, err := cloudinit.ParsePart(content)
		if err != nil {
			return
		}
		config, err := cloudinit.UserData(cloudinit.Guest{Hostname: hostname})
		if err != nil {
			t.Fatal(err)
		}
		got, err := cloudinit.UserData(cloudinit.Guest{Hostname: hostname, Own: &part})
		if err != nil {
			t.Fatal(err)
		}
		parts := partsOf(t, got, part.Encoded)
		if len(parts) != 2 || parts[0] != part.Content || parts[1] != config {
			t.Fatalf("the archive holds %q, want %q and %q", parts, part.Content, config)
		}
	})
}

// partsOf returns the contents of an archive. What a user encoded stays as it is.
func partsOf(t *testing.T, archive string, encoded bool) []string {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var contents []string
	for reader := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return contents
		}
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = part
		if part.Header.Get("Content-Transfer-Encoding") == "base64" && (!encoded || len(contents) > 0) {
			body = base64.NewDecoder(base64.StdEncoding, part)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, string(content))
	}
}

func FuzzAuthorizedKeys(f *testing.F) {
	for i := range readback.Hostile {
		f.Add(firstKey + hostile(i) + "\n" + secondKey)
		f.Add(hostile(i) + " " + firstKey)
	}
	f.Fuzz(func(t *testing.T, content string) {
		keys, err := cloudinit.AuthorizedKeys(content)
		if err != nil {
			return
		}
		for _, key := range keys {
			if !strings.Contains(content, key) || strings.ContainsAny(key, "\n\r\x00\x1b") {
				t.Fatalf("key %q of %q", key, content)
			}
		}
	})
}
