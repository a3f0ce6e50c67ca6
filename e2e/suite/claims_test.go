// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// in returns the same world for a part of the test.
func (w *world) in(t *testing.T) *world {
	part := *w
	part.t = t
	// The part may have started another manager.
	t.Cleanup(func() { w.manager = part.manager })
	return &part
}

// must fails the test on an error.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// expectTells waits until a condition of a claim has a status and reason and says the texts, and returns the claim.
func (w *world) expectTells(
	namespace, name, conditionType string, status metav1.ConditionStatus, reason string, texts ...string,
) *vmv1alpha1.WukongNodeBridge {
	w.t.Helper()
	claim := &vmv1alpha1.WukongNodeBridge{}
	w.eventually(fmt.Sprintf("claim %s/%s %s=%s %s", namespace, name, conditionType, status, reason), func(ctx context.Context) error {
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, claim); err != nil {
			return err
		}
		condition := meta.FindStatusCondition(claim.Status.Conditions, conditionType)
		missing := condition == nil || condition.Status != status || condition.Reason != reason
		for _, text := range texts {
			missing = missing || !strings.Contains(condition.Message, text)
		}
		if missing {
			return fmt.Errorf("want %q, conditions are %s\nnodes are %v", texts, describe(claim.Status.Conditions), claim.Status.Nodes)
		}
		return nil
	})
	return claim
}

// expectNode waits until a claim reports a state of one node whose message says the texts.
func (w *world) expectNode(namespace, name, node string, state vmv1alpha1.NodeState, texts ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("claim %s/%s is %s on %s", namespace, name, state, node), func(ctx context.Context) error {
		claim := &vmv1alpha1.WukongNodeBridge{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, claim); err != nil {
			return err
		}
		for _, status := range claim.Status.Nodes {
			said := !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(status.Message, text) })
			if status.Name == node && status.State == state && said {
				return nil
			}
		}
		return fmt.Errorf("nodes are %v", claim.Status.Nodes)
	})
}

// policyWrites returns the manager's writes of policies, whatever came of them.
func (w *world) policyWrites() []controlplane.Write {
	w.t.Helper()
	return slices.DeleteFunc(w.managerWrites(), func(write controlplane.Write) bool {
		return write.Resource != "nodenetworkconfigurationpolicies"
	})
}

// expectNoPolicyWrites fails the test when the manager has written policies since there were so many writes of them.
func (w *world) expectNoPolicyWrites(since int) {
	w.t.Helper()
	if writes := w.policyWrites(); len(writes) > since {
		w.t.Errorf("policies were written:%s", list(writes[since:]))
	}
}

// everywhere puts a link on every node by hand.
func (w *world) everywhere(link host.Interface) {
	w.t.Helper()
	for _, node := range w.NMState.Nodes() {
		w.must(w.NMState.Foreign(node, link))
	}
}

// unplug takes links off every node by hand.
func (w *world) unplug(names ...string) {
	w.t.Helper()
	for _, node := range w.NMState.Nodes() {
		for _, name := range names {
			w.must(w.NMState.Node(node).Unplug(name))
		}
	}
}

// expectBridge waits until a bridge is on exactly these nodes.
func (w *world) expectBridge(bridge string, nodes ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%s is on %v", bridge, nodes), func(context.Context) error {
		var having []string
		for _, node := range w.NMState.Nodes() {
			if _, there := w.NMState.Node(node).Bridge(bridge); there {
				having = append(having, node)
			}
		}
		if !slices.Equal(having, nodes) {
			return fmt.Errorf("it is on %v", having)
		}
		return nil
	})
}

// foreignPolicy makes a policy as somebody else would.
func (w *world) foreignPolicy(name, desiredState string) *nmstatev1.NodeNetworkConfigurationPolicy {
	w.t.Helper()
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       shared.NodeNetworkConfigurationPolicySpec{DesiredState: shared.NewState(desiredState)},
	}
	w.create(policy)
	return policy
}

// changeUplink updates a WukongUplink.
func (w *world) changeUplink(name string, change func(*vmv1alpha1.WukongUplinkSpec)) {
	w.t.Helper()
	w.eventually("changing WukongUplink "+name, func(ctx context.Context) error {
		uplink := &vmv1alpha1.WukongUplink{}
		if err := w.Client.Get(ctx, client.ObjectKey{Name: name}, uplink); err != nil {
			return err
		}
		change(&uplink.Spec)
		return w.Client.Update(ctx, uplink)
	})
}

// label sets a label of an object, or takes it away when the value is empty.
func (w *world) label(object client.Object, key, value string) {
	w.t.Helper()
	w.eventually("labelling "+object.GetName(), func(ctx context.Context) error {
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		labels := maps.Clone(object.GetLabels())
		if labels == nil {
			labels = map[string]string{}
		}
		if labels[key] = value; value == "" {
			delete(labels, key)
		}
		object.SetLabels(labels)
		return w.Client.Update(ctx, object)
	})
}

