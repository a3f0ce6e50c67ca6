// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

const controllerManager = "kube-controller-manager"

// controllers are those that a cluster without kubelets can live with. The node lifecycle controller would taint the lab's nodes
// as unreachable and the pod garbage collector would delete their pods; workload controllers would wait for pods that never run.
var controllers = []string{
	"garbage-collector-controller",
	"namespace-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"root-ca-certificate-publisher-controller",
	"clusterrole-aggregation-controller",
	"validatingadmissionpolicy-status-controller",
}

// workloadControllers make the pods of Deployments and Jobs, for whoever runs them.
var workloadControllers = []string{"deployment-controller", "replicaset-controller", "job-controller"}

func (p *ControlPlane) startControllerManager(ctx context.Context) error {
	enabled := controllers
	if p.workloads {
		enabled = slices.Concat(controllers, workloadControllers)
	}
	var err error
	p.controllerManager, err = p.launch(controllerManager, p.assets.KubeControllerManager,
		"--kubeconfig="+p.files.controllerManagerConfig(),
		"--controllers="+strings.Join(enabled, ","),
		"--bind-address="+loopback,
		"--secure-port="+port(p.ports.controllerManager),
		"--tls-cert-file="+p.files.certificate(servingCertificate),
		"--tls-private-key-file="+p.files.key(servingCertificate),
		"--root-ca-file="+p.files.certificate(clusterCA),
		"--service-account-private-key-file="+p.files.serviceAccountKey(),
		// There is one, and waiting for a lease would only slow it down.
		"--leader-elect=false",
		"--use-service-account-credentials=false",
		// The default of 20 queries a second makes a garbage collector that has many objects to see look asleep.
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--min-resync-period=12h",
	)
	if err != nil {
		return err
	}
	// Unlike the other two it has no /readyz.
	return p.controllerManager.waitReady(ctx, p.probes, "https://"+address(p.ports.controllerManager)+"/healthz")
}

func port(number int) string { return strconv.Itoa(number) }
