// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// pair is a machine and what runs of it, with the networks default and lan.
type pair struct {
	machine  *kubevirtv1.VirtualMachine
	instance *kubevirtv1.VirtualMachineInstance
	launcher *corev1.Pod
}

func sized(spec *kubevirtv1.VirtualMachineInstanceSpec, cpus uint32, memory string) {
	quantity := resource.MustParse(memory)
	spec.Domain.CPU = &kubevirtv1.CPU{Sockets: cpus, Cores: 1, Threads: 1}
	spec.Domain.Memory = &kubevirtv1.Memory{Guest: &quantity}
}

func newPair() pair {
	p := pair{machine: machineWith("default lan"), instance: instanceWith("default lan", kubevirtv1.Running)}
	p.instance.Namespace = "ns"
	for _, spec := range []*kubevirtv1.VirtualMachineInstanceSpec{p.declared(), &p.instance.Spec} {
		sized(spec, 2, "4Gi")
		spec.Volumes = []kubevirtv1.Volume{{Name: "rootdisk", VolumeSource: kubevirtv1.VolumeSource{ContainerDisk: &kubevirtv1.ContainerDiskSource{Image: "one:1"}}}}
	}
	p.instance.Spec.Domain.CPU.MaxSockets = 8
	for _, name := range []string{"default", "lan"} {
		p.instance.Status.Interfaces = append(p.instance.Status.Interfaces,
			reportedNIC{Name: name, InfoSource: "domain, multus-status", PodInterfaceName: "pod-" + name})
	}
	return p
}

func (p pair) declared() *kubevirtv1.VirtualMachineInstanceSpec { return &p.machine.Spec.Template.Spec }

func (p pair) setNICs(words string) {
	spec := specWith(words)
	p.declared().Domain.Devices.Interfaces, p.declared().Networks = spec.Domain.Devices.Interfaces, spec.Networks
}

// starts lets the instance be in a phase before it runs.
func (p pair) starts(phase kubevirtv1.VirtualMachineInstancePhase) {
	p.instance.Status.Phase, p.instance.Status.Interfaces = phase, nil
}

// says sets a condition of the instance.
func (p pair) says(kind kubevirtv1.VirtualMachineInstanceConditionType, status corev1.ConditionStatus) {
	p.instance.Status.Conditions = append(p.instance.Status.Conditions, kubevirtv1.VirtualMachineInstanceCondition{Type: kind, Status: status})
}

// refuses lets KubeVirt ask for a restart.
func (p pair) refuses(message string) {
	p.machine.Status.Conditions = []kubevirtv1.VirtualMachineCondition{{
		Type: kubevirtv1.VirtualMachineRestartRequired, Status: corev1.ConditionTrue, Message: message,
	}}
}

// link attaches the pod's link of the network lan.
func (p *pair) link(t *testing.T, attachment string) {
	t.Helper()
	text, err := json.Marshal([]nadv1.NetworkStatus{{Name: "ns/" + attachment, Interface: "pod-lan"}})
	if err != nil {
		t.Fatal(err)
	}
	p.launcher = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{capability.NetworkStatusAnnotation: string(text)}}}
}

