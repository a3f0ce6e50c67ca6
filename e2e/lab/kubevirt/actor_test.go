// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

func TestMachineRunsWithTheAddressesOfItsSecret(t *testing.T) {
	s := newStage(t, Options{})
	machine := s.running("web")

	if !machine.Status.Ready || !machine.Status.Created {
		t.Errorf("status is ready=%t created=%t", machine.Status.Ready, machine.Status.Created)
	}
	if machine.Spec.Template.Spec.Domain.Firmware == nil || machine.Spec.Template.Spec.Domain.Firmware.UUID == "" {
		t.Error("firmware was not defaulted")
	}
	if got, want := s.address("web", "lan"), "192.168.100.10"; got != want {
		t.Errorf("address on lan is %q, want %q", got, want)
	}
	if link, _ := s.VM(s.namespace, "web").Guest().Link("default"); len(link.Addresses) != 1 || link.Addresses[0] != masqueradeAddress {
		t.Errorf("guest has %v on the pod network, want %s", link.Addresses, masqueradeAddress)
	}
	pod, _, err := s.launchers(t.Context(), s.instance("web"))
	if err != nil || pod == nil {
		t.Fatalf("launcher pod: %v, %v", pod, err)
	}
	var elements []map[string]any
	if err := json.Unmarshal([]byte(pod.Annotations[networksAnnotation]), &elements); err != nil {
		t.Fatal(err)
	}
	if len(elements) != 1 || elements[0]["name"] != "lan" || elements[0]["mac"] != lanMAC || elements[0]["namespace"] != s.namespace {
		t.Errorf("Multus annotation is %v", elements)
	}
	if nic, _ := elements[0]["interface"].(string); !strings.HasPrefix(nic, "pod") || len(nic) != 14 {
		t.Errorf("pod interface is %q", nic)
	}
	if s.restartRequired("web") != "" {
		t.Error("a fresh machine requires a restart")
	}
}

func TestLateAttachmentLeavesTheInstancePending(t *testing.T) {
	s := newStage(t, Options{})
	s.create(s.secret("late"), s.virtualMachine("late"))
	s.eventually(t.Context(), func() string {
		c := condition(s.instance("late"), kubevirtv1.VirtualMachineInstanceSynchronized)
		if c == nil || c.Reason != failedCreate {
			return fmt.Sprintf("condition Synchronized is %+v", c)
		}
		return ""
	})
	s.create(s.attachment("lan"))
	s.never(func() string {
		if phase := s.instance("late").Status.Phase; phase != kubevirtv1.Pending {
			return fmt.Sprintf("phase is %q, want Pending for good", phase)
		}
		return ""
	})
	s.VM(s.namespace, "late").HangDeletion(true)
	if err := s.RestartVM(t.Context(), s.namespace, "late"); err != nil {
		t.Fatal(err)
	}
	s.never(func() string {
		if s.instance("late").UID == "" {
			return "the instance went although its deletion hangs"
		}
		return ""
	})
	s.VM(s.namespace, "late").HangDeletion(false)
	s.shows("late", kubevirtv1.VirtualMachineStatusRunning)
}

func TestLateAttachmentInPod(t *testing.T) {
	s := newStage(t, Options{MissingNetwork: WaitInPod})
	s.create(s.secret("late"), s.virtualMachine("late"))
	s.phase("late", kubevirtv1.Scheduling)
	s.create(s.attachment("lan"))
	s.shows("late", kubevirtv1.VirtualMachineStatusRunning)
}

func TestLateSecret(t *testing.T) {
	s := newStage(t, Options{})
	s.create(s.attachment("lan"), s.virtualMachine("late"))
	s.phase("late", kubevirtv1.Scheduling)
	s.never(func() string {
		if phase := s.instance("late").Status.Phase; phase != kubevirtv1.Scheduling {
			return fmt.Sprintf("phase is %q without the Secret", phase)
		}
		return ""
	})
	s.shows("late", kubevirtv1.VirtualMachineStatusStarting)
	s.create(s.secret("late"))
	s.shows("late", kubevirtv1.VirtualMachineStatusRunning)
}

func TestBindingPluginMustBeRegistered(t *testing.T) {
	s := newStage(t, Options{})
	machine := s.virtualMachine("tap")
	machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].InterfaceBindingMethod = kubevirtv1.InterfaceBindingMethod{}
	machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].Binding = &kubevirtv1.PluginBinding{Name: "macvtap"}
	s.create(s.attachment("lan"), s.secret("tap"), machine)
	s.eventually(t.Context(), func() string {
		c := condition(s.instance("tap"), kubevirtv1.VirtualMachineInstanceSynchronized)
		if c == nil || !strings.Contains(c.Message, "unable to find the network binding plugin 'macvtap' in Kubevirt configuration") {
			return fmt.Sprintf("condition Synchronized is %+v", c)
		}
		return ""
	})
	if err := s.SetTapBinding(t.Context(), "macvtap", true); err != nil {
		t.Fatal(err)
	}
	s.shows("tap", kubevirtv1.VirtualMachineStatusRunning)
	if err := s.SetTapBinding(t.Context(), "macvtap", false); err != nil {
		t.Fatal(err)
	}
}

