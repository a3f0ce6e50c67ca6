// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

const (
	no       = metav1.ConditionFalse
	disksAre = vmv1alpha1.ConditionDisksReady
	debian   = "docker://quay.io/containerdisks/debian:12"
)

// rootDisk is a disk to boot from.
func rootDisk() vmv1alpha1.Disk {
	return vmv1alpha1.Disk{Name: "root", Size: "20Gi", Image: debian, Boot: true}
}

// withDisks returns a Wukong with the pod network alone and the given disks.
func withDisks(name string, disks ...vmv1alpha1.Disk) *vmv1alpha1.Wukong {
	wukong := newWukong("default", name)
	wukong.Spec.Disks = disks
	return wukong
}

// newDiskWorld starts a lab with CDI and three storage classes: standard, the default one, late, which waits for a first
// consumer, and fixed, whose volumes cannot grow.
func newDiskWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, lab.Options{Neighbours: []neighbours.API{neighbours.NMState, neighbours.Multus, neighbours.KubeVirt, neighbours.CDI}})
	w.create(storageClass("standard", storagev1.VolumeBindingImmediate, true), storageClass("late", storagev1.VolumeBindingWaitForFirstConsumer, true),
		storageClass("fixed", storagev1.VolumeBindingImmediate, false))
	return w
}

func storageClass(name string, mode storagev1.VolumeBindingMode, expands bool) *storagev1.StorageClass {
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: "lab.example.org/disk", VolumeBindingMode: &mode, AllowVolumeExpansion: &expands,
	}
	if name == "standard" {
		class.Annotations = map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
	}
	return class
}

func someClaim(name string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: new("standard"),
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
}

func (w *world) read(object client.Object, name string) {
	w.t.Helper()
	if err := w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: "default", Name: name}, object); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) dataVolume(name string) *cdiv1.DataVolume {
	w.t.Helper()
	volume := &cdiv1.DataVolume{}
	w.read(volume, name)
	return volume
}

func (w *world) claim(name string) *corev1.PersistentVolumeClaim {
	w.t.Helper()
	claim := &corev1.PersistentVolumeClaim{}
	w.read(claim, name)
	return claim
}

// expectAbsent waits until an object of a name is gone.
func (w *world) expectAbsent(object client.Object, name string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%T %s is gone", object, name), func(ctx context.Context) error {
		err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, object)
		if err == nil {
			return errors.New("it is still there")
		}
		return client.IgnoreNotFound(err)
	})
}

// edit changes the disks of a Wukong.
func (w *world) edit(name string, change func(*vmv1alpha1.WukongSpec)) {
	w.t.Helper()
	wukong, err := w.wukong(w.t.Context(), "default", name)
	if err != nil {
		w.t.Fatal(err)
	}
	before := client.MergeFrom(wukong.DeepCopy())
	change(&wukong.Spec)
	if err := w.Client.Patch(w.t.Context(), wukong, before); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) expectPrintable(name string, want kubevirtv1.VirtualMachinePrintableStatus) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%s is %s", name, want), func(ctx context.Context) error {
		machine := &kubevirtv1.VirtualMachine{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, machine); err != nil {
			return err
		}
		if machine.Status.PrintableStatus != want {
			return fmt.Errorf("it is %s", machine.Status.PrintableStatus)
		}
		return nil
	})
}

