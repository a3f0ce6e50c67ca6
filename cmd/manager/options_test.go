// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

func TestOptions(t *testing.T) {
	for name, tc := range map[string]struct {
		environment map[string]string
		arguments   []string
		check       func(*options) bool
		refusal     string
	}{
		"defaults": {check: func(o *options) bool {
			return o.defaultUplink == "ens160" && o.defaultImage == vmv1alpha1.DefaultOSImage && o.leaderElect && o.metricsSecure && o.logFormat == "json"
		}},
		"environment": {
			environment: map[string]string{vmv1alpha1.EnvDefaultUplink: "ens192", vmv1alpha1.EnvDefaultOSImage: "example.org/image:1"},
			check:       func(o *options) bool { return o.defaultUplink == "ens192" && o.defaultImage == "example.org/image:1" },
		},
		"a flag wins over the environment": {
			environment: map[string]string{vmv1alpha1.EnvDefaultUplink: "ens192"},
			arguments:   []string{"--default-uplink=ens224"},
			check:       func(o *options) bool { return o.defaultUplink == "ens224" },
		},
		"long NIC":         {arguments: []string{"--default-uplink=a-nic-of-17-chars"}, refusal: "--default-uplink"},
		"no NIC":           {arguments: []string{"--default-uplink="}, refusal: "--default-uplink"},
		"no image":         {arguments: []string{"--default-os-image="}, refusal: "--default-os-image"},
		"no deadline":      {arguments: []string{"--node-deadline=0s"}, refusal: "--node-deadline"},
		"log level":        {arguments: []string{"--log-level=loud"}, refusal: "--log-level"},
		"log format":       {arguments: []string{"--log-format=xml"}, refusal: "--log-format"},
		"lease namespace":  {arguments: []string{"--leader-elect-namespace=Not_One"}, refusal: "--leader-elect-namespace"},
		"no requests":      {arguments: []string{"--kube-api-qps=0"}, refusal: "--kube-api-qps"},
		"progress":         {arguments: []string{"--progress-interval=-1s"}, refusal: "--progress-interval"},
		"resync all along": {arguments: []string{"--sync-period=1ms"}, refusal: "--sync-period"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range tc.environment {
				t.Setenv(variable, value)
			}
			opts := defaultOptions()
			flags := pflag.NewFlagSet("manager", pflag.ContinueOnError)
			opts.addFlags(flags)
			if err := flags.Parse(tc.arguments); err != nil {
				t.Fatal(err)
			}
			err := opts.validate()
			if tc.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), tc.refusal) {
					t.Errorf("got %v, want a refusal of %s", err, tc.refusal)
				}
				return
			}
			if err != nil || !tc.check(opts) {
				t.Errorf("got %+v, %v", opts, err)
			}
		})
	}
}

func TestLoggers(t *testing.T) {
	for _, format := range []string{"json", "console"} {
		for _, level := range []string{"debug", "info", "warn", "error"} {
			opts := defaultOptions()
			opts.logFormat, opts.logLevel = format, level
			logger, flush, err := newLogger(opts)
			if err != nil {
				t.Fatalf("%s %s: %v", format, level, err)
			}
			if enabled := logger.V(1).Enabled(); enabled != (level == "debug") {
				t.Errorf("%s %s: debug messages are logged: %t", format, level, enabled)
			}
			flush()
		}
	}
}
