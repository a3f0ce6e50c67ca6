// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

var (
	retried     = policyRetries.counter()
	leftOnNodes = leftBehind.counter()
)

// PolicyRetried counts a policy that was written only so that NMState tries it once more.
func PolicyRetried() { retried.Inc() }

// BridgeLeftBehind counts a bridge that was left on a node.
func BridgeLeftBehind() { leftOnNodes.Inc() }
