// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// built returns the machine of a Wukong as KubeVirt reports it.
func built(status kubevirtv1.VirtualMachinePrintableStatus) *kubevirtv1.VirtualMachine {
	controlled := metav1.NewControllerRef(declared(), vmv1alpha1.GroupVersion.WithKind("Wukong"))
	return &kubevirtv1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "vm", OwnerReferences: []metav1.OwnerReference{*controlled}},
		Status:     kubevirtv1.VirtualMachineStatus{PrintableStatus: status},
	}
}

func TestMachineReady(t *testing.T) {
	refused := running(false)
	refused.Status.Conditions = []kubevirtv1.VirtualMachineInstanceCondition{{
		Type: kubevirtv1.VirtualMachineInstanceSynchronized, Status: corev1.ConditionFalse, Message: "unable to find the network binding plugin 'macvtap'",
	}}
	blocked := conditions.False(vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ReasonWaitingForNetworks, "waiting")
	for _, row := range []struct {
		name     string
		machine  *kubevirtv1.VirtualMachine
		instance *kubevirtv1.VirtualMachineInstance
		blocked  *metav1.Condition
		reason   string
		message  string
	}{
		{"just made", nil, nil, nil, vmv1alpha1.ReasonStarting, "just made"},
		{"kept back", nil, nil, &blocked, vmv1alpha1.ReasonWaitingForNetworks, "waiting"},
		{"KubeVirt has not looked at it", built(""), nil, nil, vmv1alpha1.ReasonStarting, "nothing needs to be done"},
		{"provisioning", built(kubevirtv1.VirtualMachineStatusProvisioning), nil, nil, vmv1alpha1.ReasonStarting, "when its disks are filled; DisksReady says how far"},
		{"binding", built(kubevirtv1.VirtualMachineStatusWaitingForVolumeBinding), nil, nil, vmv1alpha1.ReasonStarting, "when its disks have their storage; DisksReady says"},
		{"no claim", built(kubevirtv1.VirtualMachineStatusPvcNotFound), nil, nil, vmv1alpha1.ReasonVirtualMachineFailed, "DisksReady says which"},
		{"no content", built(kubevirtv1.VirtualMachineStatusDataVolumeError), nil, nil, vmv1alpha1.ReasonVirtualMachineFailed, "DisksReady says why"},
		{"starting", built(kubevirtv1.VirtualMachineStatusStarting), nil, nil, vmv1alpha1.ReasonStarting, "nothing needs to be done"},
		{"running", built(kubevirtv1.VirtualMachineStatusRunning), running(false), nil, vmv1alpha1.ReasonRunning, "the machine runs"},
		{"migrating", built(kubevirtv1.VirtualMachineStatusMigrating), running(false), nil, vmv1alpha1.ReasonRunning, "the machine runs"},
		{"stopped", built(kubevirtv1.VirtualMachineStatusStopped), nil, nil, vmv1alpha1.ReasonStopped, "virtctl start -n ns vm"},
		{"stopping", built(kubevirtv1.VirtualMachineStatusStopping), running(false), nil, vmv1alpha1.ReasonStopped, "virtctl start -n ns vm"},
		{"paused", built(kubevirtv1.VirtualMachineStatusPaused), running(false), nil, vmv1alpha1.ReasonStopped, "virtctl unpause vm -n ns vm"},
		{"unschedulable", built(kubevirtv1.VirtualMachineStatusUnschedulable), nil, nil, vmv1alpha1.ReasonVirtualMachineFailed, "ErrorUnschedulable: no node can take the machine"},
		{"no image", built(kubevirtv1.VirtualMachineStatusErrImagePull), nil, nil, vmv1alpha1.ReasonVirtualMachineFailed, "correct spec.osImage"},
		{"still no image", built(kubevirtv1.VirtualMachineStatusImagePullBackOff), nil, nil, vmv1alpha1.ReasonVirtualMachineFailed, "correct spec.osImage"},
		{"crashes", built(kubevirtv1.VirtualMachineStatusCrashLoopBackOff), nil, nil, vmv1alpha1.ReasonVirtualMachineFailed, "virt-launcher"},
		{"its node does not answer", built(kubevirtv1.VirtualMachineStatusUnknown), running(false), nil, vmv1alpha1.ReasonVirtualMachineFailed, "look at the node"},
		{"KubeVirt refuses", built(kubevirtv1.VirtualMachineStatusStarting), refused, nil, vmv1alpha1.ReasonVirtualMachineFailed, "'macvtap'"},
	} {
		t.Run(row.name, func(t *testing.T) {
			seen := &observed{wukong: declared(), machine: row.machine, instance: row.instance}
			got := machineReady(seen, result{blocked: row.blocked})
			want := metav1.ConditionFalse
			if row.reason == vmv1alpha1.ReasonRunning {
				want = metav1.ConditionTrue
			}
			if got.Type != vmv1alpha1.ConditionVirtualMachineReady || got.Status != want || got.Reason != row.reason || !strings.Contains(got.Message, row.message) {
				t.Errorf("got %s %s %s: %s", got.Type, got.Status, got.Reason, got.Message)
			}
		})
	}
}

