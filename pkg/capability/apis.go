// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package capability

import (
	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

const (
	// IndexAttachment finds VirtualMachines, VirtualMachineInstances and launcher pods by the
	// "namespace/name" of a NetworkAttachmentDefinition that they use.
	IndexAttachment = "attachment"
	// IndexInstance finds launcher pods by the UID of their VirtualMachineInstance.
	IndexInstance = "instance"
	// IndexPod finds events by the UID of the pod that they are about.
	IndexPod = "pod"
	// IndexBridge finds our NodeNetworkConfigurationPolicies by the bridge that they configure.
	IndexBridge = "bridge"
	// IndexPolicy finds NodeNetworkConfigurationEnactments by their policy.
	IndexPolicy = "policy"
)

// PolicyLabel names an enactment's policy (kubernetes-nmstate, api/shared/nodenetworkconfigurationenactment_types.go).
const PolicyLabel = "nmstate.io/policy"

// NMState is kubernetes-nmstate.
var NMState = API{Name: "NMState", Kinds: []Kind{
	{
		CRD: "nodenetworkconfigurationpolicies.nmstate.io", Object: &nmstatev1.NodeNetworkConfigurationPolicy{},
		Indexes: map[string]client.IndexerFunc{IndexBridge: bridgeOfPolicy},
	},
	{
		CRD: "nodenetworkconfigurationenactments.nmstate.io", Object: &nmstatev1beta1.NodeNetworkConfigurationEnactment{},
		Indexes: map[string]client.IndexerFunc{IndexPolicy: func(obj client.Object) []string { return []string{obj.GetLabels()[PolicyLabel]} }},
	},
	{CRD: "nodenetworkstates.nmstate.io", Object: &nmstatev1beta1.NodeNetworkState{}},
}}

// Multus is the NetworkAttachmentDefinition API, which Multus serves.
var Multus = API{Name: "Multus", Kinds: []Kind{
	{CRD: "network-attachment-definitions.k8s.cni.cncf.io", Object: &nadv1.NetworkAttachmentDefinition{}},
}}

// KubeVirt is KubeVirt.
var KubeVirt = API{Name: "KubeVirt", Kinds: []Kind{
	{
		CRD: "virtualmachines.kubevirt.io", Object: &kubevirtv1.VirtualMachine{},
		Indexes: map[string]client.IndexerFunc{IndexAttachment: AttachmentsOf},
	},
	{
		CRD: "virtualmachineinstances.kubevirt.io", Object: &kubevirtv1.VirtualMachineInstance{},
		Indexes: map[string]client.IndexerFunc{IndexAttachment: AttachmentsOf},
	},
	{CRD: "kubevirts.kubevirt.io", Object: &kubevirtv1.KubeVirt{}},
}}

// CDI is the Containerized Data Importer, which makes and fills disks.
var CDI = API{Name: "CDI", Kinds: []Kind{
	{CRD: "datavolumes.cdi.kubevirt.io", Object: &cdiv1.DataVolume{}},
	{CRD: "cdiconfigs.cdi.kubevirt.io", Object: &cdiv1.CDIConfig{}},
}}

func bridgeOfPolicy(obj client.Object) []string {
	if obj.GetLabels()[vmv1alpha1.LabelManagedBy] != vmv1alpha1.ManagedByWukong {
		return nil
	}
	return []string{obj.GetLabels()[vmv1alpha1.LabelBridge]}
}
