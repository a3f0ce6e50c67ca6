// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"os"
	"path/filepath"
)

// files are all that a control plane has on disk, in one folder that Stop removes.
type files struct{ folder string }

func (f files) in(name string) string           { return filepath.Join(f.folder, name) }
func (f files) etcdData() string                { return f.in("etcd") }
func (f files) serviceAccountKey() string       { return f.in("service-account.key") }
func (f files) serviceAccountPublic() string    { return f.in("service-account.pub") }
func (f files) auditPolicy() string             { return f.in("audit-policy.yaml") }
func (f files) auditLog() string                { return f.in("audit.log") }
func (f files) adminKubeconfig() string         { return f.in("admin.kubeconfig") }
func (f files) controllerManagerConfig() string { return f.in("kube-controller-manager.kubeconfig") }
func (f files) log(component string) string     { return f.in(component + ".log") }
func (f files) certificate(name string) string  { return f.in(name + ".crt") }
func (f files) key(name string) string          { return f.in(name + ".key") }

// The names of certificates and their keys.
const (
	clusterCA             = "ca"
	frontProxyCA          = "front-proxy-ca"
	servingCertificate    = "serving"
	frontProxyCertificate = "front-proxy-client"
	etcdCertificate       = "etcd-client"
)

// writeFiles makes the credentials and the configuration that the components read.
func (p *ControlPlane) writeFiles() error {
	if err := os.WriteFile(p.files.auditPolicy(), []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	if err := writeServiceAccountKey(p.files); err != nil {
		return err
	}
	ca, err := newAuthority(clusterCA)
	if err != nil {
		return err
	}
	frontProxy, err := newAuthority(frontProxyCA)
	if err != nil {
		return err
	}
	serving, err := ca.issueServing(servingCertificate)
	if err != nil {
		return err
	}
	etcdClient, err := ca.issueClient(etcdCertificate)
	if err != nil {
		return err
	}
	frontProxyClient, err := frontProxy.issueClient(frontProxyCertificate)
	if err != nil {
		return err
	}
	for name, pair := range map[string]keyPair{
		clusterCA:             ca.keyPair,
		frontProxyCA:          frontProxy.keyPair,
		servingCertificate:    serving,
		etcdCertificate:       etcdClient,
		frontProxyCertificate: frontProxyClient,
	} {
		if err := pair.write(p.files.certificate(name), p.files.key(name)); err != nil {
			return err
		}
	}
	return p.writeKubeconfigs(ca)
}
