// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// TestLauncherPodsNameOurAttachments applies the product's first documents and the samples, and compares what virt-controller
// asks Multus for with what Wukong says that the machine has.
func TestLauncherPodsNameOurAttachments(t *testing.T) {
	for _, file := range []string{
		"../validation/testdata/seeds/nmstate-integration-4.1.yaml",
		"../validation/testdata/seeds/vm-network-plan-3.2.yaml",
		"../validation/testdata/seeds/vm-network-plan-4.2.yaml",
		"../validation/testdata/seeds/vm-network-plan-5.1.yaml",
		"../../config/samples/ubuntu-vm-nmstate.yaml",
		"../../config/samples/ubuntu-vm-dual-network.yaml",
	} {
		t.Run(file, func(t *testing.T) {
			wukong := readWukong(t, file)
			if err := shared.ApplyFile(t.Context(), file); err != nil {
				t.Fatal(err)
			}
			defer remove(t, wukong)
			pod := launcher(t, client.ObjectKeyFromObject(wukong))
			eventually(t, wukong.Name+" is ready", func(ctx context.Context) error { return ready(ctx, wukong) })
			var want []request
			for _, network := range wukong.Status.Networks {
				if network.NetworkAttachmentDefinition != "" {
					want = append(want, request{network.NetworkAttachmentDefinition, network.MACAddress})
				}
			}
			if len(want) == 0 {
				t.Fatalf("the Wukong has no attachment: %+v", wukong.Status.Networks)
			}
			if difference := cmp.Diff(want, requests(t, pod)); difference != "" {
				t.Errorf("virt-controller asks for something else (-Wukong +virt-controller):\n%s", difference)
			}
		})
	}
}

// request is one link that Multus is asked for.
type request struct{ Attachment, MAC string }

// requests reads what a pod asks Multus for.
func requests(t *testing.T, pod *corev1.Pod) []request {
	t.Helper()
	var elements []nadv1.NetworkSelectionElement
	if err := json.Unmarshal([]byte(pod.Annotations[nadv1.NetworkAttachmentAnnot]), &elements); err != nil {
		t.Fatalf("the annotation %q: %v", pod.Annotations[nadv1.NetworkAttachmentAnnot], err)
	}
	var found []request
	for _, element := range elements {
		found = append(found, request{element.Namespace + "/" + element.Name, element.MacRequest})
	}
	return found
}

func readWukong(t *testing.T, file string) *vmv1alpha1.Wukong {
	t.Helper()
	for _, object := range objectsOf(t, file) {
		if object.GetKind() == "Wukong" {
			wukong := &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Namespace: object.GetNamespace(), Name: object.GetName()}}
			if wukong.Namespace == "" {
				wukong.Namespace = metav1.NamespaceDefault
			}
			return wukong
		}
	}
	t.Fatalf("%s has no Wukong", file)
	return nil
}

// launcher waits for the virt-launcher pod of a machine.
func launcher(t *testing.T, machine client.ObjectKey) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	eventually(t, machine.Name+" has a virt-launcher pod", func(ctx context.Context) error {
		var list corev1.PodList
		err := shared.Client.List(ctx, &list, client.InNamespace(machine.Namespace), client.MatchingLabels{kubevirtv1.AppLabel: "virt-launcher"})
		if err != nil {
			return err
		}
		for i := range list.Items {
			if list.Items[i].Annotations[kubevirtv1.DomainAnnotation] == machine.Name {
				pod = &list.Items[i]
				return nil
			}
		}
		return fmt.Errorf("there are %d pods of others", len(list.Items))
	})
	return pod
}

// ready reads a Wukong and says what keeps it from being ready.
func ready(ctx context.Context, wukong *vmv1alpha1.Wukong) error {
	if err := shared.Client.Get(ctx, client.ObjectKeyFromObject(wukong), wukong); err != nil {
		return err
	}
	if !meta.IsStatusConditionTrue(wukong.Status.Conditions, vmv1alpha1.ConditionReady) {
		return fmt.Errorf("its conditions are %+v", wukong.Status.Conditions)
	}
	return nil
}

// remove deletes an object and waits until it is gone.
func remove(t *testing.T, object client.Object) {
	t.Helper()
	if err := client.IgnoreNotFound(shared.Client.Delete(t.Context(), object)); err != nil {
		t.Fatal(err)
	}
	eventually(t, object.GetName()+" is gone", func(ctx context.Context) error {
		err := shared.Client.Get(ctx, client.ObjectKeyFromObject(object), object)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(errors.New("it is still there"), err)
	})
}
