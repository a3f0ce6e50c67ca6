// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// CloudInitUser is the account that cloud-init makes in the guest. There is no field for a clear-text
// password. What is no hash or no public key is refused as forbidden, not as invalid, because the API server
// repeats an invalid value, and it may be a password or a private key.
//
// +kubebuilder:validation:XValidation:rule="!has(self.passwordHash) || !has(self.passwordHashSecretRef)",message="must not be set together with passwordHash; keep one of them",fieldPath=".passwordHashSecretRef"
type CloudInitUser struct {
	// name is the login name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z_][a-z0-9_-]*$')",message="must be a Linux login name: lower-case letters, digits, '-' and '_', not beginning with a digit, for example ubuntu"
	Name string `json:"name"`

	// passwordHash is the password as crypt(3) hashes it, for example made with "mkpasswd -m sha-512".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^[$][0-9a-z]+[$][!-9;-~]+$')",message="must be a crypt(3) hash such as $6$salt$hash, never the password itself; make one with: mkpasswd -m sha-512",reason=FieldValueForbidden
	PasswordHash string `json:"passwordHash,omitempty"`

	// passwordHashSecretRef takes the hash from a Secret in the Wukong's namespace.
	// +optional
	PasswordHashSecretRef *SecretKeyReference `json:"passwordHashSecretRef,omitempty"`

	// sudo is the user's rule in sudoers, for example "ALL=(ALL) NOPASSWD:ALL". Left out, the user has no sudo.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="!self.matches('[[:cntrl:]]')",message="must be a single line such as ALL=(ALL) NOPASSWD:ALL"
	Sudo string `json:"sudo,omitempty"`

	// shell is the path of the login shell, for example /bin/bash. Left out, the image's default is used.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^/[A-Za-z0-9._/-]*$')",message="must be an absolute path, for example /bin/bash"
	Shell string `json:"shell,omitempty"`

	// groups are further groups of the user.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=32
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z_][a-z0-9_-]*$')",message="must be a Linux group name: lower-case letters, digits, '-' and '_', not beginning with a digit, for example sudo"
	Groups []string `json:"groups,omitempty"`

	// lockPasswd disables login by password. Left out, the password is locked when no hash is given.
	// +optional
	LockPasswd *bool `json:"lockPasswd,omitempty"`

	// sshAuthorizedKeys are public keys in OpenSSH's format, one key an entry.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=8192
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ AAAA[0-9A-Za-z+/]+={0,3}( [^[:cntrl:]]*)?$')",message="must be one public key in OpenSSH's format, for example: ssh-ed25519 AAAAC3Nza... me@host",reason=FieldValueForbidden
	SSHAuthorizedKeys []string `json:"sshAuthorizedKeys,omitempty"`
}

// SecretKeyReference names one key of a Secret in the same namespace.
type SecretKeyReference struct {
	// name is the Secret's name.
	// +required
	Name SecretName `json:"name"`

	// key is the key in the Secret's data.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$')",message="must be a key of a Secret: letters, digits, '-', '_' and '.', for example password-hash"
	Key string `json:"key"`
}

// SecretName is the name of a Secret in the Wukong's namespace.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, '-' and '.', for example vm-keys"
type SecretName string

// CloudInit is user-data of the user's own beside what Wukong renders.
type CloudInit struct {
	// secretName is a Secret in the same namespace that holds the user-data under the key "userdata". It may be
	// anything that cloud-init reads and that is text: #cloud-config, a script that begins with #!, #include,
	// a MIME archive and so on. Where it is cloud-config its lists are joined with Wukong's, and where both
	// set a single value, such as hostname, its own counts.
	// +required
	SecretName SecretName `json:"secretName"`
}

// UserDataKey is the key that holds user-data in the Secret of cloudInit, and in the one that Wukong makes for the
// guest. It is the one KubeVirt reads (pkg/cloud-init/cloud-init.go).
const UserDataKey = "userdata"

// GuestAgent says what becomes of a guest that lacks qemu-guest-agent.
//
// +kubebuilder:validation:Enum=Install;Leave
type GuestAgent string

const (
	// GuestAgentInstall makes the guest install and start the agent.
	GuestAgentInstall GuestAgent = "Install"
	// GuestAgentLeave leaves the guest as its image is.
	GuestAgentLeave GuestAgent = "Leave"
)

// Firewall is the guest's inbound packet filter. What is not allowed is denied, IPv4 and IPv6 alike, but for replies to
// the guest's own connections and for what ufw lets in by itself, such as ICMP and the answers of DHCP servers.
type Firewall struct {
	// allow lists what may come in. Left out or empty, nothing may.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Allow []FirewallRule `json:"allow,omitempty"`
}

// FirewallRule lets one kind of traffic in.
type FirewallRule struct {
	// from is the block of addresses that may connect, for example 192.168.100.0/24; left out, any IPv4 or IPv6 one.
	// +optional
	From CIDR `json:"from,omitempty"`

	// port is the destination port, 1 to 65535.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`

	// protocol is "tcp" or "udp".
	// +optional
	// +kubebuilder:default=tcp
	// +kubebuilder:validation:Enum=tcp;udp
	Protocol string `json:"protocol,omitempty"`
}
