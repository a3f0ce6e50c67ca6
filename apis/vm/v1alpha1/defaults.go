// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

const (
	// DefaultUplink is the NIC of networks that name none, unless the operator is told another one.
	DefaultUplink = "ens160"
	// DefaultOSImage is the container-disk image of machines that name none, unless the operator is told
	// another one.
	DefaultOSImage = "quay.io/kubevirt/fedora-cloud-container-disk-demo:latest"

	// EnvDefaultUplink is the environment variable that changes DefaultUplink.
	EnvDefaultUplink = "WUKONG_DEFAULT_UPLINK"
	// EnvDefaultOSImage is the environment variable that changes DefaultOSImage.
	EnvDefaultOSImage = "WUKONG_DEFAULT_OS_IMAGE"
)