// newUplink returns a WukongUplink that is one NIC on all nodes, for the VLANs 100 to 199 and untagged networks.
func newUplink(name, nic string) *vmv1alpha1.WukongUplink {
	return &vmv1alpha1.WukongUplink{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: vmv1alpha1.WukongUplinkSpec{
			NodeGroups: []vmv1alpha1.UplinkNodeGroup{{Name: "all", Interface: vmv1alpha1.InterfaceName(nic)}},
			VLANRanges: []vmv1alpha1.VLANRange{{First: 100, Last: 199}},
			Untagged:   vmv1alpha1.UntaggedAllow,
		},
	}
}

// running reads the instance of a machine of any namespace.
func (w *world) running(namespace, name string) *kubevirtv1.VirtualMachineInstance {
	w.t.Helper()
	instance := &kubevirtv1.VirtualMachineInstance{}
	w.must(w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, instance))
	return instance
}

// expectSameInstance fails the test when a machine was restarted or stopped since its instance was read.
func (w *world) expectSameInstance(before *kubevirtv1.VirtualMachineInstance) {
	w.t.Helper()
	after := w.running(before.Namespace, before.Name)
	if after.UID != before.UID || after.Status.Phase != kubevirtv1.Running || after.Status.NodeName != before.Status.NodeName {
		w.t.Errorf("machine %s was restarted or stopped: it is %s on %s", before.Name, after.Status.Phase, after.Status.NodeName)
	}
}

// nodesWith returns options for nodes that have further NICs.
func nodesWith(nics []string, names ...string) lab.Options {
	var options lab.Options
	for _, name := range names {
		options.NMState.Nodes = append(options.NMState.Nodes, nmstate.NodeSpec{Name: name, FreeNICs: nics})
	}
	return options
}

// enactmentFailed returns an error while NMState has not given up the only policy on a node.
func (w *world) enactmentFailed(ctx context.Context, node string) error {
	var enactments nmstatev1beta1.NodeNetworkConfigurationEnactmentList
	if err := w.Client.List(ctx, &enactments); err != nil {
		return err
	}
	for _, enactment := range enactments.Items {
		failing := enactment.Status.Conditions.Find(shared.NodeNetworkConfigurationEnactmentConditionFailing)
		if strings.HasPrefix(enactment.Name, node+".") && failing != nil && failing.Reason == shared.NodeNetworkConfigurationEnactmentConditionFailedToConfigure {
			return nil
		}
	}
	return fmt.Errorf("it has not")
}

// isRefused returns a check that fails while a claim is not refused for a reason of its own.
func (w *world) isRefused(namespace, name string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		claim := &vmv1alpha1.WukongNodeBridge{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, claim); err != nil {
			return err
		}
		ready := meta.FindStatusCondition(claim.Status.Conditions, vmv1alpha1.ConditionReady)
		if ready == nil || ready.Status != metav1.ConditionFalse || ready.Reason == vmv1alpha1.ReasonProgressing {
			return fmt.Errorf("conditions are %s", describe(claim.Status.Conditions))
		}
		w.t.Logf("%s: %s %s", name, ready.Reason, ready.Message)
		return nil
	}
}

// configurationWrites returns the manager's writes that reach nodes, attachments or machines.
func (w *world) configurationWrites() []controlplane.Write {
	w.t.Helper()
	reaches := []string{"nodenetworkconfigurationpolicies", "network-attachment-definitions", "virtualmachines", "secrets"}
	return slices.DeleteFunc(w.managerWrites(), func(write controlplane.Write) bool { return !slices.Contains(reaches, write.Resource) })
}

// objectsOf returns a list's items.
func (w *world) objectsOf(list client.ObjectList) []client.Object {
	w.t.Helper()
	var objects []client.Object
	w.must(meta.EachListItem(list, func(item runtime.Object) error {
		object, ok := item.(client.Object)
		if !ok {
			return fmt.Errorf("%T has no metadata", item)
		}
		objects = append(objects, object)
		return nil
	}))
	return objects
}

// reported waits until NMState has reported every node. A test that prepares nodes by hand begins with it: of a node that
// has no handler yet the manager knows nothing, and does not wait for it.
func (w *world) reported() {
	w.t.Helper()
	w.eventually("NMState has reported every node", func(ctx context.Context) error {
		for _, node := range w.NMState.Nodes() {
			if err := w.Client.Get(ctx, client.ObjectKey{Name: node}, &nmstatev1beta1.NodeNetworkState{}); err != nil {
				return err
			}
		}
		return nil
	})
}
