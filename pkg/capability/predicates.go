// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package capability

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

// CRDsOf lets only the CRDs of the given APIs pass.
func CRDsOf(apis ...API) predicate.Predicate {
	return predicate.NewPredicateFuncs(func(obj client.Object) bool {
		return slices.ContainsFunc(apis, func(api API) bool {
			return slices.ContainsFunc(api.Kinds, func(kind Kind) bool { return kind.CRD == obj.GetName() })
		})
	})
}

// UsersThatLeave lets an event of a machine pass only when its attachments change or it goes: only then can
// something be let go.
func UsersThatLeave() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !equality.Semantic.DeepEqual(AttachmentsOf(e.ObjectOld), AttachmentsOf(e.ObjectNew))
		},
	}
}
