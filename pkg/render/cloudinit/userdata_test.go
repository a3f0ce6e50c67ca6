// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

const (
	hash      = "$6$rounds=4096$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."
	firstKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXBvR2k1OE9Ln4n2LkVZg2dVzXq1bKqVY2m0l1bS6pA me@host"
	secondKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq7b3Vn3bJt2m1q9z0xw5cB8m3hYtG5uS4d6f7e8a9b # a comment: with a colon"
)

func TestUserData(t *testing.T) {
	locked, unlocked := true, false
	for name, row := range map[string]struct {
		user *cloudinit.User
		keys []string
	}{
		"no-user":            {},
		"no-user-keys":       {keys: []string{firstKey, secondKey}},
		"user":               {user: &cloudinit.User{Name: "ubuntu"}},
		"user-hash":          {user: &cloudinit.User{Name: "ubuntu", PasswordHash: hash}},
		"user-hash-locked":   {user: &cloudinit.User{Name: "ubuntu", PasswordHash: hash, LockPassword: &locked}},
		"user-unlocked":      {user: &cloudinit.User{Name: "ubuntu", LockPassword: &unlocked}},
		"user-keys":          {user: &cloudinit.User{Name: "ubuntu", AuthorizedKeys: []string{firstKey}}, keys: []string{secondKey}},
		"user-with-the-rest": {user: &cloudinit.User{Name: "ubuntu", PasswordHash: hash, Sudo: "ALL=(ALL) NOPASSWD:ALL", Shell: "/bin/bash", Groups: []string{"sudo", "adm"}}},
		// Login names, groups and rules that are valid and that some reader of YAML takes for something else.
		"user-with-words": {user: &cloudinit.User{Name: "no", Sudo: "=", Shell: "/bin/sh", Groups: []string{"on", "null", "y", "_"}}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := cloudinit.UserData(cloudinit.Guest{User: row.user, AuthorizedKeys: row.keys})
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "userdata/"+name+".yaml", text)
		})
	}
}

// guests are named after their golden files.
var guests = map[string]cloudinit.Guest{
	"hostname": {Hostname: "no"},
	"agent":    {Agent: true},
	"firewall": {Firewall: &vmv1alpha1.Firewall{Allow: []vmv1alpha1.FirewallRule{
		{Port: 22}, {From: "10.0.0.0/8", Port: 53, Protocol: "udp"}, {From: "2001:DB8::/32", Port: 443, Protocol: "tcp"},
	}}},
	"firewall-closed": {Firewall: &vmv1alpha1.Firewall{}},
	"one-way-out":     {NICs: networkConfigs["static-v4"]},
	"routing":         {NICs: networkConfigs["gateways"]},
	"routing-ipv6":    {NICs: networkConfigs["static-v6"]},
	"routing-dual":    {NICs: networkConfigs["gateways-dual"]},
	"everything": {
		Hostname: "vm", User: &cloudinit.User{Name: "ubuntu", PasswordHash: hash}, AuthorizedKeys: []string{firstKey}, NICs: networkConfigs["gateways-with-metrics"],
		Firewall: &vmv1alpha1.Firewall{Allow: []vmv1alpha1.FirewallRule{{Port: 22}}}, Agent: true,
	},
	"own-cloud-config": {Hostname: "vm", User: &cloudinit.User{Name: "ubuntu"}, Own: own("#cloud-config\npackages: [vim]\nusers: [default]\n")},
	"own-script":       {Hostname: "vm", Own: own("#!/bin/sh\necho 日本\n")},
	"own-archive": {Hostname: "vm", Own: own("Content-Type: multipart/mixed; boundary=\"x\"\nMIME-Version: 1.0\n\n" +
		"--x\nContent-Type: text/cloud-config\n\n#cloud-config\npackages: [vim]\n--x\nContent-Type: text/x-shellscript\n\n#!/bin/sh\ntrue\n--x--\n")},
}

// own returns user-data of the user's own.
func own(text string) *cloudinit.Part {
	part, err := cloudinit.ParsePart([]byte(text))
	if err != nil {
		panic(err)
	}
	return &part
}

