// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package manifest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/config/crd"
	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/manifest"
	"github.com/novasphere/wukong/pkg/validation"
)

const seeds = "../../e2e/validation/testdata/seeds"

var opts = manifest.Options{DefaultUplink: vmv1alpha1.DefaultUplink, DefaultImage: vmv1alpha1.DefaultOSImage}

var validator = sync.OnceValues(func() (*validation.Validator, error) {
	crds, err := crd.All()
	if err != nil {
		return nil, err
	}
	return validation.New(crds...)
})

// parse returns a Wukong with the API server's defaults.
func parse(t testing.TB, text string) *vmv1alpha1.Wukong {
	t.Helper()
	v, err := validator()
	if err != nil {
		t.Fatal(err)
	}
	wukong, errs := v.Wukong([]byte(text))
	if len(errs) > 0 {
		t.Fatalf("%v\n%s", errs, text)
	}
	return wukong
}

// declare returns a Wukong with the given networks in YAML's flow form.
func declare(t testing.TB, name, networks string) *vmv1alpha1.Wukong {
	t.Helper()
	return parse(t, "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: "+name+"}\nspec: {networks: ["+networks+"]}\n")
}

func seed(t testing.TB, name string) *vmv1alpha1.Wukong {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(seeds, name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func yamlOf(t testing.TB, objects []manifest.Object) string {
	t.Helper()
	text, err := manifest.YAML(objects)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// listOf names objects in their order.
func listOf(objects []manifest.Object) []string {
	var names []string
	for _, object := range objects {
		names = append(names, object.GetObjectKind().GroupVersionKind().Kind+" "+object.GetName())
	}
	return names
}

func TestSeeds(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(seeds, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no seeds: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		for suffix, tapBinding := range map[string]string{"": "", "-macvtap": "macvtap"} {
			if tapBinding != "" && name != "vm-network-plan-5.1" {
				continue
			}
			t.Run(name+suffix, func(t *testing.T) {
				opts := opts
				opts.TapBinding = tapBinding
				objects, err := manifest.Render(seed(t, name), opts)
				if err != nil {
					t.Fatal(err)
				}
				golden.Compare(t, name+suffix+".yaml", yamlOf(t, objects))
			})
		}
	}
}

// TestDisks shows the sample with persistent disks: the machine with the templates of its DataVolumes.
func TestDisks(t *testing.T) {
	text, err := os.ReadFile("../../config/samples/debian-vm-disks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Render(parse(t, string(text)), opts)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "disks.yaml", yamlOf(t, objects))
}

// everyKind has a network of each kind.
const everyKind = `{name: default}, {name: lan}, {name: tagged, bridgeName: br-100, vlanId: 100}, {name: storage, uplink: ens161, mtu: 9000},
  {name: ovs, type: ovs, bridgeName: ovs-lan, uplink: ens162}, {name: ovs-tagged, type: ovs, bridgeName: ovs-lan, uplink: ens162, vlanId: 7},
  {name: macvlan, type: macvlan, bridgeName: ens163}, {name: ipvlan, type: ipvlan, uplink: ens163},
  {name: sriov, type: sriov, bridgeName: openshift.io/nic, vlanId: 9}, {name: existing, nadName: networks/lan}, {name: own, nadName: default/own},
  {name: function, type: sriov, nadName: vf}`

func TestEveryKind(t *testing.T) {
	for name, tapBinding := range map[string]string{"every-kind": "", "every-kind-macvtap": "tap"} {
		opts := opts
		opts.TapBinding = tapBinding
		objects, err := manifest.Render(declare(t, "vm", everyKind), opts)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, name+".yaml", yamlOf(t, objects))
	}
}

// What the product's first documents promise of their full example.
func TestNamesAndOrderOfTheSeed(t *testing.T) {
	objects, err := manifest.Render(seed(t, "nmstate-integration-4.1"), opts)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"WukongNodeBridge ubuntu-vm-nmstate-management",
		"NodeNetworkConfigurationPolicy ubuntu-vm-nmstate-management-bridge",
		"WukongNetwork ubuntu-vm-nmstate-management",
		"NetworkAttachmentDefinition ubuntu-vm-nmstate-management-nad",
		"WukongNodeBridge ubuntu-vm-nmstate-external",
		"NodeNetworkConfigurationPolicy ubuntu-vm-nmstate-external-bridge",
		"WukongNetwork ubuntu-vm-nmstate-external",
		"NetworkAttachmentDefinition ubuntu-vm-nmstate-external-nad",
		"Secret ubuntu-vm-nmstate-cloudinit",
		"VirtualMachine ubuntu-vm-nmstate",
	}
	if got := listOf(objects); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestIdentity(t *testing.T) {
	offline := declare(t, "vm", "{name: lan}")
	first, err := manifest.Render(offline, opts)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := manifest.Render(offline, opts); yamlOf(t, again) != yamlOf(t, first) {
		t.Error("the same Wukong gives other objects")
	}
	if offline.Namespace != "" || offline.UID != "" {
		t.Error("the given Wukong was changed")
	}
	known := offline.DeepCopy()
	known.UID = "4f2b6c8e-0000-4000-8000-000000000000"
	if objects, _ := manifest.Render(known, opts); yamlOf(t, objects) == yamlOf(t, first) {
		t.Error("the UID in the file is not used")
	}
	for _, object := range first {
		if kind := object.GetObjectKind().GroupVersionKind().Kind; kind != "NodeNetworkConfigurationPolicy" && object.GetNamespace() != "default" {
			t.Errorf("%s is in namespace %q", kind, object.GetNamespace())
		}
		if object.GetFinalizers() != nil || object.GetOwnerReferences() != nil {
			t.Errorf("%s has what only a cluster's object can have", object.GetName())
		}
	}
}

func TestSecretIsLegible(t *testing.T) {
	objects, err := manifest.Render(declare(t, "vm", ""), opts)
	if err != nil {
		t.Fatal(err)
	}
	secret := objects[0].(*corev1.Secret)
	if secret.Data != nil || !strings.HasPrefix(secret.StringData["userdata"], "#cloud-config\n") || secret.StringData["networkdata"] == "" {
		t.Errorf("got data %v and stringData %v", secret.Data, secret.StringData)
	}
}

func TestJSON(t *testing.T) {
	objects, err := manifest.Render(declare(t, "vm", "{name: lan}"), opts)
	if err != nil {
		t.Fatal(err)
	}
	text, err := manifest.JSON(objects)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "list.json", text)
	if empty, err := manifest.JSON(nil); err != nil || !strings.Contains(empty, `"items": []`) {
		t.Errorf("got %s (%v) for nothing", empty, err)
	}
}
