// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var (
	policies   = nmstatev1.GroupVersion.WithResource("nodenetworkconfigurationpolicies")
	enactments = nmstatev1beta1.GroupVersion.WithResource("nodenetworkconfigurationenactments")
	nodeStates = nmstatev1beta1.GroupVersion.WithResource("nodenetworkstates")
	nodes      = corev1.SchemeGroupVersion.WithResource("nodes")
)

// newClient reads and writes without a cache. Its mapping is fixed, because discovery would forget and learn kinds at
// the pace of definitions that come and go.
func newClient(config *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, nmstatev1.AddToScheme, nmstatev1beta1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"Node", "Namespace"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeRoot)
	}
	for _, kind := range []string{"Pod", "ServiceAccount", "Event"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	for _, gvk := range []schema.GroupVersionKind{
		nmstatev1.GroupVersion.WithKind("NodeNetworkConfigurationPolicy"),
		nmstatev1beta1.GroupVersion.WithKind("NodeNetworkConfigurationEnactment"),
		nmstatev1beta1.GroupVersion.WithKind("NodeNetworkState"),
	} {
		mapper.Add(gvk, meta.RESTScopeRoot)
	}
	return client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
}
