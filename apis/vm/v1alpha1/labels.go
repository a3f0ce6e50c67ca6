// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

const (
	// LabelManagedBy marks every object that Wukong created; its value is ManagedByWukong.
	// The key is Kubernetes' recommended label.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedByWukong is the value of LabelManagedBy on objects that Wukong created.
	ManagedByWukong = "wukong"
	// LabelWukong names, on an object, the machine it was made for: the name of the Wukong, shortened
	// as pkg/naming does it when it is longer than a label value may be.
	LabelWukong = "vm.novasphere.dev/wukong"
	// LabelNetwork names the entry of spec.networks that a child was made for.
	LabelNetwork = "vm.novasphere.dev/network"
	// LabelRevision tells, on a child, which declaration of the network it was made for. It differs when the
	// attachment or the bridge does, and only then.
	LabelRevision = "vm.novasphere.dev/revision"
	// LabelBridge names, on a NodeNetworkConfigurationPolicy, the bridge it configures.
	LabelBridge = "vm.novasphere.dev/bridge"
	// LabelNodeGroup names, on a NodeNetworkConfigurationPolicy, the node group of the WukongUplink that it is
	// for; it is missing where there is no WukongUplink.
	LabelNodeGroup = "vm.novasphere.dev/node-group"
	// LabelCleanupOf names, on a NodeNetworkConfigurationPolicy that only removes a bridge from one node that has
	// left the bridge's node group, that node.
	LabelCleanupOf = "vm.novasphere.dev/cleanup-of"

	// AnnotationSharedWith lists, on a NetworkAttachmentDefinition, the namespaces whose Wukongs may name it in nadName,
	// separated by commas, or * for all. It counts while a WukongUplink exists.
	AnnotationSharedWith = "vm.novasphere.dev/shared-with"

	// AnnotationAppliedHash holds a hash of what Wukong last applied to an object. Together with a
	// comparison of the object itself it lets a settled cluster stay free of writes.
	AnnotationAppliedHash = "vm.novasphere.dev/applied-hash"
	// AnnotationRunStrategy holds, on a VirtualMachine, the spec.runStrategy of the Wukong that was
	// last applied. While it equals the Wukong's, the machine's own value is left to virtctl.
	AnnotationRunStrategy = "vm.novasphere.dev/run-strategy"
	// AnnotationDefaultImage holds, on a VirtualMachine, the image that was taken because the Wukong names none.
	// A new default is for new machines.
	AnnotationDefaultImage = "vm.novasphere.dev/default-image"
	// AnnotationTeardownSince holds, on a NodeNetworkConfigurationPolicy, the RFC 3339 time at which
	// its bridge began to be removed from the nodes; the deadline for unreachable nodes counts from it.
	AnnotationTeardownSince = "vm.novasphere.dev/teardown-since"

	// FinalizerWukong keeps a deleted Wukong until its children are gone, so that "kubectl delete"
	// returns when the nodes are clean.
	FinalizerWukong = "vm.novasphere.dev/wukong"
	// FinalizerNetwork keeps a deleted WukongNetwork, and with it the attachment, until no machine
	// uses it: a NetworkAttachmentDefinition that goes first breaks the pod's own deletion.
	FinalizerNetwork = "vm.novasphere.dev/network"
	// FinalizerNodeBridge keeps a deleted WukongNodeBridge until its share in the bridge is given
	// back, which for the last one means that the bridge is gone from every reachable node.
	FinalizerNodeBridge = "vm.novasphere.dev/node-bridge"
)
