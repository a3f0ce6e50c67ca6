// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "vm.novasphere.dev", Version: "v1alpha1"}

// schemeBuilder collects the kinds of this package. It is apimachinery's, not
// controller-runtime's, so that importing the API costs a client nothing else.
var schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

// AddToScheme adds the kinds of this package to a scheme; it fails only when another
// Go type is registered there for one of them.
var AddToScheme = schemeBuilder.AddToScheme

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Wukong{}, &WukongList{},
		&WukongNetwork{}, &WukongNetworkList{},
		&WukongNodeBridge{}, &WukongNodeBridgeList{},
		&WukongUplink{}, &WukongUplinkList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
