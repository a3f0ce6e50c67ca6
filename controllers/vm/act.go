// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/render/children"
	"github.com/novasphere/wukong/pkg/render/machine"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// result is what became of the machine.
type result struct {
	// cloudInit is CloudInitReady.
	cloudInit metav1.Condition
	// blocked is VirtualMachineReady where the machine could not be made or brought up to date, else nil.
	blocked *metav1.Condition
	// cloudInitHash is the hash of the guest's data as it is declared now, empty where it could not be rendered.
	cloudInitHash string
	// cloudInitParts are the hashes of the parts of that data.
	cloudInitParts string
	// nowhere is VirtualMachineReady of a machine that does not run and that no node can take, because none has all its
	// bridges; else nil.
	nowhere *metav1.Condition
	// again is when to look at the machine again at the latest, 0 where an event does that.
	again time.Duration
	// made tells that the machine was made in this pass.
	made bool
}

func (r *result) block(reason, message string, args ...any) {
	condition := conditions.False(vmv1alpha1.ConditionVirtualMachineReady, reason, fmt.Sprintf(message, args...))
	r.blocked = &condition
}

// lack tells that the guest's data cannot be made, so that no half-configured machine is.
func (r *result) lack(err *machine.SecretError) {
	r.cloudInit = conditions.False(vmv1alpha1.ConditionCloudInitReady, err.Reason, err.Message)
	r.block(vmv1alpha1.ReasonWaitingForCloudInit, "waiting for the guest's configuration: %s", err.Message)
}

// act makes the machine, or brings it up to date.
func (r *reconciler) act(ctx context.Context, seen *observed) (result, error) {
	res := result{cloudInit: conditions.True(vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ReasonReady, "the guest's configuration is complete")}
	values, lacking, err := r.read(ctx, seen.wukong, &res)
	if apply.IsBeingTerminated(err) {
		return res, nil
	}
	if err != nil {
		return res, err
	}
	if err := r.grow(ctx, seen); err != nil {
		return res, err
	}
	attachments, waiting, err := r.attachments(seen)
	held := seen.hold()
	switch {
	case err != nil:
		return res, err
	case !seen.kubeVirtServed:
		res.block(vmv1alpha1.ReasonKubeVirtNotInstalled, "KubeVirt is not installed, so the machine cannot be made; install KubeVirt")
	case waiting:
		res.block(vmv1alpha1.ReasonWaitingForNetworks, "waiting for the networks' addresses and attachments; NetworksReady says what they lack")
	case lacking != nil:
		res.lack(lacking)
	case seen.machine != nil && !metav1.IsControlledBy(seen.machine, seen.wukong):
		res.block(vmv1alpha1.ReasonNameConflict, "%s", &apply.TakenError{Existing: withKind(seen.machine)})
	case seen.machine != nil && !seen.machine.DeletionTimestamp.IsZero():
		res.block(vmv1alpha1.ReasonStarting, "VirtualMachine %s is being deleted and will be made again", seen.machine.Name)
	case held != "":
		res.block(vmv1alpha1.ReasonWaitingForDisks, "waiting for the disks: %s", held)
	default:
		return res, r.make(ctx, seen, attachments, values, &res)
	}
	return res, nil
}

// attachments returns the attachments of the networks, and whether one has none yet, or not the addresses that are declared
// now: a guest must not be told of an address before it is its own. Which NIC the operator takes by
// default does not matter for finding them.
func (r *reconciler) attachments(seen *observed) (map[string]machine.Attachment, bool, error) {
	found := map[string]machine.Attachment{}
	waiting := false
	for _, child := range children.Of(seen.wukong, "") {
		revision, err := child.Revision()
		if err != nil {
			return nil, false, err
		}
		network := seen.networkOf(child.Network, revision)
		if network == nil || network.Status.Binding == nil || !hasAddresses(network, &child.Attachment) ||
			!conditions.IsTrue(network.Status.Conditions, vmv1alpha1.ConditionAttachmentReady, network.Generation) {
			waiting = true
			continue
		}
		found[child.Network] = machine.Attachment{
			NetworkAttachmentDefinition: strings.TrimPrefix(network.Status.NetworkAttachmentDefinition, seen.wukong.Namespace+"/"),
			Binding:                     *network.Status.Binding,
		}
	}
	return found, waiting, nil
}

// hasAddresses reports whether a WukongNetwork has the addresses and the MAC that are declared now. It may still be about
// those that were declared before.
func hasAddresses(network *vmv1alpha1.WukongNetwork, declared *vmv1alpha1.WukongNetworkSpec) bool {
	return conditions.IsTrue(network.Status.Conditions, vmv1alpha1.ConditionAddressesReady, network.Generation) &&
		network.Spec.MACAddress == declared.MACAddress && slices.Equal(network.Spec.Addresses, declared.Addresses)
}

// networkOf returns the WukongNetwork that was made for the present declaration of a network.
func (seen *observed) networkOf(network, revision string) *vmv1alpha1.WukongNetwork {
	for i := range seen.networks {
		candidate := &seen.networks[i]
		if candidate.DeletionTimestamp.IsZero() && candidate.Spec.Network == network && candidate.Labels[vmv1alpha1.LabelRevision] == revision {
			return candidate
		}
	}
	return nil
}

