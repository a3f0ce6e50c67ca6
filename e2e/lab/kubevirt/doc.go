// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubevirt plays KubeVirt against a real API server without kubelets: virt-api's defaulting, virt-controller,
// the scheduler and the kubelet for virt-launcher pods, virt-handler and the guest.
//
// Modelled: the life of a VirtualMachine, its instance and its pod from creation to the last finalizer; run strategies
// and virtctl; the Multus annotation; placement by node selector, required node affinity, taints and readiness; missing
// NetworkAttachmentDefinitions, Secrets and binding plugins; live updates and RestartRequired; crash loops; the guest's
// own view of its network (package guest) as the agent reports it; DataVolumes made from a machine's templates, and machines
// that wait for them and for their claims; live migrations that somebody asks for, and NICs, processors and memory that wait for
// one. KubeVirt may be absent, arrive, go and arrive again while the actor runs.
//
// With Options.NodesOnly it plays the nodes alone, the scheduler, the kubelet with Multus, virt-handler and the guest, beside
// a virt-api and a virt-controller that are KubeVirt's own. There a live migration is virt-controller's: it makes the target pod and
// follows the VirtualMachineInstanceMigration through its phases, while the actor starts that pod, is the virt-handler of both nodes
// and ends the pod that the guest left.
//
// Modelled differently: firmware, machine type and architecture are filled in by an update right after creation, as no
// admission webhook runs here; an instance whose NetworkAttachmentDefinition is missing stays Pending for good, as
// KubeVirt 1.8 was seen to do, unless the options ask for the behaviour of 1.9, where the pod waits for it; a migration is no object
// of its own, except with NodesOnly.
//
// Not modelled: admission, resources, migrations that fail or are cancelled, pause, snapshots, instance types.
package kubevirt
