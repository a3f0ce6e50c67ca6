// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestImport(t *testing.T) {
	actor.Disk("default", "import").Fail("no such host")
	create(t, volume("import", "now"))
	expect(t, "import", cdiv1.ImportInProgress, cdiv1.DataVolumeRunning, words{"Error", "no such host"})
	expect(t, "import", cdiv1.ImportInProgress, cdiv1.DataVolumeBound, words{"Pending", "PVC import Pending"})
	actor.Disk("default", "import").Heal()
	expect(t, "import", cdiv1.Succeeded, cdiv1.DataVolumeBound, words{"Bound", "PVC import Bound"})
	expectClaim(t, "import", func(claim *corev1.PersistentVolumeClaim) bool {
		request, capacity := claim.Spec.Resources.Requests[corev1.ResourceStorage], claim.Status.Capacity[corev1.ResourceStorage]
		return request.Cmp(resource.MustParse("1Gi")) > 0 && capacity.Cmp(request) == 0
	})
}

func TestGivenUp(t *testing.T) {
	actor.Disk("default", "given-up").GiveUp("checksum mismatch")
	create(t, volume("given-up", "now"))
	expect(t, "given-up", cdiv1.Failed, cdiv1.DataVolumeRunning, words{"Error", "checksum mismatch"})
}

func TestNoClass(t *testing.T) {
	create(t, volume("no-class", "nowhere"))
	expect(t, "no-class", "", cdiv1.DataVolumeBound, words{"ErrClaimNotValid", noClass})
}

func TestFirstConsumer(t *testing.T) {
	create(t, volume("late", "late"))
	expect(t, "late", cdiv1.PendingPopulation, cdiv1.DataVolumeBound, words{"Pending", "PVC late Pending"})
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "late"}}
	selected := client.RawPatch(client.Merge.Type(), []byte(`{"metadata":{"annotations":{"`+SelectedNode+`":"node-1"}}}`))
	if err := actor.client.Patch(t.Context(), claim, selected); err != nil {
		t.Fatal(err)
	}
	expect(t, "late", cdiv1.Succeeded, cdiv1.DataVolumeRunning, words{"Completed", "Import Complete"})
}

// A claim of anybody is bound, grows, and goes once no pod uses it.
func TestClaim(t *testing.T) {
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "claim"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: new("now"),
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
	create(t, claim)
	has := func(size string) func(*corev1.PersistentVolumeClaim) bool {
		return func(claim *corev1.PersistentVolumeClaim) bool {
			capacity := claim.Status.Capacity[corev1.ResourceStorage]
			return claim.Status.Phase == corev1.ClaimBound && capacity.Cmp(resource.MustParse(size)) == 0
		}
	}
	expectClaim(t, "claim", has("1Gi"))
	larger := client.RawPatch(client.Merge.Type(), []byte(`{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}`))
	if err := actor.client.Patch(t.Context(), claim, larger); err != nil {
		t.Fatal(err)
	}
	expectClaim(t, "claim", has("2Gi"))
	if err := actor.client.Delete(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := actor.client.Get(ctx, key{Namespace: "default", Name: "claim"}, claim)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err != nil {
		t.Errorf("the claim does not go: %v", err)
	}
}
