// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// macvtapConf is what macvtap's CNI plugin reads of its configuration beside what its device plugin tells it.
type macvtapConf struct {
	MTU int `json:"mtu"`
}

// plugMacvtap makes the macvtap and moves it into the pod under the NIC's name and MAC, as macvtap's device plugin and CNI
// plugin do together, and opens it for QEMU. KubeVirt leaves it as it is.
func (p *Pod) plugMacvtap(ctx context.Context, nic NIC) (*os.File, error) {
	var config macvtapConf
	if err := json.Unmarshal(nic.Config, &config); err != nil {
		return nil, fmt.Errorf("reading the macvtap's configuration: %w", err)
	}
	name := linksOf(nic.Network).pod
	arguments := []string{"link", "add", "link", nic.Lower, "name", name, "netns", p.namespace.Name(), "address", nic.MAC}
	if config.MTU != 0 {
		arguments = append(arguments, "mtu", strconv.Itoa(config.MTU))
	}
	if err := p.node.IP(ctx, append(arguments, "type", "macvtap", "mode", "bridge")...); err != nil {
		return nil, err
	}
	if err := p.namespace.IP(ctx, "link", "set", name, "up"); err != nil {
		return nil, err
	}
	return p.openTap(ctx, name)
}

// openTap opens the character device of a macvtap, which no device manager makes for a namespace.
func (p *Pod) openTap(ctx context.Context, link string) (*os.File, error) {
	said, err := p.namespace.Run(ctx, "sh", "-c", "cat /sys/class/net/"+link+"/tap*/dev")
	if err != nil {
		return nil, err
	}
	var major, minor uint32
	if _, err := fmt.Sscanf(strings.TrimSpace(string(said)), "%d:%d", &major, &minor); err != nil {
		return nil, fmt.Errorf("the device of the macvtap is %q: %w", said, err)
	}
	path := filepath.Join(p.folder, link)
	if err := unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(major, minor))); err != nil {
		return nil, fmt.Errorf("making the device of the macvtap: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	return file, errors.Join(err, os.Remove(path))
}
