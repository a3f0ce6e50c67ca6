// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Components prints, as one List in JSON, what KubeVirt's operator installs for virt-api and virt-controller: their
// resource definitions, accounts, rights and webhooks.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/components"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/rbac"
)

// namespace is where KubeVirt's components look for their configuration when they run outside of a pod.
const namespace = "kubevirt"

// definitions are those that virt-api and virt-controller watch; without one of them they wait for ever.
var definitions = []func() (*apiextensionsv1.CustomResourceDefinition, error){
	components.NewVirtualMachineInstanceCrd,
	components.NewPresetCrd,
	components.NewReplicaSetCrd,
	components.NewVirtualMachineCrd,
	components.NewVirtualMachineInstanceMigrationCrd,
	components.NewKubeVirtCrd,
	components.NewVirtualMachinePoolCrd,
	components.NewVirtualMachineSnapshotCrd,
	components.NewVirtualMachineSnapshotContentCrd,
	components.NewVirtualMachineRestoreCrd,
	components.NewVirtualMachineExportCrd,
	components.NewVirtualMachineBackupCrd,
	components.NewVirtualMachineBackupTrackerCrd,
	components.NewVirtualMachineInstancetypeCrd,
	components.NewVirtualMachineClusterInstancetypeCrd,
	components.NewVirtualMachinePreferenceCrd,
	components.NewVirtualMachineClusterPreferenceCrd,
	components.NewMigrationPolicyCrd,
	components.NewVirtualMachineCloneCrd,
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "components:", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	var items []any
	for _, define := range definitions {
		definition, err := define()
		if err != nil {
			return fmt.Errorf("making a resource definition: %w", err)
		}
		items = append(items, definition)
	}
	// virt-controller reads NetworkAttachmentDefinitions unless somebody else injects their resources.
	const readsAttachments = true
	for _, object := range rbac.GetAllCluster() {
		items = append(items, object)
	}
	for _, object := range rbac.GetAllApiServer(namespace) {
		items = append(items, object)
	}
	for _, object := range rbac.GetAllController(namespace, readsAttachments) {
		items = append(items, object)
	}
	for _, object := range rbac.GetAllHandler(namespace) {
		items = append(items, object)
	}
	for _, service := range components.NewVirtAPIAPIServices(namespace) {
		items = append(items, service)
	}
	items = append(items,
		components.NewVirtAPIValidatingWebhookConfiguration(namespace),
		components.NewVirtAPIMutatingWebhookConfiguration(namespace),
	)
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
	return json.NewEncoder(out).Encode(list)
}
