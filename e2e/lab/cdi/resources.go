// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/crdwatch"
)

var (
	volumes = cdiv1.SchemeGroupVersion.WithResource("datavolumes")
	configs = cdiv1.SchemeGroupVersion.WithResource("cdiconfigs")
	claims  = corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims")
	pods    = corev1.SchemeGroupVersion.WithResource("pods")
	classes = storagev1.SchemeGroupVersion.WithResource("storageclasses")
)

func watched() []crdwatch.API {
	return []crdwatch.API{
		{Resource: volumes},
		{Resource: configs},
		{Resource: claims, BuiltIn: true},
		{Resource: pods, BuiltIn: true},
		{Resource: classes, BuiltIn: true},
	}
}

// manager is the field manager of CDI's controller, and of the storage, whose writes nobody has to tell apart.
const manager = "cdi-deployment"

// newClient reads and writes without a cache. Its mapping is fixed, because discovery would forget and learn kinds at the
// pace of definitions that come and go.
func newClient(config *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, storagev1.AddToScheme, cdiv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(storagev1.SchemeGroupVersion.WithKind("StorageClass"), meta.RESTScopeRoot)
	for _, kind := range []string{"PersistentVolumeClaim", "Pod"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	mapper.AddSpecific(cdiv1.SchemeGroupVersion.WithKind("DataVolume"), volumes, volumes, meta.RESTScopeNamespace)
	mapper.AddSpecific(cdiv1.SchemeGroupVersion.WithKind("CDIConfig"), configs, configs, meta.RESTScopeRoot)
	return client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
}
