// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
)

const (
	outputYAML = "yaml"
	outputJSON = "json"
)

// options are the flags of render.
type options struct {
	files         []string
	output        string
	defaultUplink string
	defaultImage  string
	tapBinding    string
	verbose       bool
}

func defaultOptions() *options {
	return &options{
		output:        outputYAML,
		defaultUplink: environment(vmv1alpha1.EnvDefaultUplink, vmv1alpha1.DefaultUplink),
		defaultImage:  environment(vmv1alpha1.EnvDefaultOSImage, vmv1alpha1.DefaultOSImage),
	}
}

func environment(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&o.files, "filename", "f", nil,
		"file with Wukongs, folder of such files, or - for standard input; may be repeated")
	flags.StringVarP(&o.output, "output", "o", o.output, "yaml, one document for each object, or json, one List")
	flags.StringVar(&o.defaultUplink, "default-uplink", o.defaultUplink,
		"NIC of the nodes for networks that name none (environment: "+vmv1alpha1.EnvDefaultUplink+")")
	flags.StringVar(&o.defaultImage, "default-os-image", o.defaultImage,
		"container-disk image of machines that name none (environment: "+vmv1alpha1.EnvDefaultOSImage+")")
	flags.StringVar(&o.tapBinding, "tap-binding", o.tapBinding,
		"network binding plugin that KubeVirt has registered for macvtap, for example macvtap; default: none")
	flags.BoolVarP(&o.verbose, "verbose", "v", o.verbose, "also tell which documents are ignored")
}

func (o *options) validate() error {
	switch {
	case len(o.files) == 0:
		return errors.New("no file is given; write -f FILE, or -f - for standard input")
	case o.output != outputYAML && o.output != outputJSON:
		return fmt.Errorf("--output %q must be yaml or json", o.output)
	case o.defaultUplink == "" || len(o.defaultUplink) > naming.MaxInterface:
		return fmt.Errorf("--default-uplink %q must be the name of a NIC, of 1 to %d characters, for example ens160", o.defaultUplink, naming.MaxInterface)
	case o.defaultImage == "":
		return fmt.Errorf("--default-os-image must not be empty; leave it out for %s", vmv1alpha1.DefaultOSImage)
	}
	return nil
}
