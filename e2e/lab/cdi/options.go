// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import (
	"time"

	"github.com/go-logr/logr"
)

// Options say how the actor behaves for all disks.
type Options struct {
	// StepDelay is how long a DataVolume stays in each phase of an import.
	StepDelay time.Duration
	// Log receives what the actor could not do; the zero value drops it.
	Log logr.Logger
}

func (o Options) withDefaults() Options {
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	return o
}
