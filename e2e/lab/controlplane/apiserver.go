// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import "context"

const (
	apiServer = "kube-apiserver"
	// The issuer has no discovery endpoint that anybody outside asks, so any URL does.
	serviceAccountIssuer = "https://kubernetes.default.svc"
	serviceNetwork       = "10.0.0.0/24"
	// kubernetesServiceIP is the first address of the service network, by Kubernetes' convention.
	kubernetesServiceIP = "10.0.0.1"
)

func (p *ControlPlane) startAPIServer(ctx context.Context) error {
	var err error
	p.apiServer, err = p.launch(apiServer, p.assets.KubeAPIServer, p.apiServerArguments()...)
	if err != nil {
		return err
	}
	return p.apiServer.waitReady(ctx, p.probes, p.apiServerURL()+"/readyz")
}

func (p *ControlPlane) apiServerURL() string { return "https://" + address(p.ports.apiServer) }

func (p *ControlPlane) apiServerArguments() []string {
	arguments := []string{
		"--etcd-servers=" + p.etcdURL(),
		"--etcd-cafile=" + p.files.certificate(clusterCA),
		"--etcd-certfile=" + p.files.certificate(etcdCertificate),
		"--etcd-keyfile=" + p.files.key(etcdCertificate),
		"--bind-address=" + loopback,
		"--secure-port=" + port(p.ports.apiServer),
		"--advertise-address=" + loopback,
		// An Endpoints object must not hold a loopback address, so keeping the one of the kubernetes service would only fail.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=" + serviceNetwork,
		"--tls-cert-file=" + p.files.certificate(servingCertificate),
		"--tls-private-key-file=" + p.files.key(servingCertificate),
		"--authorization-mode=Node,RBAC",
		// Some distributions have it: who makes an owner block its deletion needs a right on the owner's finalizers.
		"--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
		// virt-launcher pods need it.
		"--allow-privileged=true",
	}
	arguments = append(arguments, p.authenticationArguments()...)
	arguments = append(arguments, p.auditArguments()...)
	return arguments
}

// authenticationArguments also make the apiserver publish extension-apiserver-authentication, which aggregated servers such as
// virt-api read to know whom to believe.
func (p *ControlPlane) authenticationArguments() []string {
	return []string{
		"--client-ca-file=" + p.files.certificate(clusterCA),
		"--requestheader-client-ca-file=" + p.files.certificate(frontProxyCA),
		"--requestheader-allowed-names=" + frontProxyCertificate,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + p.files.certificate(frontProxyCertificate),
		"--proxy-client-key-file=" + p.files.key(frontProxyCertificate),
		"--service-account-issuer=" + serviceAccountIssuer,
		"--service-account-key-file=" + p.files.serviceAccountPublic(),
		"--service-account-signing-key-file=" + p.files.serviceAccountKey(),
	}
}
