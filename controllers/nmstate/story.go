// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"cmp"
	"context"
	"slices"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/owner"
	"github.com/novasphere/wukong/pkg/story"
)

func ofBridge(request reconcile.Request) []any { return []any{story.KeyBridge, request.Name} }

func ofUplink(request reconcile.Request) []any { return []any{story.KeyUplink, request.Name} }

// about makes what is done with the bridge's policies part of the story of one Wukong: the one that has had the bridge for longest
// and, where each of them leaves, the longest of those. A line for each of a thousand would tell nobody anything.
func (seen *observed) about(ctx context.Context) context.Context {
	if len(seen.claims) == 0 {
		return ctx
	}
	first := slices.MinFunc(seen.claims, func(a, b *vmv1alpha1.WukongNodeBridge) int {
		return cmp.Or(
			cmp.Compare(leaving(a), leaving(b)),
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
		)
	})
	return ctrl.LoggerInto(ctx, ofClaim(ctrl.LoggerFrom(ctx), first).WithValues(story.KeyClaims, len(seen.claims)))
}

func leaving(claim *vmv1alpha1.WukongNodeBridge) int {
	if claim.DeletionTimestamp.IsZero() {
		return 0
	}
	return 1
}

// ofClaim returns the logger for what is said of one claim.
func ofClaim(logger logr.Logger, claim *vmv1alpha1.WukongNodeBridge) logr.Logger {
	wukong := owner.Wukong(claim)
	if wukong == nil {
		return logger
	}
	return logger.WithValues(story.KeyWukong, client.ObjectKeyFromObject(wukong).String())
}