// TestDisks takes a machine with a disk of each kind from its first import to its deletion.
func TestDisks(t *testing.T) {
	w := newDiskWorld(t)
	w.CDI.Disk("default", "vm-root").Hold()
	w.create(someClaim("archive"), withDisks("vm", rootDisk(),
		vmv1alpha1.Disk{Name: "data", Size: "5Gi", Image: "https://example.org/data.qcow2"},
		vmv1alpha1.Disk{Name: "scratch", Size: "1Gi", StorageClassName: "late"},
		vmv1alpha1.Disk{Name: "archive", ClaimName: "archive"}))

	// While a disk is filled the machine exists and waits.
	w.expectTold("default", "vm", disksAre, "disk root: CDI makes DataVolume vm-root (ImportInProgress)")
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonImporting)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "disk root", "nothing needs to be done")
	w.expectPrintable("vm", kubevirtv1.VirtualMachineStatusProvisioning)
	w.expectTold("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, "when its disks are filled")
	w.CDI.Disk("default", "vm-root").Release()
	ready := w.expectReady("default", "vm")
	w.expectMessage(ready, disksAre, "every disk is there, filled and as large as declared")

	machine, instance := &kubevirtv1.VirtualMachine{}, &kubevirtv1.VirtualMachineInstance{}
	w.read(machine, "vm")
	w.read(instance, "vm")
	if first := instance.Spec.Volumes[0]; first.Name != "root" || first.DataVolume == nil || *instance.Spec.Domain.Devices.Disks[0].BootOrder != 1 {
		t.Errorf("the machine does not boot from its boot disk: %+v", first)
	}
	uid := w.dataVolume("vm-root").UID
	for _, name := range []string{"vm-root", "vm-data", "vm-scratch"} {
		if !metav1.IsControlledBy(w.dataVolume(name), machine) {
			t.Errorf("DataVolume %s is not the machine's", name)
		}
	}
	if source := w.dataVolume("vm-root").Spec.Source; source.Registry == nil || *source.Registry.URL != debian {
		t.Errorf("the root disk is filled from %+v", source)
	}
	if source := w.dataVolume("vm-data").Spec.Source; source.HTTP == nil || source.HTTP.URL != "https://example.org/data.qcow2" {
		t.Errorf("the data disk is filled from %+v", source)
	}

	// The machine was written once, and its claims never: nothing of this was ours to do.
	writes, err := w.Plane.Writes(func(write controlplane.Write) bool {
		return write.User == lab.ManagerUser && (write.Resource == "virtualmachines" || write.Resource == "persistentvolumeclaims")
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(writes) != 1 {
		t.Errorf("the manager wrote %d times: %+v", len(writes), writes)
	}

	// A stop loses nothing.
	if err := w.KubeVirt.StopVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonStopped)
	if err := w.KubeVirt.StartVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "vm")
	if again := w.dataVolume("vm-root"); again.UID != uid {
		t.Errorf("the root disk was made anew: %s before, %s after the stop", uid, again.UID)
	}

	// What was made goes, what was there stays.
	archive := w.claim("archive")
	w.delete("default", "vm")
	w.expectGone("default", "vm")
	for _, name := range []string{"vm-root", "vm-data", "vm-scratch"} {
		w.expectAbsent(&cdiv1.DataVolume{}, name)
		w.expectAbsent(&corev1.PersistentVolumeClaim{}, name)
	}
	if kept := w.claim("archive"); kept.UID != archive.UID || !kept.DeletionTimestamp.IsZero() || kept.Generation != archive.Generation {
		t.Errorf("the claim that was there before is %+v", kept)
	}
	w.expectNothingLeft()
}

// TestDisksThatFail shows each way in which a disk does not come, in the words of who knows, and that it heals.
func TestDisksThatFail(t *testing.T) {
	w := newDiskWorld(t)

	const unreachable = "Unable to connect to http data source: expected status code 200, got 404"
	w.CDI.Disk("default", "import-root").Fail(unreachable)
	w.create(withDisks("import", rootDisk()))
	told := w.expect("default", "import", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonImportFailed)
	w.expectMessage(told, disksAre, unreachable, "CDI tries again by itself")
	w.expectPrintable("import", kubevirtv1.VirtualMachineStatusDataVolumeError)
	w.expect("default", "import", vmv1alpha1.ConditionVirtualMachineReady, no, vmv1alpha1.ReasonVirtualMachineFailed)
	w.CDI.Disk("default", "import-root").Heal()
	w.expectReady("default", "import")

	w.CDI.Disk("default", "quota-root").Quota("exceeded quota: team, requested: requests.storage=20Gi, used: 0, limited: 1Gi")
	w.create(withDisks("quota", rootDisk()))
	told = w.expect("default", "quota", disksAre, no, vmv1alpha1.ReasonClaimNotBound)
	w.expectMessage(told, disksAre, "exceeded quota: team")
	w.CDI.Disk("default", "quota-root").Heal()
	w.expectReady("default", "quota")

	nowhere := rootDisk()
	nowhere.StorageClassName = "nowhere"
	w.create(withDisks("class", nowhere))
	told = w.expect("default", "class", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonClaimNotBound)
	w.expectMessage(told, disksAre, "no storageClass to choose profile")
	w.create(storageClass("nowhere", storagev1.VolumeBindingImmediate, false))
	w.expectReady("default", "class")

	w.create(withDisks("claim", vmv1alpha1.Disk{Name: "root", ClaimName: "old-root", Boot: true}))
	told = w.expect("default", "claim", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonClaimNotFound)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "PersistentVolumeClaim old-root does not exist in namespace default; create it")
	w.expectPrintable("claim", kubevirtv1.VirtualMachineStatusPvcNotFound)
	w.create(someClaim("old-root"))
	w.expectReady("default", "claim")
}