func TestGuests(t *testing.T) {
	for name, guest := range guests {
		t.Run(name, func(t *testing.T) {
			text, err := cloudinit.UserData(guest)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "userdata/"+name+".yaml", text)
		})
	}
}

// The guest keeps its routes itself only where some renderer would not.
func TestRoutingOnlyWhereNeeded(t *testing.T) {
	needed := map[string]string{
		"static-v6": "IPv6", "dual": "IPv6", "routes": "a metric", "dhcp-with-pod": "two ways out", "gateways": "two ways out", "gateways-dual": "two ways out",
		"gateways-with-metrics": "two ways out",
	}
	for name, nics := range networkConfigs {
		text, err := cloudinit.UserData(cloudinit.Guest{NICs: nics})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Contains(text, "/run/wukong/routing"), needed[name] != ""; got != want {
			t.Errorf("%s: routing is rendered: %v, want %v (%s)", name, got, want, needed[name])
		}
		if got, want := strings.Contains(text, "\n    table "), needed[name] == "two ways out"; got != want {
			t.Errorf("%s: tables are rendered: %v, want %v", name, got, want)
		}
	}
}

// What no validation lets through is an error, and no line of its own in what the guest acts on.
func TestUserDataRefusesWhatIsNoAddress(t *testing.T) {
	injected := "10.0.0.0/8\ntcp 22 any"
	via := func(via string) []cloudinit.NIC {
		return []cloudinit.NIC{pod, nic("lan", &vmv1alpha1.IPConfig{Mode: static, Address: "10.0.0.2/24", Gateway: vmv1alpha1.IPAddress(via)})}
	}
	for name, guest := range map[string]cloudinit.Guest{
		"from":     {Firewall: &vmv1alpha1.Firewall{Allow: []vmv1alpha1.FirewallRule{{Port: 22, From: vmv1alpha1.CIDR(injected)}}}},
		"protocol": {Firewall: &vmv1alpha1.Firewall{Allow: []vmv1alpha1.FirewallRule{{Port: 22, Protocol: "any 1 any\ntcp"}}}},
		"port":     {Firewall: &vmv1alpha1.Firewall{Allow: []vmv1alpha1.FirewallRule{{Port: 65536}}}},
		"router":   {NICs: via("10.0.0.1 $(reboot)")},
		"zone":     {NICs: via("fe80::1%eth0 1")},
		"MAC":      {NICs: []cloudinit.NIC{pod, {Network: "lan", MACAddress: "02:00:00:00:00:01\nx", IPConfig: dhcp}}},
		"route": {NICs: []cloudinit.NIC{pod, nic("lan", &vmv1alpha1.IPConfig{
			Mode: static, Gateway: "10.0.0.1", Routes: []vmv1alpha1.Route{{To: vmv1alpha1.CIDR(injected), Via: "10.0.0.1", Metric: new(int32(1))}},
		})}},
	} {
		if text, err := cloudinit.UserData(guest); err == nil {
			t.Errorf("%s: no error, but:\n%s", name, text)
		}
	}
}

func TestUserDataKeepsItsInput(t *testing.T) {
	own := make([]string, 1, 8)
	own[0] = firstKey
	user := &cloudinit.User{Name: "ubuntu", AuthorizedKeys: own}
	if _, err := cloudinit.UserData(cloudinit.Guest{User: user, AuthorizedKeys: []string{secondKey}}); err != nil {
		t.Fatal(err)
	}
	if got := own[:2][1]; got != "" {
		t.Errorf("the caller's list was written to: %q", got)
	}
}