// make applies the Secret and then the machine that reads it.
func (r *reconciler) make(ctx context.Context, seen *observed, attachments map[string]machine.Attachment, values machine.SecretValues, res *result) error {
	where, err := seen.placement()
	if err != nil {
		return err
	}
	if !where.admit(seen.machine, time.Now(), res) {
		return nil
	}
	secret, built, err := machine.Objects(machine.Input{
		Wukong: seen.wukong, UID: string(seen.wukong.UID), Attachments: attachments, Bridges: where.bridges, Secrets: values,
		DefaultImage: r.imageOf(seen), RunStrategy: runStrategy(seen),
	})
	if unfit, ok := errors.AsType[*machine.SecretError](err); ok {
		res.lack(unfit)
		return nil
	}
	if err != nil {
		return err
	}
	started := built.Spec.Template.ObjectMeta.Annotations
	res.cloudInitHash, res.cloudInitParts = started[vm.AnnotationCloudInitHash], started[vm.AnnotationCloudInitParts]
	if _, err := r.apply(ctx, seen.wukong, secret, nil); err != nil {
		if taken := r.reopen(ctx, seen.wukong.Namespace, err); taken != nil {
			return taken
		}
		return res.refused("the Secret with the guest's configuration", err)
	}
	carryHotplugged(built, seen.machine)
	arrangeNICs(built, seen.machine, seen.instance)
	where.keep(built, seen.machine)
	var live client.Object
	if seen.machine != nil {
		live = seen.machine
	}
	wrote, err := r.apply(ctx, seen.wukong, built, live, apply.Locked)
	if err != nil {
		return res.refused("the VirtualMachine", err)
	}
	if res.made = wrote && live == nil; res.made {
		r.recorder.Eventf(seen.wukong, built, corev1.EventTypeNormal, "MachineMade", "MakeMachine", "VirtualMachine %s was made", built.Name)
	}
	return nil
}

func (r *reconciler) apply(ctx context.Context, wukong *vmv1alpha1.Wukong, desired, live client.Object, opts ...apply.Option) (bool, error) {
	if err := controllerutil.SetControllerReference(wukong, desired, r.client.Scheme()); err != nil {
		return false, fmt.Errorf("owning %T %s: %w", desired, desired.GetName(), err)
	}
	return r.writer.Object(ctx, desired, live, apply.ControlledBy(wukong), opts...)
}

// refused turns what only a person can change into a condition, and returns any other error for another try.
func (r *result) refused(what string, err error) error {
	switch {
	case apply.IsTaken(err):
		r.block(vmv1alpha1.ReasonNameConflict, "%s", err)
	case apply.IsBeingTerminated(err):
		r.block(vmv1alpha1.ReasonDeleting, "the namespace is being deleted")
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err), apierrors.IsBadRequest(err):
		r.block(vmv1alpha1.ReasonApplyFailed, "the API server refuses %s: %s", what, err)
	default:
		return err
	}
	return nil
}

// runStrategy returns the run strategy to write. A person's "virtctl stop" rewrites the machine's own; it stays
// until the Wukong's value changes.
func runStrategy(seen *observed) vmv1alpha1.RunStrategy {
	declared := seen.wukong.Spec.RunStrategy
	if seen.machine == nil || seen.machine.Spec.RunStrategy == nil ||
		seen.machine.Annotations[vmv1alpha1.AnnotationRunStrategy] != string(declared) {
		return declared
	}
	return vmv1alpha1.RunStrategy(*seen.machine.Spec.RunStrategy)
}

// imageOf returns the image of a machine whose Wukong names none: the one that was taken when it was made, so that a new
// default of the operator changes no machine that exists.
func (r *reconciler) imageOf(seen *observed) string {
	if seen.machine != nil {
		if image := seen.machine.Annotations[vmv1alpha1.AnnotationDefaultImage]; image != "" {
			return image
		}
	}
	return r.defaultImage
}

// carryHotplugged keeps the volumes that a person plugged into the machine with virtctl: the lists of volumes and
// disks are replaced whole when they are applied.
func carryHotplugged(built, live *kubevirtv1.VirtualMachine) {
	if live == nil || live.Spec.Template == nil {
		return
	}
	spec := &built.Spec.Template.Spec
	hotplugged := map[string]bool{}
	for _, volume := range live.Spec.Template.Spec.Volumes {
		if isHotplugged(volume) {
			hotplugged[volume.Name] = true
			spec.Volumes = append(spec.Volumes, volume)
		}
	}
	for _, disk := range live.Spec.Template.Spec.Domain.Devices.Disks {
		if hotplugged[disk.Name] {
			spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks, disk)
		}
	}
}

func isHotplugged(volume kubevirtv1.Volume) bool {
	claim, data := volume.PersistentVolumeClaim, volume.DataVolume
	return claim != nil && claim.Hotpluggable || data != nil && data.Hotpluggable
}

func withKind(machine *kubevirtv1.VirtualMachine) *kubevirtv1.VirtualMachine {
	named := machine.DeepCopy()
	named.SetGroupVersionKind(kubevirtv1.VirtualMachineGroupVersionKind)
	return named
}
