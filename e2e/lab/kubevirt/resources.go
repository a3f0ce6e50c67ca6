// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/crdwatch"
)

var (
	machines     = kubevirtv1.GroupVersion.WithResource("virtualmachines")
	instances    = kubevirtv1.GroupVersion.WithResource("virtualmachineinstances")
	kubevirts    = kubevirtv1.GroupVersion.WithResource("kubevirts")
	attachments  = nadv1.SchemeGroupVersion.WithResource("network-attachment-definitions")
	dataVolumes  = cdiv1.SchemeGroupVersion.WithResource("datavolumes")
	claims       = corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims")
	launcherPods = corev1.SchemeGroupVersion.WithResource("pods")
	secrets      = corev1.SchemeGroupVersion.WithResource("secrets")
	nodes        = corev1.SchemeGroupVersion.WithResource("nodes")
)

func watched() []crdwatch.API {
	return []crdwatch.API{
		{Resource: machines}, {Resource: instances}, {Resource: kubevirts}, {Resource: attachments}, {Resource: dataVolumes},
		{Resource: claims, BuiltIn: true},
		{Resource: launcherPods, BuiltIn: true}, {Resource: secrets, BuiltIn: true}, {Resource: nodes, BuiltIn: true},
	}
}

// Field managers of KubeVirt's components, so that an owner of fields can tell their writes from its own.
const (
	managerAPI        = "virt-api"
	managerController = "virt-controller"
	managerHandler    = "virt-handler"
	managerKubelet    = "kubelet"
	managerScheduler  = "kube-scheduler"
)

// handlerUser is virt-handler's name at the API server. virt-api lets KubeVirt's own components alone change an instance.
const handlerUser = "system:serviceaccount:kubevirt:kubevirt-handler"

// fieldOwner is virt-controller's field manager as an option of a creation.
const fieldOwner = client.FieldOwner(managerController)

// newClient reads and writes without a cache. Its mapping is fixed, because discovery would forget and learn kinds at
// the pace of definitions that come and go.
func newClient(config *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, kubevirtv1.AddToScheme, cdiv1.AddToScheme, nadv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"Node", "Namespace"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeRoot)
	}
	for _, kind := range []string{"Pod", "Secret", "ServiceAccount", "Binding", "PersistentVolumeClaim", "Event"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	for _, kind := range []string{"VirtualMachine", "VirtualMachineInstance", "KubeVirt"} {
		gvk := kubevirtv1.GroupVersion.WithKind(kind)
		plural := kubevirtv1.GroupVersion.WithResource(map[string]string{
			"VirtualMachine": "virtualmachines", "VirtualMachineInstance": "virtualmachineinstances", "KubeVirt": "kubevirts",
		}[kind])
		mapper.AddSpecific(gvk, plural, plural, meta.RESTScopeNamespace)
	}
	mapper.AddSpecific(cdiv1.SchemeGroupVersion.WithKind("DataVolume"), dataVolumes, dataVolumes, meta.RESTScopeNamespace)
	mapper.AddSpecific(nadv1.SchemeGroupVersion.WithKind("NetworkAttachmentDefinition"), attachments, attachments, meta.RESTScopeNamespace)
	mapper.Add(appsv1.SchemeGroupVersion.WithKind("ControllerRevision"), meta.RESTScopeNamespace)
	return client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
}
