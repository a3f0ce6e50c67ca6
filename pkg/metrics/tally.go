// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// tally gathers gauges by their labels.
type tally map[string]*sample

type sample struct {
	metric Metric
	values []string
	number float64
}

// at returns the sample of a metric with these values of its labels, and whether it was there.
func (t tally) at(metric Metric, values []string) (*sample, bool) {
	key := metric.Name + "\xff" + strings.Join(values, "\xff")
	found, known := t[key]
	if !known {
		found = &sample{metric: metric, values: values}
		t[key] = found
	}
	return found, known
}

// count adds one.
func (t tally) count(metric Metric, values ...string) {
	found, _ := t.at(metric, values)
	found.number++
}

// earliest keeps the earliest of the times.
func (t tally) earliest(metric Metric, when time.Time, values ...string) {
	seconds := float64(when.Unix())
	if found, known := t.at(metric, values); !known || seconds < found.number {
		found.number = seconds
	}
}

func (t tally) send(descs map[string]*prometheus.Desc, metrics chan<- prometheus.Metric) {
	for _, s := range t {
		metrics <- prometheus.MustNewConstMetric(descs[s.metric.Name], prometheus.GaugeValue, s.number, s.values...)
	}
}
