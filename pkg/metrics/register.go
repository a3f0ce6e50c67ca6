// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics has every metric of the manager that is Wukong's own. What is a matter of state is counted in the
// manager's cache when somebody asks; what happens is counted by the functions that tell of it. No label names a machine,
// so the number of series does not grow with the number of machines.
package metrics

import (
	"errors"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Register adds the metrics to a registry: those of the build, those of the state that the reader tells, and the process'
// own. The error says that one of the names is taken.
func Register(registry prometheus.Registerer, version string, reader client.Reader) error {
	build := prometheus.MustNewConstMetric(buildInfo.desc(), prometheus.GaugeValue, 1, version, runtime.Version())
	return errors.Join(
		registry.Register(constant{build}),
		registry.Register(&state{reader: reader}),
		registry.Register(timesToCondition),
		registry.Register(retried),
		registry.Register(leftOnNodes),
		registry.Register(written),
	)
}

// constant is a metric that never changes.
type constant struct{ metric prometheus.Metric }

// Describe sends what the metric is.
func (c constant) Describe(descs chan<- *prometheus.Desc) { descs <- c.metric.Desc() }

// Collect sends the metric.
func (c constant) Collect(metrics chan<- prometheus.Metric) { metrics <- c.metric }
