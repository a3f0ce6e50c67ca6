// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/story"
)

// patience is how long a scrape waits for a cache that is still being filled.
const patience = time.Second

// state counts what the cache holds.
type state struct{ reader client.Reader }

// ofState are the metrics that state sends.
var ofState = []Metric{wukongs, notReadySince, deletingSince, bridgeClaims, bridgeNodes, nodeBridges, conflicts, refusals, addressDuplicates}

// descsOfState are made once: a scrape sends many samples of each.
var descsOfState = func() map[string]*prometheus.Desc {
	descs := map[string]*prometheus.Desc{}
	for _, metric := range ofState {
		descs[metric.Name] = metric.desc()
	}
	return descs
}()

// Describe sends what the metrics are.
func (s *state) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range descsOfState {
		descs <- desc
	}
}

// Collect counts and sends. What cannot be read yet is left out: one that is missing says more than a 0 would, and every other
// metric is still served.
func (s *state) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	counted := tally{}
	var machines vmv1alpha1.WukongList
	if s.list(ctx, &machines) {
		counted.wukongs(machines.Items)
	}
	var networks vmv1alpha1.WukongNetworkList
	if s.list(ctx, &networks) {
		counted.networks(networks.Items)
	}
	var claims vmv1alpha1.WukongNodeBridgeList
	if s.list(ctx, &claims) {
		counted.claims(claims.Items)
	}
	counted.send(descsOfState, metrics)
}

// list reads a list without copying its objects, and reports whether it could.
func (s *state) list(ctx context.Context, into client.ObjectList) bool {
	if err := s.reader.List(ctx, into, client.UnsafeDisableDeepCopy); err != nil {
		ctrl.Log.V(1).Info("Metrics of the state are left out", story.KeyProblem, err.Error())
		return false
	}
	return true
}
