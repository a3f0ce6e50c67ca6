// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package owner finds the Wukong that an object was made for, and the objects that were made for a Wukong.
package owner

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Field is the field index that finds WukongNetworks and WukongNodeBridges by the UID of their Wukong.
const Field = "owner"

// Index adds the field index to a cache. It returns the cache's error.
func Index(ctx context.Context, indexer client.FieldIndexer) error {
	for _, child := range []client.Object{&vmv1alpha1.WukongNetwork{}, &vmv1alpha1.WukongNodeBridge{}} {
		if err := indexer.IndexField(ctx, child, Field, uid); err != nil {
			return fmt.Errorf("indexing %T by owner: %w", child, err)
		}
	}
	return nil
}

// ChildrenOf returns the options that list the children of a Wukong.
func ChildrenOf(wukong *vmv1alpha1.Wukong) []client.ListOption {
	return []client.ListOption{client.InNamespace(wukong.Namespace), client.MatchingFields{Field: string(wukong.UID)}}
}

// Requests maps an object to its Wukong, and to nothing where no Wukong controls it.
func Requests(_ context.Context, obj client.Object) []reconcile.Request {
	controller := of(obj)
	if controller == nil {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: obj.GetNamespace(), Name: controller.Name}}}
}

func uid(obj client.Object) []string {
	controller := of(obj)
	if controller == nil {
		return nil
	}
	return []string{string(controller.UID)}
}

// of returns the reference to the Wukong that controls an object, nil for none.
func of(obj client.Object) *metav1.OwnerReference {
	controller := metav1.GetControllerOf(obj)
	if controller == nil || controller.Kind != "Wukong" || controller.APIVersion != vmv1alpha1.GroupVersion.String() {
		return nil
	}
	return controller
}

// Wukong returns the Wukong that controls an object, with nothing but its name and UID; nil where none does.
func Wukong(obj client.Object) *vmv1alpha1.Wukong {
	controller := of(obj)
	if controller == nil {
		return nil
	}
	return &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Namespace: obj.GetNamespace(), Name: controller.Name, UID: controller.UID}}
}
