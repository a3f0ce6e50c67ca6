// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

// migrationAddress is where the virt-handler of every node awaits guests. Nobody connects to it.
const migrationAddress = "192.0.2.1"

// isHandedOver reports whether virt-controller has left a migration to the virt-handlers of its two nodes: a label makes that of
// the target look at the instance (KubeVirt, pkg/virt-controller/watch/migration).
func isHandedOver(vmi *kubevirtv1.VirtualMachineInstance) bool {
	state := vmi.Status.MigrationState
	return state != nil && state.TargetNode != "" && vmi.Labels[kubevirtv1.MigrationTargetNodeNameLabel] == state.TargetNode
}

// handOver takes a migration one step on, as the virt-handlers of its two nodes do. virt-controller follows the instance with the
// VirtualMachineInstanceMigration.
func (a *Actor) handOver(ctx context.Context, s *scene) error {
	step := migrationStep(s.vmi.Status.MigrationState, s.script.migrationHeld)
	if step == nil {
		return nil
	}
	if err := a.writeInstance(ctx, s.vmi, step); err != nil {
		return fmt.Errorf("migrate the instance: %w", err)
	}
	return nil
}

// migrationStep is what happens next in a migration, nil for nothing.
func migrationStep(state *kubevirtv1.VirtualMachineInstanceMigrationState, held bool) func(*kubevirtv1.VirtualMachineInstance) {
	switch {
	case state.EndTimestamp != nil && (state.Completed || state.Failed):
		return forgetMigration
	case state.EndTimestamp != nil:
		return completeMigration
	case state.TargetNodeAddress == "":
		return awaitGuest
	case state.StartTimestamp == nil:
		return sendGuest
	case held:
		return nil
	default:
		return receiveGuest
	}
}

// awaitGuest is the target's virt-handler saying where it listens for libvirt, whose port is 0, and for QEMU (KubeVirt,
// pkg/virt-handler/migration-proxy).
func awaitGuest(vmi *kubevirtv1.VirtualMachineInstance) {
	state := vmi.Status.MigrationState
	state.TargetNodeAddress = migrationAddress
	state.TargetDirectMigrationNodePorts = map[string]int{"40001": 0, "40002": 49152}
}

// sendGuest is the source's virt-handler reporting that its virt-launcher has begun (KubeVirt, pkg/virt-handler/migration-source.go).
func sendGuest(vmi *kubevirtv1.VirtualMachineInstance) {
	vmi.Status.MigrationState.StartTimestamp = new(metav1.Now())
	vmi.Status.MigrationState.Mode = kubevirtv1.MigrationPreCopy
}

// receiveGuest is the target's virt-handler finding that the guest runs on its node, from when on the instance is its own
// (KubeVirt, pkg/virt-handler/migration-target.go).
func receiveGuest(vmi *kubevirtv1.VirtualMachineInstance) {
	state := vmi.Status.MigrationState
	now := metav1.Now()
	state.TargetNodeDomainDetected, state.TargetNodeDomainReadyTimestamp, state.EndTimestamp = true, &now, &now
	dropCondition(vmi, kubevirtv1.VirtualMachineInstanceMigrationRequired)
	vmi.Labels[kubevirtv1.NodeNameLabel] = state.TargetNode
	vmi.Status.NodeName = state.TargetNode
	// virt-controller fills it in again.
	vmi.Status.LauncherContainerImageVersion = ""
	vmi.Status.EvacuationNodeName = ""
	vmi.Status.MigrationTransport = kubevirtv1.MigrationTransportUnix
}

// completeMigration is the target's virt-handler giving the guest the processors and the memory that it was to grow to.
func completeMigration(vmi *kubevirtv1.VirtualMachineInstance) {
	grow(vmi)
	vmi.Status.MigrationState.Completed = true
}

// forgetMigration is the target's virt-handler looking at the instance as at any other from now on.
func forgetMigration(vmi *kubevirtv1.VirtualMachineInstance) {
	delete(vmi.Labels, kubevirtv1.MigrationTargetNodeNameLabel)
}
