// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/owner"
	"github.com/novasphere/wukong/pkg/render/machine"
	"github.com/novasphere/wukong/pkg/secrets"
	"github.com/novasphere/wukong/pkg/story"
)

const (
	// name is the controller's name, also its field manager's.
	name = "wukong-vm"

	// indexSecret finds Wukongs by the names of the Secrets that they refer to.
	indexSecret = "secret"

	// gather is how long KubeVirt's reports are gathered before a machine is looked at: it writes several
	// times a second while a machine starts.
	gather = 400 * time.Millisecond
)

// Options are what the controller needs beside the manager.
type Options struct {
	// Registry tells which APIs are served.
	Registry *capability.Registry
	// Pace spaces out reports of progress.
	Pace *apply.Pace
	// DefaultImage is the container-disk image of machines that name none.
	DefaultImage string
	// Launchers is a cache of virt-launcher pods alone, indexed by their instances.
	Launchers cache.Cache
	// PodEvents are caches of the events by which kubelets say that they cannot start a pod, indexed by the pods.
	PodEvents []cache.Cache
}

// SetupWithManager adds the controller to the manager. It needs the field index of package owner. It returns an error when an
// index or a watch cannot be made.
func SetupWithManager(ctx context.Context, mgr manager.Manager, opts Options) error {
	if err := mgr.GetFieldIndexer().IndexField(ctx, &vmv1alpha1.Wukong{}, indexSecret, secretsOf); err != nil {
		return fmt.Errorf("indexing Wukongs by secret: %w", err)
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &vmv1alpha1.Wukong{}, indexClaim, claimsOf); err != nil {
		return fmt.Errorf("indexing Wukongs by claim: %w", err)
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &vmv1alpha1.Wukong{}, indexDisk, disksOf); err != nil {
		return fmt.Errorf("indexing Wukongs by disk: %w", err)
	}
	r := &reconciler{
		client:       mgr.GetClient(),
		live:         mgr.GetAPIReader(),
		writer:       apply.Writer{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Manager: name, Pace: opts.Pace},
		recorder:     mgr.GetEventRecorder(name),
		turns:        story.NewTurns(),
		launchers:    opts.Launchers,
		watches:      capability.NewWatches(opts.Registry),
		defaultImage: opts.DefaultImage,
	}
	controlled := ctrl.NewControllerManagedBy(mgr)
	for _, events := range opts.PodEvents {
		r.podEvents = append(r.podEvents, events)
		controlled.WatchesRawSource(source.Kind(events, client.Object(&corev1.Event{}), capability.Gathered(gather, r.machinesOfEvent)))
	}
	c, err := controlled.
		Named(name).
		For(&vmv1alpha1.Wukong{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&vmv1alpha1.WukongNetwork{}, capability.Gathered(gather, owner.Requests)).
		Watches(&vmv1alpha1.WukongNodeBridge{}, capability.Gathered(gather, owner.Requests), builder.WithPredicates(reachChanged())).
		WatchesMetadata(capability.CRD(), handler.EnqueueRequestsFromMapFunc(r.everyMachine),
			builder.WithPredicates(capability.CRDsOf(capability.KubeVirt, capability.CDI))).
		Watches(&corev1.PersistentVolumeClaim{}, capability.Gathered(gather, r.machinesOfClaim)).
		WatchesMetadata(storageClassMetadata(), capability.Gathered(gather, r.machinesWithDisks)).
		WatchesRawSource(source.Kind(opts.Launchers, client.Object(&corev1.Pod{}), capability.Gathered(gather, r.machinesOfLauncher), launcherChanged())).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		WithLogConstructor(story.Logger(mgr.GetLogger(), name, story.OfWukong)).
		Build(r)
	if err != nil {
		return fmt.Errorf("building the controller %s: %w", name, err)
	}
	r.secrets, err = secrets.NewAccess(ctx, mgr, c, capability.Gathered(gather, r.machinesOfSecret))
	if err != nil {
		return fmt.Errorf("building the controller %s: %w", name, err)
	}
	if err := mgr.Add(manager.RunnableFunc(r.sweep)); err != nil {
		return fmt.Errorf("building the controller %s: %w", name, err)
	}
	r.watches.Attach(c)
	r.watches.On(capability.KubeVirt, func() []source.Source {
		return []source.Source{
			source.Kind(mgr.GetCache(), client.Object(&kubevirtv1.VirtualMachine{}), capability.Gathered(gather, r.machinesOfVirtualMachine)),
			source.Kind(mgr.GetCache(), client.Object(&kubevirtv1.VirtualMachineInstance{}), capability.Gathered(gather, r.machinesOfInstance)),
		}
	})
	r.watches.On(capability.CDI, func() []source.Source {
		return []source.Source{
			source.Kind(mgr.GetCache(), client.Object(&cdiv1.DataVolume{}), capability.Gathered(gather, r.machinesOfClaim)),
			source.Kind(mgr.GetCache(), client.Object(&cdiv1.CDIConfig{}), capability.Gathered(gather, r.machinesWithDisks)),
		}
	})
	return nil
}

func secretsOf(obj client.Object) []string {
	spec := obj.(*vmv1alpha1.Wukong).Spec
	// Its own Secret too: somebody else's of that name may be in the way, and go.
	names := []string{naming.CloudInitSecret(obj.GetName())}
	for _, reference := range machine.SecretReferences(&spec) {
		names = append(names, reference.Name)
	}
	return names
}

// machinesOfSecret maps a Secret to the Wukong it was made for and to those that refer to it.
func (r *reconciler) machinesOfSecret(ctx context.Context, obj client.Object) []reconcile.Request {
	return append(owner.Requests(ctx, obj),
		r.machines(ctx, client.InNamespace(obj.GetNamespace()), client.MatchingFields{indexSecret: obj.GetName()})...)
}

// machinesOfVirtualMachine maps a VirtualMachine to its Wukong, or where it is somebody else's to the Wukong
// that would have its name.
func (r *reconciler) machinesOfVirtualMachine(ctx context.Context, obj client.Object) []reconcile.Request {
	if owned := owner.Requests(ctx, obj); owned != nil {
		return owned
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKeyFromObject(obj)}}
}

