// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

// compare holds what the simulated network made of a policy against the lab's model.
func (c *cluster) compare(*heldNode, *heldPolicy, *nodeReport, *network, error) {}
