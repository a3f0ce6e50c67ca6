// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Subject returns the keys and values that say what a request is about.
type Subject func(reconcile.Request) []any

// Logger returns what makes the logger of a controller's reconciles, in the form that controller-runtime takes. It asks with nil
// for the lines that are about the controller itself.
func Logger(base logr.Logger, controller string, subject Subject) func(*reconcile.Request) logr.Logger {
	base = base.WithValues(KeyController, controller)
	return func(request *reconcile.Request) logr.Logger {
		if request == nil {
			return base
		}
		return base.WithValues(subject(*request)...)
	}
}

// OfWukong is the Subject of controllers whose requests name Wukongs.
func OfWukong(request reconcile.Request) []any {
	return []any{KeyWukong, request.String()}
}
