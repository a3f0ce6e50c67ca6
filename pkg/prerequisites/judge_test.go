// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package prerequisites

import (
	"strings"
	"testing"
	"time"
)

func complete() Facts {
	return Facts{
		Kubernetes:  "v1.36.3",
		Definitions: []Definition{{Name: "wukongs.vm.novasphere.dev", Installed: true, Established: true, Current: true}},
		Leader:      &Lease{Holder: "wukong-manager-0", Age: 2 * time.Second, Duration: 15 * time.Second},
		KubeVirt:    System{Served: true, Version: "v1.8.2", Phase: "Deployed"},
		Multus:      System{Served: true}, NMState: System{Served: true}, CDI: System{Served: true, Version: "v1.65.0"},
	}
}

func TestComplete(t *testing.T) {
	findings := Judge(complete())
	for _, finding := range findings {
		if finding.Level != OK || finding.Message == "" {
			t.Errorf("%+v", finding)
		}
	}
	if Failed(findings) {
		t.Error("failed")
	}
}

func TestFindings(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*Facts)
		subject string
		level   Level
		message string
	}{
		"old Kubernetes":          {func(f *Facts) { f.Kubernetes = "v1.30.9" }, "Kubernetes", Failure, "upgrade to 1.31.0"},
		"a distribution's suffix": {func(f *Facts) { f.Kubernetes = "v1.31.2+k3s1" }, "Kubernetes", OK, "v1.31.2+k3s1"},
		"a pre-release":           {func(f *Facts) { f.Kubernetes = "v1.31.0-eks-1234" }, "Kubernetes", OK, "eks"},
		"unreadable":              {func(f *Facts) { f.Kubernetes = "latest" }, "Kubernetes", Warning, `"latest"`},
		"no CRD":                  {func(f *Facts) { f.Definitions[0].Installed = false }, "CustomResourceDefinitions", Failure, "wukongs.vm.novasphere.dev missing"},
		"CRD not established":     {func(f *Facts) { f.Definitions[0].Established = false }, "CustomResourceDefinitions", Failure, "kubectl describe crd"},
		"CRD of another version":  {func(f *Facts) { f.Definitions[0].Current = false }, "CustomResourceDefinitions", Failure, "another version"},
		"a denied verb":           {func(f *Facts) { f.Denied = []string{"patch secrets"} }, "permissions", Failure, "may not patch secrets"},
		"no leader":               {func(f *Facts) { f.Leader = nil }, "manager", Failure, "no replica works"},
		"a released lease":        {func(f *Facts) { f.Leader.Holder = "" }, "manager", Failure, "no replica works"},
		"a dead leader":           {func(f *Facts) { f.Leader.Age = time.Minute }, "manager", Failure, "wukong-manager-0 held"},
		"no KubeVirt":             {func(f *Facts) { f.KubeVirt = System{} }, "KubeVirt", Failure, "install KubeVirt"},
		"KubeVirt being deployed": {func(f *Facts) { f.KubeVirt.Phase = "Deploying" }, "KubeVirt", Failure, "Deploying"},
		"no Multus":               {func(f *Facts) { f.Multus = System{} }, "Multus", Failure, "install Multus"},
		"no NMState":              {func(f *Facts) { f.NMState = System{} }, "NMState", Warning, "install kubernetes-nmstate"},
		"a node without handler":  {func(f *Facts) { f.Unreported = []string{"node-2"} }, "NMState", Warning, "node-2"},
		"no CDI":                  {func(f *Facts) { f.CDI = System{} }, "CDI", Warning, "Containerized Data Importer"},
	} {
		t.Run(name, func(t *testing.T) {
			facts := complete()
			tc.change(&facts)
			findings := Judge(facts)
			for _, finding := range findings {
				if finding.Subject != tc.subject {
					if finding.Level != OK {
						t.Errorf("%+v, want OK", finding)
					}
					continue
				}
				if finding.Level != tc.level || !strings.Contains(finding.Message, tc.message) {
					t.Errorf("%+v, want %s %q", finding, tc.level, tc.message)
				}
			}
			if got, want := Failed(findings), tc.level == Failure; got != want {
				t.Errorf("failed: %t, want %t", got, want)
			}
		})
	}
}
