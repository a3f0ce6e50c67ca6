// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// askRetry paces requests to virt-api that come too early, and askPatience bounds them.
const (
	askRetry    = 100 * time.Millisecond
	askPatience = time.Minute
)

// StopVM is `virtctl stop`: it rewrites the run strategy to Halted as virt-api, whoever else wants to own the field. A
// machine whose strategy is Manual keeps it and loses its instance.
func (a *Actor) StopVM(ctx context.Context, namespace, name string) error {
	if a.options.NodesOnly {
		return a.ask(ctx, namespace, name, "stop")
	}
	machine, manual, err := a.readMachine(ctx, namespace, name)
	if err != nil {
		return err
	}
	if !manual {
		return a.setStrategy(ctx, machine, kubevirtv1.RunStrategyHalted)
	}
	return a.RestartVM(ctx, namespace, name)
}

// StartVM is `virtctl start`: it rewrites the run strategy to Always as virt-api. A machine whose strategy is Manual
// keeps it and gets an instance.
func (a *Actor) StartVM(ctx context.Context, namespace, name string) error {
	if a.options.NodesOnly {
		return a.ask(ctx, namespace, name, "start")
	}
	machine, manual, err := a.readMachine(ctx, namespace, name)
	if err != nil {
		return err
	}
	if !manual {
		return a.setStrategy(ctx, machine, kubevirtv1.RunStrategyAlways)
	}
	a.mu.Lock()
	a.requested[machine.UID] = true
	a.mu.Unlock()
	a.queue.Add(key{Namespace: namespace, Name: name})
	return nil
}

// RestartVM is `virtctl restart`: the instance goes, and the machine's run strategy makes the next one.
func (a *Actor) RestartVM(ctx context.Context, namespace, name string) error {
	if a.options.NodesOnly {
		return a.ask(ctx, namespace, name, "restart")
	}
	vmi := &kubevirtv1.VirtualMachineInstance{}
	if err := a.client.Get(ctx, key{Namespace: namespace, Name: name}, vmi); err != nil {
		return fmt.Errorf("read the instance: %w", client.IgnoreNotFound(err))
	}
	return a.deleteInstance(ctx, vmi)
}

// ask puts a request to virt-api, as virtctl does, and again while the machine has not got where it can be done: one that is
// shutting down cannot be started.
func (a *Actor) ask(ctx context.Context, namespace, name, verb string) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, askRetry, askPatience, true, func(ctx context.Context) (bool, error) {
		last = a.requests.Put().AbsPath("apis", kubevirtv1.SubresourceGroupName, kubevirtv1.GroupVersion.Version).
			Namespace(namespace).Resource("virtualmachines").Name(name).SubResource(verb).
			Body([]byte("{}")).Do(ctx).Error()
		return last == nil, ignoreConflict(last)
	})
	if err != nil {
		return fmt.Errorf("ask virt-api to %s the machine: %w", verb, errors.Join(err, last))
	}
	return nil
}

func ignoreConflict(err error) error {
	if apierrors.IsConflict(err) {
		return nil
	}
	return err
}

func (a *Actor) readMachine(ctx context.Context, namespace, name string) (*kubevirtv1.VirtualMachine, bool, error) {
	machine := &kubevirtv1.VirtualMachine{}
	if err := a.client.Get(ctx, key{Namespace: namespace, Name: name}, machine); err != nil {
		return nil, false, fmt.Errorf("read the machine: %w", err)
	}
	strategy, err := machine.RunStrategy()
	if err != nil {
		return nil, false, fmt.Errorf("read the run strategy: %w", err)
	}
	return machine, strategy == kubevirtv1.RunStrategyManual, nil
}

func (a *Actor) setStrategy(ctx context.Context, machine *kubevirtv1.VirtualMachine, strategy kubevirtv1.VirtualMachineRunStrategy) error {
	err := acting.Edit(ctx, a.client, machine, managerAPI, func(machine *kubevirtv1.VirtualMachine) {
		machine.Spec.Running, machine.Spec.RunStrategy = nil, &strategy
	})
	if err != nil {
		return fmt.Errorf("rewrite the run strategy: %w", err)
	}
	return nil
}
