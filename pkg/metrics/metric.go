// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import "github.com/prometheus/client_golang/prometheus"

// Type is what kind of metric one is, in Prometheus' words.
type Type string

const (
	// Gauge is a number that goes up and down.
	Gauge Type = "gauge"
	// Counter is a number that only grows, and begins at 0 when the process does.
	Counter Type = "counter"
	// Histogram counts observations in buckets.
	Histogram Type = "histogram"
)

// Metric describes one metric. The registry and the documentation are both made from it.
type Metric struct {
	// Name is the metric's name.
	Name string
	// Type is its type.
	Type Type
	// Help says what it tells.
	Help string
	// Labels are its labels.
	Labels []Label
}

// Label describes one label of a metric.
type Label struct {
	// Name is the label's name.
	Name string
	// Values says which values it has, and so how many series it makes.
	Values string
}

// labels returns the names of the labels.
func (m Metric) labels() []string {
	var names []string
	for _, label := range m.Labels {
		names = append(names, label.Name)
	}
	return names
}

func (m Metric) desc() *prometheus.Desc {
	return prometheus.NewDesc(m.Name, m.Help, m.labels(), nil)
}

func (m Metric) counter() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: m.Name, Help: m.Help})
}

func (m Metric) counterVec() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, m.labels())
}

func (m Metric) histogramVec(buckets []float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Name, Help: m.Help, Buckets: buckets}, m.labels())
}
