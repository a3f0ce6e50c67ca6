package kubevirt

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	virtv1 "kubevirt.io/api/core/v1"
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
	pod, err := s.launcher(t.Context(), s.instance("web"))
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
		c := condition(s.instance("late"), virtv1.VirtualMachineInstanceSynchronized)
		if c == nil || c.Reason != failedCreate {
			return fmt.Sprintf("condition Synchronized is %+v", c)
		}
		return ""
	})
	s.create(s.attachment("lan"))
	s.never(func() string {
		if phase := s.instance("late").Status.Phase; phase != virtv1.Pending {
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
	s.shows("late", virtv1.VirtualMachineStatusRunning)
}

func TestLateAttachmentInPod(t *testing.T) {
	s := newStage(t, Options{MissingNetwork: WaitInPod})
	s.create(s.secret("late"), s.virtualMachine("late"))
	s.phase("late", virtv1.Scheduling)
	s.create(s.attachment("lan"))
	s.shows("late", virtv1.VirtualMachineStatusRunning)
}

func TestLateSecret(t *testing.T) {
	s := newStage(t, Options{})
	s.create(s.attachment("lan"), s.virtualMachine("late"))
	s.phase("late", virtv1.Scheduling)
	s.never(func() string {
		if phase := s.instance("late").Status.Phase; phase != virtv1.Scheduling {
			return fmt.Sprintf("phase is %q without the Secret", phase)
		}
		return ""
	})
	s.shows("late", virtv1.VirtualMachineStatusStarting)
	s.create(s.secret("late"))
	s.shows("late", virtv1.VirtualMachineStatusRunning)
}

func TestBindingPluginMustBeRegistered(t *testing.T) {
	s := newStage(t, Options{})
	machine := s.virtualMachine("tap")
	machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].InterfaceBindingMethod = virtv1.InterfaceBindingMethod{}
	machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].Binding = &virtv1.PluginBinding{Name: "macvtap"}
	s.create(s.attachment("lan"), s.secret("tap"), machine)
	s.eventually(t.Context(), func() string {
		c := condition(s.instance("tap"), virtv1.VirtualMachineInstanceSynchronized)
		if c == nil || !strings.Contains(c.Message, "unable to find the network binding plugin 'macvtap' in Kubevirt configuration") {
			return fmt.Sprintf("condition Synchronized is %+v", c)
		}
		return ""
	})
	if err := s.SetTapBinding(t.Context(), "macvtap", true); err != nil {
		t.Fatal(err)
	}
	s.shows("tap", virtv1.VirtualMachineStatusRunning)
	if err := s.SetTapBinding(t.Context(), "macvtap", false); err != nil {
		t.Fatal(err)
	}
}

func TestRestartRequired(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	s.edit("web", func(machine *virtv1.VirtualMachine) {
		machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].MacAddress = "02:00:00:aa:bb:09"
	})
	s.eventually(t.Context(), func() string {
		if got := s.restartRequired("web"); got != restartForField {
			return fmt.Sprintf("RestartRequired says %q", got)
		}
		return ""
	})
	s.edit("web", func(machine *virtv1.VirtualMachine) {
		machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].MacAddress = lanMAC
	})
	s.eventually(t.Context(), func() string { return s.restartRequired("web") })

	s.edit("web", func(machine *virtv1.VirtualMachine) { machine.Spec.Template.Spec.Hostname = "other" })
	s.eventually(t.Context(), func() string {
		if s.restartRequired("web") == "" {
			return "another hostname needs no restart"
		}
		return ""
	})
	before := s.instance("web").UID
	if err := s.RestartVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.eventually(t.Context(), func() string {
		if vmi := s.instance("web"); vmi.UID == before || !vmi.IsRunning() {
			return "the instance was not replaced"
		}
		return s.restartRequired("web")
	})
}

