// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is what the guest runs.
const program = "../../pkg/render/cloudinit/guest/routing.sh"

// declaredRoutes are of two NICs with a gateway of each family.
const declaredRoutes = `route 02:00:00:00:00:01 default 192.168.100.1 100
route 02:00:00:00:00:01 default 2001:db8:1::1 100
table 02:00:00:00:00:01 20001
route 02:00:00:00:00:02 default 192.168.1.1 200
route 02:00:00:00:00:02 default 2001:db8:2::1 200
table 02:00:00:00:00:02 20002
`

// namespace is a network namespace that stands for a guest.
type namespace struct {
	t    *testing.T
	name string
}

func newNamespace(t *testing.T) namespace {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil || os.Geteuid() != 0 {
		t.Skip("a network namespace needs root and the ip command of iproute2")
	}
	n := namespace{t, "wukong-routing"}
	if output, err := exec.Command("ip", "netns", "add", n.name).CombinedOutput(); err != nil {
		t.Skipf("no network namespace can be made here: %s", output)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", n.name).Run() })
	return n
}

// ip runs a command in the namespace.
func (n namespace) ip(words string) string {
	n.t.Helper()
	output, err := exec.Command("ip", append([]string{"-n", n.name}, strings.Fields(words)...)...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("ip %s: %v\n%s", words, err, output)
	}
	return string(output)
}

// nic adds a NIC with its addresses.
func (n namespace) nic(name, mac string, addresses ...string) {
	n.t.Helper()
	n.ip("link add " + name + " address " + mac + " type veth peer name " + name + "-far address 02:00:00:00:01" + mac[14:])
	n.ip("link set " + name + "-far up")
	n.ip("link set " + name + " up")
	for _, address := range addresses {
		n.ip("address add " + address + " dev " + name + " nodad")
	}
}

// start runs the guest's program until the test ends, and returns the file that is there while a change waits to be looked at.
func (n namespace) start(data string) string {
	n.t.Helper()
	folder := n.t.TempDir()
	arguments := []string{"netns", "exec", n.name, "sh", program, file(n.t, folder, "routing", data), folder}
	run := exec.Command("ip", arguments...)
	own(run)
	if err := run.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { end(run) })
	return filepath.Join(folder, "routing.pending")
}

// expect waits until each command prints what is wanted.
func (n namespace) expect(what string, wanted map[string]string) {
	n.t.Helper()
	eventually(n.t, what, func() string {
		var wrong []string
		for words, want := range wanted {
			// A table that has no route yet is an error.
			output, _ := exec.Command("ip", append([]string{"-n", n.name}, strings.Fields(words)...)...).CombinedOutput()
			if got := strings.Join(strings.Fields(string(output)), " "); !strings.Contains(got, want) {
				wrong = append(wrong, "ip "+words+": "+got+"\n  want "+want)
			}
		}
		return strings.Join(wrong, "\n")
	})
}

// eventually waits until nothing is wrong any more.
func eventually(t *testing.T, what string, wrong func() string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(50 * time.Millisecond) {
		problem := wrong()
		if problem == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s", what, problem)
		}
	}
}

// TestReplies runs the guest's program where another one has configured the network as the oldest renderers do, and then
// changes what it made and the addresses under it.
func TestReplies(t *testing.T) {
	n := newNamespace(t)
	n.nic("management", "02:00:00:00:00:01", "192.168.100.10/24", "2001:db8:1::10/64")
	n.nic("external", "02:00:00:00:00:02", "192.168.1.200/24", "2001:db8:2::10/64")
	n.ip("route add default via 192.168.1.1 dev external")
	n.start(declaredRoutes)
	n.expect("at start", map[string]string{
		"-4 route show default":                       "default via 192.168.100.1 dev management metric 100 default via 192.168.1.1 dev external metric 200",
		"-6 route show default":                       "default via 2001:db8:1::1 dev management metric 100 pref medium default via 2001:db8:2::1 dev external metric 200",
		"-4 rule":                                     "20001: from 192.168.100.10 lookup 20001 20002: from 192.168.1.200 lookup 20002",
		"-6 rule":                                     "20001: from 2001:db8:1::10 lookup 20001 20002: from 2001:db8:2::10 lookup 20002",
		"route get 192.0.2.1":                         "via 192.168.100.1 dev management",
		"route get 192.0.2.1 from 192.168.1.200":      "via 192.168.1.1 dev external",
		"route get 192.168.100.99 from 192.168.1.200": "via 192.168.1.1 dev external",
		"route get 192.168.1.99 from 192.168.1.200":   "192.168.1.99 from 192.168.1.200 dev external",
		"route get 2001:db8:9::1 from 2001:db8:2::10": "via 2001:db8:2::1 dev external",
	})
	n.ip("rule del priority 20002")
	n.ip("route flush table 20001")
	n.ip("address del 192.168.1.200/24 dev external")
	n.ip("address add 192.168.1.201/24 dev external")
	n.expect("after a change", map[string]string{
		"-4 rule":                                 "20001: from 192.168.100.10 lookup 20001 20002: from 192.168.1.201 lookup 20002",
		"-4 route show default":                   "default via 192.168.1.1 dev external metric 200",
		"route get 192.0.2.1 from 192.168.1.201":  "via 192.168.1.1 dev external",
		"route get 192.0.2.1 from 192.168.100.10": "via 192.168.100.1 dev management",
	})
}

// TestRoutingSettles sees that the program writes nothing where everything is as wanted, although it looks at each change.
func TestRoutingSettles(t *testing.T) {
	n := newNamespace(t)
	n.nic("management", "02:00:00:00:00:01", "192.168.100.10/24", "2001:db8:1::10/64")
	n.nic("external", "02:00:00:00:00:02", "192.168.1.200/24", "2001:db8:2::10/64")
	pending := n.start(declaredRoutes)
	n.expect("at start", map[string]string{"-6 rule": "20002: from 2001:db8:2::10 lookup 20002", "route show table 20002": "192.168.1.0/24"})
	events := filepath.Join(t.TempDir(), "events")
	n.watch(events)
	// A change that is none of its business, which it looks at.
	n.ip("address add 198.51.100.1/32 dev lo")
	eventually(t, "the program looks at no change", func() string { return there(pending, true) })
	eventually(t, "the program looks at the change for ever", func() string { return there(pending, false) })
	// One that it puts right, after it is through with the first.
	n.ip("rule del priority 20002")
	n.expect("after a change", map[string]string{"-4 rule": "20002: from 192.168.1.200 lookup 20002"})
	eventually(t, "there is no event of the rule", func() string {
		seen, err := os.ReadFile(events)
		if err != nil || strings.Count(string(seen), "20002:") < 2 {
			return string(seen)
		}
		if strings.Count(string(seen), "20002:") > 2 || strings.Contains(string(seen), "20001") || strings.Contains(string(seen), "default") {
			t.Errorf("it writes although nothing is to do:\n%s", seen)
		}
		return ""
	})
}

// watch writes the namespace's events into a file until the test ends.
func (n namespace) watch(path string) {
	n.t.Helper()
	events, err := os.Create(path)
	if err != nil {
		n.t.Fatal(err)
	}
	watch := exec.Command("ip", "-n", n.name, "monitor", "route", "rule")
	watch.Stdout = events
	own(watch)
	if err := watch.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		end(watch)
		_ = events.Close()
	})
}

// there returns what is wrong when a file is not there although it should be, or the other way round.
func there(path string, wanted bool) string {
	if _, err := os.Stat(path); (err == nil) != wanted {
		return path
	}
	return ""
}