// TestWhatWaits goes through what can differ between a machine and what runs of it.
func TestWhatWaits(t *testing.T) {
	const restart = "restart the machine with: virtctl restart -n ns vm"
	for _, row := range []struct {
		name   string
		edit   func(*pair)
		status metav1.ConditionStatus
		reason string
		// says is in the message, and for True the command too.
		says string
	}{
		{"nothing", func(*pair) {}, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, "is what was declared"},
		{"more CPUs, live", func(p *pair) { sized(p.declared(), 4, "4Gi") }, metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "cpu 2 → 4"},
		{"more CPUs, being plugged", func(p *pair) {
			sized(p.declared(), 4, "4Gi")
			p.instance.Spec.Domain.CPU.Sockets = 4
			p.says(kubevirtv1.VirtualMachineInstanceVCPUChange, corev1.ConditionTrue)
		}, metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "cpu 4"},
		{"more CPUs, being plugged into what cannot migrate", func(p *pair) {
			sized(p.declared(), 4, "4Gi")
			p.instance.Spec.Domain.CPU.Sockets = 4
			p.says(kubevirtv1.VirtualMachineInstanceVCPUChange, corev1.ConditionTrue)
			p.says(kubevirtv1.VirtualMachineInstanceIsMigratable, corev1.ConditionFalse)
		}, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "cpu 4"},
		{"too many CPUs", func(p *pair) {
			sized(p.declared(), 40, "4Gi")
			p.refuses("CPU sockets updated in template spec to a value higher than what's available")
		}, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "cpu 2 → 40"},
		{"fewer CPUs", func(p *pair) { sized(p.declared(), 1, "4Gi"); p.refuses("x") }, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "cpu 2 → 1"},
		{"more memory, live", func(p *pair) { sized(p.declared(), 2, "8Gi") }, metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "memory 4Gi → 8Gi"},
		{"less memory", func(p *pair) { sized(p.declared(), 2, "2Gi"); p.refuses("x") }, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "memory 4Gi → 2Gi"},
		{"memory written otherwise", func(p *pair) { sized(p.declared(), 2, "4096Mi") }, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"another image", func(p *pair) { p.declared().Volumes[0].ContainerDisk.Image = "two:2" }, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "osImage one:1 → two:2"},
		{"a disk", func(p *pair) {
			p.declared().Volumes = append(p.declared().Volumes, kubevirtv1.Volume{Name: "data", VolumeSource: kubevirtv1.VolumeSource{DataVolume: &kubevirtv1.DataVolumeSource{Name: "vm-data"}}})
		}, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "disk data added"},
		{"a disk that is gone", func(p *pair) { p.declared().Volumes = nil }, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "disk rootdisk removed"},
		{"a plugged volume", func(p *pair) {
			p.instance.Spec.Volumes = append(p.instance.Spec.Volumes, kubevirtv1.Volume{Name: "usb", VolumeSource: kubevirtv1.VolumeSource{DataVolume: &kubevirtv1.DataVolumeSource{Hotpluggable: true}}})
		}, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"another grace period", func(p *pair) { p.declared().TerminationGracePeriodSeconds = new(int64(120)) },
			metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "terminationGracePeriodSeconds 30 → 120"},
		{"KubeVirt's default grace period", func(p *pair) {
			p.instance.Spec.TerminationGracePeriodSeconds = new(kubevirtv1.DefaultGracePeriodSeconds)
		},
			metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"something that nobody here knows", func(p *pair) { p.refuses("a non-live-updatable field was changed in the template spec") },
			metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "what KubeVirt says: a non-live-updatable field"},
		{"several things, in one order", func(p *pair) {
			p.setNICs("default lan zeta:macvtap alpha:macvtap")
			sized(p.declared(), 1, "8Gi")
			p.refuses("x")
		}, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "cpu 2 → 1, memory 4Gi → 8Gi, network alpha added, network zeta added: " + restart},

		{"a bridge NIC added", func(p *pair) { p.setNICs("default lan new") }, metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "network new is plugged in"},
		{"a bridge NIC that waits for a migration", func(p *pair) {
			p.setNICs("default lan new")
			p.says(kubevirtv1.VirtualMachineInstanceMigrationRequired, corev1.ConditionTrue)
		}, metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "virtctl migrate -n ns vm"},
		{"a bridge NIC that waits for a migration that cannot be", func(p *pair) {
			p.setNICs("default lan new")
			p.says(kubevirtv1.VirtualMachineInstanceMigrationRequired, corev1.ConditionTrue)
			p.says(kubevirtv1.VirtualMachineInstanceIsMigratable, corev1.ConditionFalse)
		}, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "network new is plugged in"},
		{"an SR-IOV NIC added", func(p *pair) { p.setNICs("default lan new:sriov") }, metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "network new is plugged in"},
		// KubeVirt says nothing of it.
		{"a plugin's NIC added", func(p *pair) { p.setNICs("default lan new:macvtap") }, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "network new added"},
		{"a NIC that the guest has got", func(p *pair) {
			p.setNICs("default lan new")
			p.instance.Spec = *p.declared().DeepCopy()
			p.instance.Status.Interfaces = append(p.instance.Status.Interfaces, reportedNIC{Name: "new", InfoSource: "domain, multus-status"})
		}, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"a NIC of which the pod alone has the link", func(p *pair) {
			p.setNICs("default lan new")
			p.instance.Spec = *p.declared().DeepCopy()
			p.instance.Status.Interfaces = append(p.instance.Status.Interfaces, reportedNIC{Name: "new", InfoSource: "multus-status"})
		}, metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "network new is plugged in"},
		{"NICs of a machine that has no phase", func(p *pair) { p.starts(kubevirtv1.VmPhaseUnset) }, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"NICs of a machine that has no pod", func(p *pair) { p.starts(kubevirtv1.Pending) }, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"NICs of a machine that has a pod", func(p *pair) { p.starts(kubevirtv1.Scheduling) }, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"NICs of a machine that has a node", func(p *pair) { p.starts(kubevirtv1.Scheduled) }, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"a NIC added while the machine starts", func(p *pair) { p.starts(kubevirtv1.Scheduling); p.setNICs("default lan new") },
			metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "changes the running machine: network new is plugged in;"},
		{"a NIC that is being unplugged", func(p *pair) { p.setNICs("default -lan") }, metav1.ConditionUnknown, vmv1alpha1.ReasonLiveUpdating, "network lan is unplugged"},
		{"a NIC that is not unplugged", func(p *pair) { p.setNICs("default"); p.refuses("x") }, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "network lan removed"},
		{"another MAC", func(p *pair) { p.declared().Domain.Devices.Interfaces[1].MacAddress = "02:00:00:00:00:02" },
			metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "network lan: macAddress 02:00:00:00:00:01 → 02:00:00:00:00:02"},
		{"another type", func(p *pair) { p.setNICs("default lan:sriov") }, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged, "network lan: binding bridge → binding sriov"},
		{"a link that is down", func(p *pair) { p.setNICs("default _lan") }, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"another order", func(p *pair) { p.setNICs("lan default") }, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},

		{"another attachment", func(p *pair) { p.declared().Networks[1].Multus.NetworkName = "new" }, metav1.ConditionTrue, vmv1alpha1.ReasonAttachmentChanged, "earlier attachment of network lan"},
		{"another attachment, which the instance wants already", func(p *pair) {
			p.declared().Networks[1].Multus.NetworkName, p.instance.Spec.Networks[1].Multus.NetworkName = "new", "new"
			p.link(t, "vm-lan-nad")
		}, metav1.ConditionTrue, vmv1alpha1.ReasonAttachmentChanged, "earlier attachment of network lan"},
		{"the pod has the attachment", func(p *pair) { p.link(t, "vm-lan-nad") }, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
		{"an attachment with its namespace", func(p *pair) { p.declared().Networks[1].Multus.NetworkName = "ns/vm-lan-nad"; p.link(t, "vm-lan-nad") },
			metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPair()
			row.edit(&p)
			got := restartRequired(&observed{wukong: declared(), machine: p.machine, instance: p.instance, launcher: p.launcher}, result{})
			if got.Status != row.status || got.Reason != row.reason || !strings.Contains(got.Message, row.says) {
				t.Errorf("got %s %s: %s", got.Status, got.Reason, got.Message)
			}
			if row.status == metav1.ConditionTrue && !strings.HasSuffix(got.Message, restart) {
				t.Errorf("the message does not say what to do: %s", got.Message)
			}
		})
	}
}

