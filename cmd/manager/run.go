// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/novasphere/wukong/controllers"
	"github.com/novasphere/wukong/pkg/metrics"
	"github.com/novasphere/wukong/pkg/story"
)

// leaderElectionID is the name of the leader's lease.
const leaderElectionID = "wukong-manager.vm.novasphere.dev"

// gracePeriod is how long reconciles under way may take to end when the process is asked to stop.
const gracePeriod = 20 * time.Second

// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

// run runs the controllers until the context ends.
func run(ctx context.Context, opts *options) error {
	if err := opts.validate(); err != nil {
		return err
	}
	logger, flush, err := newLogger(opts)
	if err != nil {
		return err
	}
	defer flush()
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	logger.Info("Starting", story.KeyVersion, version, story.KeyDefaultUplink, opts.defaultUplink, story.KeyDefaultImage, opts.defaultImage)

	mgr, err := newManager(opts)
	if err != nil {
		return err
	}
	if err := metrics.Register(ctrlmetrics.Registry, version, mgr.GetCache()); err != nil {
		return fmt.Errorf("registering the metrics: %w", err)
	}
	launchers, err := controllers.NewLaunchers(ctx, mgr)
	if err != nil {
		return err
	}
	podEvents, err := controllers.NewPodEvents(ctx, mgr)
	if err != nil {
		return err
	}
	if err := controllers.SetupWithManager(ctx, mgr, controllers.Options{
		DefaultUplink: opts.defaultUplink,
		DefaultImage:  opts.defaultImage,
		NodeDeadline:  opts.nodeDeadline,
		RetryInterval: opts.retryInterval,

		ProgressInterval: opts.progressInterval,

		Launchers: launchers, PodEvents: podEvents,
	}); err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the controllers: %w", err)
	}
	return nil
}

func newManager(opts *options) (manager.Manager, error) {
	scheme, err := controllers.NewScheme()
	if err != nil {
		return nil, err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	config.QPS, config.Burst = opts.clientQPS, opts.clientBurst
	config.UserAgent = "wukong-manager/" + version
	server := metricsserver.Options{BindAddress: opts.metricsAddress, SecureServing: opts.metricsSecure}
	if opts.metricsSecure {
		server.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	cacheOptions := controllers.CacheOptions()
	cacheOptions.SyncPeriod = &opts.syncPeriod
	grace := gracePeriod
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  scheme,
		Cache:                   cacheOptions,
		NewClient:               newClient,
		Metrics:                 server,
		HealthProbeBindAddress:  opts.probeAddress,
		LeaderElection:          opts.leaderElect,
		LeaderElectionID:        leaderElectionID,
		LeaderElectionNamespace: opts.leaderElectNamespace,
		// The next leader need not wait for the lease to run out; nothing is written after Start returns.
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &grace,
	})
	if err != nil {
		return nil, fmt.Errorf("building the manager: %w", err)
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("adding the liveness check: %w", err)
	}
	if err := mgr.AddReadyzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("adding the readiness check: %w", err)
	}
	return mgr, nil
}

// newClient returns the client of the controllers, whose writes are counted.
func newClient(config *rest.Config, opts client.Options) (client.Client, error) {
	c, err := client.New(config, opts)
	if err != nil {
		return nil, err
	}
	return metrics.CountWrites(c), nil
}
