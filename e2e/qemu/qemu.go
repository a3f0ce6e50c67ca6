// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package qemu runs virtual machines with a disk of package debian, without acceleration: they are to run in containers, too.
package qemu

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/novasphere/wukong/e2e/debian"
	"github.com/novasphere/wukong/e2e/lab/process"
)

const (
	executable = "qemu-system-x86_64"
	memory     = "1024"
	processors = "2"
	// kernelArguments leave out the kernel's defences against other tenants of a processor, which cost much without acceleration.
	kernelArguments = "root=/dev/vda rw console=ttyS0 quiet mitigations=off"
)

// Program is what has to be installed, with the Debian package that has it, as debian.EnsurePrograms takes it.
func Program() map[string]string { return map[string]string{executable: "qemu-system-x86"} }

// Spec says what to run.
type Spec struct {
	// Folder takes QEMU's control socket and logs; it has to exist.
	Folder string
	// Disk has the kernel; the drives are among the arguments, and the first virtio drive is the root file system.
	Disk debian.Disk
	// Arguments are added to the command line.
	Arguments []string
	// Namespace is the file of the network namespace to run in; empty for this process's own.
	Namespace string
	// Files are open in QEMU, from file descriptor 3 on.
	Files []*os.File
}

// VM is a running virtual machine.
type VM struct {
	folder  string
	process *process.Process
}

// Start starts a virtual machine and returns at once. Stop it.
func Start(spec Spec) (*VM, error) {
	vm := &VM{folder: spec.Folder}
	output, err := os.Create(vm.file("qemu.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = output.Close() }()
	program, arguments := executable, append(vm.arguments(spec.Disk), spec.Arguments...)
	if spec.Namespace != "" {
		// It becomes QEMU, and so is ended like it.
		program, arguments = "nsenter", append([]string{"--net=" + spec.Namespace, executable}, arguments...)
	}
	vm.process, err = process.Start(process.Spec{Name: "QEMU", Executable: program, Arguments: arguments, Output: output, Files: spec.Files})
	if err != nil {
		return nil, err
	}
	return vm, nil
}

func (vm *VM) arguments(disk debian.Disk) []string {
	return []string{
		"-accel", "tcg,thread=multi", "-cpu", "max", "-smp", processors, "-m", memory,
		"-nodefaults", "-display", "none", "-serial", "file:" + vm.file("serial.log"),
		"-qmp", "unix:" + vm.file("control") + ",server=on,wait=off",
		"-kernel", disk.Kernel(), "-initrd", disk.InitialRAMDisk(), "-append", kernelArguments,
		"-device", "virtio-rng-pci",
	}
}

// Exited is closed when the machine has ended.
func (vm *VM) Exited() <-chan struct{} { return vm.process.Exited() }

// Log returns what QEMU and the machine's console said.
func (vm *VM) Log() string {
	// What cannot be read has not been said.
	qemu, _ := os.ReadFile(vm.file("qemu.log"))
	serial, _ := os.ReadFile(vm.file("serial.log"))
	return string(qemu) + string(serial)
}

// Execute has QEMU execute one command of its machine protocol, and waits for the answer.
func (vm *VM) Execute(ctx context.Context, command string, arguments any) error {
	control, err := dialControl(ctx, vm.file("control"))
	if err != nil {
		return err
	}
	return errors.Join(control.execute(command, arguments), control.close())
}

// PowerDown presses the machine's power button and waits until it has ended; it is an error when that takes longer than the
// patience.
func (vm *VM) PowerDown(ctx context.Context, patience time.Duration) error {
	if err := vm.Execute(ctx, "system_powerdown", nil); err != nil {
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-vm.Exited():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errors.New("the machine does not end when its power button is pressed")
	}
}

// Stop ends the machine as if by pulling its plug, and waits until it is gone.
func (vm *VM) Stop() error { return vm.process.Kill() }

func (vm *VM) file(name string) string { return filepath.Join(vm.folder, name) }