// TestDiskNameTaken: somebody's claim is not taken for a disk, whatever KubeVirt would do with it.
func TestDiskNameTaken(t *testing.T) {
	w := newDiskWorld(t)
	theirs := someClaim("vm-root")
	w.create(theirs, withDisks("vm", rootDisk()))
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonNameConflict)
	w.expectMessage(told, disksAre, "PersistentVolumeClaim default/vm-root exists already and was not created by Wukong")
	w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, no, vmv1alpha1.ReasonWaitingForDisks)
	if err := w.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "vm"}, &kubevirtv1.VirtualMachine{}); !apierrors.IsNotFound(err) {
		t.Errorf("the machine was made: %v", err)
	}
	if err := w.Client.Delete(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "vm")
	if made := w.claim("vm-root"); made.UID == theirs.UID {
		t.Error("the machine has the claim that was there before")
	}
}

// TestDiskWaitsForItsConsumer: storage that is bound late does not hold up the machine that it waits for.
func TestDiskWaitsForItsConsumer(t *testing.T) {
	w := newDiskWorld(t)
	w.KubeVirt.VM("default", "vm").Unschedulable("0/3 nodes are available: 3 Insufficient memory.")
	late := rootDisk()
	late.StorageClassName = "late"
	wukong := withDisks("vm", late)
	wukong.Spec.RunStrategy = vmv1alpha1.RunStrategyHalted
	w.create(wukong)

	// Nothing is made for a machine that was never started, and its own state is what is told.
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonStopped)
	w.expectMessage(told, disksAre, "KubeVirt makes its DataVolume vm-root when the machine is next started")
	w.edit("vm", func(spec *vmv1alpha1.WukongSpec) { spec.RunStrategy = vmv1alpha1.RunStrategyAlways })
	w.expect("default", "vm", disksAre, no, vmv1alpha1.ReasonWaitForFirstConsumer)
	w.expectTold("default", "vm", disksAre, "is waiting for its first consumer")
	w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonVirtualMachineFailed)
	w.KubeVirt.VM("default", "vm").Unschedulable("")
	w.expectReady("default", "vm")
}