func TestAuthorizedKeys(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       []string
		problem    string
	}{
		{"one", firstKey, []string{firstKey}, ""},
		{"lines, comments and line ends of Windows", "\n# mine\r\n " + firstKey + "\r\n\n" + secondKey + "\n", []string{firstKey, secondKey}, ""},
		{"options", `no-pty,command="echo a: b" ` + firstKey, []string{`no-pty,command="echo a: b" ` + firstKey}, ""},
		{"an escape in the comment", firstKey + "\x1b[0m", nil, "line 1 is not a public key"},
		{"another encoding in the comment", firstKey + "\xff", nil, "line 1 is not a public key"},
		{"nothing", "\n# only a comment\n", nil, "there is no public key"},
		{"private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n", nil, "line 1 is not a public key"},
		{"broken key after a good one", firstKey + "\nssh-ed25519 AAAA\n", nil, "line 2 is not a public key"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := cloudinit.AuthorizedKeys(row.text)
			if strings.Join(got, "\n") != strings.Join(row.want, "\n") {
				t.Errorf("got %q, want %q", got, row.want)
			}
			switch {
			case row.problem == "" && err != nil, row.problem != "" && (err == nil || !strings.HasPrefix(err.Error(), row.problem)):
				t.Errorf("got error %v, want %q", err, row.problem)
			case err != nil && strings.Contains(err.Error(), "PRIVATE"):
				t.Errorf("the error repeats what may be a private key: %v", err)
			}
		})
	}
}

func TestHash(t *testing.T) {
	seen := map[string]cloudinit.Data{}
	for _, data := range []cloudinit.Data{{}, {Declared: "a"}, {NetworkConfig: "a"}, {Declared: "a", NetworkConfig: "b"}, {Declared: "ab"}, {Declared: "b", NetworkConfig: "a"}} {
		hash := data.Hash()
		if other, found := seen[hash]; found || hash != data.Hash() {
			t.Errorf("%v and %v have hash %s", data, other, hash)
		}
		seen[hash] = data
	}
}

// TestProgramsAreNoReasonToRestart has the user-data bring along other programs, as a later version's does: hash and parts stay.
func TestProgramsAreNoReasonToRestart(t *testing.T) {
	before := cloudinit.Data{UserData: "bootcmd: [one]", Declared: "{}", NetworkConfig: "version: 2"}
	after := before
	after.UserData = "bootcmd: [another]"
	was, err := before.Parts()
	if err != nil {
		t.Fatal(err)
	}
	is, err := after.Parts()
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(was, is); difference != "" || before.Hash() != after.Hash() {
		t.Errorf("hash %s became %s; parts -before +after:\n%s", before.Hash(), after.Hash(), difference)
	}
}

func TestDeclared(t *testing.T) {
	of := func(change func(*cloudinit.Guest)) string {
		guest := cloudinit.Guest{
			Hostname: "vm", User: &cloudinit.User{Name: "ubuntu"}, AuthorizedKeys: []string{"ssh-ed25519 AAAA"}, Firewall: &vmv1alpha1.Firewall{},
			Own: &cloudinit.Part{Content: "#!/bin/sh\n"},
		}
		change(&guest)
		text, err := guest.Declared()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := of(func(*cloudinit.Guest) {})
	for name, change := range map[string]func(*cloudinit.Guest){
		"hostname":  func(g *cloudinit.Guest) { g.Hostname = "other" },
		"user":      func(g *cloudinit.Guest) { g.User.Name = "debian" },
		"no user":   func(g *cloudinit.Guest) { g.User = nil },
		"password":  func(g *cloudinit.Guest) { g.User.PasswordHash = "$6$a$b" },
		"keys":      func(g *cloudinit.Guest) { g.AuthorizedKeys = nil },
		"firewall":  func(g *cloudinit.Guest) { g.Firewall.Allow = []vmv1alpha1.FirewallRule{{Port: 22}} },
		"no filter": func(g *cloudinit.Guest) { g.Firewall = nil },
		"agent":     func(g *cloudinit.Guest) { g.Agent = true },
		"own part":  func(g *cloudinit.Guest) { g.Own.Content = "#!/bin/bash\n" },
	} {
		if of(change) == before {
			t.Errorf("%s: another guest declares the same", name)
		}
	}
	if of(func(g *cloudinit.Guest) { g.NICs = []cloudinit.NIC{{Network: "lan"}} }) != before {
		t.Error("a NIC, which the network-config tells of, is told of twice")
	}
}
