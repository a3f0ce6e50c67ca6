// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// ConditionReady is the summary condition of every kind here. Each kind's comment on its status says what it sums up.
const ConditionReady = "Ready"

// Reasons that several conditions share.
const (
	// ReasonReady surfaces when the condition is True and there is nothing more to say.
	ReasonReady = "Ready"
	// ReasonDeleting surfaces while the object is being deleted; the message says what it waits for.
	ReasonDeleting = "Deleting"
	// ReasonNameConflict surfaces when an object that Wukong did not create already has the name that is
	// needed. It is never overwritten, adopted or deleted; the message says whose it is.
	ReasonNameConflict = "NameConflict"
	// ReasonApplyFailed surfaces when the API server refused an object that Wukong wanted to write; the
	// message holds its words.
	ReasonApplyFailed = "ApplyFailed"
)

// Conditions of a Wukong and their reasons.
const (
	// ConditionNetworksReady says whether each network is there up to the machine's NIC: the bridge on
	// the node, the attachment, and a data path that reaches the guest. Written by the wukong controller.
	ConditionNetworksReady = "NetworksReady"
	// ReasonNetworksNotReady surfaces when several networks are not ready for different reasons.
	ReasonNetworksNotReady = "NetworksNotReady"
	// ReasonNetworkPending surfaces when the children of a network were made and have not reported yet.
	ReasonNetworkPending = "NetworkPending"

	// ConditionCloudInitReady says whether the guest's user-data and network-config could be rendered
	// from everything they refer to. Written by the vm controller.
	ConditionCloudInitReady = "CloudInitReady"
	// ReasonSecretNotFound surfaces when a Secret that the spec names does not exist.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretKeyMissing surfaces when such a Secret lacks the key that is needed.
	ReasonSecretKeyMissing = "SecretKeyMissing"
	// ReasonSecretInvalid surfaces when such a Secret's content is not what it has to be, for example
	// not a public key in OpenSSH's format.
	ReasonSecretInvalid = "SecretInvalid"
	// ReasonGuestDataTooLarge surfaces when the guest's configuration, with all that comes from Secrets, is larger
	// than a Secret may be.
	ReasonGuestDataTooLarge = "GuestDataTooLarge"

	// ConditionDisksReady says whether each persistent disk is there, filled, and as large as it is declared.
	// Written by the vm controller.
	ConditionDisksReady = "DisksReady"
	// ReasonNoPersistentDisks surfaces for DisksReady=True while the machine has none.
	ReasonNoPersistentDisks = "NoPersistentDisks"
	// ReasonDisksNotReady surfaces when several disks are not ready for different reasons.
	ReasonDisksNotReady = "DisksNotReady"
	// ReasonDiskPending surfaces while a disk's DataVolume does not exist yet: KubeVirt makes it when the machine is
	// started.
	ReasonDiskPending = "DiskPending"
	// ReasonWaitForFirstConsumer surfaces while a disk's storage is bound only when the machine is started, as its
	// storage class says. The name is CDI's.
	ReasonWaitForFirstConsumer = "WaitForFirstConsumer"
	// ReasonImporting surfaces while CDI makes and fills a disk.
	ReasonImporting = "Importing"
	// ReasonImportFailed surfaces when CDI cannot fill a disk; the message holds its words.
	ReasonImportFailed = "ImportFailed"
	// ReasonClaimNotBound surfaces when a disk's claim gets no storage; the message holds CDI's words.
	ReasonClaimNotBound = "ClaimNotBound"
	// ReasonClaimNotFound surfaces when the PersistentVolumeClaim that claimName names does not exist.
	ReasonClaimNotFound = "ClaimNotFound"
	// ReasonCDINotInstalled surfaces when a disk has to be made and the cluster does not serve DataVolumes.
	ReasonCDINotInstalled = "CDINotInstalled"
	// ReasonDiskDiffers surfaces when a disk was filled from another image, or made in another storage class, than is
	// declared now: it was taken out and added again.
	ReasonDiskDiffers = "DiskDiffers"
	// ReasonGrowing surfaces while a disk becomes as large as it is declared now.
	ReasonGrowing = "Growing"
	// ReasonGrowthRefused surfaces when the API server or the storage refuses to enlarge a disk; the message holds
	// its words.
	ReasonGrowthRefused = "GrowthRefused"

	// ConditionVirtualMachineReady says whether the machine runs. Written by the vm controller.
	ConditionVirtualMachineReady = "VirtualMachineReady"
	// ReasonWaitingForNetworks surfaces while the machine is not made, or not updated, because a
	// network has no attachment yet. KubeVirt does not recover when an attachment comes after the machine.
	ReasonWaitingForNetworks = "WaitingForNetworks"
	// ReasonNoNodeForBridges surfaces while no node has all the bridges that the machine needs, so that it could be
	// started nowhere; the message says where each bridge is.
	ReasonNoNodeForBridges = "NoNodeForBridges"
	// ReasonWaitingForCloudInit surfaces while the machine is not made because CloudInitReady is False.
	ReasonWaitingForCloudInit = "WaitingForCloudInit"
	// ReasonWaitingForDisks surfaces while the machine is not made, or not updated, because a disk cannot be made or
	// its name is somebody else's; DisksReady says which.
	ReasonWaitingForDisks = "WaitingForDisks"
	// ReasonKubeVirtNotInstalled surfaces when the cluster does not serve kubevirt.io/v1 VirtualMachines.
	ReasonKubeVirtNotInstalled = "KubeVirtNotInstalled"
	// ReasonStarting surfaces while KubeVirt brings the machine up.
	ReasonStarting = "Starting"
	// ReasonPodNotStarting surfaces while the node cannot start the machine's virt-launcher pod; the message has the
	// words of the kubelet, or of the CNI plugin behind it.
	ReasonPodNotStarting = "PodNotStarting"
	// ReasonStopped surfaces when the machine does not run because its run strategy or a person says so.
	ReasonStopped = "Stopped"
	// ReasonVirtualMachineFailed surfaces when KubeVirt reports that the machine cannot run.
	ReasonVirtualMachineFailed = "VirtualMachineFailed"
	// ReasonRunning surfaces when the machine runs.
	ReasonRunning = "Running"

	// ConditionRestartRequired is True while something that was declared waits for the next start of the
	// machine. Nothing restarts it by itself. Written by the vm controller; the name is KubeVirt's.
	ConditionRestartRequired = "RestartRequired"
	// ReasonTemplateChanged surfaces when KubeVirt says that a changed field is not live-updatable.
	ReasonTemplateChanged = "TemplateChanged"
	// ReasonGuestDataChanged surfaces when the guest was started with other cloud-init data.
	ReasonGuestDataChanged = "GuestDataChanged"
	// ReasonAttachmentChanged surfaces while the running machine has a network's earlier attachment.
	ReasonAttachmentChanged = "AttachmentChanged"
	// ReasonLiveUpdating surfaces, with the status Unknown, while KubeVirt changes the running machine: its NICs, CPUs
	// or memory.
	ReasonLiveUpdating = "LiveUpdating"
	// ReasonUpToDate surfaces when the running machine is what was declared.
	ReasonUpToDate = "UpToDate"

	// ConditionGuestNetworkInSync says whether the guest has the declared addresses. It is Unknown
	// while no guest agent reports. Written by the vm controller.
	ConditionGuestNetworkInSync = "GuestNetworkInSync"
	// ReasonAddressesObserved surfaces when each declared address was seen on its MAC.
	ReasonAddressesObserved = "AddressesObserved"
	// ReasonAddressesDiffer surfaces when the guest agent reports and a declared address is not there.
	ReasonAddressesDiffer = "AddressesDiffer"
	// ReasonGuestAgentNotConnected surfaces while no guest agent reports what the guest has.
	ReasonGuestAgentNotConnected = "GuestAgentNotConnected"
	// ReasonNotRunning surfaces while there is no running guest to look at.
	ReasonNotRunning = "NotRunning"
)

