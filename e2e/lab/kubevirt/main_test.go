// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/novasphere/wukong/e2e/lab/acting"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

// plane is shared by all tests; each has an actor and a namespace of its own and they run one after the other.
var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	ctx := context.Background()
	ctrllog.SetLogger(logr.Discard())
	var err error
	if plane, err = controlplane.Start(ctx, controlplane.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if err := neighbours.Install(ctx, plane.Config(), neighbours.Multus, neighbours.KubeVirt); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	nodes, err := nmstate.Start(ctx, plane.Config(), nmstate.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer nodes.Stop()
	// The garbage collector of a new controller manager knows the definitions at once.
	if err := plane.RestartControllerManager(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// stage is an actor with a namespace for one test.
type stage struct {
	*Actor

	t         *testing.T
	namespace string
}

func newStage(t *testing.T, options Options) *stage {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	actor, err := Start(ctx, plane.Config(), options)
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "vm-"}}
	if err := actor.client.Create(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	s := &stage{Actor: actor, t: t, namespace: namespace.Name}
	t.Cleanup(func() {
		defer cancel()
		s.clear(ctx)
		actor.Stop()
	})
	return s
}

// clear deletes the machines and waits for them, and leaves the empty namespace to the namespace controller, which takes
// its time.
func (s *stage) clear(ctx context.Context) {
	for _, m := range s.scripted() {
		m.Release()
		m.HangDeletion(false)
	}
	err := s.client.DeleteAllOf(ctx, &kubevirtv1.VirtualMachine{}, client.InNamespace(s.namespace))
	if client.IgnoreNotFound(err) != nil {
		s.t.Error(err)
	}
	s.eventually(ctx, func() string {
		var machines kubevirtv1.VirtualMachineList
		if err := s.client.List(ctx, &machines, client.InNamespace(s.namespace)); err != nil || len(machines.Items) > 0 {
			return fmt.Sprintf("%d machines are left (%v)", len(machines.Items), err)
		}
		return ""
	})
	s.deleteNamespace(ctx)
}

func (s *stage) deleteNamespace(ctx context.Context) {
	s.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}
	if err := s.client.Delete(ctx, namespace); client.IgnoreNotFound(err) != nil {
		s.t.Error(err)
	}
}

func (s *stage) scripted() []*Machine {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.machines))
}

func (s *stage) create(objects ...client.Object) {
	s.t.Helper()
	for _, object := range objects {
		if err := s.client.Create(s.t.Context(), object, client.FieldOwner("test")); err != nil {
			s.t.Fatal(err)
		}
	}
}

// running creates a machine with all it needs and waits until it runs and its agent is connected.
func (s *stage) running(name string) *kubevirtv1.VirtualMachine {
	s.t.Helper()
	s.create(s.attachment("lan"), s.secret(name), s.virtualMachine(name))
	s.shows(name, kubevirtv1.VirtualMachineStatusRunning)
	s.connected(name)
	return s.get(name)
}

func (s *stage) get(name string) *kubevirtv1.VirtualMachine {
	machine := &kubevirtv1.VirtualMachine{}
	if err := s.client.Get(s.t.Context(), key{Namespace: s.namespace, Name: name}, machine); client.IgnoreNotFound(err) != nil {
		s.t.Fatal(err)
	}
	return machine
}

func (s *stage) instance(name string) *kubevirtv1.VirtualMachineInstance {
	vmi := &kubevirtv1.VirtualMachineInstance{}
	if err := s.client.Get(s.t.Context(), key{Namespace: s.namespace, Name: name}, vmi); client.IgnoreNotFound(err) != nil {
		s.t.Fatal(err)
	}
	return vmi
}

func (s *stage) edit(name string, change func(*kubevirtv1.VirtualMachine)) {
	s.t.Helper()
	machine := s.get(name)
	if err := acting.Edit(s.t.Context(), s.client, machine, "test", change); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) shows(name string, want kubevirtv1.VirtualMachinePrintableStatus) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		if got := s.get(name).Status.PrintableStatus; got != want {
			return fmt.Sprintf("status of %s is %q, want %q; instance %+v", name, got, want, s.instance(name).Status)
		}
		return ""
	})
}

func (s *stage) connected(name string) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		if condition(s.instance(name), kubevirtv1.VirtualMachineInstanceAgentConnected) == nil {
			return "the guest agent is not connected"
		}
		return ""
	})
}

// phase waits until the instance is in a phase.
func (s *stage) phase(name string, want kubevirtv1.VirtualMachineInstancePhase) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		if got := s.instance(name).Status.Phase; got != want {
			return fmt.Sprintf("phase is %q, want %q", got, want)
		}
		return ""
	})
}

func (s *stage) address(name, network string) string {
	for _, nic := range s.instance(name).Status.Interfaces {
		if nic.Name == network {
			return nic.IP
		}
	}
	return ""
}

func (s *stage) restartRequired(name string) string {
	for _, c := range s.get(name).Status.Conditions {
		if c.Type == kubevirtv1.VirtualMachineRestartRequired {
			return c.Message
		}
	}
	return ""
}
