// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package validation_test holds what a user may and may not write, as tables. Every row is put both to a real
// API server and to the offline validator, and both must say the same.
package validation_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/novasphere/wukong/config/crd"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/pkg/validation"
)

// Both sides of the comparison are expensive to make and keep nothing of what they are asked.
var (
	server  *apiServer
	offline *validation.Validator
)

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	crds, err := crd.All()
	if err != nil {
		return 0, err
	}
	if offline, err = validation.New(crds...); err != nil {
		return 0, err
	}
	plane, err := controlplane.Start(context.Background(), controlplane.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	config := plane.Config()
	if _, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: crds}); err != nil {
		return 0, fmt.Errorf("installing the CustomResourceDefinitions: %w", err)
	}
	if server, err = newAPIServer(config); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// apiServer sends documents as they stand. A typed client would correct some of the mistakes on the way.
type apiServer struct {
	client *http.Client
	host   string
}

func newAPIServer(config *rest.Config) (*apiServer, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return &apiServer{client: client, host: config.Host}, nil
}
