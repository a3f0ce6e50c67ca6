// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build race

package lab

// buildFlags makes the manager look for data races when the tests do.
var buildFlags = []string{"-race"}