// TestMachineReadySaysWhatIsInTheWay passes on the words of those who know why a machine does not start.
func TestMachineReadySaysWhatIsInTheWay(t *testing.T) {
	starting := running(false)
	starting.Status.Phase = kubevirtv1.Scheduling
	seen := &observed{
		wukong: declared(), machine: built(kubevirtv1.VirtualMachineStatusStarting), instance: starting,
		launcher: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "virt-launcher-vm-x"}}, obstacle: `failed to find plugin "bridge"`,
	}
	got := machineReady(seen, result{})
	if got.Reason != vmv1alpha1.ReasonPodNotStarting || !strings.HasSuffix(got.Message, `failed to find plugin "bridge"`) || !strings.Contains(got.Message, "pod virt-launcher-vm-x") {
		t.Errorf("got %s: %s", got.Reason, got.Message)
	}
	seen.machine = built(kubevirtv1.VirtualMachineStatusUnschedulable)
	seen.instance.Status.Conditions = []kubevirtv1.VirtualMachineInstanceCondition{{
		Type: kubevirtv1.VirtualMachineInstanceConditionType(corev1.PodScheduled), Status: corev1.ConditionFalse, Message: "0/3 nodes are available",
	}}
	if got := machineReady(seen, result{}); got.Reason != vmv1alpha1.ReasonVirtualMachineFailed || !strings.HasSuffix(got.Message, "the scheduler says: 0/3 nodes are available") {
		t.Errorf("got %s: %s", got.Reason, got.Message)
	}
}

func TestShuttingDown(t *testing.T) {
	patient, ended := running(false), running(false)
	patient.Spec.TerminationGracePeriodSeconds = new(int64(600))
	ended.Status.Phase = kubevirtv1.Succeeded
	for _, row := range []struct {
		name     string
		machine  *kubevirtv1.VirtualMachine
		instance *kubevirtv1.VirtualMachineInstance
		message  string
	}{
		{"KubeVirt's default", built(""), running(false), "grace period of 30 seconds"},
		{"its own", built(""), patient, "grace period of 600 seconds"},
		{"the guest has ended", built(""), ended, "is being deleted"},
		{"stopped", built(""), nil, "is being deleted"},
		{"gone", nil, nil, "is gone"},
	} {
		got := shuttingDown(&observed{wukong: declared(), machine: row.machine, instance: row.instance})
		if got.Status != metav1.ConditionFalse || got.Reason != vmv1alpha1.ReasonDeleting || !strings.Contains(got.Message, row.message) {
			t.Errorf("%s: got %s %s: %s", row.name, got.Status, got.Reason, got.Message)
		}
	}
}

func TestRestartRequired(t *testing.T) {
	started := func(hash string) *kubevirtv1.VirtualMachineInstance {
		instance := running(true)
		if hash != "" {
			instance.Annotations = map[string]string{vm.AnnotationCloudInitHash: hash}
		}
		return instance
	}
	changed := built(kubevirtv1.VirtualMachineStatusRunning)
	changed.Status.Conditions = []kubevirtv1.VirtualMachineCondition{{Type: kubevirtv1.VirtualMachineRestartRequired, Status: corev1.ConditionTrue}}
	unchanged := built(kubevirtv1.VirtualMachineStatusRunning)
	unchanged.Status.Conditions = []kubevirtv1.VirtualMachineCondition{{Type: kubevirtv1.VirtualMachineRestartRequired, Status: corev1.ConditionFalse}}
	for _, row := range []struct {
		name     string
		machine  *kubevirtv1.VirtualMachine
		instance *kubevirtv1.VirtualMachineInstance
		hash     string
		reason   string
	}{
		{"no machine", nil, nil, "a", vmv1alpha1.ReasonNotRunning},
		{"stopped", built(kubevirtv1.VirtualMachineStatusStopped), nil, "a", vmv1alpha1.ReasonNotRunning},
		{"as declared", unchanged, started("a"), "a", vmv1alpha1.ReasonUpToDate},
		{"KubeVirt says so", changed, started("a"), "a", vmv1alpha1.ReasonTemplateChanged},
		{"other data than the guest was started with", unchanged, started("a"), "b", vmv1alpha1.ReasonGuestDataChanged},
		{"the data is not known now", unchanged, started("a"), "", vmv1alpha1.ReasonUpToDate},
		{"what it was started with is not known", unchanged, started(""), "b", vmv1alpha1.ReasonUpToDate},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := restartRequired(&observed{wukong: declared(), machine: row.machine, instance: row.instance}, result{cloudInitHash: row.hash})
			required := row.reason == vmv1alpha1.ReasonTemplateChanged || row.reason == vmv1alpha1.ReasonGuestDataChanged
			if got.Reason != row.reason || (got.Status == metav1.ConditionTrue) != required {
				t.Errorf("got %s %s: %s", got.Status, got.Reason, got.Message)
			}
			if required && !strings.Contains(got.Message, "virtctl restart -n ns vm") {
				t.Errorf("the message does not say what to do: %s", got.Message)
			}
		})
	}
}

