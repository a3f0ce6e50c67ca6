// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package prerequisites judges whether a cluster has what Wukong needs.
package prerequisites

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

// Level is how much a finding matters.
type Level string

const (
	// OK is as it should be.
	OK Level = "ok"
	// Warning is for what some machines need and the cluster has not.
	Warning Level = "warning"
	// Failure is for what no machine can do without.
	Failure Level = "FAILED"
)

// Finding is what was found about one subject.
type Finding struct {
	// Subject is what it is about, for example KubeVirt.
	Subject string
	// Level is how much it matters.
	Level Level
	// Message says what was found and, unless it is OK, what to do.
	Message string
}

// OldestKubernetes is the first version whose CEL has the IP and CIDR functions that the CRDs' rules use
// (Kubernetes, "Common Expression Language in Kubernetes").
const OldestKubernetes = "1.31.0"

// Judge returns a finding for each subject, always the same subjects in the same order.
func Judge(facts Facts) []Finding {
	return []Finding{
		kubernetes(facts.Kubernetes),
		definitions(facts.Definitions),
		permissions(facts.Denied),
		leader(facts.Leader),
		kubeVirt(facts.KubeVirt),
		multus(facts.Multus),
		nmstate(facts.NMState, facts.Unreported),
		cdi(facts.CDI),
	}
}

// Failed reports whether one of the findings is a Failure.
func Failed(findings []Finding) bool {
	for _, finding := range findings {
		if finding.Level == Failure {
			return true
		}
	}
	return false
}

func kubernetes(seen string) Finding {
	const subject = "Kubernetes"
	found, err := version.ParseGeneric(seen)
	switch {
	case err != nil:
		return Finding{subject, Warning, fmt.Sprintf("version %q cannot be read; Wukong needs %s or newer", seen, OldestKubernetes)}
	case found.LessThan(version.MustParseGeneric(OldestKubernetes)):
		return Finding{subject, Failure, fmt.Sprintf("%s is too old; upgrade to %s or newer", seen, OldestKubernetes)}
	}
	return Finding{subject, OK, seen}
}

func definitions(all []Definition) Finding {
	const subject = "CustomResourceDefinitions"
	var missing, waiting, different []string
	for _, definition := range all {
		switch {
		case !definition.Installed:
			missing = append(missing, definition.Name)
		case !definition.Established:
			waiting = append(waiting, definition.Name)
		case !definition.Current:
			different = append(different, definition.Name)
		}
	}
	switch {
	case len(missing) > 0:
		return Finding{subject, Failure, strings.Join(missing, ", ") + " missing; run `helm upgrade`, or apply the files in the chart's folder crds"}
	case len(waiting) > 0:
		return Finding{subject, Failure, strings.Join(waiting, ", ") + " not established; `kubectl describe crd` says why"}
	case len(different) > 0:
		return Finding{subject, Failure, strings.Join(different, ", ") + " of another version; run `helm upgrade`, or apply the files in the chart's folder crds"}
	}
	return Finding{subject, OK, fmt.Sprintf("%d, all of this version", len(all))}
}

func permissions(denied []string) Finding {
	const subject = "permissions"
	if len(denied) > 0 {
		return Finding{subject, Failure, "the manager may not " + strings.Join(denied, ", ") + "; restore the chart's ClusterRole and its binding"}
	}
	return Finding{subject, OK, "all that the manager needs"}
}

func leader(lease *Lease) Finding {
	const subject = "manager"
	switch {
	case lease == nil || lease.Holder == "":
		return Finding{subject, Failure, "no replica works; look at the pods and logs of the Deployment"}
	case lease.Age > lease.Duration:
		return Finding{subject, Failure, lease.Holder + " held the lease last and renews it no more; look at the pods and logs of the Deployment"}
	}
	return Finding{subject, OK, lease.Holder + " works"}
}

func kubeVirt(system System) Finding {
	const subject = "KubeVirt"
	switch {
	case !system.Served:
		return Finding{subject, Failure, "not installed: no machine can be made; install KubeVirt"}
	case system.Phase != "" && system.Phase != "Deployed":
		return Finding{subject, Failure, fmt.Sprintf("its phase is %s; `kubectl get kubevirt -A -o yaml` says why", system.Phase)}
	}
	return Finding{subject, OK, installed(system)}
}

func multus(system System) Finding {
	const subject = "Multus"
	if !system.Served {
		return Finding{subject, Failure, "not installed: machines get no network but the pod network; install Multus"}
	}
	return Finding{subject, OK, installed(system)}
}

func nmstate(system System, unreported []string) Finding {
	const subject = "NMState"
	switch {
	case !system.Served:
		return Finding{subject, Warning, "not installed: bridges are not made, and networks trust that they exist; install kubernetes-nmstate"}
	case len(unreported) > 0:
		return Finding{subject, Warning, "tells nothing of " + strings.Join(unreported, ", ") + ": no bridge is made there; look at the nmstate-handler pods"}
	}
	return Finding{subject, OK, installed(system)}
}

func cdi(system System) Finding {
	const subject = "CDI"
	if !system.Served {
		return Finding{subject, Warning, "not installed: machines with disks wait; install the Containerized Data Importer"}
	}
	return Finding{subject, OK, installed(system)}
}

func installed(system System) string {
	if system.Version == "" {
		return "installed"
	}
	return system.Version
}
