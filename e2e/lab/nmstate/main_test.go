// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// config reaches the control plane that all tests share. They play on the same nodes, so they run one after the other
// and each clears what it made.
var config *rest.Config

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	ctx := context.Background()
	ctrllog.SetLogger(logr.Discard())
	plane, err := controlplane.Start(ctx, controlplane.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	config = plane.Config()
	if err := neighbours.Install(ctx, config, neighbours.NMState); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// stage is an actor with fresh nodes and a client for one test.
type stage struct {
	*Actor

	t *testing.T
}

func newStage(t *testing.T, options Options) *stage {
	t.Helper()
	actor, err := Start(t.Context(), config, options)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{Actor: actor, t: t}
	t.Cleanup(func() { s.clear() })
	return s
}

// clear leaves neither policies nor nodes to the next test.
func (s *stage) clear() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s.Stop()
	for _, object := range []client.Object{
		&nmstatev1.NodeNetworkConfigurationPolicy{}, &nmstatev1beta1.NodeNetworkConfigurationEnactment{},
		&nmstatev1beta1.NodeNetworkState{},
	} {
		if err := s.client.DeleteAllOf(ctx, object); client.IgnoreNotFound(err) != nil {
			s.t.Error(err)
		}
	}
	for _, node := range s.list() {
		if err := node.deletePod(ctx); err != nil {
			s.t.Error(err)
		}
		if err := node.uninstall(ctx); err != nil {
			s.t.Error(err)
		}
	}
}

func (s *stage) create(name, desired string, selector map[string]string) *nmstatev1.NodeNetworkConfigurationPolicy {
	s.t.Helper()
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{}
	policy.Name = name
	policy.Spec.NodeSelector = selector
	policy.Spec.DesiredState = shared.NewState(desired)
	if err := s.client.Create(s.t.Context(), policy); err != nil {
		s.t.Fatal(err)
	}
	return policy
}

func (s *stage) policy(name string) *nmstatev1.NodeNetworkConfigurationPolicy {
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{}
	if err := s.client.Get(s.t.Context(), client.ObjectKey{Name: name}, policy); client.IgnoreNotFound(err) != nil {
		s.t.Fatal(err)
	}
	return policy
}

// change updates what a policy wants, and returns the API server's answer. Handlers write the policy's status all the time,
// so a conflict only means to read it again.
func (s *stage) change(name, desiredState string) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		policy := s.policy(name)
		policy.Spec.DesiredState = shared.NewState(desiredState)
		return s.client.Update(s.t.Context(), policy)
	})
}

// shows waits until a condition of a policy has a reason, and returns its message.
func (s *stage) shows(policy string, kind shared.ConditionType, reason shared.ConditionReason) string {
	s.t.Helper()
	var message string
	s.eventually(func() string {
		found := s.policy(policy).Status.Conditions.Find(kind)
		if found == nil || found.Reason != reason {
			return fmt.Sprintf("condition %s of %s is %+v, want reason %s", kind, policy, found, reason)
		}
		message = found.Message
		return ""
	})
	return message
}

// enacted waits until the enactment of a policy on a node has a condition that is True with a reason.
func (s *stage) enacted(node, policy string, kind shared.ConditionType, reason shared.ConditionReason) string {
	s.t.Helper()
	var message string
	s.eventually(func() string {
		found := &nmstatev1beta1.NodeNetworkConfigurationEnactment{}
		if err := s.client.Get(s.t.Context(), client.ObjectKey{Name: enactmentName(node, policy)}, found); err != nil {
			return err.Error()
		}
		c := found.Status.Conditions.Find(kind)
		if c == nil || c.Status != "True" || c.Reason != reason {
			return fmt.Sprintf("condition %s of %s is %+v, want reason %s", kind, found.Name, c, reason)
		}
		message = c.Message
		return ""
	})
	return message
}

// eventually waits for what a condition says is missing, and fails with it after a while.
func (s *stage) eventually(missing func() string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		text := missing()
		if text == "" {
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatal(text)
		case <-ticker.C:
		}
	}
}

// never fails if a condition comes true within a short while.
func (s *stage) never(happened func() string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 400*time.Millisecond)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if text := happened(); text != "" {
			s.t.Fatal(text)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
