// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// reach is what a claim says of where its bridge is, as far as it decides where a machine may be started.
type reach struct {
	// reported tells that the claim says anything of its present form.
	reported bool
	// trusted tells that nobody checks the bridge, so that it is taken to be on every node.
	trusted bool
	// hosts are the hostnames of the nodes that a machine may be started on, sorted.
	hosts []string
	// underWay tells that nodes may be added without anybody's doing.
	underWay bool
}

// reachOf returns what a claim says, which is nothing where there is no claim.
func reachOf(claim *vmv1alpha1.WukongNodeBridge) reach {
	if claim == nil {
		return reach{}
	}
	ready := conditions.Current(claim.Status.Conditions, vmv1alpha1.ConditionReady, claim.Generation)
	if ready == nil {
		return reach{}
	}
	if ready.Reason == vmv1alpha1.ReasonNMStateNotInstalled {
		return reach{reported: true, trusted: true}
	}
	said := reach{underWay: conditions.UnderWay(*ready)}
	for _, node := range claim.Status.Nodes {
		switch {
		case node.Usable:
			said.hosts = append(said.hosts, hostOf(node))
		case node.State == vmv1alpha1.NodeProgressing, node.State == vmv1alpha1.NodeQueued:
			said.underWay = true
		}
	}
	slices.Sort(said.hosts)
	said.reported = isReported(claim, said.hosts)
	return said
}

// isReported tells whether a claim says where its bridge is. One that was Available before there was a word for usable
// nodes names none of them, and is reported anew in a moment.
func isReported(claim *vmv1alpha1.WukongNodeBridge, hosts []string) bool {
	available := conditions.Current(claim.Status.Conditions, vmv1alpha1.ConditionAvailable, claim.Generation)
	return available != nil && (available.Status != metav1.ConditionTrue || len(hosts) > 0)
}

// hostOf returns the node's label kubernetes.io/hostname, which scheduling goes by.
func hostOf(node vmv1alpha1.NodeBridgeNodeStatus) string {
	if node.Hostname != "" {
		return node.Hostname
	}
	return node.Name
}

// reachChanged lets a change of a claim pass only when it says something else of where its bridge is: how far each node
// is on the way is of no concern to a machine.
func reachChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, isBridge := e.ObjectOld.(*vmv1alpha1.WukongNodeBridge)
		after, stillBridge := e.ObjectNew.(*vmv1alpha1.WukongNodeBridge)
		return isBridge && stillBridge &&
			(!reflect.DeepEqual(reachOf(before), reachOf(after)) || before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero())
	}}
}
