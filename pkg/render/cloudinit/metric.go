// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import "k8s.io/apimachinery/pkg/util/sets"

// metricStep is the distance between the metrics of two default routes, as the product's first documents
// space them: 100, 200 and so on.
const metricStep = 100

// defaultRouteMetrics returns for each NIC the metric of its default route. Declared ones come first, in
// the order of the networks, then the NICs whose DHCP server may name a gateway, and the pod network last. A
// metric that the user wrote is kept, and not given to another NIC.
func defaultRouteMetrics(nics []NIC) []int32 {
	metrics := make([]int32, len(nics))
	taken := sets.New[int32]()
	for i, nic := range nics {
		if nic.IPConfig != nil && nic.IPConfig.Metric != nil {
			metrics[i] = *nic.IPConfig.Metric
			taken.Insert(metrics[i])
		}
	}
	next := int32(metricStep)
	give := func(wanted func(NIC) bool) {
		for i, nic := range nics {
			if metrics[i] != 0 || !wanted(nic) {
				continue
			}
			for taken.Has(next) {
				next += metricStep
			}
			metrics[i] = next
			taken.Insert(next)
		}
	}
	give(NIC.declaresDefault)
	give(func(n NIC) bool { return n.dhcp() && !n.Pod })
	give(func(n NIC) bool { return n.dhcp() && n.Pod })
	return metrics
}
