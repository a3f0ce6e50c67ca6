// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package story makes the log tell what becomes of one Wukong: with the same keys in each controller, and a line whenever a
// condition turns.
package story

// The keys of log lines. No line of ours has another one.
const (
	// KeyController is the controller that tells.
	KeyController = "controller"
	// KeyWukong is the Wukong that a line is about, as "namespace/name".
	KeyWukong = "wukong"
	// KeyNetwork is the WukongNetwork that was looked at.
	KeyNetwork = "network"
	// KeyBridge is the bridge that was looked at.
	KeyBridge = "bridge"
	// KeyUplink is the WukongUplink that was looked at.
	KeyUplink = "uplink"
	// KeyClaims counts the claims on a bridge.
	KeyClaims = "claims"
	// KeyKind and KeyName name the object that something was done with.
	KeyKind = "kind"
	KeyName = "name"
	// KeyPolicy is a NodeNetworkConfigurationPolicy, KeyForm what it is to do and KeyAttempt how often it was written anew.
	KeyPolicy  = "policy"
	KeyForm    = "form"
	KeyAttempt = "attempt"
	// KeyNode is a node of the cluster, and KeyState how far it is with a bridge.
	KeyNode  = "node"
	KeyState = "state"
	// KeyCondition, KeyStatus, KeyReason and KeyMessage are a condition's.
	KeyCondition = "condition"
	KeyStatus    = "status"
	KeyReason    = "reason"
	KeyMessage   = "message"
	// KeyStorage is how much storage a claim requests.
	KeyStorage = "storage"
	// KeyProblem says what is wrong where nothing failed.
	KeyProblem = "problem"
	// KeyVersion, KeyDefaultUplink and KeyDefaultImage are the manager's own.
	KeyVersion       = "version"
	KeyDefaultUplink = "defaultUplink"
	KeyDefaultImage  = "defaultImage"
)

// Key is a key of log lines.
type Key struct {
	// Name is the key.
	Name string
	// Help says what its value is.
	Help string
}

// Keys returns all keys in the order in which they are documented.
func Keys() []Key {
	return []Key{
		{KeyController, "the controller: `wukong-wukong`, `wukong-nmstate`, `wukong-uplink`, `wukong-multus` or `wukong-vm`"},
		{KeyWukong, "the Wukong, as `namespace/name`; of a bridge that several share, the one whose claim is the oldest"},
		{KeyNetwork, "the WukongNetwork that was looked at, as `namespace/name`"},
		{KeyBridge, "the bridge that was looked at"},
		{KeyUplink, "the WukongUplink that was looked at"},
		{KeyClaims, "how many claims the bridge has"},
		{KeyKind, "the kind of the object that something was done with, or that a condition is of"},
		{KeyName, "that object's name; its namespace is the Wukong's"},
		{KeyPolicy, "the NodeNetworkConfigurationPolicy"},
		{KeyForm, "what the policy is to do: make the bridge, restore its last form or remove it"},
		{KeyAttempt, "how often the policy was written anew because NMState gave up"},
		{KeyNode, "the node"},
		{KeyState, "how far the node is with the bridge, a [state of a node](conditions.md#states-of-a-node)"},
		{KeyCondition, "the condition that turned"},
		{KeyStatus, "its status: `True`, `False` or `Unknown`"},
		{KeyReason, "its reason, one of the page on [conditions](conditions.md)"},
		{KeyMessage, "what it says"},
		{KeyStorage, "what the PersistentVolumeClaim requests now"},
		{KeyProblem, "what is wrong, where nothing failed"},
		{KeyVersion, "the manager's version"},
		{KeyDefaultUplink, "the NIC of networks that name none"},
		{KeyDefaultImage, "the image of machines that name none"},
	}
}
