// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/novasphere/wukong/pkg/story"
)

// log returns the logger for what is done with an object.
func (w Writer) log(ctx context.Context, obj client.Object) logr.Logger {
	logger := ctrl.LoggerFrom(ctx)
	if kind, err := apiutil.GVKForObject(obj, w.Client.Scheme()); err == nil {
		logger = logger.WithValues(story.KeyKind, kind.Kind)
	}
	return logger.WithValues(story.KeyName, obj.GetName())
}
