// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package process

import "os/exec"

// tieToThread can do nothing where the kernel knows no death signal: a killed test leaves its processes running there.
func tieToThread(*exec.Cmd) {}
