// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// validity is longer than any test and short enough that a leaked key is soon worthless.
const validity = 7 * 24 * time.Hour

// keyPair is a certificate and its key, PEM encoded.
type keyPair struct {
	certificate []byte
	key         []byte
}

func (k keyPair) write(certificatePath, keyPath string) error {
	if err := os.WriteFile(certificatePath, k.certificate, 0o600); err != nil {
		return err
	}
	return os.WriteFile(keyPath, k.key, 0o600)
}

// authority signs certificates.
type authority struct {
	keyPair
	parsed *x509.Certificate
	signer crypto.Signer
}

func newAuthority(name string) (*authority, error) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := newTemplate(name)
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	made := &authority{parsed: template, signer: signer}
	if made.keyPair, err = made.sign(template, signer); err != nil {
		return nil, fmt.Errorf("making the authority %s: %w", name, err)
	}
	block, _ := pem.Decode(made.certificate)
	made.parsed, err = x509.ParseCertificate(block.Bytes)
	return made, err
}

// issueServing makes a certificate for every name that a component of the control plane is reached by.
func (a *authority) issueServing(name string) (keyPair, error) {
	template := newTemplate(name)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.ParseIP(loopback), net.IPv6loopback, net.ParseIP(kubernetesServiceIP)}
	template.DNSNames = []string{
		"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		// The API server knows an aggregated one by the name of its Service.
		"virt-api.kubevirt.svc",
	}
	return a.issue(template)
}

// issueClient makes a certificate that the apiserver takes as the user, in the groups.
func (a *authority) issueClient(user string, groups ...string) (keyPair, error) {
	template := newTemplate(user)
	template.Subject.Organization = groups
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(template)
}

func (a *authority) issue(template *x509.Certificate) (keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keyPair{}, err
	}
	pair, err := a.sign(template, key)
	if err != nil {
		return keyPair{}, fmt.Errorf("issuing the certificate of %s: %w", template.Subject.CommonName, err)
	}
	return pair, nil
}

func (a *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) (keyPair, error) {
	certificate, err := x509.CreateCertificate(rand.Reader, template, a.parsed, key.Public(), a.signer)
	if err != nil {
		return keyPair{}, err
	}
	encodedKey, err := encodeKey(key)
	if err != nil {
		return keyPair{}, err
	}
	return keyPair{certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), key: encodedKey}, nil
}

func newTemplate(commonName string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: serialNumber(),
		Subject:      pkix.Name{CommonName: commonName},
		// Clocks of a container and its host differ by seconds at times.
		NotBefore: time.Now().Add(-time.Minute),
		NotAfter:  time.Now().Add(validity),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

// serialNumber is random, as no list of issued certificates is kept.
func serialNumber() *big.Int {
	number := make([]byte, 16)
	// Read never fails, it ends the program instead.
	_, _ = rand.Read(number)
	return new(big.Int).SetBytes(number)
}

// writeServiceAccountKey makes the key that service account tokens are signed and verified with.
func writeServiceAccountKey(files files) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	private, err := encodeKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return keyPair{
		certificate: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
		key:         private,
	}.write(files.serviceAccountPublic(), files.serviceAccountKey())
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}), nil
}