func TestMachineStatus(t *testing.T) {
	seen := &observed{wukong: declared(), machine: built(kubevirtv1.VirtualMachineStatusRunning), instance: running(false)}
	got := machineStatus(seen, guestOf(seen))
	if got.Name != "vm" || got.PrintableStatus != "Running" || got.NodeName != "n1" || got.Addresses != "192.168.100.10,2001:db8:0::10" {
		t.Errorf("got %+v", got)
	}
	seen.instance.Status.Phase = kubevirtv1.Scheduled
	if got := machineStatus(seen, guestOf(seen)); got.NodeName != "" {
		t.Errorf("a machine that does not run yet is told to be on %s", got.NodeName)
	}
	seen.machine.OwnerReferences = nil
	if got := machineStatus(seen, guestOf(seen)); got != nil {
		t.Errorf("somebody else's machine is told as ours: %+v", got)
	}
}

func TestRunStrategy(t *testing.T) {
	machineWith := func(live kubevirtv1.VirtualMachineRunStrategy, applied string) *kubevirtv1.VirtualMachine {
		machine := built("")
		machine.Annotations = map[string]string{vmv1alpha1.AnnotationRunStrategy: applied}
		if live != "" {
			machine.Spec.RunStrategy = &live
		}
		return machine
	}
	for _, row := range []struct {
		name    string
		machine *kubevirtv1.VirtualMachine
		want    vmv1alpha1.RunStrategy
	}{
		{"a new machine", nil, "Always"},
		{"as declared", machineWith("Always", "Always"), "Always"},
		{"virtctl stop", machineWith("Halted", "Always"), "Halted"},
		{"virtctl stop, and then another declaration", machineWith("Halted", "Manual"), "Always"},
		{"never applied", machineWith("Halted", ""), "Always"},
		{"the machine has none", machineWith("", "Always"), "Always"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := runStrategy(&observed{wukong: declared(), machine: row.machine}); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// machineWithDisks returns a machine with the volumes and a disk for each.
func machineWithDisks(volumes ...kubevirtv1.Volume) *kubevirtv1.VirtualMachine {
	machine := built("")
	machine.Spec.Template = &kubevirtv1.VirtualMachineInstanceTemplateSpec{}
	spec := &machine.Spec.Template.Spec
	for _, volume := range volumes {
		spec.Volumes = append(spec.Volumes, volume)
		spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks, kubevirtv1.Disk{Name: volume.Name})
	}
	return machine
}

func TestCarryHotplugged(t *testing.T) {
	volume := func(name string, source kubevirtv1.VolumeSource) kubevirtv1.Volume {
		return kubevirtv1.Volume{Name: name, VolumeSource: source}
	}
	root := volume("rootdisk", kubevirtv1.VolumeSource{ContainerDisk: &kubevirtv1.ContainerDiskSource{Image: "i"}})
	claim := volume("claim", kubevirtv1.VolumeSource{PersistentVolumeClaim: &kubevirtv1.PersistentVolumeClaimVolumeSource{Hotpluggable: true}})
	data := volume("data", kubevirtv1.VolumeSource{DataVolume: &kubevirtv1.DataVolumeSource{Hotpluggable: true}})
	fixed := volume("fixed", kubevirtv1.VolumeSource{PersistentVolumeClaim: &kubevirtv1.PersistentVolumeClaimVolumeSource{}})
	names := func(machine *kubevirtv1.VirtualMachine) (volumes, disks []string) {
		for _, v := range machine.Spec.Template.Spec.Volumes {
			volumes = append(volumes, v.Name)
		}
		for _, d := range machine.Spec.Template.Spec.Domain.Devices.Disks {
			disks = append(disks, d.Name)
		}
		return volumes, disks
	}
	for _, row := range []struct {
		name string
		live *kubevirtv1.VirtualMachine
		want []string
	}{
		{"a new machine", nil, []string{"rootdisk"}},
		{"without template", built(""), []string{"rootdisk"}},
		{"plugged with virtctl", machineWithDisks(root, claim, data), []string{"rootdisk", "claim", "data"}},
		{"written into the template by hand", machineWithDisks(root, fixed), []string{"rootdisk"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			wanted := machineWithDisks(root)
			carryHotplugged(wanted, row.live)
			if volumes, disks := names(wanted); !slices.Equal(volumes, row.want) || !slices.Equal(disks, row.want) {
				t.Errorf("got volumes %q and disks %q, want %q", volumes, disks, row.want)
			}
		})
	}
}
