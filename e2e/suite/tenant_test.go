// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

const (
	tenantBridges = 50
	tenantQuota   = 3
)

// TestTenant lets a tenant try to get at what is another tenant's, the node's or above its share: each attempt is refused by
// its rule, and nothing of the other tenant is touched.
func TestTenant(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("team-a")
	w.namespace("team-b")
	quota := int32(tenantQuota)
	own := newUplink("net-b", "ens161")
	own.Spec.VLANRanges[0] = vmv1alpha1.VLANRange{First: 200, Last: 299}
	own.Spec.Untagged = vmv1alpha1.UntaggedRefuse
	own.Spec.Quota.BridgesPerNamespace = &quota
	theirs := newUplink("net-a", "ens160")
	theirs.Spec.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "team-a"}}
	// A second uplink of the first tenant is the same NIC as the tenant's, for other VLANs.
	overlapping := newUplink("net-c", "ens161")
	overlapping.Spec.NamespaceSelector = theirs.Spec.NamespaceSelector
	w.create(own, theirs, overlapping)
	w.create(newWukong("team-a", "vm", on("net-a", bridged("lan", "br-a", 100)), on("net-c", bridged("wan", "br-c", 150))))
	w.expectReady("team-a", "vm")
	w.settle(w.scraper())
	before, nodes := w.versionsOf("team-a"), w.states()

	for name, try := range map[string]struct {
		network vmv1alpha1.Network
		reason  string
	}{
		"bridge-of-another":       {on("net-b", bridged("lan", "br-a", 200)), vmv1alpha1.ReasonBridgeConflict},
		"bridge-and-uplink":       {on("net-a", bridged("lan", "br-a", 100)), vmv1alpha1.ReasonNamespaceNotAllowed},
		"bridge-with-other-vlan":  {on("net-a", bridged("lan", "br-a", 101)), vmv1alpha1.ReasonNamespaceNotAllowed},
		"nic-of-another":          {on("ens160", bridged("lan", "br-x1", 100)), vmv1alpha1.ReasonNamespaceNotAllowed},
		"nic-of-the-node":         {on(nmstate.ManagementNIC, bridged("lan", "br-x2", 0)), vmv1alpha1.ReasonUplinkNotFound},
		"vlan-of-the-node":        {on(nmstate.ManagementNIC, bridged("lan", "br-x3", 210)), vmv1alpha1.ReasonUplinkNotFound},
		"default-uplink":          {bridged("lan", "br-x4", 210), vmv1alpha1.ReasonNamespaceNotAllowed},
		"vlan-above":              {on("net-b", bridged("lan", "br-x5", 300)), vmv1alpha1.ReasonVLANNotAllowed},
		"vlan-below":              {on("net-b", bridged("lan", "br-x6", 199)), vmv1alpha1.ReasonVLANNotAllowed},
		"untagged":                {on("net-b", bridged("lan", "br-x7", 0)), vmv1alpha1.ReasonVLANNotAllowed},
		"nic-of-several":          {on("ens161", bridged("lan", "br-x8", 200)), vmv1alpha1.ReasonUplinkAmbiguous},
		"vlan-interface":          {on("ens161.150", bridged("lan", "br-x9", 0)), vmv1alpha1.ReasonUplinkNotFound},
		"bridge-as-nic":           {on("br-a", bridged("lan", "br-x10", 0)), vmv1alpha1.ReasonUplinkNotFound},
		"uplink-that-is-not":      {on("net-d", bridged("lan", "br-x11", 200)), vmv1alpha1.ReasonUplinkNotFound},
		"uplink-by-another-names": {on("net-c", bridged("lan", "br-x12", 150)), vmv1alpha1.ReasonNamespaceNotAllowed},
	} {
		w.create(newWukong("team-b", name, try.network))
		w.expectTells("team-b", name+"-lan", vmv1alpha1.ConditionReady, metav1.ConditionFalse, try.reason)
		w.expect("team-b", name, vmv1alpha1.ConditionReady, metav1.ConditionFalse, try.reason)
	}
	w.expectStates(nodes)
	for i := range tenantBridges {
		w.create(newWukong("team-b", fmt.Sprintf("many-%d", i), on("net-b", bridged("lan", fmt.Sprintf("br-m%d", i), int32(200+i)))))
	}
	w.eventually("the quota holds", func(ctx context.Context) error { return w.quotaHolds(ctx, "team-b", "many-") })
	// Deleting and making again is no way around it either.
	w.delete("team-b", "many-0")
	w.create(newWukong("team-b", "again", on("net-b", bridged("lan", "br-again", 290))))
	w.expectGone("team-b", "many-0")
	w.eventually("the quota still holds", func(ctx context.Context) error { return w.quotaHolds(ctx, "team-b", "") })
	for name, version := range w.versionsOf("team-a") {
		if before[name] != version {
			t.Errorf("%s of the other tenant was changed from %q to %q", name, before[name], version)
		}
	}
}

// quotaHolds returns an error while not exactly as many bridges of a namespace as it may have are granted, and all others
// refused for the quota.
func (w *world) quotaHolds(ctx context.Context, namespace, prefix string) error {
	var claims vmv1alpha1.WukongNodeBridgeList
	if err := w.Client.List(ctx, &claims, client.InNamespace(namespace)); err != nil {
		return err
	}
	granted, refused := 0, 0
	for _, claim := range claims.Items {
		for _, condition := range claim.Status.Conditions {
			switch {
			case len(claim.Name) < len(prefix) || claim.Name[:len(prefix)] != prefix || condition.Type != vmv1alpha1.ConditionReady:
			case condition.Status == metav1.ConditionTrue:
				granted++
			case condition.Reason == vmv1alpha1.ReasonQuotaExceeded:
				refused++
			}
		}
	}
	if granted > tenantQuota {
		w.t.Fatalf("%d bridges are granted", granted)
	}
	if granted != tenantQuota || refused != tenantBridges-tenantQuota {
		return fmt.Errorf("%d are granted and %d refused", granted, refused)
	}
	return nil
}

// versionsOf returns the versions of a tenant's objects: those of which others write the status by their generation.
func (w *world) versionsOf(namespace string) map[string]string {
	w.t.Helper()
	versions := map[string]string{}
	for _, list := range []client.ObjectList{
		&vmv1alpha1.WukongList{}, &vmv1alpha1.WukongNetworkList{}, &vmv1alpha1.WukongNodeBridgeList{}, &nadv1.NetworkAttachmentDefinitionList{},
		&kubevirtv1.VirtualMachineList{}, &kubevirtv1.VirtualMachineInstanceList{},
	} {
		w.must(w.Client.List(w.t.Context(), list, client.InNamespace(namespace)))
		for _, object := range w.objectsOf(list) {
			versions[fmt.Sprintf("%T %s", object, object.GetName())] = fmt.Sprint(object.GetUID(), object.GetResourceVersion())
		}
	}
	var policies nmstatev1.NodeNetworkConfigurationPolicyList
	w.must(w.Client.List(w.t.Context(), &policies))
	for _, policy := range policies.Items {
		for _, bridge := range []string{"br-a", "br-c"} {
			if policy.Labels[vmv1alpha1.LabelBridge] == bridge {
				versions["policy "+policy.Name] = fmt.Sprint(policy.UID, policy.Generation)
			}
		}
	}
	return versions
}
