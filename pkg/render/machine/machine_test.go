// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package machine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
	"github.com/novasphere/wukong/pkg/render/machine"
	"github.com/novasphere/wukong/pkg/render/vm"
)

const uid = "4f2b6c8e-0000-4000-8000-000000000000"

func wukong(change func(*vmv1alpha1.WukongSpec)) *vmv1alpha1.Wukong {
	w := &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "vm"},
		Spec:       vmv1alpha1.WukongSpec{CPU: 2, Memory: resource.MustParse("4Gi"), RunStrategy: vmv1alpha1.RunStrategyAlways},
	}
	if change != nil {
		change(&w.Spec)
	}
	return w
}

func objects(t *testing.T, in machine.Input) (*corev1.Secret, *kubevirtv1.VirtualMachine) {
	t.Helper()
	in.UID, in.DefaultImage = uid, "quay.io/default:1"
	secret, built, err := machine.Objects(in)
	if err != nil {
		t.Fatal(err)
	}
	return secret, built
}

func TestNames(t *testing.T) {
	secret, built := objects(t, machine.Input{Wukong: wukong(nil)})
	if secret.Namespace != "team" || secret.Name != "vm-cloudinit" || built.Namespace != "team" || built.Name != "vm" {
		t.Errorf("got Secret %s/%s and machine %s/%s", secret.Namespace, secret.Name, built.Namespace, built.Name)
	}
	source := built.Spec.Template.Spec.Volumes[1].CloudInitNoCloud
	if source.UserDataSecretRef.Name != secret.Name || source.NetworkDataSecretRef.Name != secret.Name || source.UserData != "" {
		t.Errorf("the machine does not read the Secret: %v", source)
	}
}

// A Wukong may have a name that is no DNS label, and then its machine is named otherwise.
func TestLabelsNameTheWukong(t *testing.T) {
	w := wukong(nil)
	w.Name = "vm.example"
	secret, built := objects(t, machine.Input{Wukong: w})
	if secret.Name != "vm.example-cloudinit" || built.Name != naming.VirtualMachine(w.Name) {
		t.Errorf("got Secret %s and machine %s", secret.Name, built.Name)
	}
	for _, labels := range []map[string]string{built.Labels, built.Spec.Template.ObjectMeta.Labels} {
		if got := labels[vmv1alpha1.LabelWukong]; got != w.Name {
			t.Errorf("the label says %s, want %s as on the Wukong's other objects", got, w.Name)
		}
	}
}

func TestDefaults(t *testing.T) {
	_, built := objects(t, machine.Input{Wukong: wukong(nil)})
	spec := built.Spec.Template.Spec
	if image := spec.Volumes[0].ContainerDisk.Image; image != "quay.io/default:1" {
		t.Errorf("got image %s, want the default", image)
	}
	if got := built.Annotations[vmv1alpha1.AnnotationDefaultImage]; got != "quay.io/default:1" {
		t.Errorf("the machine remembers %q as its default image", got)
	}
	if len(spec.Networks) != 1 || spec.Networks[0].Pod == nil || spec.Domain.Devices.Interfaces[0].Masquerade == nil {
		t.Errorf("got %v, want the pod network alone", spec.Networks)
	}
	if mac := spec.Domain.Devices.Interfaces[0].MacAddress; mac != naming.MACAddress(uid, "default") {
		t.Errorf("got MAC address %s, want the derived one", mac)
	}
}

func TestOwnImage(t *testing.T) {
	_, built := objects(t, machine.Input{Wukong: wukong(func(s *vmv1alpha1.WukongSpec) { s.OSImage = "quay.io/own:2" })})
	if image := built.Spec.Template.Spec.Volumes[0].ContainerDisk.Image; image != "quay.io/own:2" {
		t.Errorf("got image %s", image)
	}
	if got, found := built.Annotations[vmv1alpha1.AnnotationDefaultImage]; found {
		t.Errorf("a declared image is remembered as the default %q", got)
	}
}

func TestRunStrategy(t *testing.T) {
	for _, row := range []struct {
		name                    string
		declared, written, want vmv1alpha1.RunStrategy
	}{
		{"the declared one", "Always", "", "Always"},
		{"the one a person chose", "Always", "Halted", "Halted"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, built := objects(t, machine.Input{
				Wukong: wukong(func(s *vmv1alpha1.WukongSpec) { s.RunStrategy = row.declared }), RunStrategy: row.written,
			})
			if got := string(*built.Spec.RunStrategy); got != string(row.want) {
				t.Errorf("got %s, want %s", got, row.want)
			}
			if got := built.Annotations[vmv1alpha1.AnnotationRunStrategy]; got != string(row.declared) {
				t.Errorf("the machine remembers %s, want %s", got, row.declared)
			}
		})
	}
}

