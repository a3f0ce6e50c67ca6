// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// NewScheme returns a scheme with every kind that the controllers read or write. It returns an error when two
// packages claim one kind.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme,
		vmv1alpha1.AddToScheme,
		nmstatev1.AddToScheme,
		nmstatev1beta1.AddToScheme,
		nadv1.AddToScheme,
		kubevirtv1.AddToScheme,
		cdiv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("building the scheme: %w", err)
		}
	}
	return scheme, nil
}
