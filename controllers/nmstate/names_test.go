// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// lateReader does not find anything the first time it is asked, as when somebody takes a name in the next moment.
type lateReader struct {
	client.Client
	asked bool
}

func (r *lateReader) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if !r.asked {
		r.asked = true
		return apierrors.NewNotFound(schema.GroupResource{Resource: "policies"}, key.Name)
	}
	return r.Client.Get(ctx, key, obj, opts...)
}

// TestNameTakenInTheMeantime has another bridge's policy take the preferred name between the look and the write: this is
// tried again, with the other name, and not told as somebody else's fault.
func TestNameTakenInTheMeantime(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := nmstatev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	other := &nmstatev1.NodeNetworkConfigurationPolicy{ObjectMeta: metav1.ObjectMeta{
		Name:   "twin-lan-bridge",
		Labels: map[string]string{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong, vmv1alpha1.LabelBridge: "br-one"},
	}}
	cluster := fake.NewClientBuilder().WithScheme(scheme).WithObjects(other).Build()
	r := &reconciler{client: cluster, writer: apply.Writer{Client: cluster, Live: &lateReader{Client: cluster}, Manager: name}, written: &written{}}
	bridge := nncp.Bridge{Name: "br-two", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 102}
	seen := &observed{bridge: bridge.Name}
	decision := nodenet.Decision{
		FirstClaim: types.NamespacedName{Namespace: "other", Name: "twin-lan"},
		Writes:     []nodenet.Write{{Role: nodenet.RoleBridge, Form: nodenet.FormPresent, Bridge: bridge}},
	}

	if waiting, err := r.act(t.Context(), seen, decision); err == nil || waiting != nil {
		t.Fatalf("got %v, %v; want an error that is tried again", waiting, err)
	}
	if waiting, err := r.act(t.Context(), seen, decision); err != nil || waiting != nil {
		t.Fatalf("the next try: %v, %v", waiting, err)
	}
	made := &nmstatev1.NodeNetworkConfigurationPolicy{}
	if err := cluster.Get(t.Context(), client.ObjectKey{Name: naming.PolicyInNamespace("other", "twin-lan")}, made); err != nil {
		t.Errorf("the policy with the other name: %v", err)
	}
}
