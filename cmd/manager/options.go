// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/util/validation"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/naming"
)

// options are the flags of the manager.
type options struct {
	defaultUplink string
	defaultImage  string
	nodeDeadline  time.Duration
	retryInterval time.Duration

	metricsAddress string
	metricsSecure  bool
	probeAddress   string

	leaderElect          bool
	leaderElectNamespace string

	logLevel  string
	logFormat string

	clientQPS   float32
	clientBurst int
	syncPeriod  time.Duration

	progressInterval time.Duration
}

func defaultOptions() *options {
	return &options{
		defaultUplink:  environment(vmv1alpha1.EnvDefaultUplink, vmv1alpha1.DefaultUplink),
		defaultImage:   environment(vmv1alpha1.EnvDefaultOSImage, vmv1alpha1.DefaultOSImage),
		nodeDeadline:   2 * time.Minute,
		retryInterval:  time.Minute,
		metricsAddress: ":8443",
		metricsSecure:  true,
		probeAddress:   ":8081",
		leaderElect:    true,
		logLevel:       "info",
		logFormat:      "json",
		clientQPS:      100,
		clientBurst:    200,
		syncPeriod:     10 * time.Hour,

		progressInterval: apply.DefaultProgressInterval,
	}
}

func environment(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.defaultUplink, "default-uplink", o.defaultUplink,
		"NIC of the nodes for networks that name none (environment: "+vmv1alpha1.EnvDefaultUplink+")")
	flags.StringVar(&o.defaultImage, "default-os-image", o.defaultImage,
		"container-disk image of machines that name none (environment: "+vmv1alpha1.EnvDefaultOSImage+")")
	flags.DurationVar(&o.nodeDeadline, "node-deadline", o.nodeDeadline,
		"how long the removal of a bridge waits for a node that does not answer, and how long a node may lack a bridge that NMState says it made")
	flags.DurationVar(&o.retryInterval, "retry-interval", o.retryInterval,
		"how long after NMState gave up on a node its policy is tried again; doubles with each attempt up to 1h; 0 turns it off")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", o.metricsAddress, "address of the metrics endpoint; 0 turns it off")
	flags.BoolVar(&o.metricsSecure, "metrics-secure", o.metricsSecure, "serve metrics over HTTPS to clients that may get them")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", o.probeAddress, "address of the health probes; 0 turns them off")
	flags.BoolVar(&o.leaderElect, "leader-elect", o.leaderElect, "work only while holding the leader's lease, so that several replicas can run")
	flags.StringVar(&o.leaderElectNamespace, "leader-elect-namespace", o.leaderElectNamespace, "namespace of the leader's lease; default: the pod's own")
	flags.StringVar(&o.logLevel, "log-level", o.logLevel, "lowest level to log: debug, info, warn or error")
	flags.StringVar(&o.logFormat, "log-format", o.logFormat, "json or console")
	flags.Float32Var(&o.clientQPS, "kube-api-qps", o.clientQPS, "requests a second to the API server, on average")
	flags.IntVar(&o.clientBurst, "kube-api-burst", o.clientBurst, "requests a second to the API server, at most")
	flags.DurationVar(&o.progressInterval, "progress-interval", o.progressInterval,
		"shortest time between two reports of mere progress on one object; what needs somebody is told at once")
	flags.DurationVar(&o.syncPeriod, "sync-period", o.syncPeriod,
		"how often everything is looked at again without an event; a settled cluster is not written to by it")
}

// validate refuses values that would only show up later, in the objects of users.
func (o *options) validate() error {
	if o.defaultUplink == "" || len(o.defaultUplink) > naming.MaxInterface {
		return fmt.Errorf("--default-uplink %q must be the name of a NIC, of 1 to %d characters, for example ens160", o.defaultUplink, naming.MaxInterface)
	}
	if o.defaultImage == "" {
		return fmt.Errorf("--default-os-image must not be empty; leave it out for %s", vmv1alpha1.DefaultOSImage)
	}
	if o.nodeDeadline <= 0 {
		return fmt.Errorf("--node-deadline %s must be above 0, for example 2m", o.nodeDeadline)
	}
	if o.retryInterval < 0 {
		return fmt.Errorf("--retry-interval %s must not be below 0, for example 1m", o.retryInterval)
	}
	if _, err := zapcore.ParseLevel(o.logLevel); err != nil {
		return fmt.Errorf("--log-level %q must be debug, info, warn or error", o.logLevel)
	}
	if o.logFormat != "json" && o.logFormat != "console" {
		return fmt.Errorf("--log-format %q must be json or console", o.logFormat)
	}
	if o.leaderElectNamespace != "" && len(validation.IsDNS1123Label(o.leaderElectNamespace)) > 0 {
		return fmt.Errorf("--leader-elect-namespace %q must be the name of a namespace", o.leaderElectNamespace)
	}
	if o.progressInterval < 0 {
		return fmt.Errorf("--progress-interval %s must not be below 0, for example 5s", o.progressInterval)
	}
	if o.syncPeriod < time.Second {
		return fmt.Errorf("--sync-period %s must be at least 1s, for example 10h", o.syncPeriod)
	}
	if o.clientQPS <= 0 || o.clientBurst <= 0 {
		return fmt.Errorf("--kube-api-qps and --kube-api-burst must be above 0")
	}
	return nil
}
