// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"context"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/novasphere/wukong/e2e/guest/launcher"
	"github.com/novasphere/wukong/e2e/guest/netns"
	"github.com/novasphere/wukong/e2e/node/wire"
	"github.com/novasphere/wukong/e2e/shell"
)

const (
	// bootPatience is many times what a boot takes on an idle machine.
	bootPatience = 15 * time.Minute
	// stopPatience is many times what a guest takes to end.
	stopPatience = 5 * time.Minute
	// answerPatience is how long a guest may take to answer a simple question.
	answerPatience = time.Minute
	pings          = 3
	// bootID asks the kernel for what is another at each boot.
	bootID = "cat /proc/sys/kernel/random/boot_id"
)

// guest is a machine with a root disk that stays when the machine is started again.
type guest struct {
	world    *world
	root     string
	user     string
	identity identity
	pod      *launcher.Pod
	// boot is the id of the present boot.
	boot string
	// way is how the tests get in when they want to look around.
	way shell.Dial
	*shell.Shell
}

// newGuest gives a machine a root disk. Its user is the one that the tests log in as.
func newGuest(t *testing.T, w *world, user string) *guest {
	t.Helper()
	g := &guest{world: w, user: user, root: filepath.Join(t.TempDir(), "root.img")}
	if said, err := exec.CommandContext(t.Context(), "cp", "--sparse=always", disk.Image(), g.root).CombinedOutput(); err != nil {
		t.Fatalf("copying the disk: %v\n%s", err, said)
	}
	t.Cleanup(func() {
		if g.pod == nil {
			return
		}
		if t.Failed() {
			t.Log(g.pod.Log())
		}
		if err := g.pod.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// start starts the machine, and waits until cloud-init is done. The way is where the tests get in; nil is by the pod network.
func (g *guest) start(t *testing.T, made product, way shell.Dial) {
	t.Helper()
	started := time.Now()
	pod, err := launcher.Node{Namespace: g.world.node, Plugins: plugins}.Start(t.Context(), made.Machine, disk, g.root)
	if err != nil {
		t.Fatal(err)
	}
	g.pod, g.way = pod, way
	if way == nil {
		g.way = pod.Dial
	}
	g.enter(t, g.boot)
	t.Logf("%.0f s from start to cloud-init done", time.Since(started).Seconds())
}

// enter logs in and waits until cloud-init is done, which has to be without an error or a warning. A boot that ends takes
// logins for a while: what has the id of the boot before is not entered.
func (g *guest) enter(t *testing.T, before string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootPatience)
	defer cancel()
	for {
		entered, err := shell.Knock(ctx, g.way, g.identity.config(g.user, ssh.PublicKeys(key())), g.pod.Exited())
		if err != nil {
			t.Fatal(err)
		}
		boot, err := g.bootOf(ctx, entered)
		if err == nil && string(boot) != before {
			g.Shell, g.boot = entered, string(boot)
			break
		}
		_ = entered.Close()
	}
	if said, err := g.Run(ctx, "cloud-init status --wait --long"); err != nil {
		t.Fatalf("cloud-init: %v\n%s", err, said)
	}
	// It takes what it does not understand for a warning.
	if said := g.ask(t, "sudo grep WARNING /var/log/cloud-init.log | sort -u"); said != "" {
		t.Errorf("cloud-init warns:\n%s\n%s", said, g.ask(t, "sudo cloud-init schema --system 2>&1 || true"))
	}
}

// bootOf asks for the id of a boot, which may end before it answers.
func (g *guest) bootOf(ctx context.Context, entered *shell.Shell) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	return entered.Run(ctx, bootID)
}

// reboot reboots the guest from within, which changes nothing outside of it.
func (g *guest) reboot(t *testing.T) {
	t.Helper()
	started := time.Now()
	// The connection may be cut before the answer is there.
	_, _ = g.Run(t.Context(), "sudo systemctl reboot")
	_ = g.Close()
	g.enter(t, g.boot)
	t.Logf("%.0f s from reboot to cloud-init done", time.Since(started).Seconds())
}

// restart ends the machine and starts it anew with what the operator has made since, as KubeVirt does: in another pod.
func (g *guest) restart(t *testing.T, made product, way shell.Dial) {
	t.Helper()
	_ = g.Close()
	if err := g.pod.PowerDown(t.Context(), stopPatience); err != nil {
		t.Fatal(err)
	}
	if err := g.pod.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.pod = nil
	g.start(t, made, way)
}

// ask runs a line of shell in the guest and returns what it says, without the space around.
func (g *guest) ask(t *testing.T, line string) string {
	t.Helper()
	said, err := g.Run(t.Context(), line)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(said))
}

// ping pings an address from the guest.
func (g *guest) ping(t *testing.T, target netip.Addr) wire.Count {
	t.Helper()
	said, err := g.Run(t.Context(), "ping "+strings.Join(netns.PingArguments(target, pings), " ")+" || true")
	count, err := netns.CountPings(said, err)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// expectPings pings the guest from a station, and the station from the guest. All pings are answered, or none.
func (g *guest) expectPings(t *testing.T, s station, guest, stationAddress netip.Addr, want int) {
	t.Helper()
	in, err := s.Ping(t.Context(), netip.Addr{}, guest, pings)
	if err != nil {
		t.Fatal(err)
	}
	out := g.ping(t, stationAddress)
	t.Logf("pings to %s: %s, from it to %s: %s", guest, in, stationAddress, out)
	if in.Answered != want || out.Answered != want {
		t.Errorf("pings to %s: %s, from it to %s: %s, want %d of each", guest, in, stationAddress, out, want)
	}
}

// logIn logs in from a station, once.
func (g *guest) logIn(ctx context.Context, s station, address netip.Addr, method ssh.AuthMethod) (*shell.Shell, error) {
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	return shell.LogIn(ctx, from(s, address), g.identity.config(g.user, method))
}

// expectLogin logs in from a station.
func (g *guest) expectLogin(t *testing.T, s station, address netip.Addr, how string, method ssh.AuthMethod) {
	t.Helper()
	entered, err := g.logIn(t.Context(), s, address, method)
	if err != nil {
		t.Errorf("ssh %s@%s by %s: %v", g.user, address, how, err)
		return
	}
	defer func() { _ = entered.Close() }()
	said, err := entered.Run(t.Context(), "whoami")
	if got := strings.TrimSpace(string(said)); err != nil || got != g.user {
		t.Errorf("ssh %s@%s by %s: it is %q (%v)", g.user, address, how, got, err)
		return
	}
	t.Logf("ssh %s@%s by %s: in", g.user, address, how)
}
