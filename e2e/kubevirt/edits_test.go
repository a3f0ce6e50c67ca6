// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// verdict is what KubeVirt makes of a change to a running machine.
type verdict string

const (
	// live is taken over by the running instance, in some cases by way of a live migration.
	live verdict = "live"
	// restart waits for the next start, and the machine has the condition RestartRequired.
	restart verdict = "restart"
	// silent waits for the next start, and nothing says so.
	silent verdict = "silent"
	// refused is not accepted.
	refused verdict = "refused"
)

// edit is a change of a machine as Wukong renders it: pod network, bridge NIC "lan", two CPUs, 4Gi.
type edit struct {
	name string
	do   func(*kubevirtv1.VirtualMachine)
	want verdict
	// words are in KubeVirt's refusal, or in its reason for a restart.
	words string
	// taken tells whether the running instance has the change.
	taken func(*kubevirtv1.VirtualMachineInstance) bool
	// condition is one that the instance gets while the change is under way.
	condition kubevirtv1.VirtualMachineInstanceConditionType
	// left tells what KubeVirt itself makes of the machine in the end.
	left func(*kubevirtv1.VirtualMachine) bool
}

// TestEdits is the table of docs/day2.md: it makes each change to a machine that runs and compares what KubeVirt does.
func TestEdits(t *testing.T) {
	for i, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			machine := runningMachine(t, fmt.Sprintf("edit-%d", i))
			defer remove(t, machine)
			e.check(t, machine)
		})
	}
}

func (e edit) check(t *testing.T, machine *kubevirtv1.VirtualMachine) {
	t.Helper()
	err := change(t.Context(), machine, e.do)
	if e.want == refused {
		if err == nil || !strings.Contains(err.Error(), e.words) {
			t.Errorf("got error %v, want one that says %q", err, e.words)
		}
		return
	}
	if err != nil {
		t.Fatalf("KubeVirt refuses it: %v", err)
	}
	if e.want == live {
		eventually(t, "the instance takes it", func(ctx context.Context) error { return e.isTaken(ctx, machine) })
	}
	if e.left != nil {
		eventually(t, "KubeVirt edits the machine", func(ctx context.Context) error {
			if err := shared.Client.Get(ctx, client.ObjectKeyFromObject(machine), machine); err != nil {
				return err
			}
			if !e.left(machine) {
				return fmt.Errorf("it has %+v", machine.Spec.Template.Spec.Networks)
			}
			return nil
		})
	}
	seen := processed(t, machine)
	reason := restartReason(seen)
	if (reason != "") != (e.want == restart) || !strings.Contains(reason, e.words) {
		t.Errorf("a restart is required by %q, want %s %q", reason, e.want, e.words)
	}
	if err := e.isTaken(t.Context(), machine); (err == nil) != (e.want == live) {
		t.Errorf("the instance has taken it: %t, want %s", err == nil, e.want)
	}
}

// isTaken returns nil when the running instance has the change, with the condition that goes with it.
func (e edit) isTaken(ctx context.Context, machine *kubevirtv1.VirtualMachine) error {
	instance := &kubevirtv1.VirtualMachineInstance{}
	err := shared.Client.Get(ctx, client.ObjectKeyFromObject(machine), instance)
	if apierrors.IsNotFound(err) {
		instance, err = nil, nil
	}
	switch {
	case err != nil:
		return err
	case e.taken == nil || !e.taken(instance):
		return fmt.Errorf("the instance is %+v", instance)
	case e.condition == "":
		return nil
	}
	for _, condition := range instance.Status.Conditions {
		if condition.Type == e.condition && condition.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("the instance lacks the condition %s: %+v", e.condition, instance.Status.Conditions)
}

// change edits a machine as it is now.
func change(ctx context.Context, machine *kubevirtv1.VirtualMachine, do func(*kubevirtv1.VirtualMachine)) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := shared.Client.Get(ctx, client.ObjectKeyFromObject(machine), machine); err != nil {
			return err
		}
		do(machine)
		return shared.Client.Update(ctx, machine)
	})
}

// processed waits until virt-controller has seen the machine as it is, and returns it.
func processed(t *testing.T, machine *kubevirtv1.VirtualMachine) *kubevirtv1.VirtualMachine {
	t.Helper()
	seen := &kubevirtv1.VirtualMachine{}
	eventually(t, "virt-controller has seen the change", func(ctx context.Context) error {
		if err := shared.Client.Get(ctx, client.ObjectKeyFromObject(machine), seen); err != nil {
			return err
		}
		if seen.Status.Created && seen.Status.DesiredGeneration != seen.Generation {
			return fmt.Errorf("it has seen generation %d of %d", seen.Status.DesiredGeneration, seen.Generation)
		}
		return nil
	})
	return seen
}

func restartReason(machine *kubevirtv1.VirtualMachine) string {
	for _, condition := range machine.Status.Conditions {
		if condition.Type == kubevirtv1.VirtualMachineRestartRequired && condition.Status == corev1.ConditionTrue {
			return condition.Message
		}
	}
	return ""
}

