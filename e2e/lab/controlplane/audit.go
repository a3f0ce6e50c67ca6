// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

// auditPolicy records every write once, when it has been answered: tests ask who wrote what, and how often. Of what pods' service
// accounts do, reads are recorded too, and watches when they begin: tests ask which rights are used.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages:
- RequestReceived
rules:
- level: Metadata
  verbs: [create, update, patch, delete, deletecollection]
- level: Metadata
  verbs: [get, list, watch]
  userGroups: [system:serviceaccounts:wukong-system]
- level: None
`

func (p *ControlPlane) auditArguments() []string {
	return []string{
		"--audit-policy-file=" + p.files.auditPolicy(),
		"--audit-log-path=" + p.files.auditLog(),
		// Larger than any test writes: a rotated log would hide its older half from Writes.
		"--audit-log-maxsize=10000",
	}
}
