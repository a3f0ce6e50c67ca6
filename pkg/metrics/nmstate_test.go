// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestNMStateCounters(t *testing.T) {
	retries, left := testutil.ToFloat64(retried), testutil.ToFloat64(leftOnNodes)
	PolicyRetried()
	BridgeLeftBehind()
	if testutil.ToFloat64(retried) != retries+1 || testutil.ToFloat64(leftOnNodes) != left+1 {
		t.Error("they do not count one each")
	}
}
