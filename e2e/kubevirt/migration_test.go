// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/pkg/capability"
)

// takeMigrations are what an instance says while a change waits for a live migration.
var takeMigrations = []kubevirtv1.VirtualMachineInstanceConditionType{
	kubevirtv1.VirtualMachineInstanceVCPUChange, kubevirtv1.VirtualMachineInstanceMemoryChange, kubevirtv1.VirtualMachineInstanceMigrationRequired,
}

// TestMigrationBringsChanges migrates a machine for which every kind of change waits that takes it.
func TestMigrationBringsChanges(t *testing.T) {
	machine := runningMachine(t, "moving")
	defer remove(t, machine)
	before := readInstance(t, machine)
	if err := change(t.Context(), machine, func(m *kubevirtv1.VirtualMachine) {
		sockets(3)(m)
		guestMemory("5Gi")(m)
		template(m).Networks[1].Multus.NetworkName = "lan2"
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the changes wait", func(context.Context) error { return expectWaiting(readInstance(t, machine), len(takeMigrations)) })
	if err := shared.KubeVirt.MigrateVM(t.Context(), machine.Namespace, machine.Name); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the migration succeeds", func(ctx context.Context) error { return migrated(ctx, machine) })
	after := readInstance(t, machine)
	if err := expectWaiting(after, 0); err != nil {
		t.Error(err)
	}
	if after.UID != before.UID || after.Status.NodeName == before.Status.NodeName || after.Status.CurrentCPUTopology.Sockets != 3 {
		t.Errorf("the machine is on %s, as before on %s, and has %+v", after.Status.NodeName, before.Status.NodeName, after.Status)
	}
	eventually(t, "the guest is in the second pod alone, on the other attachment", func(ctx context.Context) error {
		return movedPods(ctx, machine, before.Status.NodeName, after.Status.NodeName)
	})
}

func readInstance(t *testing.T, machine *kubevirtv1.VirtualMachine) *kubevirtv1.VirtualMachineInstance {
	t.Helper()
	instance := &kubevirtv1.VirtualMachineInstance{}
	if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(machine), instance); err != nil {
		t.Fatal(err)
	}
	return instance
}

func expectWaiting(instance *kubevirtv1.VirtualMachineInstance, want int) error {
	waiting := slices.DeleteFunc(slices.Clone(instance.Status.Conditions), func(c kubevirtv1.VirtualMachineInstanceCondition) bool {
		return c.Status != corev1.ConditionTrue || !slices.Contains(takeMigrations, c.Type)
	})
	if len(waiting) != want {
		return fmt.Errorf("%d changes wait for a migration, want %d: %+v", len(waiting), want, waiting)
	}
	return nil
}

// migrated returns nil when virt-controller says that a machine's only migration has succeeded.
func migrated(ctx context.Context, machine *kubevirtv1.VirtualMachine) error {
	var list kubevirtv1.VirtualMachineInstanceMigrationList
	err := shared.Client.List(ctx, &list, client.InNamespace(machine.Namespace), client.MatchingLabels{kubevirtv1.MigrationSelectorLabel: machine.Name})
	if err != nil {
		return err
	}
	if len(list.Items) != 1 || list.Items[0].Status.Phase != kubevirtv1.MigrationSucceeded {
		return fmt.Errorf("there are %+v", list.Items)
	}
	return nil
}

// movedPods returns nil when the pod on one node has ended and that on another runs with the attachment that was asked for.
func movedPods(ctx context.Context, machine *kubevirtv1.VirtualMachine, from, to string) error {
	var list corev1.PodList
	err := shared.Client.List(ctx, &list, client.InNamespace(machine.Namespace), client.MatchingLabels{kubevirtv1.VirtualMachineInstanceIDLabel: machine.Name})
	if err != nil {
		return err
	}
	phases := map[string]corev1.PodPhase{}
	for i := range list.Items {
		phases[list.Items[i].Spec.NodeName] = list.Items[i].Status.Phase
	}
	if len(list.Items) != 2 || phases[from] != corev1.PodSucceeded || phases[to] != corev1.PodRunning {
		return fmt.Errorf("the pods on their nodes are %v", phases)
	}
	for i := range list.Items {
		links := capability.LinksOf(&list.Items[i])
		if list.Items[i].Spec.NodeName == to && (len(links) != 1 || links[0].Name != "default/lan2") {
			return fmt.Errorf("its links are %+v", links)
		}
	}
	return nil
}
