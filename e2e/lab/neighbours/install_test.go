// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// samples are objects that each API must take.
var samples = map[API]string{
	NMState: `
apiVersion: nmstate.io/v1
kind: NodeNetworkConfigurationPolicy
metadata: {name: sample}
spec:
  nodeSelector: {kubernetes.io/hostname: node-1}
  desiredState:
    interfaces:
    - {name: br-100, type: linux-bridge, state: up}
`,
	Multus: `
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: sample, namespace: default}
spec: {config: '{"cniVersion": "0.3.1", "type": "bridge"}'}
`,
	KubeVirt: `
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: sample, namespace: default}
spec:
  runStrategy: Always
  template:
    spec:
      domain:
        memory: {guest: 1Gi}
        devices:
          interfaces: [{name: default, masquerade: {}}]
      networks: [{name: default, pod: {}}]
`,
	CDI: `
apiVersion: cdi.kubevirt.io/v1beta1
kind: DataVolume
metadata: {name: sample, namespace: default}
spec:
  source: {blank: {}}
  storage: {resources: {requests: {storage: 1Gi}}}
`,
}

func TestInstallRemoveInstall(t *testing.T) {
	for api, sample := range samples {
		t.Run(string(api), func(t *testing.T) {
			// Removing an API that has objects takes the apiserver seconds, in which it does nothing.
			t.Parallel()
			install(t, api)
			create(t, sample)
			before := generations(t, api)
			install(t, api)
			if after := generations(t, api); after != before {
				t.Errorf("installing again changed the API from %s to %s", before, after)
			}
			if _, err := get(t, sample); err != nil {
				t.Errorf("installing again lost an object: %v", err)
			}

			remove(t, api)
			if _, err := get(t, sample); !apierrors.IsNotFound(err) {
				t.Errorf("an object outlived its API (error %v)", err)
			}
			remove(t, api)

			install(t, api)
			create(t, sample)
			remove(t, api)
		})
	}
}

func TestUnknownAPIIsRefusedBeforeAnythingIsInstalled(t *testing.T) {
	if err := Install(t.Context(), plane.Config(), Multus, "unknown"); err == nil {
		t.Error("an unknown API was installed")
	}
	sample := parse(t, samples[Multus])
	if _, err := resource(t, sample).List(t.Context(), metav1.ListOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the API named before the unknown one was installed (error %v)", err)
	}
}

func TestRemoveOfAnObjectThatCannotEndSaysWhatItWaitsFor(t *testing.T) {
	install(t, Multus)
	created := create(t, samples[Multus])
	created.SetFinalizers([]string{"example.org/nobody"})
	if _, err := resource(t, created).Update(t.Context(), created, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := Remove(ctx, plane.Config(), Multus)
	if err == nil || !strings.Contains(err.Error(), "network-attachment-definitions.k8s.cni.cncf.io is not gone") {
		t.Errorf("got error %v, want the name of the CRD that is not gone", err)
	}

	// The apiserver updates the object when it marks it as deleted.
	if created, err = get(t, samples[Multus]); err != nil {
		t.Fatal(err)
	}
	created.SetFinalizers(nil)
	if _, err := resource(t, created).Update(t.Context(), created, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	remove(t, Multus)
}

func TestOwnersOfNewKindsAreCollected(t *testing.T) {
	install(t, Multus)
	defer remove(t, Multus)
	if err := plane.RestartControllerManager(t.Context()); err != nil {
		t.Fatal(err)
	}
	owner := create(t, samples[Multus])
	owned := owner.DeepCopy()
	owned.SetName("owned")
	owned.SetResourceVersion("")
	owned.SetUID("")
	owned.SetOwnerReferences([]metav1.OwnerReference{{
		APIVersion: owner.GetAPIVersion(), Kind: owner.GetKind(), Name: owner.GetName(), UID: owner.GetUID(),
	}})
	if _, err := resource(t, owned).Create(t.Context(), owned, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := resource(t, owner).Delete(t.Context(), owner.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}

	// Well below the 30 s in which the garbage collector would have found the new kind by itself.
	err := wait.PollUntilContextTimeout(t.Context(), pollInterval, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		_, err := resource(t, owned).Get(ctx, "owned", metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
	if err != nil {
		t.Errorf("an object whose owner is gone is still there: %v", err)
	}
}

// generations change with every change of a definition.
func generations(t *testing.T, api API) string {
	t.Helper()
	loaded, err := load(api)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := loaded.objects()
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := newCluster(plane.Config())
	if err != nil {
		t.Fatal(err)
	}
	found := ""
	for _, object := range objects {
		current, err := cluster.resource(object).Get(t.Context(), object.GetName(), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		found += fmt.Sprintf("%s:%d ", current.GetName(), current.GetGeneration())
	}
	return found
}

func install(t *testing.T, apis ...API) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	started := time.Now()
	if err := Install(ctx, plane.Config(), apis...); err != nil {
		t.Fatal(err)
	}
	t.Logf("installed %v in %s", apis, time.Since(started))
}

func remove(t *testing.T, apis ...API) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	started := time.Now()
	if err := Remove(ctx, plane.Config(), apis...); err != nil {
		t.Fatal(err)
	}
	t.Logf("removed %v in %s", apis, time.Since(started))
}

func create(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := parse(t, manifest)
	// What a schema does not know it drops in silence, unless it is asked to refuse.
	created, err := resource(t, object).Create(t.Context(), object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func get(t *testing.T, manifest string) (*unstructured.Unstructured, error) {
	t.Helper()
	object := parse(t, manifest)
	return resource(t, object).Get(t.Context(), object.GetName(), metav1.GetOptions{})
}

func parse(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), object); err != nil {
		t.Fatal(err)
	}
	return object
}

func resource(t *testing.T, object *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	client, err := dynamic.NewForConfig(plane.Config())
	if err != nil {
		t.Fatal(err)
	}
	guess, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
	if guess.Resource == "networkattachmentdefinitions" {
		guess = schema.GroupVersionResource{Group: guess.Group, Version: guess.Version, Resource: "network-attachment-definitions"}
	}
	if object.GetNamespace() == "" {
		return client.Resource(guess)
	}
	return client.Resource(guess).Namespace(object.GetNamespace())
}
