// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Permission is one verb on one resource: the least that can be given and taken.
type Permission struct {
	// Verb is for example get.
	Verb string
	// Resource is for example wukongs, or wukongs/status.
	Resource string
	// Group is the resource's, empty for core.
	Group string
	// Name is the only object that it is for, empty for all.
	Name string
}

// String returns the permission as a person would say it, for example "patch wukongs/status.vm.novasphere.dev".
func (p Permission) String() string {
	text := p.Verb + " " + p.Resource
	if p.Group != "" {
		text += "." + p.Group
	}
	if p.Name != "" {
		text += " " + p.Name
	}
	return text
}

// Rule returns the rule that gives the permission alone.
func (p Permission) Rule() rbacv1.PolicyRule {
	rule := rbacv1.PolicyRule{APIGroups: []string{p.Group}, Resources: []string{p.Resource}, Verbs: []string{p.Verb}}
	if p.Name != "" {
		rule.ResourceNames = []string{p.Name}
	}
	return rule
}

// Permissions returns what rules give, each permission once, ordered by resource and verb. Rules about paths are left out.
func Permissions(rules []rbacv1.PolicyRule) []Permission {
	var all []Permission
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, Permission{Verb: verb, Resource: resource, Group: group, Name: name})
					}
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Permission) int {
		return slices.Compare([]string{a.Group, a.Resource, a.Name, a.Verb}, []string{b.Group, b.Resource, b.Name, b.Verb})
	})
	return slices.Compact(all)
}