func TestLiveUpdates(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	s.edit("web", func(machine *virtv1.VirtualMachine) {
		machine.Spec.Template.Spec.Domain.CPU.Sockets = 2
		more := resource.MustParse("4Gi")
		machine.Spec.Template.Spec.Domain.Memory.Guest = &more
		machine.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelOSStable: "linux"}
	})
	s.eventually(t.Context(), func() string {
		vmi := s.instance("web")
		if vmi.Spec.Domain.CPU.Sockets != 2 || vmi.Spec.Domain.Memory.Guest.String() != "4Gi" || len(vmi.Spec.NodeSelector) != 1 {
			return "live fields did not reach the instance"
		}
		return ""
	})
	if got := s.restartRequired("web"); got != "" {
		t.Errorf("RestartRequired says %q", got)
	}
	s.edit("web", func(machine *virtv1.VirtualMachine) { machine.Spec.Template.Spec.Domain.CPU.Sockets = 9 })
	s.eventually(t.Context(), func() string {
		if got := s.restartRequired("web"); got != restartForTooManyCPUs {
			return fmt.Sprintf("RestartRequired says %q", got)
		}
		return ""
	})
}

func TestPlacement(t *testing.T) {
	s := newStage(t, Options{})
	machine := s.virtualMachine("picky")
	machine.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpNotIn, Values: []string{"node-1", "node-2"}},
			},
		}}},
	}}
	s.create(s.attachment("lan"), s.secret("picky"), machine)
	s.shows("picky", virtv1.VirtualMachineStatusRunning)
	if got := s.instance("picky").Status.NodeName; got != "node-3" {
		t.Errorf("instance is on %q, want node-3", got)
	}
	s.VM(s.namespace, "sad").Unschedulable("0/3 nodes are available: 3 Insufficient memory.")
	s.create(s.secret("sad"), s.virtualMachine("sad"))
	s.shows("sad", virtv1.VirtualMachineStatusUnschedulable)
	s.VM(s.namespace, "sad").Unschedulable("")
	s.shows("sad", virtv1.VirtualMachineStatusRunning)
}

func TestStopAndStart(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	if err := s.StopVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.shows("web", virtv1.VirtualMachineStatusStopped)
	if got := *s.get("web").Spec.RunStrategy; got != virtv1.RunStrategyHalted {
		t.Errorf("run strategy is %s, want Halted", got)
	}
	if err := s.StartVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.shows("web", virtv1.VirtualMachineStatusRunning)
}

func TestCrashLoop(t *testing.T) {
	s := newStage(t, Options{})
	s.VM(s.namespace, "web").Crash(2)
	s.create(s.attachment("lan"), s.secret("web"), s.virtualMachine("web"))
	s.shows("web", virtv1.VirtualMachineStatusCrashLoopBackOff)
	s.shows("web", virtv1.VirtualMachineStatusRunning)
}

func TestScripts(t *testing.T) {
	s := newStage(t, Options{})
	web := s.VM(s.namespace, "web")
	web.HoldAt(virtv1.Scheduled)
	web.SetAgent(false)
	s.create(s.attachment("lan"), s.secret("web"), s.virtualMachine("web"))
	s.phase("web", virtv1.Scheduled)
	web.Release()
	s.shows("web", virtv1.VirtualMachineStatusRunning)
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
	s.shows("web", virtv1.VirtualMachineStatusTerminating)
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
		for _, object := range []client.Object{&virtv1.VirtualMachine{}, &virtv1.VirtualMachineInstance{}} {
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
	s.shows("web", virtv1.VirtualMachineStatusRunning)
	if err := s.client.Delete(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	s.gone("web")
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
	s.shows("web", virtv1.VirtualMachineStatusRunning)
	s.eventually(t.Context(), func() string {
		object := &virtv1.KubeVirt{}
		if err := s.client.Get(t.Context(), ConfigurationKey, object); err != nil || object.Status.Phase != virtv1.KubeVirtPhaseDeployed {
			return fmt.Sprintf("KubeVirt object is %q (%v)", object.Status.Phase, err)
		}
		return ""
	})
}
