// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubevirt plays KubeVirt against a real API server without kubelets: virt-api's defaulting, virt-controller,
// the scheduler and the kubelet for virt-launcher pods, virt-handler and the guest.
//
// Modelled: the life of a VirtualMachine, its instance and its pod from creation to the last finalizer; run strategies
// and virtctl; the Multus annotation; placement by node selector, required node affinity, taints and readiness; missing
// NetworkAttachmentDefinitions, Secrets and binding plugins; live updates and RestartRequired; crash loops; the guest's
// own view of its network (package guest) as the agent reports it; DataVolumes made from a machine's templates, and machines
// that wait for them and for their claims. KubeVirt may be absent, arrive, go and arrive again
// while the actor runs.
//
// With Options.NodesOnly it plays the nodes alone, the scheduler, the kubelet with Multus, virt-handler and the guest, beside
// a virt-api and a virt-controller that are KubeVirt's own. There NICs are plugged into running pods and out of them.
//
// Modelled differently: firmware, machine type and architecture are filled in by an update right after creation, as no
// admission webhook runs here; an instance whose NetworkAttachmentDefinition is missing stays Pending for good, as
// KubeVirt 1.8 was seen to do, unless the options ask for the behaviour of 1.9, where the pod waits for it.
//
// Not modelled: admission, resources, migration and what depends on
// it, hot-plugged NICs beyond the verdict whether a restart is needed, pause, snapshots, instance types.
package kubevirt
