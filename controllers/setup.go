// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers lists the controllers of Wukong, one for each concern. They know nothing of each other and
// talk through the objects they own and their conditions.
package controllers

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/novasphere/wukong/controllers/multus"
	"github.com/novasphere/wukong/controllers/nmstate"
	"github.com/novasphere/wukong/controllers/vm"
	"github.com/novasphere/wukong/controllers/wukong"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/owner"
)

// Options are what the controllers need beside the manager.
type Options struct {
	// DefaultUplink is the NIC of networks that name none.
	DefaultUplink string
	// DefaultImage is the container-disk image of machines that name none.
	DefaultImage string
	// NodeDeadline is how long the removal of a bridge waits for a node that is not ready or has no NMState
	// handler, before the bridge is left there and reported.
	NodeDeadline time.Duration
	// RetryInterval is how long after NMState gave up on a node its policy is tried again for the first time; the time
	// doubles with each attempt. 0 tries nothing again.
	RetryInterval time.Duration
	// ProgressInterval is the shortest time between two reports of mere progress on one object.
	ProgressInterval time.Duration
	// Launchers is a cache of virt-launcher pods alone, made by NewLaunchers.
	Launchers cache.Cache
	// PodEvents are caches of events about pods that cannot be started, made by NewPodEvents.
	PodEvents []cache.Cache
}

// slowDeadline is how long the removal of a bridge waits for a node whose handler does not finish. NMState itself
// gives up on an attempt after eight minutes and tries five times.
const slowDeadline = 45 * time.Minute

// retryMost bounds the time between two attempts at a policy that NMState gave up on.
const retryMost = time.Hour

// SetupWithManager adds every controller to the manager, and returns the first error of one of them.
func SetupWithManager(ctx context.Context, mgr manager.Manager, opts Options) error {
	if err := owner.Index(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	registry := capability.NewRegistry(mgr)
	if err := wukong.SetupWithManager(mgr, wukong.Options{Pace: apply.NewPace(opts.ProgressInterval), DefaultUplink: opts.DefaultUplink}); err != nil {
		return err
	}
	if err := nmstate.SetupWithManager(ctx, mgr, nmstate.Options{
		Registry: registry, Pace: apply.NewPace(opts.ProgressInterval), Launchers: opts.Launchers,
		Deadlines: nodenet.Deadlines{
			Unreachable: opts.NodeDeadline, Slow: slowDeadline,
			Retry: opts.RetryInterval, RetryMost: max(opts.RetryInterval, retryMost), Drift: opts.NodeDeadline,
		},
	}); err != nil {
		return err
	}
	if err := multus.SetupWithManager(ctx, mgr, multus.Options{
		Registry: registry, Pace: apply.NewPace(opts.ProgressInterval), Launchers: opts.Launchers,
	}); err != nil {
		return err
	}
	return vm.SetupWithManager(ctx, mgr, vm.Options{
		Registry: registry, Pace: apply.NewPace(opts.ProgressInterval), DefaultImage: opts.DefaultImage,
		Launchers: opts.Launchers, PodEvents: opts.PodEvents,
	})
}
