// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	adminUser  = "system:admin"
	adminGroup = "system:masters"
	// tokenLifetime spares the lab's components from renewing what they cannot renew: a kubeconfig holds the token itself.
	tokenLifetime = 24 * time.Hour
)

// writeKubeconfigs makes the identities of the admin and of kube-controller-manager.
func (p *ControlPlane) writeKubeconfigs(ca *authority) error {
	admin, err := ca.issueClient(adminUser, adminGroup)
	if err != nil {
		return err
	}
	p.config = p.clientConfig(ca, admin)
	if p.probes, err = rest.HTTPClientFor(p.config); err != nil {
		return err
	}
	if err := WriteKubeconfig(p.files.adminKubeconfig(), p.config); err != nil {
		return err
	}
	// The group is there because the built-in role of the user is for controllers that each use a service account of their own.
	manager, err := ca.issueClient("system:"+controllerManager, adminGroup)
	if err != nil {
		return err
	}
	return WriteKubeconfig(p.files.controllerManagerConfig(), p.clientConfig(ca, manager))
}

func (p *ControlPlane) clientConfig(ca *authority, client keyPair) *rest.Config {
	return &rest.Config{
		Host: p.apiServerURL(),
		QPS:  -1,
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   ca.certificate,
			CertData: client.certificate,
			KeyData:  client.key,
		},
	}
}

// WriteKubeconfig writes a kubeconfig with the server and the credentials of a client configuration, readable by its owner only.
func WriteKubeconfig(path string, config *rest.Config) error {
	const name = "lab"
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters[name] = &clientcmdapi.Cluster{
		Server:                   config.Host,
		CertificateAuthority:     config.CAFile,
		CertificateAuthorityData: config.CAData,
		InsecureSkipTLSVerify:    config.Insecure,
		TLSServerName:            config.ServerName,
	}
	kubeconfig.AuthInfos[name] = &clientcmdapi.AuthInfo{
		ClientCertificate:     config.CertFile,
		ClientCertificateData: config.CertData,
		ClientKey:             config.KeyFile,
		ClientKeyData:         config.KeyData,
		Token:                 config.BearerToken,
		TokenFile:             config.BearerTokenFile,
	}
	kubeconfig.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	kubeconfig.CurrentContext = name
	if err := clientcmd.WriteToFile(*kubeconfig, path); err != nil {
		return fmt.Errorf("writing the kubeconfig %s: %w", path, err)
	}
	return nil
}

// ServiceAccountConfig returns a client configuration that acts as an existing service account, with a token of its own.
func (p *ControlPlane) ServiceAccountConfig(ctx context.Context, namespace, name string) (*rest.Config, error) {
	client, err := corev1client.NewForConfig(p.config)
	if err != nil {
		return nil, err
	}
	seconds := int64(tokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	answer, err := client.ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("requesting a token for the service account %s/%s: %w", namespace, name, err)
	}
	config := rest.AnonymousClientConfig(p.config)
	config.BearerToken = answer.Status.Token
	return config, nil
}

// ServiceAccountKubeconfig writes a kubeconfig that acts as an existing service account, for a day.
func (p *ControlPlane) ServiceAccountKubeconfig(ctx context.Context, namespace, name, path string) error {
	config, err := p.ServiceAccountConfig(ctx, namespace, name)
	if err != nil {
		return err
	}
	return WriteKubeconfig(path, config)
}