// runningMachine makes a machine, with all that it refers to, and waits until it runs and virt-controller has nothing to do.
func runningMachine(t *testing.T, name string) *kubevirtv1.VirtualMachine {
	t.Helper()
	for _, lan := range []string{"lan", "lan2"} {
		attachment := &nadv1.NetworkAttachmentDefinition{
			ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: lan},
			Spec:       nadv1.NetworkAttachmentDefinitionSpec{Config: `{"cniVersion":"0.3.1","name":"` + lan + `","type":"bridge","bridge":"br-lan"}`},
		}
		makeOnce(t, attachment)
	}
	makeOnce(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: "edits"}})
	machine := vm.Build(vm.Machine{
		Namespace: metav1.NamespaceDefault, Name: name, Wukong: name, UID: name, CPU: 2, Memory: resource.MustParse("4Gi"),
		Image: vmv1alpha1.DefaultOSImage, RunStrategy: vmv1alpha1.RunStrategyAlways, DeclaredRunStrategy: vmv1alpha1.RunStrategyAlways,
		NICs: []vm.NIC{
			{Network: "default", MACAddress: "02:00:00:00:00:01"},
			{Network: "lan", MACAddress: "02:00:00:00:00:02", NetworkAttachmentDefinition: "lan", Binding: vmv1alpha1.Binding{Method: vmv1alpha1.BindingBridge}},
		},
		CloudInitSecret: "edits", CloudInitHash: "0123456789abcdef",
	})
	if err := shared.Client.Create(t.Context(), machine); err != nil {
		t.Fatal(err)
	}
	eventually(t, name+" runs", func(ctx context.Context) error {
		if err := shared.Client.Get(ctx, client.ObjectKeyFromObject(machine), machine); err != nil {
			return err
		}
		instance := &kubevirtv1.VirtualMachineInstance{}
		if err := shared.Client.Get(ctx, client.ObjectKeyFromObject(machine), instance); err != nil {
			return err
		}
		if !machine.Status.Ready || len(instance.Status.Interfaces) != 2 {
			return fmt.Errorf("its status is %+v", instance.Status)
		}
		return nil
	})
	return machine
}

// makeOnce makes an object that several tests use.
func makeOnce(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.Client.Create(t.Context(), object); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

func template(machine *kubevirtv1.VirtualMachine) *kubevirtv1.VirtualMachineInstanceSpec {
	return &machine.Spec.Template.Spec
}

func lanOf(spec *kubevirtv1.VirtualMachineInstanceSpec) *kubevirtv1.Interface {
	at := slices.IndexFunc(spec.Domain.Devices.Interfaces, func(nic kubevirtv1.Interface) bool { return nic.Name == "lan" })
	if at < 0 {
		return nil
	}
	return &spec.Domain.Devices.Interfaces[at]
}

// addNIC adds a second NIC on an attachment.
func addNIC(machine *kubevirtv1.VirtualMachine, nic kubevirtv1.Interface) {
	nic.Name, nic.MacAddress = "storage", "02:00:00:00:00:03"
	spec := template(machine)
	spec.Domain.Devices.Interfaces = append(spec.Domain.Devices.Interfaces, nic)
	spec.Networks = append(spec.Networks, kubevirtv1.Network{Name: nic.Name, NetworkSource: kubevirtv1.NetworkSource{
		Multus: &kubevirtv1.MultusNetwork{NetworkName: "lan2"},
	}})
}

// reports tells whether the status of an instance has a NIC that is in the guest and in the pod.
func reports(instance *kubevirtv1.VirtualMachineInstance, name string) bool {
	return slices.ContainsFunc(instance.Status.Interfaces, func(nic kubevirtv1.VirtualMachineInstanceNetworkInterface) bool {
		return nic.Name == name && strings.Contains(nic.InfoSource, "domain") && strings.Contains(nic.InfoSource, "multus-status")
	})
}

func strategyTo(strategy kubevirtv1.VirtualMachineRunStrategy) func(*kubevirtv1.VirtualMachine) {
	return func(machine *kubevirtv1.VirtualMachine) { machine.Spec.RunStrategy = &strategy }
}

func sockets(count uint32) func(*kubevirtv1.VirtualMachine) {
	return func(machine *kubevirtv1.VirtualMachine) { template(machine).Domain.CPU.Sockets = count }
}

func guestMemory(quantity string) func(*kubevirtv1.VirtualMachine) {
	return func(machine *kubevirtv1.VirtualMachine) {
		guest := resource.MustParse(quantity)
		template(machine).Domain.Memory.Guest = &guest
	}
}

// TestEditsAreDocumented compares the table of docs/day2.md with what the other test asks KubeVirt.
func TestEditsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/day2.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| ") {
			rows++
		}
	}
	for _, e := range edits {
		if want := fmt.Sprintf("| %s | %s |", e.name, e.want); !strings.Contains(string(page), want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	// One row is the head.
	if rows != len(edits)+1 {
		t.Errorf("the table has %d rows, want %d", rows, len(edits)+1)
	}
}
