// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet"
)

func TestIsStillInProgress(t *testing.T) {
	policies := schema.GroupResource{Group: "nmstate.io", Resource: "nodenetworkconfigurationpolicies"}
	refused := func(message string) error {
		return fmt.Errorf("applying: %w", apierrors.NewForbidden(policies, "vm-lan-bridge", errors.New(message)))
	}
	for _, row := range []struct {
		name string
		err  error
		want bool
	}{
		{"nothing", nil, false},
		{"NMState's refusal", refused("ValidatingAdmissionPolicy denied request: policy vm-lan-bridge is still in progress"), true},
		{"missing rights", refused(`User "wukong" cannot patch resource`), false},
		{"another kind of error in the same words", errors.New("still in progress"), false},
	} {
		if got := isStillInProgress(row.err); got != row.want {
			t.Errorf("%s: got %t", row.name, got)
		}
	}
}

func TestOverlay(t *testing.T) {
	verdict := func(available, ready string) nodenet.Verdict {
		return nodenet.Verdict{PolicyName: "p", Available: nodenet.Condition{Reason: available}, Ready: nodenet.Condition{Reason: ready}}
	}
	const applied, progressing, failed = vmv1alpha1.ReasonApplied, vmv1alpha1.ReasonProgressing, vmv1alpha1.ReasonNodesFailed
	for _, row := range []struct {
		name             string
		available, ready string
		wantAvailable    string
		wantReady        string
	}{
		{"under way", progressing, progressing, "Waits", "Waits"},
		{"another one waits as well", vmv1alpha1.ReasonWaitingForPolicy, progressing, "Waits", "Waits"},
		{"available on a node", applied, progressing, applied, "Waits"},
		{"what somebody has to do stays", failed, failed, failed, failed},
		{"a conflict stays", vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonBridgeConflict},
	} {
		t.Run(row.name, func(t *testing.T) {
			waiting := &nodenet.Condition{Status: metav1.ConditionFalse, Reason: "Waits"}
			got := overlay(verdict(row.available, row.ready), waiting)
			if got.Available.Reason != row.wantAvailable || got.Ready.Reason != row.wantReady || got.PolicyName != "p" {
				t.Errorf("got %s and %s", got.Available.Reason, got.Ready.Reason)
			}
			if same := overlay(verdict(row.available, row.ready), nil); same.Available.Reason != row.available || same.Ready.Reason != row.ready {
				t.Errorf("without anything to wait for, got %s and %s", same.Available.Reason, same.Ready.Reason)
			}
		})
	}
}

func TestLeftOn(t *testing.T) {
	nodes := []nodenet.NodeResult{{Name: "a", State: "NotReady"}, {Name: "b", State: "NoHandler"}}
	if got, want := leftOn(nodes), "node a (NotReady), node b (NoHandler)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for range 10 {
		nodes = append(nodes, nodes[0])
	}
	if got := leftOn(nodes); !strings.HasSuffix(got, " and 2 more") {
		t.Errorf("of %d nodes it says %q", len(nodes), got)
	}
}

// TestLeftBehindIsToldBeforeThePolicyGoes has the second of two policies not be deleted: the next try does not know any more
// what the first one left.
func TestLeftBehindIsToldBeforeThePolicyGoes(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := errors.Join(nmstatev1.AddToScheme(scheme), vmv1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	policies := map[string]*nmstatev1.NodeNetworkConfigurationPolicy{}
	builder := fake.NewClientBuilder().WithScheme(scheme)
	for _, name := range []string{"first", "second"} {
		policies[name] = &nmstatev1.NodeNetworkConfigurationPolicy{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}}
		builder.WithObjects(policies[name])
	}
	cluster := builder.WithInterceptorFuncs(interceptor.Funcs{
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			if obj.GetName() == "second" {
				return apierrors.NewInternalError(errors.New("etcd is away"))
			}
			return c.Delete(ctx, obj, opts...)
		},
	}).Build()
	recorder := events.NewFakeRecorder(2)
	r := &reconciler{client: cluster, recorder: recorder, written: &written{}}
	seen := &observed{bridge: "br-lan", policies: policies, claims: []*vmv1alpha1.WukongNodeBridge{{ObjectMeta: metav1.ObjectMeta{Name: "a"}}}}
	decision := nodenet.Decision{
		Deletes:    []nodenet.Delete{{Name: "first"}, {Name: "second"}},
		LeftBehind: []nodenet.NodeResult{{Name: "n1", State: vmv1alpha1.NodeNotReady}},
	}

	if _, err := r.act(t.Context(), seen, decision); err == nil {
		t.Error("a policy that could not be deleted is no error")
	}
	select {
	case told := <-recorder.Events:
		if !strings.Contains(told, "bridge br-lan stays on node n1 (NotReady)") {
			t.Errorf("the event says %q", told)
		}
	default:
		t.Error("nobody is told what stays on the node")
	}
}
