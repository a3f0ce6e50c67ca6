// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"testing"
	"time"

	nmstateshared "github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
	"github.com/novasphere/wukong/pkg/manifest"
)

// applyTakes is how long NMState works on one node, which is less than it ever took on the nodes of e2e/node.
const applyTakes = 3 * time.Second

// BenchmarkApplyToMachine tells how long it takes from a declaration to a VirtualMachine whose bridge is on every node, by way of
// the operator and by hand: a client that knows the final objects writes the policy, waits for it, and writes the rest.
func BenchmarkApplyToMachine(b *testing.B) {
	started, err := lab.Start(b.Context(), lab.Options{NMState: nmstate.Options{StepDelay: applyTakes}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := started.Stop(); err != nil {
			b.Error(err)
		}
	})
	manager, err := started.StartManager(b.Context(), lab.ManagerOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := manager.Stop(); err != nil {
			b.Error(err)
		}
	})
	var operator, hand time.Duration
	rounds := 0
	for b.Loop() {
		operator += byOperator(b, started, newWukong("default", fmt.Sprintf("vm-%d", rounds), bridged("lan", fmt.Sprintf("br-%d", rounds), int32(100+rounds))))
		hand += byHand(b, started, newWukong("default", fmt.Sprintf("by-hand-%d", rounds), bridged("lan", fmt.Sprintf("hand-%d", rounds), int32(2000+rounds))))
		rounds++
	}
	b.ReportMetric(float64(operator.Milliseconds())/float64(rounds), "operator-ms/op")
	b.ReportMetric(float64(hand.Milliseconds())/float64(rounds), "by-hand-ms/op")
	b.ReportMetric(operator.Seconds()/hand.Seconds(), "ratio")
}

func byOperator(b *testing.B, started *lab.Lab, wukong *vmv1alpha1.Wukong) time.Duration {
	b.Helper()
	began := time.Now()
	if err := started.Client.Create(b.Context(), wukong); err != nil {
		b.Fatal(err)
	}
	untilThere(b, func(ctx context.Context) error {
		return started.Client.Get(ctx, client.ObjectKeyFromObject(wukong), &kubevirtv1.VirtualMachine{})
	})
	return time.Since(began)
}

func byHand(b *testing.B, started *lab.Lab, wukong *vmv1alpha1.Wukong) time.Duration {
	b.Helper()
	// The API server fills in the defaults.
	if err := started.Client.Create(b.Context(), wukong, client.DryRunAll); err != nil {
		b.Fatal(err)
	}
	objects, err := manifest.Render(wukong, manifest.Options{DefaultUplink: vmv1alpha1.DefaultUplink, DefaultImage: vmv1alpha1.DefaultOSImage})
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	for _, object := range objects {
		switch object.(type) {
		case *vmv1alpha1.WukongNetwork, *vmv1alpha1.WukongNodeBridge:
			continue
		}
		if err := started.Client.Create(b.Context(), object); err != nil {
			b.Fatal(err)
		}
		if policy, isPolicy := object.(*nmstatev1.NodeNetworkConfigurationPolicy); isPolicy {
			untilThere(b, func(ctx context.Context) error { return isAvailable(ctx, started.Client, policy) })
		}
	}
	return time.Since(began)
}

func isAvailable(ctx context.Context, reader client.Reader, policy *nmstatev1.NodeNetworkConfigurationPolicy) error {
	if err := reader.Get(ctx, client.ObjectKeyFromObject(policy), policy); err != nil {
		return err
	}
	found := policy.Status.Conditions.Find(nmstateshared.NodeNetworkConfigurationPolicyConditionAvailable)
	if found == nil || found.Status != corev1.ConditionTrue {
		return fmt.Errorf("policy %s is not available", policy.Name)
	}
	return nil
}

func untilThere(b *testing.B, check func(context.Context) error) {
	b.Helper()
	var last error
	err := wait.PollUntilContextTimeout(b.Context(), 10*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		return last == nil, nil
	})
	if err != nil {
		b.Fatalf("%v: %v", err, last)
	}
}
