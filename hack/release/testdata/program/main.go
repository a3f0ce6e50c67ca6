// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Command program stands for what a release ships: it has a version and is linked from modules.
package main

import (
	"fmt"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/spdx/tools-golang/spdx/v2/common"
)

var version = "dev"

func main() { fmt.Println(version, types.OCILayer, common.SHA256) }