func TestNetworks(t *testing.T) {
	mtu := int32(9000)
	w := wukong(func(s *vmv1alpha1.WukongSpec) {
		s.Networks = []vmv1alpha1.Network{
			{Name: "lan", MACAddress: "02:00:5E:00:00:01", MTU: &mtu, IPConfig: &vmv1alpha1.IPConfig{Mode: "static", Address: "10.0.0.2/24"}},
			{Name: "default"},
		}
	})
	secret, built := objects(t, machine.Input{Wukong: w, Attachments: map[string]machine.Attachment{
		"lan": {NetworkAttachmentDefinition: "vm-lan-nad", Binding: vmv1alpha1.Binding{Method: vmv1alpha1.BindingSRIOV}},
	}})
	spec := built.Spec.Template.Spec
	if spec.Networks[0].Multus.NetworkName != "vm-lan-nad" || spec.Domain.Devices.Interfaces[0].SRIOV == nil || spec.Networks[1].Pod == nil {
		t.Errorf("got %v", spec.Networks)
	}
	config := string(secret.Data["networkdata"])
	for _, nic := range spec.Domain.Devices.Interfaces {
		if !strings.Contains(config, `macaddress: "`+nic.MacAddress+`"`) {
			t.Errorf("the guest is told nothing of NIC %s with %s:\n%s", nic.Name, nic.MacAddress, config)
		}
	}
	if !strings.Contains(config, "mtu: 9000") || !strings.Contains(config, "10.0.0.2/24") {
		t.Errorf("the configuration is not complete:\n%s", config)
	}
}

func TestAccount(t *testing.T) {
	declared := &vmv1alpha1.CloudInitUser{Name: "ubuntu", PasswordHash: "$6$own$x", SSHAuthorizedKeys: []string{"ssh-ed25519 own"}}
	secret, _ := objects(t, machine.Input{
		Wukong:  wukong(func(s *vmv1alpha1.WukongSpec) { s.CloudInitUser = declared }),
		Secrets: machine.SecretValues{AuthorizedKeys: []string{"ssh-ed25519 secret"}},
	})
	for _, want := range []string{"name: ubuntu", `"$6$own$x"`, `"ssh-ed25519 own"`, `"ssh-ed25519 secret"`} {
		if data := string(secret.Data["userdata"]); !strings.Contains(data, want) {
			t.Errorf("%s is missing:\n%s", want, data)
		}
	}
	secret, _ = objects(t, machine.Input{
		Wukong:  wukong(func(s *vmv1alpha1.WukongSpec) { s.CloudInitUser = &vmv1alpha1.CloudInitUser{Name: "ubuntu"} }),
		Secrets: machine.SecretValues{PasswordHash: "$6$secret$x"},
	})
	if data := string(secret.Data["userdata"]); !strings.Contains(data, `"$6$secret$x"`) || !strings.Contains(data, "lock_passwd: false") {
		t.Errorf("the Secret's hash is not used:\n%s", data)
	}
}

func TestCloudInitHash(t *testing.T) {
	hashOf := func(change func(*vmv1alpha1.WukongSpec)) string {
		_, built := objects(t, machine.Input{Wukong: wukong(change)})
		return built.Spec.Template.ObjectMeta.Annotations[vm.AnnotationCloudInitHash]
	}
	before := hashOf(nil)
	if before == "" || before != hashOf(func(s *vmv1alpha1.WukongSpec) { s.CPU = 8 }) {
		t.Error("the hash depends on something the guest does not read")
	}
	if before == hashOf(func(s *vmv1alpha1.WukongSpec) { s.CloudInitUser = &vmv1alpha1.CloudInitUser{Name: "ubuntu"} }) {
		t.Error("the hash does not tell of a change of the user-data")
	}
}

func TestBridgesNarrowTheNodes(t *testing.T) {
	if _, built := objects(t, machine.Input{Wukong: wukong(nil)}); built.Spec.Template.Spec.Affinity != nil {
		t.Errorf("without bridges the machine is kept to %v", built.Spec.Template.Spec.Affinity)
	}
	_, built := objects(t, machine.Input{Wukong: wukong(nil), Bridges: [][]string{{"n1", "n2"}, {"n2", "n3"}}})
	terms := built.Spec.Template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	if len(terms) != 1 || len(terms[0].MatchExpressions) != 1 || !slices.Equal(terms[0].MatchExpressions[0].Values, []string{"n2"}) {
		t.Errorf("got %v", terms)
	}
}

func TestGuestAgent(t *testing.T) {
	for value, want := range map[vmv1alpha1.GuestAgent]bool{"": true, vmv1alpha1.GuestAgentInstall: true, vmv1alpha1.GuestAgentLeave: false} {
		secret, _ := objects(t, machine.Input{Wukong: wukong(func(s *vmv1alpha1.WukongSpec) { s.GuestAgent = value })})
		if got := strings.Contains(string(secret.Data["userdata"]), "qemu-guest-agent"); got != want {
			t.Errorf("guestAgent %q installs it: %v, want %v", value, got, want)
		}
	}
}

func TestDataThatNoSecretHolds(t *testing.T) {
	w := wukong(func(s *vmv1alpha1.WukongSpec) { s.CloudInit = &vmv1alpha1.CloudInit{SecretName: "own"} })
	part, err := cloudinit.ParsePart([]byte("#!/bin/sh\n" + strings.Repeat("# a long line\n", 80_000)))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = machine.Objects(machine.Input{Wukong: w, UID: uid, Secrets: machine.SecretValues{UserData: &part}})
	problem, ok := errors.AsType[*machine.SecretError](err)
	if !ok || problem.Reason != vmv1alpha1.ReasonGuestDataTooLarge || problem.Field != "spec.cloudInit.secretName" {
		t.Errorf("got %v, want that it is too large", err)
	}
}
