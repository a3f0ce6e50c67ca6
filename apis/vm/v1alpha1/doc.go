// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds what a user of Wukong can say: the kinds of the API group
// vm.novasphere.dev, their validation, and every condition and reason that the
// controllers report. It imports nothing else of this module.
//
// +kubebuilder:object:generate=true
// +groupName=vm.novasphere.dev
package v1alpha1