// Conditions of a WukongNetwork and their reasons. All of them are written by the multus controller.
const (
	// ConditionAddressesReady says whether the network's addresses and its MAC are its own on their segment. What
	// it got stays its own while others come later, also while the machine is stopped.
	ConditionAddressesReady = "AddressesReady"
	// ReasonAddressesHeld surfaces when the addresses and the MAC are this network's.
	ReasonAddressesHeld = "AddressesHeld"
	// ReasonAddressConflict surfaces when an address is another network's on the same segment, the gateway of
	// another namespace's machines there, or a node's; the message names the holder.
	ReasonAddressConflict = "AddressConflict"
	// ReasonMACAddressConflict surfaces when the MAC is another network's on the same segment; the message names
	// the holder.
	ReasonMACAddressConflict = "MACAddressConflict"

	// ConditionAttachmentReady says whether the NetworkAttachmentDefinition exists as it is needed.
	ConditionAttachmentReady = "AttachmentReady"
	// ReasonAttached surfaces when the NetworkAttachmentDefinition is there.
	ReasonAttached = "Attached"
	// ReasonWaitingForAddresses surfaces while no attachment is made because AddressesReady is False.
	ReasonWaitingForAddresses = "WaitingForAddresses"
	// ReasonWaitingForNodeBridge surfaces while the bridge is not on the nodes yet.
	ReasonWaitingForNodeBridge = "WaitingForNodeBridge"
	// ReasonMultusNotInstalled surfaces when the cluster does not serve NetworkAttachmentDefinitions.
	ReasonMultusNotInstalled = "MultusNotInstalled"
	// ReasonAttachmentNotFound surfaces when the NetworkAttachmentDefinition that nadName names is missing.
	ReasonAttachmentNotFound = "AttachmentNotFound"
	// ReasonAttachmentNotAllowed surfaces when nadName is in another namespace, WukongUplinks exist, and the attachment
	// is not shared with this namespace.
	ReasonAttachmentNotAllowed = "AttachmentNotAllowed"
	// ReasonAttachmentInvalid surfaces when that NetworkAttachmentDefinition's configuration cannot be
	// read, or is not of the declared type.
	ReasonAttachmentInvalid = "AttachmentInvalid"

	// ConditionDataPathReady says whether frames can pass between the attachment and the guest.
	ConditionDataPathReady = "DataPathReady"
	// ReasonDataPathUsable surfaces when KubeVirt's binding carries this attachment's traffic.
	ReasonDataPathUsable = "DataPathUsable"
	// ReasonMacvlanBehindBridgeBinding surfaces for a macvlan attachment behind KubeVirt's bridge
	// binding: no unicast frame reaches the guest, because the binding changes the pod NIC's MAC.
	ReasonMacvlanBehindBridgeBinding = "MacvlanBehindBridgeBinding"
	// ReasonIPVLANBehindBridgeBinding surfaces for an ipvlan attachment: its interface cannot be the port
	// of a bridge, and KubeVirt has no other binding for it.
	ReasonIPVLANBehindBridgeBinding = "IPVLANBehindBridgeBinding"
	// ReasonNoAttachment surfaces while there is no attachment to speak of.
	ReasonNoAttachment = "NoAttachment"
)