// TestGuestDataChanged tells what a guest was not told of from what it was told otherwise.
func TestGuestDataChanged(t *testing.T) {
	text := func(userData string, nics map[string]string) string {
		text, err := cloudinit.Parts{UserData: userData, NICs: nics, Network: "n"}.Text()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := text("u", map[string]string{"net-default": "1", "lan": "1", "gone": "1"})
	for _, row := range []struct {
		name   string
		before string
		after  string
		says   string
	}{
		{"a network is gone", before, text("u", map[string]string{"net-default": "1", "lan": "1"}), ""},
		{"a network is new", text("u", map[string]string{"net-default": "1"}), text("u", map[string]string{"net-default": "1", "lan": "1"}),
			"the guest configures network lan when it starts, and was started without"},
		{"a network changed, by its own name", before, text("u", map[string]string{"net-default": "2", "lan": "1"}), "an earlier configuration of network default"},
		{"the user-data", before, text("v", map[string]string{"net-default": "1", "lan": "1"}), "an earlier user-data"},
		{"both", before, text("v", map[string]string{"net-default": "2", "lan": "2"}), "an earlier user-data and configuration of network default, lan"},
		{"started by an earlier version", "", text("u", nil), "an earlier configuration"},
	} {
		t.Run(row.name, func(t *testing.T) {
			instance := running(true)
			instance.Annotations = map[string]string{vm.AnnotationCloudInitHash: "a", vm.AnnotationCloudInitParts: row.before}
			seen := &observed{wukong: declared(), machine: built(""), instance: instance}
			got := guestDataChanged(seen, result{cloudInitHash: "b", cloudInitParts: row.after})
			if row.says == "" && got != "" || !strings.Contains(got, row.says) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestDifferencesAreStable(t *testing.T) {
	p := newPair()
	p.setNICs("default c:macvtap a:macvtap b:macvtap")
	first := differences(p.machine, p.instance)
	p.setNICs("b:macvtap default a:macvtap c:macvtap")
	if second := differences(p.machine, p.instance); !slices.Equal(first, second) || len(first) != 4 {
		t.Errorf("got %v, then %v", first, second)
	}
}
