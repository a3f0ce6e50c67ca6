// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

// expectAttachment waits until a WukongNetwork's AttachmentReady has a reason.
func (w *world) expectAttachment(name, reason string) {
	w.t.Helper()
	w.eventually("the attachment of "+name+" is "+reason, func(ctx context.Context) error {
		network := &vmv1alpha1.WukongNetwork{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, network); err != nil {
			return err
		}
		attached := meta.FindStatusCondition(network.Status.Conditions, vmv1alpha1.ConditionAttachmentReady)
		if attached == nil || attached.Reason != reason {
			return fmt.Errorf("conditions are %s", describe(network.Status.Conditions))
		}
		return nil
	})
}

// TestFencedAttachments has networks that make no claim on a bridge meet the fence: a macvlan on a NIC that is not for
// untagged networks, one on a NIC that a bridge has, and an attachment of another namespace. Each heals by itself.
func TestFencedAttachments(t *testing.T) {
	w := newWorld(t, lab.Options{})
	if err := w.KubeVirt.SetTapBinding(t.Context(), "macvtap", true); err != nil {
		t.Fatal(err)
	}
	uplink := &vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: "dc"}}
	uplink.Spec.NodeGroups = []vmv1alpha1.UplinkNodeGroup{{Name: "all", Interface: "ens160"}}
	uplink.Spec.VLANRanges = []vmv1alpha1.VLANRange{{First: 100, Last: 199}}
	w.create(uplink)

	w.create(newWukong("default", "tap", vmv1alpha1.Network{Name: "lan", Type: vmv1alpha1.NetworkTypeMacvlan, BridgeName: "ens160"}))
	w.expectAttachment("tap-lan", vmv1alpha1.ReasonVLANNotAllowed)
	w.create(newWukong("default", "far", vmv1alpha1.Network{Name: "lan", Type: vmv1alpha1.NetworkTypeMacvlan, BridgeName: "ens161"}))
	w.expectAttachment("far-lan", vmv1alpha1.ReasonUplinkNotFound)
	w.eventually("the fence is moved", func(ctx context.Context) error {
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(uplink), uplink); err != nil {
			return err
		}
		uplink.Spec.Untagged = vmv1alpha1.UntaggedAllow
		return w.Client.Update(ctx, uplink)
	})
	w.expectReady("default", "tap")

	w.create(newWukong("default", "bridge", bridged("lan", "br-lan", 0)))
	w.expect("default", "bridge", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonNICInUse)
	w.delete("default", "tap")
	w.expectReady("default", "bridge")
	w.create(newWukong("default", "tap2", vmv1alpha1.Network{Name: "lan", Type: vmv1alpha1.NetworkTypeMacvlan, Uplink: "dc"}))
	w.expectAttachment("tap2-lan", vmv1alpha1.ReasonNICInUse)
	w.delete("default", "bridge")
	w.expectReady("default", "tap2")

	w.namespace("infra")
	attachment := &nadv1.NetworkAttachmentDefinition{
		ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: "storage"},
		Spec:       nadv1.NetworkAttachmentDefinitionSpec{Config: `{"cniVersion":"0.3.1","name":"storage","type":"bridge","bridge":"br-storage"}`},
	}
	w.create(attachment)
	w.create(newWukong("default", "guest", vmv1alpha1.Network{Name: "storage", NADName: "infra/storage"}))
	w.expectAttachment("guest-storage", vmv1alpha1.ReasonAttachmentNotAllowed)
	attachment.Annotations = map[string]string{vmv1alpha1.AnnotationSharedWith: "team-a, default"}
	w.replace(attachment)
	w.expectReady("default", "guest")
}
