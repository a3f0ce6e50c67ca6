// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package machine boots a node's image in QEMU, without acceleration and without rights: what is on the far side of its NICs
// are Unix sockets.
package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/novasphere/wukong/e2e/node/image"
	"github.com/novasphere/wukong/e2e/node/wire"
	"github.com/novasphere/wukong/e2e/qemu"
	"github.com/novasphere/wukong/e2e/shell"
)

// bootPatience is several times what a boot takes on a busy machine.
const bootPatience = 10 * time.Minute

// Spec says what to boot.
type Spec struct {
	// Image has the disk; it stays as it is.
	Image image.Image
	// NICs are those that the image knows. The first one is the node's management NIC, behind which QEMU plays the router
	// 10.0.2.2 and the name server 10.0.2.3, and brings logins to 10.0.2.15.
	NICs []image.NIC
}

// Machine is a node that has booted.
type Machine struct {
	*shell.Shell
	folder string
	vm     *qemu.VM
	cables map[string]*wire.Cable
}

// Boot starts a machine and waits until it lets root log in. Stop it.
func Boot(ctx context.Context, spec Spec) (*Machine, error) {
	folder, err := os.MkdirTemp("", "wukong-node-*")
	if err != nil {
		return nil, err
	}
	m := &Machine{folder: folder, cables: map[string]*wire.Cable{}}
	if err := m.boot(ctx, spec); err != nil {
		return nil, errors.Join(err, m.Stop())
	}
	return m, nil
}

func (m *Machine) boot(ctx context.Context, spec Spec) error {
	for _, nic := range spec.NICs {
		cable, err := wire.Connect(m.socket(nic.Name, "outside"), m.socket(nic.Name, "inside"))
		if err != nil {
			return err
		}
		m.cables[nic.Name] = cable
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	m.vm, err = qemu.Start(qemu.Spec{Folder: m.folder, Disk: spec.Image.Disk, Arguments: m.arguments(spec, port)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, bootPatience)
	defer cancel()
	if m.Shell, err = m.logIn(ctx, spec.Image, port); err != nil {
		return fmt.Errorf("%w\n%s", err, m.Log())
	}
	return nil
}

// Cable returns the far side of a NIC.
func (m *Machine) Cable(nic string) *wire.Cable { return m.cables[nic] }

// setLink is the arguments of QEMU's command of that name.
type setLink struct {
	Name string `json:"name"`
	Up   bool   `json:"up"`
}

// Plug connects a NIC's cable, or pulls it.
func (m *Machine) Plug(ctx context.Context, nic string, connected bool) error {
	return m.vm.Execute(ctx, "set_link", setLink{Name: nic, Up: connected})
}

// Log returns what QEMU and the node's console said.
func (m *Machine) Log() string { return m.vm.Log() }

// Stop ends the machine as if by pulling its plug, and removes what it left.
func (m *Machine) Stop() error {
	var failures []error
	if m.Shell != nil {
		// It fails when the node was cut off before, which is not what is being asked here.
		_ = m.Close()
	}
	if m.vm != nil {
		failures = append(failures, m.vm.Stop())
	}
	for _, cable := range m.cables {
		failures = append(failures, cable.Close())
	}
	return errors.Join(append(failures, os.RemoveAll(m.folder))...)
}

func (m *Machine) socket(nic, end string) string { return filepath.Join(m.folder, nic+"-"+end) }
