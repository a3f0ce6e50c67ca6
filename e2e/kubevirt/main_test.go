// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubevirt puts what Wukong makes before KubeVirt's own virt-api and virt-controller: they are asked, not modelled.
package kubevirt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/kubevirt"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// patience bounds every wait. It is far above what anything here takes, so that a slow machine fails no test.
const patience = 3 * time.Minute

// all are the APIs that a machine can use.
var all = []neighbours.API{neighbours.NMState, neighbours.Multus, neighbours.CDI, neighbours.KubeVirt}

// shared is one lab for all tests, each of which has machines of its own.
var shared *lab.Lab

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	if shared, err = lab.Start(ctx, lab.Options{
		RealKubeVirt: true, Neighbours: all, KubeVirt: kubevirt.Options{DynamicNetworks: true},
	}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, shared.Stop(), lab.RemoveManagerBuild()) }()
	manager, err := shared.StartManager(ctx, lab.ManagerOptions{})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, manager.Stop()) }()
	if err := shared.KubeVirt.SetTapBinding(ctx, "macvtap", true); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// eventually waits until a check holds, and fails the test with its last error.
func eventually(t *testing.T, what string, check func(ctx context.Context) error) {
	t.Helper()
	last := errors.New("it was never looked at")
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := check(ctx); err == nil || ctx.Err() == nil {
			last = err
		}
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: %v (%v)", what, last, err)
	}
}
