// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package netns makes network namespaces and works in them, so that nothing a test sends ever leaves it. It runs on Linux, as root.
package netns
