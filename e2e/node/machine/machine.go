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

	"golang.org/x/crypto/ssh"

	"github.com/novasphere/wukong/e2e/lab/process"
	"github.com/novasphere/wukong/e2e/node/image"
	"github.com/novasphere/wukong/e2e/node/wire"
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
	folder  string
	process *process.Process
	serial  string
	control *control
	login   *ssh.Client
	cables  map[string]*wire.Cable
}

// Boot starts a machine and waits until it lets root log in. Stop it.
func Boot(ctx context.Context, spec Spec) (*Machine, error) {
	folder, err := os.MkdirTemp("", "wukong-node-*")
	if err != nil {
		return nil, err
	}
	m := &Machine{folder: folder, serial: filepath.Join(folder, "serial.log"), cables: map[string]*wire.Cable{}}
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
	output, err := os.Create(filepath.Join(m.folder, "qemu.log"))
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	m.process, err = process.Start(process.Spec{Name: "QEMU", Executable: "qemu-system-x86_64", Arguments: m.arguments(spec, port), Output: output})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, bootPatience)
	defer cancel()
	if m.login, err = m.logIn(ctx, spec.Image, port); err != nil {
		return fmt.Errorf("%w\n%s", err, m.Log())
	}
	m.control, err = dialControl(ctx, m.controlSocket())
	return err
}

// Cable returns the far side of a NIC.
func (m *Machine) Cable(nic string) *wire.Cable { return m.cables[nic] }

// Plug connects a NIC's cable, or pulls it.
func (m *Machine) Plug(nic string, connected bool) error {
	return m.control.execute("set_link", setLink{Name: nic, Up: connected})
}

// Log returns what QEMU and the node's console said.
func (m *Machine) Log() string {
	// What cannot be read has not been said.
	qemu, _ := os.ReadFile(filepath.Join(m.folder, "qemu.log"))
	serial, _ := os.ReadFile(m.serial)
	return string(qemu) + string(serial)
}

// Stop ends the machine as if by pulling its plug, and removes what it left.
func (m *Machine) Stop() error {
	var failures []error
	if m.login != nil {
		// It fails when the node was cut off before, which is not what is being asked here.
		_ = m.login.Close()
	}
	if m.control != nil {
		failures = append(failures, m.control.close())
	}
	if m.process != nil {
		failures = append(failures, m.process.Kill())
	}
	for _, cable := range m.cables {
		failures = append(failures, cable.Close())
	}
	return errors.Join(append(failures, os.RemoveAll(m.folder))...)
}

func (m *Machine) socket(nic, end string) string { return filepath.Join(m.folder, nic+"-"+end) }

func (m *Machine) controlSocket() string { return filepath.Join(m.folder, "control") }
