// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/pkg/manifest"
)

// goldens are the files in which renderers and manifests are kept, from this folder.
var goldens = []string{"../../pkg/render/vm/testdata/*.yaml", "../../pkg/manifest/testdata/*.yaml"}

// TestWebhooksAreAsked makes sure that the others prove something: KubeVirt's webhooks have their say on a dry run.
func TestWebhooksAreAsked(t *testing.T) {
	machine := machineFromFile(t, "../../pkg/render/vm/testdata/bridge.yaml")
	machine.Spec.Template.Spec.Networks[0].Name = "another"
	err := admit(t.Context(), machine)
	if err == nil || !strings.Contains(err.Error(), "virtualmachine-validator.kubevirt.io") {
		t.Errorf("got error %v, want KubeVirt to refuse a NIC without a network", err)
	}
}

// TestGoldensAreAdmitted asks KubeVirt about every machine of the golden files; those of pkg/manifest are the seeds' too.
func TestGoldensAreAdmitted(t *testing.T) {
	admitted := 0
	for _, pattern := range goldens {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files (%v)", pattern, len(paths), err)
		}
		for _, path := range paths {
			for _, machine := range machinesFromFile(t, path) {
				admitted++
				if err := admit(t.Context(), machine); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
	}
	if admitted < 15 {
		t.Errorf("only %d machines are in the golden files", admitted)
	}
	t.Logf("%d machines of golden files were admitted", admitted)
}

// TestGeneratedMachinesAreAdmitted asks KubeVirt about the machines of Wukongs that take each value of each field, in
// combinations that are the same each time.
func TestGeneratedMachinesAreAdmitted(t *testing.T) {
	const wanted = 300
	used := map[string]int{}
	admitted := 0
	for number := 0; admitted < wanted; number++ {
		if number > 4*wanted {
			t.Fatalf("of %d generated Wukongs only %d have a machine", number, admitted)
		}
		wukong, choices := generate(number)
		// The API server fills in defaults, and has its own say on what does not go together.
		if err := shared.Client.Create(t.Context(), wukong, client.DryRunAll); err != nil {
			continue
		}
		machine := machineOf(t, wukong, number)
		if machine == nil {
			continue
		}
		for _, choice := range choices {
			used[choice]++
		}
		if err := admit(t.Context(), machine); err != nil {
			t.Errorf("Wukong %d with %s: %v", number, strings.Join(choices, ", "), err)
		}
		admitted++
	}
	for _, choice := range everyChoice() {
		if used[choice] == 0 {
			t.Errorf("no Wukong with %s was generated that has a machine", choice)
		}
	}
	t.Logf("%d generated machines were admitted, with %d values of fields", admitted, len(used))
}

// machineOf renders a Wukong's machine; every second cluster has a binding for macvtap. It is nil when a person has to correct
// the Wukong first.
func machineOf(t *testing.T, wukong *vmv1alpha1.Wukong, number int) *kubevirtv1.VirtualMachine {
	t.Helper()
	options := manifest.Options{DefaultUplink: "ens160", DefaultImage: vmv1alpha1.DefaultOSImage}
	if number%2 == 0 {
		options.TapBinding = "macvtap"
	}
	objects, err := manifest.Render(wukong, options)
	if _, refused := errors.AsType[*manifest.WukongError](err); refused {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(objects, func(object manifest.Object) bool {
		_, is := object.(*kubevirtv1.VirtualMachine)
		return is
	})
	return objects[at].(*kubevirtv1.VirtualMachine)
}

func objectsOf(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := lab.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func machineFromFile(t *testing.T, path string) *kubevirtv1.VirtualMachine {
	t.Helper()
	return machinesFromFile(t, path)[0]
}

func machinesFromFile(t *testing.T, path string) []*kubevirtv1.VirtualMachine {
	t.Helper()
	var machines []*kubevirtv1.VirtualMachine
	for _, object := range objectsOf(t, path) {
		if object.GetKind() != kubevirtv1.VirtualMachineGroupVersionKind.Kind {
			continue
		}
		machine := &kubevirtv1.VirtualMachine{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, machine); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		machine.Namespace = metav1.NamespaceDefault
		machines = append(machines, machine)
	}
	return machines
}

// admit has KubeVirt look at a machine and at the instance that virt-controller would make of it, which has rules of its own.
// Nothing is stored: KubeVirt's webhooks declare that they have no side effects on a dry run.
func admit(ctx context.Context, machine *kubevirtv1.VirtualMachine) error {
	strict := client.WithFieldValidation(shared.Client, metav1.FieldValidationStrict)
	if err := strict.Create(ctx, machine.DeepCopy(), client.DryRunAll); err != nil {
		return fmt.Errorf("the machine is refused: %w", err)
	}
	template := machine.Spec.Template.DeepCopy()
	instance := &kubevirtv1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: machine.Namespace, Name: machine.Name, Labels: template.ObjectMeta.Labels, Annotations: template.ObjectMeta.Annotations,
		},
		Spec: template.Spec,
	}
	if err := strict.Create(ctx, instance, client.DryRunAll); err != nil {
		return fmt.Errorf("its instance is refused: %w", err)
	}
	return nil
}
