// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionshelpers "k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	kubevirtv1 "kubevirt.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/config/crd"
	"github.com/novasphere/wukong/config/rbac"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/prerequisites"
)

// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get
// +kubebuilder:rbac:groups=kubevirt.io,resources=kubevirts,verbs=list
// +kubebuilder:rbac:groups=nmstate.io,resources=nodenetworkstates,verbs=list
// +kubebuilder:rbac:groups="",resources=nodes,verbs=list

// observe looks at everything that a manager in the namespace needs.
func observe(ctx context.Context, c client.Client, namespace string, now time.Time) (prerequisites.Facts, error) {
	var facts prerequisites.Facts
	var err error
	if facts.Kubernetes, err = serverVersion(); err != nil {
		return facts, err
	}
	if facts.Definitions, err = definitions(ctx, c); err != nil {
		return facts, err
	}
	if facts.Denied, err = denied(ctx, c); err != nil {
		return facts, err
	}
	if facts.Leader, err = leaderOf(ctx, c, namespace, now); err != nil {
		return facts, err
	}
	for api, system := range map[*capability.API]*prerequisites.System{
		&capability.KubeVirt: &facts.KubeVirt, &capability.Multus: &facts.Multus, &capability.NMState: &facts.NMState, &capability.CDI: &facts.CDI,
	} {
		if system.Served, err = served(ctx, c, *api); err != nil {
			return facts, err
		}
	}
	if facts.KubeVirt.Served {
		if err := kubeVirt(ctx, c, &facts.KubeVirt); err != nil {
			return facts, err
		}
	}
	if facts.NMState.Served {
		if facts.Unreported, err = unreported(ctx, c); err != nil {
			return facts, err
		}
	}
	return facts, nil
}

func serverVersion() (string, error) {
	config, err := ctrl.GetConfig()
	if err != nil {
		return "", fmt.Errorf("finding the cluster: %w", err)
	}
	server, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", fmt.Errorf("making the client: %w", err)
	}
	seen, err := server.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	return seen.GitVersion, nil
}

// definitions compares the cluster's definitions with those of this build.
func definitions(ctx context.Context, c client.Client) ([]prerequisites.Definition, error) {
	crds, err := crd.All()
	if err != nil {
		return nil, err
	}
	all := make([]prerequisites.Definition, 0, len(crds))
	for _, wanted := range crds {
		definition := prerequisites.Definition{Name: wanted.Name}
		found := &apiextensionsv1.CustomResourceDefinition{}
		err := c.Get(ctx, client.ObjectKeyFromObject(wanted), found)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading CustomResourceDefinition %s: %w", wanted.Name, err)
		}
		if err == nil {
			apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&wanted.Spec)
			definition.Installed = true
			definition.Established = apiextensionshelpers.IsCRDConditionTrue(found, apiextensionsv1.Established)
			definition.Current = equality.Semantic.DeepEqual(wanted.Spec.Versions, found.Spec.Versions)
		}
		all = append(all, definition)
	}
	return all, nil
}

// denied asks, for each permission that the manager should have, whether whoever runs this has it.
func denied(ctx context.Context, c client.Client) ([]string, error) {
	role, err := rbac.Manager()
	if err != nil {
		return nil, err
	}
	var refused []string
	for _, permission := range rbac.Permissions(role.Rules) {
		resource, subresource, _ := strings.Cut(permission.Resource, "/")
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Group: permission.Group, Resource: resource, Subresource: subresource, Verb: permission.Verb, Name: permission.Name,
			},
		}}
		if err := c.Create(ctx, review); err != nil {
			return nil, fmt.Errorf("asking for a permission: %w", err)
		}
		if !review.Status.Allowed {
			refused = append(refused, permission.String())
		}
	}
	return refused, nil
}

func leaderOf(ctx context.Context, c client.Client, namespace string, now time.Time) (*prerequisites.Lease, error) {
	lease := &coordinationv1.Lease{}
	err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: leaderElectionID}, lease)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the manager's lease: %w", err)
	}
	if lease.Spec.HolderIdentity == nil || lease.Spec.RenewTime == nil || lease.Spec.LeaseDurationSeconds == nil {
		return nil, nil
	}
	return &prerequisites.Lease{
		Holder: *lease.Spec.HolderIdentity, Age: now.Sub(lease.Spec.RenewTime.Time),
		Duration: time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second,
	}, nil
}

// served reports whether every kind of an API is there.
func served(ctx context.Context, c client.Client, api capability.API) (bool, error) {
	for _, kind := range api.Kinds {
		definition := capability.CRD()
		err := c.Get(ctx, client.ObjectKey{Name: kind.CRD}, definition)
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("reading CustomResourceDefinition %s: %w", kind.CRD, err)
		}
	}
	return true, nil
}

func kubeVirt(ctx context.Context, c client.Client, system *prerequisites.System) error {
	var list kubevirtv1.KubeVirtList
	if err := c.List(ctx, &list); err != nil {
		return fmt.Errorf("listing KubeVirts: %w", err)
	}
	for _, found := range list.Items {
		system.Version, system.Phase = found.Status.ObservedKubeVirtVersion, string(found.Status.Phase)
	}
	return nil
}

// unreported returns the nodes without a NodeNetworkState, which has its node's name.
func unreported(ctx context.Context, c client.Client) ([]string, error) {
	var nodes corev1.NodeList
	if err := c.List(ctx, &nodes); err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	var states nmstatev1beta1.NodeNetworkStateList
	if err := c.List(ctx, &states); err != nil {
		return nil, fmt.Errorf("listing NodeNetworkStates: %w", err)
	}
	var missing []string
	for _, node := range nodes.Items {
		if !slices.ContainsFunc(states.Items, func(state nmstatev1beta1.NodeNetworkState) bool { return state.Name == node.Name }) {
			missing = append(missing, node.Name)
		}
	}
	return missing, nil
}
