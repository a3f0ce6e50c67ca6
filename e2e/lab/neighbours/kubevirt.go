// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"fmt"
	"path/filepath"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// virtKind is what KubeVirt's operator puts around a generated schema. That part is code there, not data, so it is said again here.
type virtKind struct {
	kind       string
	singular   string
	plural     string
	shortNames []string
	columns    []apiextensionsv1.CustomResourceColumnDefinition
	// hasStatus is false for VirtualMachineInstance alone: writing its status is writing the object.
	hasStatus bool
}

var virtKinds = []virtKind{
	{
		kind: "VirtualMachine", singular: "virtualmachine", plural: "virtualmachines", shortNames: []string{"vm", "vms"},
		hasStatus: true,
		columns: []apiextensionsv1.CustomResourceColumnDefinition{
			column("Age", "date", ".metadata.creationTimestamp"),
			column("Status", "string", ".status.printableStatus"),
			column("Ready", "string", ".status.conditions[?(@.type=='Ready')].status"),
		},
	},
	{
		kind: "VirtualMachineInstance", singular: "virtualmachineinstance", plural: "virtualmachineinstances",
		shortNames: []string{"vmi", "vmis"},
		columns: []apiextensionsv1.CustomResourceColumnDefinition{
			column("Age", "date", ".metadata.creationTimestamp"),
			column("Phase", "string", ".status.phase"),
			column("IP", "string", ".status.interfaces[0].ipAddress"),
			column("NodeName", "string", ".status.nodeName"),
			column("Ready", "string", ".status.conditions[?(@.type=='Ready')].status"),
			wideColumn("Live-Migratable", "string", ".status.conditions[?(@.type=='LiveMigratable')].status"),
			wideColumn("Paused", "string", ".status.conditions[?(@.type=='Paused')].status"),
		},
	},
	{
		kind: "VirtualMachineInstanceMigration", singular: "virtualmachineinstancemigration",
		plural: "virtualmachineinstancemigrations", shortNames: []string{"vmim", "vmims"},
		hasStatus: true,
		columns: []apiextensionsv1.CustomResourceColumnDefinition{
			column("Phase", "string", ".status.phase"),
			column("VMI", "string", ".spec.vmiName"),
		},
	},
	{
		kind: "KubeVirt", singular: "kubevirt", plural: "kubevirts", shortNames: []string{"kv", "kvs"},
		hasStatus: true,
		columns: []apiextensionsv1.CustomResourceColumnDefinition{
			column("Age", "date", ".metadata.creationTimestamp"),
			column("Phase", "string", ".status.phase"),
		},
	},
}

func loadKubeVirt() (definition, error) {
	folder, err := download(kubeVirtModule)
	if err != nil {
		return definition{}, err
	}
	generated := filepath.Join(folder, "pkg", "virt-operator", "resource", "generate", "components", "validations_generated.go")
	schemas, err := stringMap(generated, "CRDsValidation")
	if err != nil {
		return definition{}, err
	}
	var loaded definition
	for _, kind := range virtKinds {
		crd, err := kind.crd(schemas[kind.singular])
		if err != nil {
			return definition{}, fmt.Errorf("%s: the schema of %s: %w", generated, kind.singular, err)
		}
		loaded.crds = append(loaded.crds, crd)
	}
	return loaded, nil
}

func (k virtKind) crd(schema string) (*apiextensionsv1.CustomResourceDefinition, error) {
	validation := &apiextensionsv1.CustomResourceValidation{}
	if err := yaml.UnmarshalStrict([]byte(schema), validation); err != nil {
		return nil, err
	}
	if validation.OpenAPIV3Schema == nil {
		return nil, fmt.Errorf("it is not there any more")
	}
	version := apiextensionsv1.CustomResourceDefinitionVersion{
		Name: kubevirtv1.GroupVersion.Version, Served: true, Storage: true,
		Schema: validation, AdditionalPrinterColumns: k.columns,
	}
	if k.hasStatus {
		version.Subresources = &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}}
	}
	return &apiextensionsv1.CustomResourceDefinition{
		TypeMeta: metav1.TypeMeta{
			APIVersion: apiextensionsv1.SchemeGroupVersion.String(),
			Kind:       "CustomResourceDefinition",
		},
		ObjectMeta: metav1.ObjectMeta{Name: k.plural + "." + kubevirtv1.GroupVersion.Group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: kubevirtv1.GroupVersion.Group,
			Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{
				Kind: k.kind, ListKind: k.kind + "List", Plural: k.plural, Singular: k.singular, ShortNames: k.shortNames,
				Categories: []string{"all"},
			},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{version},
		},
	}, nil
}

func column(name, kind, path string) apiextensionsv1.CustomResourceColumnDefinition {
	return apiextensionsv1.CustomResourceColumnDefinition{Name: name, Type: kind, JSONPath: path}
}

// wideColumn is shown only by kubectl get -o wide.
func wideColumn(name, kind, path string) apiextensionsv1.CustomResourceColumnDefinition {
	wide := column(name, kind, path)
	wide.Priority = 1
	return wide
}
