// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"embed"
	"fmt"
)

// The programs that run in the guest are fixed texts. What they act on is in files of plain words beside them, so that
// no value of a user's becomes part of a program.
//
//go:embed guest
var programs embed.FS

// guestFolder is where the programs and what they read are in the guest. It does not outlive a boot, so that what is
// declared no more is there no more.
const guestFolder = "/run/wukong/"

// The commands below take their arguments as words: cloud-init quotes each one (cloudinit/util.py, shellify).
const (
	// placeFile writes the text $2 to the file $1.
	placeFile = `mkdir -p "${1%/*}" && printf %s "$2" >"$1"`
	// startService runs the program $2 beside the boot, as the systemd service $1 with the unit $3 where there is
	// systemd.
	startService = `if [ -d /run/systemd/system ]; then printf %s "$3" >"/run/systemd/system/$1.service"; ` +
		`systemctl daemon-reload; systemctl restart --no-block "$1.service"; ` +
		`else sh "$2" </dev/null >/dev/null 2>&1 & fi`
)

// command is one of cloud-init's bootcmd, which run at each boot, with the network there and before the services that
// listen on it.
type command []string

func place(file, content string) command {
	return command{"sh", "-c", placeFile, "wukong", guestFolder + file, content}
}

// placeProgram writes one of the embedded programs.
func placeProgram(name string) (command, error) {
	text, err := programs.ReadFile("guest/" + name)
	if err != nil {
		return nil, fmt.Errorf("reading the guest's program %s: %w", name, err)
	}
	return place(name, string(text)), nil
}

// service runs an embedded program as a service that has the embedded unit.
func service(name, program string) (command, error) {
	unit, err := programs.ReadFile("guest/" + name + ".service")
	if err != nil {
		return nil, fmt.Errorf("reading the unit %s: %w", name, err)
	}
	return command{"sh", "-c", startService, "wukong", name, guestFolder + program, string(unit)}, nil
}
