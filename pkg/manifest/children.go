// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/children"
	"github.com/novasphere/wukong/pkg/render/machine"
	"github.com/novasphere/wukong/pkg/render/nad"
)

// machineObjects is one Wukong and what it needs.
type machineObjects struct {
	wukong   *vmv1alpha1.Wukong
	networks []networkObjects
}

// networkObjects are the children of one network.
type networkObjects struct {
	// bridge is nil where the network needs no node configuration.
	bridge  *vmv1alpha1.WukongNodeBridge
	network *vmv1alpha1.WukongNetwork
}

func (m *machineObjects) key() types.NamespacedName {
	return types.NamespacedName{Namespace: m.wukong.Namespace, Name: m.wukong.Name}
}

// problem returns an error about one network.
func (m *machineObjects) problem(network, message string) *WukongError {
	field := "spec.networks"
	for i := range m.wukong.Spec.Networks {
		if m.wukong.Spec.Networks[i].Name == network {
			field = fmt.Sprintf("spec.networks[%d]", i)
		}
	}
	return &WukongError{Wukong: m.key(), Field: field, Message: message}
}

// nameChildren fills in the children of all machines, which share their namespaces' names.
func nameChildren(machines []*machineObjects, opts Options) error {
	taken := map[types.NamespacedName]bool{}
	for _, m := range machines {
		for _, child := range children.Of(m.wukong, opts.DefaultUplink) {
			revision, err := child.Revision()
			if err != nil {
				return err
			}
			name := types.NamespacedName{Namespace: m.wukong.Namespace, Name: naming.Child(m.wukong.Name, child.Network)}
			if taken[name] {
				name.Name = naming.ChildRevision(m.wukong.Name, child.Network, revision)
			}
			taken[name] = true
			m.networks = append(m.networks, objectsOf(child, children.Meta(m.wukong, name.Name, child.Network, revision)))
		}
	}
	return nil
}

func objectsOf(child children.Child, meta metav1.ObjectMeta) networkObjects {
	var made networkObjects
	if child.NodeBridge != nil {
		child.Attachment.NodeBridgeName = meta.Name
		made.bridge = &vmv1alpha1.WukongNodeBridge{
			TypeMeta: typeMeta("WukongNodeBridge"), ObjectMeta: *meta.DeepCopy(), Spec: *child.NodeBridge,
		}
	}
	made.network = &vmv1alpha1.WukongNetwork{TypeMeta: typeMeta("WukongNetwork"), ObjectMeta: meta, Spec: child.Attachment}
	return made
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: vmv1alpha1.GroupVersion.String(), Kind: kind}
}

// attachment returns how the network reaches the machine, and the object that is made for it: nil where nadName
// names one. Nobody can look at that one here, so it is taken to be what the network's type says.
func (n networkObjects) attachment(tapBinding string) (machine.Attachment, Object, error) {
	spec := n.network.Spec
	if spec.NADName != "" {
		return machine.Attachment{
			NetworkAttachmentDefinition: strings.TrimPrefix(spec.NADName, n.network.Namespace+"/"),
			Binding:                     nad.BindingFor(spec.Type, false, tapBinding),
		}, nil, nil
	}
	macvtap := spec.Type == vmv1alpha1.NetworkTypeMacvlan && tapBinding != ""
	built, err := nad.Build(nad.Attachment{
		Namespace: n.network.Namespace, Name: naming.NetworkAttachmentDefinition(n.network.Name),
		Type: spec.Type, Parent: spec.BridgeName, VLANID: spec.VLANID, MTU: spec.MTU, Macvtap: macvtap,
	})
	if err != nil {
		return machine.Attachment{}, nil, err
	}
	return machine.Attachment{
		NetworkAttachmentDefinition: built.Name,
		Binding:                     nad.BindingFor(spec.Type, macvtap, tapBinding),
	}, built, nil
}
