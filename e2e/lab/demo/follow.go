// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
)

// lookEvery is how often the demo looks for something new to print.
const lookEvery = 100 * time.Millisecond

// followUntilReady prints what Ready says each time it says something else, until it is True.
func (s *show) followUntilReady(ctx context.Context, sample sample) error {
	last := "nothing was reported"
	err := s.poll(ctx, func(ctx context.Context) (bool, error) {
		wukong := &vmv1alpha1.Wukong{}
		if err := s.Client.Get(ctx, client.ObjectKey{Namespace: sample.namespace, Name: sample.name}, wukong); err != nil {
			return false, fmt.Errorf("reading the Wukong: %w", err)
		}
		ready := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionReady)
		if ready == nil {
			return false, nil
		}
		if text := fmt.Sprintf("Ready=%s %s: %s", ready.Status, ready.Reason, ready.Message); text != last {
			last = text
			s.line("%s", text)
		}
		return ready.Status == metav1.ConditionTrue, nil
	})
	if err != nil {
		return fmt.Errorf("%s did not become ready; %s: %w", sample.name, last, err)
	}
	return nil
}

// takeAway deletes a sample and prints what it waits for, until nothing of it is left.
func (s *show) takeAway(ctx context.Context, sample sample) error {
	wukong := &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Namespace: sample.namespace, Name: sample.name}}
	if err := s.Client.Delete(ctx, wukong); err != nil {
		return fmt.Errorf("deleting the Wukong: %w", err)
	}
	last := ""
	err := s.poll(ctx, func(ctx context.Context) (bool, error) {
		err := s.Client.Get(ctx, client.ObjectKeyFromObject(wukong), wukong)
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("reading the Wukong: %w", err)
		}
		ready := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionReady)
		if ready != nil && ready.Reason == vmv1alpha1.ReasonDeleting && ready.Message != last {
			last = ready.Message
			s.line("%s", last)
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("%s was not deleted; %s: %w", sample.name, last, err)
	}
	return s.expectNothingLeft(ctx)
}

// expectNothingLeft waits until nothing that Wukong makes is in the cluster or on a node, and says so.
func (s *show) expectNothingLeft(ctx context.Context) error {
	var left []string
	err := s.poll(ctx, func(ctx context.Context) (bool, error) {
		var err error
		left, err = s.left(ctx)
		return len(left) == 0, err
	})
	if err != nil {
		return fmt.Errorf("something is left: %s: %w", strings.Join(left, ", "), err)
	}
	s.line("nothing is left in the API: no Wukong, WukongNetwork, WukongNodeBridge, policy, attachment, Secret, machine")
	s.nodes()
	return nil
}

// left names what Wukong made and has not taken away.
func (s *show) left(ctx context.Context) ([]string, error) {
	var left []string
	managed := client.MatchingLabels{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong}
	for _, list := range []client.ObjectList{
		&vmv1alpha1.WukongNetworkList{}, &vmv1alpha1.WukongNodeBridgeList{}, &nmstatev1.NodeNetworkConfigurationPolicyList{},
		&nadv1.NetworkAttachmentDefinitionList{}, &corev1.SecretList{}, &kubevirtv1.VirtualMachineList{}, &kubevirtv1.VirtualMachineInstanceList{},
	} {
		if err := s.Client.List(ctx, list, managed); err != nil {
			return nil, fmt.Errorf("listing %T: %w", list, err)
		}
		err := meta.EachListItem(list, func(item runtime.Object) error {
			accessor, err := meta.Accessor(item)
			if err == nil {
				left = append(left, fmt.Sprintf("%T %s", item, accessor.GetName()))
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading %T: %w", list, err)
		}
	}
	for _, node := range s.NMState.Nodes() {
		for _, link := range s.NMState.Node(node).Interfaces() {
			if link.Type != "ethernet" {
				left = append(left, link.Name+" on "+node)
			}
		}
	}
	return left, nil
}

// checkRights fails when the manager was refused something: the rights that are shipped have to be enough. NMState's own
// admission refuses with the same code.
func (s *show) checkRights() error {
	refused, err := s.Plane.Writes(func(write controlplane.Write) bool {
		return write.User == lab.ManagerUser && write.Code == 403 && write.APIGroup != "nmstate.io"
	})
	if err != nil {
		return fmt.Errorf("reading the audit log: %w", err)
	}
	if len(refused) > 0 {
		first := refused[0]
		return fmt.Errorf("the manager was refused %d writes, first: %s %s/%s %s", len(refused), first.Verb, first.APIGroup, first.Resource, first.Subresource)
	}
	return nil
}

func (s *show) poll(ctx context.Context, done wait.ConditionWithContextFunc) error {
	return wait.PollUntilContextTimeout(ctx, lookEvery, patience, true, func(ctx context.Context) (bool, error) {
		if !s.manager.Running() {
			return false, errors.New("the manager has ended")
		}
		if err := s.checkRights(); err != nil {
			return false, err
		}
		return done(ctx)
	})
}
