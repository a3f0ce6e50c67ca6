// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package lab

// buildFlags are the manager's; without the race detector there are none.
var buildFlags []string
