// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import "strings"

// startWhereMissing starts the service of installing, unless the image has every command that $4 and so on name.
const startWhereMissing = `service=$1 program=$2 unit=$3; shift 3; for wanted; do ` +
	`if ! command -v "$wanted" >/dev/null; then set -- "$service" "$program" "$unit"; ` + startService + `; break; fi; done`

// installCommands returns what makes the guest install what it lacks of the firewall and of the guest agent; none where
// neither is wanted. cloud-init's own "packages" would not do: it fetches package lists also where nothing is missing,
// holds up the rest of cloud-init where there is no package source, and tries only at the first boot.
func installCommands(guest Guest) ([]command, error) {
	var commands, items []string
	want := func(program, name string) {
		commands = append(commands, program)
		items = append(items, program+" "+name+"\n")
	}
	if guest.Firewall != nil {
		want("ufw", "ufw")
	}
	if guest.Agent {
		want("qemu-ga", "qemu-guest-agent")
	}
	if len(items) == 0 {
		return nil, nil
	}
	program, err := placeProgram("install.sh")
	if err != nil {
		return nil, err
	}
	start, err := service("wukong-install", "install.sh")
	if err != nil {
		return nil, err
	}
	start[2] = startWhereMissing
	return []command{place("install", strings.Join(items, "")), program, append(start, commands...)}, nil
}