// Conditions of a WukongNodeBridge and their reasons. All of them are written by the nmstate controller.
const (
	// ConditionAllowed says whether the claim is inside the platform team's fence. A claim that was granted and is
	// outside since the fence moved keeps its bridge, and only this condition tells of it.
	ConditionAllowed = "Allowed"
	// ReasonNoFence surfaces for Allowed=True while there is no WukongUplink.
	ReasonNoFence = "NoFence"
	// ReasonAllowed surfaces when a WukongUplink allows the claim.
	ReasonAllowed = "Allowed"
	// ReasonUplinkNotFound surfaces when WukongUplinks exist and the claim's uplink is none of them, nor an
	// interface of one.
	ReasonUplinkNotFound = "UplinkNotFound"
	// ReasonUplinkAmbiguous surfaces when the claim's uplink is an interface that several WukongUplinks have.
	ReasonUplinkAmbiguous = "UplinkAmbiguous"
	// ReasonUplinkInvalid surfaces when the WukongUplink contradicts itself: a node is in two of its groups.
	ReasonUplinkInvalid = "UplinkInvalid"
	// ReasonNamespaceNotAllowed surfaces when the WukongUplink is not for the claim's namespace.
	ReasonNamespaceNotAllowed = "NamespaceNotAllowed"
	// ReasonNetworkTypeNotAllowed surfaces when the WukongUplink does not allow the network's type.
	ReasonNetworkTypeNotAllowed = "NetworkTypeNotAllowed"
	// ReasonVLANNotAllowed surfaces when the WukongUplink does not allow the VLAN, or no untagged network.
	ReasonVLANNotAllowed = "VLANNotAllowed"
	// ReasonMTUNotAllowed surfaces when the network's MTU is larger than the WukongUplink's.
	ReasonMTUNotAllowed = "MTUNotAllowed"
	// ReasonQuotaExceeded surfaces when the bridge would be one more than the WukongUplink's quota allows.
	ReasonQuotaExceeded = "QuotaExceeded"

	// ReasonAdopted surfaces when the bridge existed before, with the wanted port: it is used, and never changed
	// or removed.
	ReasonAdopted = "Adopted"
	// ReasonForeignPolicy surfaces when somebody else's NodeNetworkConfigurationPolicy names the bridge, its VLAN
	// interface, or takes the NIC as a port.
	ReasonForeignPolicy = "ForeignPolicy"
	// ReasonNICMissing surfaces when a node has no such NIC.
	ReasonNICMissing = "NICMissing"
	// ReasonNICDown surfaces when the NIC is down on a node.
	ReasonNICDown = "NICDown"
	// ReasonNICInUse surfaces when the NIC is already the port of another bridge or bond on a node, or when an
	// untagged bridge and a macvlan want the same NIC.
	ReasonNICInUse = "NICInUse"
	// ReasonBridgeNameTaken surfaces when a node has an interface of the bridge's or its VLAN interface's name that
	// is something else.
	ReasonBridgeNameTaken = "BridgeNameTaken"
	// ReasonHostIPAtRisk surfaces when the NIC carries a node's InternalIP or default route, which the node would
	// lose.
	ReasonHostIPAtRisk = "HostIPAtRisk"
	// ReasonHostIPCannotMove surfaces when hostIP: Move is asked for and cannot be done.
	ReasonHostIPCannotMove = "HostIPCannotMove"
	// ReasonVLANInUse surfaces when a node has the VLAN on the NIC already, under another name or in another bridge.
	ReasonVLANInUse = "VLANInUse"
	// ReasonMTUTooLarge surfaces when the MTU is larger than a node's NIC carries.
	ReasonMTUTooLarge = "MTUTooLarge"
	// ReasonRolledBack surfaces when a change of the bridge failed on a node and the last state that worked was
	// written again.
	ReasonRolledBack = "RolledBack"
	// ReasonWaitingForMachines surfaces when a change of the bridge would cut off machines that run on it; the
	// message names them.
	ReasonWaitingForMachines = "WaitingForMachines"

	// ConditionAvailable says whether at least one node has the bridge as it is declared.
	ConditionAvailable = "Available"
	// ReasonApplied surfaces when the nodes have the bridge; for Available at least one, for Ready each
	// matching, healthy node.
	ReasonApplied = "Applied"
	// ReasonProgressing surfaces while NMState works on nodes.
	ReasonProgressing = "Progressing"
	// ReasonWaitingForPolicy surfaces while NMState still works on an earlier version of the policy and
	// therefore accepts no new one.
	ReasonWaitingForPolicy = "WaitingForPolicy"
	// ReasonNodesFailed surfaces when NMState gave up on at least one node; the message holds the node's
	// own words.
	ReasonNodesFailed = "NodesFailed"
	// ReasonNoHandler surfaces when a node that runs machines has no running kubernetes-nmstate handler.
	ReasonNoHandler = "NoHandler"
	// ReasonNoMatchingNode surfaces when there is no healthy node for the bridge.
	ReasonNoMatchingNode = "NoMatchingNode"
	// ReasonNMStateNotInstalled surfaces when the cluster does not serve NodeNetworkConfigurationPolicies.
	// Node configuration is skipped then, and the bridge is trusted to exist.
	ReasonNMStateNotInstalled = "NMStateNotInstalled"
	// ReasonBridgeConflict surfaces when an older claim has the same bridge with another VLAN, NIC or
	// type; the message names the holder.
	ReasonBridgeConflict = "BridgeConflict"
	// ReasonUplinkConflict surfaces when an older claim has the same NIC and VLAN in another bridge; the
	// message names the holder.
	ReasonUplinkConflict = "UplinkConflict"
	// ReasonInUse surfaces while a deleted claim is kept because a machine still uses the bridge.
	ReasonInUse = "InUse"
	// ReasonTearingDown surfaces while the bridge is being removed from the nodes.
	ReasonTearingDown = "TearingDown"
)

// Conditions of a WukongUplink and their reasons. All of them are written by the nmstate controller.
const (
	// ReasonNodeGroupsOverlap surfaces when a node is in two groups; no new bridge is made until that is mended.
	ReasonNodeGroupsOverlap = "NodeGroupsOverlap"
	// ReasonInterfaceMissing surfaces when a node of a group lacks the interface.
	ReasonInterfaceMissing = "InterfaceMissing"
	// ReasonInterfaceUnfit surfaces when a node of a group has the interface and it cannot be used as it is.
	ReasonInterfaceUnfit = "InterfaceUnfit"
	// ReasonSeveralDefaults surfaces when several WukongUplinks say default: the first by name is taken.
	ReasonSeveralDefaults = "SeveralDefaults"
	// ReasonInterfaceFound surfaces when every node of the groups has the interface.
	ReasonInterfaceFound = "InterfaceFound"
)
