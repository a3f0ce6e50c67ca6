// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// leftovers counts bridges that were left on a node which did not answer in time.
var leftovers = prometheus.NewCounter(prometheus.CounterOpts{
	Name: "wukong_bridges_left_behind_total",
	Help: "Bridges that were left on a node because it did not remove them in time; an event names each.",
})

func init() { metrics.Registry.MustRegister(leftovers) }
