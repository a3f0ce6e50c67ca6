// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/render/children"
)

// result is what became of the children.
type result struct {
	// names are the children's names by network.
	names map[string]string
	// problems say by network why a child could not be made, where only a person can change that.
	problems map[string]error
	// made tells that a child was made or changed in this pass.
	made bool
}

// act makes the children that are declared, and removes those that are not.
func (r *reconciler) act(ctx context.Context, seen *observed) (result, error) {
	res := result{names: map[string]string{}, problems: map[string]error{}}
	var errs []error
	for _, child := range children.Of(seen.wukong, nodenet.DefaultUplink(seen.uplinks, r.defaultUplink)) {
		err := r.ensure(ctx, seen, child, &res)
		switch {
		case apply.IsTaken(err):
			res.problems[child.Network] = err
		case err != nil:
			errs = append(errs, fmt.Errorf("network %s: %w", child.Network, err))
		}
	}
	if len(errs) == 0 {
		errs = append(errs, r.prune(ctx, seen, res))
	}
	return res, errors.Join(errs...)
}

// ensure makes the children of one network, or brings them up to date. The bridge's claim comes first, since
// the attachment waits for it.
func (r *reconciler) ensure(ctx context.Context, seen *observed, child children.Child, res *result) error {
	revision, err := child.Revision()
	if err != nil {
		return err
	}
	name, err := r.nameOf(ctx, seen, child.Network, revision)
	if err != nil {
		return err
	}
	res.names[child.Network] = name
	if r.outdated(child, seen.bridges[name]) {
		// It was never given a bridge, and what it asks for by default is another one now.
		res.made = true
		return r.remove(ctx, seen.bridges[name])
	}
	child.Part(seen.earlier(child.Network, name), revision)
	child.Keep(seen.networks[name], seen.bridges[name])
	meta := children.Meta(seen.wukong, name, child.Network, revision)
	if child.NodeBridge != nil {
		child.Attachment.NodeBridgeName = name
		bridge := &vmv1alpha1.WukongNodeBridge{ObjectMeta: *meta.DeepCopy(), Spec: *child.NodeBridge}
		bridge.Finalizers = []string{vmv1alpha1.FinalizerNodeBridge}
		if err := r.apply(ctx, seen.wukong, bridge, orNil(seen.bridges[name]), res); err != nil {
			return err
		}
	}
	network := &vmv1alpha1.WukongNetwork{ObjectMeta: *meta.DeepCopy(), Spec: child.Attachment}
	network.Finalizers = []string{vmv1alpha1.FinalizerNetwork}
	return r.apply(ctx, seen.wukong, network, orNil(seen.networks[name]), res)
}

// outdated reports whether a claim that took the default uplink was not given a bridge and the default has changed.
func (r *reconciler) outdated(child children.Child, existing *vmv1alpha1.WukongNodeBridge) bool {
	if !child.UplinkDefaulted || child.NodeBridge == nil || existing == nil || existing.Spec.Uplink == child.NodeBridge.Uplink {
		return false
	}
	allowed := conditions.Current(existing.Status.Conditions, vmv1alpha1.ConditionAllowed, existing.Generation)
	return allowed != nil && allowed.Status == metav1.ConditionFalse && existing.Status.PolicyName == "" &&
		!conditions.IsTrue(existing.Status.Conditions, vmv1alpha1.ConditionAvailable, existing.Generation)
}

// earlier returns the claim of an earlier declaration of a network, nil when there is none.
func (seen *observed) earlier(network, current string) *vmv1alpha1.WukongNodeBridge {
	for _, name := range slices.Sorted(maps.Keys(seen.bridges)) {
		if name != current && seen.bridges[name].Spec.Network == network {
			return seen.bridges[name]
		}
	}
	return nil
}

// nameOf returns the name of a network's children: that of the living ones of the same revision, else the
// preferred name, else one with a hash where that is taken by another Wukong's or by an earlier revision that
// a machine still uses.
func (r *reconciler) nameOf(ctx context.Context, seen *observed, network, revision string) (string, error) {
	for name, existing := range seen.networks {
		if existing.DeletionTimestamp.IsZero() && existing.Spec.Network == network && existing.Labels[vmv1alpha1.LabelRevision] == revision {
			return name, nil
		}
	}
	for name, existing := range seen.bridges {
		if existing.DeletionTimestamp.IsZero() && existing.Spec.Network == network && existing.Labels[vmv1alpha1.LabelRevision] == revision {
			return name, nil
		}
	}
	preferred := naming.Child(seen.wukong.Name, network)
	taken, err := r.taken(ctx, seen.wukong.Namespace, preferred)
	if err != nil || !taken {
		return preferred, err
	}
	return naming.ChildRevision(seen.wukong.Name, network, revision), nil
}

func (r *reconciler) apply(ctx context.Context, wukong *vmv1alpha1.Wukong, child, live client.Object, res *result) error {
	if err := controllerutil.SetControllerReference(wukong, child, r.client.Scheme()); err != nil {
		return fmt.Errorf("owning %T %s: %w", child, child.GetName(), err)
	}
	wrote, err := r.writer.Object(ctx, child, live, apply.ControlledBy(wukong))
	if apply.IsBeingTerminated(err) {
		return nil
	}
	res.made = res.made || wrote
	return err
}

// prune deletes the children of networks that are no longer declared, and of earlier revisions once the new one
// has its attachment. What a machine still uses stays, by its finalizer, until the machine has left it.
func (r *reconciler) prune(ctx context.Context, seen *observed, res result) error {
	keep := map[string]bool{}
	for network, name := range res.names {
		keep[name] = true
		if current := seen.networks[name]; current != nil && current.Status.NetworkAttachmentDefinition != "" {
			continue
		}
		for name, earlier := range seen.networks {
			// One that never got its attachment has no machine to wait for.
			keep[name] = keep[name] || earlier.Spec.Network == network && earlier.Status.NetworkAttachmentDefinition != ""
		}
	}
	var errs []error
	for name, network := range seen.networks {
		if !keep[name] {
			errs = append(errs, r.remove(ctx, network))
		}
	}
	for name, bridge := range seen.bridges {
		if !keep[name] {
			errs = append(errs, r.remove(ctx, bridge))
		}
	}
	return errors.Join(errs...)
}

func (r *reconciler) remove(ctx context.Context, child client.Object) error {
	if !child.GetDeletionTimestamp().IsZero() {
		return nil
	}
	return r.writer.Delete(ctx, child)
}

// orNil turns a nil pointer into a nil interface, which is how a missing object is told.
func orNil[T any, P interface {
	*T
	client.Object
}](object P) client.Object {
	if object == nil {
		return nil
	}
	return object
}
