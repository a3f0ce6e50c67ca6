// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import "context"

const etcd = "etcd"

func (p *ControlPlane) startEtcd(ctx context.Context) error {
	clients, peers := p.etcdURL(), "http://"+address(p.ports.etcdPeer)
	var err error
	p.etcd, err = p.launch(etcd, p.assets.Etcd,
		"--name=lab",
		"--data-dir="+p.files.etcdData(),
		"--listen-client-urls="+clients,
		"--advertise-client-urls="+clients,
		"--listen-peer-urls="+peers,
		"--initial-advertise-peer-urls="+peers,
		"--initial-cluster=lab="+peers,
		// Two labs on one machine must never take each other's etcd for their own, whatever becomes of their ports.
		"--client-cert-auth",
		"--trusted-ca-file="+p.files.certificate(clusterCA),
		"--cert-file="+p.files.certificate(servingCertificate),
		"--key-file="+p.files.key(servingCertificate),
		// It would connect to etcd itself, with a certificate that is for servers only.
		"--enable-grpc-gateway=false",
		// Nothing here has to outlive a power cut, and syncing to disk is most of what etcd waits for.
		"--unsafe-no-fsync",
		"--log-level=warn",
	)
	if err != nil {
		return err
	}
	return p.etcd.waitReady(ctx, p.probes, clients+"/readyz")
}

func (p *ControlPlane) etcdURL() string { return "https://" + address(p.ports.etcdClient) }