// TestDiskGrows: a disk that is declared larger grows under the running machine, where its storage can.
func TestDiskGrows(t *testing.T) {
	w := newDiskWorld(t)
	fixed := vmv1alpha1.Disk{Name: "fixed", Size: "10Gi", StorageClassName: "fixed"}
	w.create(withDisks("vm", rootDisk(), fixed))
	w.expectReady("default", "vm")
	instance := &kubevirtv1.VirtualMachineInstance{}
	w.read(instance, "vm")

	w.CDI.Disk("default", "vm-root").HoldGrowth()
	w.edit("vm", func(spec *vmv1alpha1.WukongSpec) { spec.Disks[0].Size = "50Gi" })
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonGrowing)
	w.expectMessage(told, disksAre, "disk root: PersistentVolumeClaim vm-root grows from")
	// CDI counts 6 % on top for the file system of the claim.
	if want, got := resource.MustParse("53Gi"), w.claim("vm-root").Spec.Resources.Requests[corev1.ResourceStorage]; got.Cmp(want) != 0 {
		t.Errorf("the claim requests %s, want %s", &got, &want)
	}
	w.CDI.Disk("default", "vm-root").Release()
	w.expectReady("default", "vm")

	// Where it cannot, the API server says why, and nothing else changes.
	w.edit("vm", func(spec *vmv1alpha1.WukongSpec) { spec.Disks[1].Size = "20Gi" })
	told = w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonGrowthRefused)
	w.expectMessage(told, disksAre, "only dynamically provisioned pvc can be resized", "set allowVolumeExpansion in its storage class")
	w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionTrue, vmv1alpha1.ReasonRunning)
	class := &storagev1.StorageClass{}
	if err := w.Client.Get(t.Context(), client.ObjectKey{Name: "fixed"}, class); err != nil {
		t.Fatal(err)
	}
	class.AllowVolumeExpansion = new(true)
	if err := w.Client.Update(t.Context(), class); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "vm")

	after := &kubevirtv1.VirtualMachineInstance{}
	w.read(after, "vm")
	if after.UID != instance.UID {
		t.Error("the machine was started anew")
	}
}

// TestDiskTakenOutAndAdded: a disk that is taken out keeps its data, and whoever declares it otherwise is told.
func TestDiskTakenOutAndAdded(t *testing.T) {
	w := newDiskWorld(t)
	data := vmv1alpha1.Disk{Name: "data", Size: "5Gi"}
	w.create(withDisks("vm", rootDisk()))
	w.expectReady("default", "vm")
	restart := func() {
		t.Helper()
		w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ConditionRestartRequired)
		if err := w.KubeVirt.RestartVM(t.Context(), "default", "vm"); err != nil {
			t.Fatal(err)
		}
	}
	w.edit("vm", func(spec *vmv1alpha1.WukongSpec) { spec.Disks = append(spec.Disks, data) })
	w.expect("default", "vm", disksAre, no, vmv1alpha1.ReasonDiskPending)
	restart()
	w.expectReady("default", "vm")
	uid := w.dataVolume("vm-data").UID

	w.edit("vm", func(spec *vmv1alpha1.WukongSpec) { spec.Disks = spec.Disks[:1] })
	restart()
	w.expectReady("default", "vm")
	data.Image = "https://example.org/data.qcow2"
	w.edit("vm", func(spec *vmv1alpha1.WukongSpec) { spec.Disks = append(spec.Disks, data) })
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonDiskDiffers)
	w.expectMessage(told, disksAre, "was filled from nothing and not from https://example.org/data.qcow2")
	w.edit("vm", func(spec *vmv1alpha1.WukongSpec) { spec.Disks = spec.Disks[:1] })
	w.expectReady("default", "vm")
	data.Image = ""
	w.edit("vm", func(spec *vmv1alpha1.WukongSpec) { spec.Disks = append(spec.Disks, data) })
	restart()
	w.expectReady("default", "vm")
	if again := w.dataVolume("vm-data"); again.UID != uid {
		t.Error("the disk lost its data")
	}
}

// TestDisksWithoutCDI: only machines whose disks have to be made wait for CDI.
func TestDisksWithoutCDI(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(storageClass("standard", storagev1.VolumeBindingImmediate, true), someClaim("old-root"))
	w.create(withDisks("none"), withDisks("claim", vmv1alpha1.Disk{Name: "root", ClaimName: "old-root", Boot: true}), withDisks("vm", rootDisk()))
	none := w.expectReady("default", "none")
	w.expectMessage(none, disksAre, "no persistent disk: what the guest writes is gone when the machine stops")
	w.expectReady("default", "claim")
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonCDINotInstalled)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "install CDI")
	w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, no, vmv1alpha1.ReasonWaitingForDisks)
	if err := neighbours.Install(t.Context(), w.Config, neighbours.CDI); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "vm")
	if !w.manager.Running() {
		t.Error("the manager ended")
	}
}