// machinesOfInstance maps a VirtualMachineInstance by way of its VirtualMachine, which has its name.
func (r *reconciler) machinesOfInstance(ctx context.Context, obj client.Object) []reconcile.Request {
	vm := &kubevirtv1.VirtualMachine{}
	if err := r.client.Get(ctx, client.ObjectKeyFromObject(obj), vm); err != nil {
		// Without a machine there is nothing to report the instance to.
		return nil
	}
	return owner.Requests(ctx, vm)
}

// machinesOfLauncher maps a virt-launcher pod by way of its VirtualMachine, which it names.
func (r *reconciler) machinesOfLauncher(ctx context.Context, obj client.Object) []reconcile.Request {
	name := obj.GetAnnotations()[kubevirtv1.DomainAnnotation]
	if name == "" {
		return nil
	}
	return r.machinesOfInstance(ctx, &kubevirtv1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: obj.GetNamespace(), Name: name}})
}

// machinesOfEvent maps an event to the machine of the virt-launcher pod that it is about.
func (r *reconciler) machinesOfEvent(ctx context.Context, obj client.Object) []reconcile.Request {
	event, isEvent := obj.(*corev1.Event)
	if !isEvent || !strings.HasPrefix(event.InvolvedObject.Name, "virt-launcher-") {
		return nil
	}
	pod := &corev1.Pod{}
	if err := r.launchers.Get(ctx, client.ObjectKey{Namespace: event.InvolvedObject.Namespace, Name: event.InvolvedObject.Name}, pod); err != nil {
		// The pod is gone, and what was said of it does not matter.
		return nil
	}
	return r.machinesOfLauncher(ctx, pod)
}

// launcherChanged lets a pod pass when its links change or it finds a node or finds none: all else KubeVirt tells.
func launcherChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, isPod := e.ObjectOld.(*corev1.Pod)
			after, stillPod := e.ObjectNew.(*corev1.Pod)
			return isPod && stillPod && (!equality.Semantic.DeepEqual(capability.LinksOf(before), capability.LinksOf(after)) ||
				!equality.Semantic.DeepEqual(before.Status.Conditions, after.Status.Conditions))
		},
	}
}

func (r *reconciler) everyMachine(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.machines(ctx)
}

func (r *reconciler) machines(ctx context.Context, opts ...client.ListOption) []reconcile.Request {
	var list vmv1alpha1.WukongList
	if err := r.client.List(ctx, &list, opts...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing Wukongs")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}
