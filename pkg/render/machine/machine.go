// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package machine puts a Wukong together: from its spec and what is known of its networks, the guest's data and the
// VirtualMachine. It is pure.
package machine

import (
	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/children"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// SecretValues are the parts of the guest's data that come from Secrets.
type SecretValues struct {
	// PasswordHash is the user's password hash.
	PasswordHash string
	// AuthorizedKeys are public keys in OpenSSH's format.
	AuthorizedKeys []string
	// UserData is user-data of the user's own; nil for none.
	UserData *cloudinit.Part
}

// Attachment is how one network reaches the machine.
type Attachment struct {
	// NetworkAttachmentDefinition is "name" or "namespace/name".
	NetworkAttachmentDefinition string
	// Binding is how KubeVirt connects it.
	Binding vmv1alpha1.Binding
}

// Input is what a machine is put together from.
type Input struct {
	// Wukong is the declaration, with the API server's defaults.
	Wukong *vmv1alpha1.Wukong
	// UID is the Wukong's UID, or what stands for it where there is no cluster.
	UID string
	// Attachments are the networks' attachments by network; the pod network has none.
	Attachments map[string]Attachment
	// Bridges are the hostnames of the nodes that the machine may be started on, for each of its bridges that somebody
	// checks. Without any, as where there is no cluster, bridges decide nothing.
	Bridges [][]string
	// Secrets are the values that come from Secrets.
	Secrets SecretValues
	// DefaultImage is the image of machines that name none.
	DefaultImage string
	// RunStrategy is the run strategy to write; empty for the declared one.
	RunStrategy vmv1alpha1.RunStrategy
}

// Objects returns the Secret with the guest's data and the VirtualMachine, both without owner. The error is a
// *SecretError where the data is larger than a Secret may be, else that of rendering, or about a disk's size that the API
// server refuses.
func Objects(in Input) (*corev1.Secret, *kubevirtv1.VirtualMachine, error) {
	data, err := guestData(in)
	if err != nil {
		return nil, nil, err
	}
	parts, err := data.Parts()
	if err != nil {
		return nil, nil, err
	}
	partsText, err := parts.Text()
	if err != nil {
		return nil, nil, err
	}
	spec := &in.Wukong.Spec
	secret := cloudinit.Secret(in.Wukong.Namespace, naming.CloudInitSecret(in.Wukong.Name), data)
	built := vm.Machine{
		Namespace:                     in.Wukong.Namespace,
		Name:                          naming.VirtualMachine(in.Wukong.Name),
		Wukong:                        in.Wukong.Name,
		UID:                           in.UID,
		CPU:                           spec.CPU,
		Memory:                        spec.Memory,
		Image:                         spec.OSImage,
		RunStrategy:                   in.RunStrategy,
		DeclaredRunStrategy:           spec.RunStrategy,
		CloudInitSecret:               secret.Name,
		CloudInitHash:                 data.Hash(),
		CloudInitParts:                partsText,
		TerminationGracePeriodSeconds: spec.TerminationGracePeriodSeconds,

		NodeSelector: spec.NodeSelector,
		Tolerations:  spec.Tolerations,
		Affinity:     vm.Affinity(spec.Affinity, in.Bridges),
	}
	if built.Disks, err = disks(in.Wukong); err != nil {
		return nil, nil, err
	}
	if built.Image == "" && spec.BootDisk() == nil {
		built.Image, built.ImageDefaulted = in.DefaultImage, true
	}
	if built.RunStrategy == "" {
		built.RunStrategy = spec.RunStrategy
	}
	for _, network := range spec.EffectiveNetworks() {
		attachment := in.Attachments[network.Name]
		built.NICs = append(built.NICs, vm.NIC{
			Network:                     network.Name,
			MACAddress:                  children.MACAddress(&network, in.UID),
			NetworkAttachmentDefinition: attachment.NetworkAttachmentDefinition,
			Binding:                     attachment.Binding,
		})
	}
	return secret, vm.Build(built), nil
}

func disks(wukong *vmv1alpha1.Wukong) ([]vm.Disk, error) {
	built := make([]vm.Disk, 0, len(wukong.Spec.Disks))
	for i := range wukong.Spec.Disks {
		disk, err := vm.DiskOf(wukong.Name, &wukong.Spec.Disks[i])
		if err != nil {
			return nil, err
		}
		built = append(built, disk)
	}
	return built, nil
}

func guestData(in Input) (cloudinit.Data, error) {
	spec := &in.Wukong.Spec
	var nics []cloudinit.NIC
	for _, network := range spec.EffectiveNetworks() {
		// Each NIC here is one of the machine's that KubeVirt plugs at every start. An entry for a NIC that is not
		// plugged would cost the guest all of its networks.
		nic := cloudinit.NIC{
			Network:    network.Name,
			MACAddress: children.MACAddress(&network, in.UID),
			Pod:        network.IsPodNetwork(),
			IPConfig:   network.IPConfig,
		}
		if network.MTU != nil {
			nic.MTU = *network.MTU
		}
		nics = append(nics, nic)
	}
	guest := cloudinit.Guest{
		Hostname:       naming.VirtualMachine(in.Wukong.Name),
		User:           account(spec.CloudInitUser, in.Secrets),
		AuthorizedKeys: in.Secrets.AuthorizedKeys,
		NICs:           nics,
		Firewall:       spec.Firewall,
		Agent:          spec.GuestAgent != vmv1alpha1.GuestAgentLeave,
		Own:            in.Secrets.UserData,
	}
	userData, err := cloudinit.UserData(guest)
	if err != nil {
		return cloudinit.Data{}, err
	}
	declared, err := guest.Declared()
	if err != nil {
		return cloudinit.Data{}, err
	}
	networkConfig, err := cloudinit.NetworkConfig(nics)
	if err != nil {
		return cloudinit.Data{}, err
	}
	if size := len(userData) + len(networkConfig); size > corev1.MaxSecretSize {
		return cloudinit.Data{}, tooLarge(spec, size)
	}
	return cloudinit.Data{UserData: userData, NetworkConfig: networkConfig, Declared: declared}, nil
}

func account(user *vmv1alpha1.CloudInitUser, secrets SecretValues) *cloudinit.User {
	if user == nil {
		return nil
	}
	hash := user.PasswordHash
	if secrets.PasswordHash != "" {
		hash = secrets.PasswordHash
	}
	return &cloudinit.User{
		Name:           user.Name,
		PasswordHash:   hash,
		LockPassword:   user.LockPasswd,
		Sudo:           user.Sudo,
		Shell:          user.Shell,
		Groups:         user.Groups,
		AuthorizedKeys: user.SSHAuthorizedKeys,
	}
}