func TestScripts(t *testing.T) {
	s := newStage(t, Options{})
	web := s.VM(s.namespace, "web")
	web.HoldAt(kubevirtv1.Scheduled)
	web.SetAgent(false)
	s.create(s.attachment("lan"), s.secret("web"), s.virtualMachine("web"))
	s.phase("web", kubevirtv1.Scheduled)
	web.Release()
	s.shows("web", kubevirtv1.VirtualMachineStatusRunning)
	if got := s.address("web", "lan"); got != "" {
		t.Errorf("address on lan is %q without an agent", got)
	}
	web.SetAgent(true)
	s.connected("web")
	web.Report("lan", "192.168.100.99")
	s.eventually(t.Context(), func() string {
		if got := s.address("web", "lan"); got != "192.168.100.99" {
			return fmt.Sprintf("address on lan is %q, want the scripted one", got)
		}
		return ""
	})
	web.HoldStop()
	if err := s.client.Delete(t.Context(), s.get("web")); err != nil {
		t.Fatal(err)
	}
	s.shows("web", kubevirtv1.VirtualMachineStatusTerminating)
	s.never(func() string {
		if s.get("web").UID == "" {
			return "the machine went while its guest was still shutting down"
		}
		return ""
	})
	web.Release()
	s.gone("web")
}

func (s *stage) gone(name string) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		for _, object := range []client.Object{&kubevirtv1.VirtualMachine{}, &kubevirtv1.VirtualMachineInstance{}} {
			err := s.client.Get(s.t.Context(), key{Namespace: s.namespace, Name: name}, object)
			if !apierrors.IsNotFound(err) {
				return fmt.Sprintf("%T is still there (%v)", object, err)
			}
		}
		var pods corev1.PodList
		if err := s.client.List(s.t.Context(), &pods, client.InNamespace(s.namespace)); err != nil || len(pods.Items) > 0 {
			return fmt.Sprintf("%d pods are left (%v)", len(pods.Items), err)
		}
		return ""
	})
}

func TestDeletion(t *testing.T) {
	for _, policy := range []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground} {
		t.Run(string(policy), func(t *testing.T) {
			s := newStage(t, Options{})
			machine := s.running("web")
			if err := s.client.Delete(t.Context(), machine, client.PropagationPolicy(policy)); err != nil {
				t.Fatal(err)
			}
			s.gone("web")
		})
	}
}

func TestDeletionThroughTheOwner(t *testing.T) {
	s := newStage(t, Options{})
	owner := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "owner"}}
	s.create(owner)
	machine := s.virtualMachine("web")
	machine.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: "owner", UID: owner.UID}}
	s.create(s.attachment("lan"), s.secret("web"), machine)
	s.shows("web", kubevirtv1.VirtualMachineStatusRunning)
	if err := s.client.Delete(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	s.gone("web")
}

func TestDeletionWithTheNamespace(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	s.deleteNamespace(t.Context())
	s.gone("web")
	s.eventually(t.Context(), func() string {
		err := s.client.Get(t.Context(), client.ObjectKey{Name: s.namespace}, &corev1.Namespace{})
		if !apierrors.IsNotFound(err) {
			return fmt.Sprintf("namespace %s is still there (%v)", s.namespace, err)
		}
		return ""
	})
}

func TestKubeVirtGoesAndComesBack(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	if err := neighbours.Remove(t.Context(), plane.Config(), neighbours.KubeVirt); err != nil {
		t.Fatal(err)
	}
	if err := neighbours.Install(t.Context(), plane.Config(), neighbours.KubeVirt); err != nil {
		t.Fatal(err)
	}
	s.create(s.virtualMachine("web"))
	s.shows("web", kubevirtv1.VirtualMachineStatusRunning)
	s.eventually(t.Context(), func() string {
		object := &kubevirtv1.KubeVirt{}
		if err := s.client.Get(t.Context(), ConfigurationKey, object); err != nil || object.Status.Phase != kubevirtv1.KubeVirtPhaseDeployed {
			return fmt.Sprintf("KubeVirt object is %q (%v)", object.Status.Phase, err)
		}
		return ""
	})
}
