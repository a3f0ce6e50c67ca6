// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Disk is what cloud-init remembers on the boot disk from one boot to the next. The zero value is a fresh disk.
type Disk struct {
	instance    string
	networkData string
}

// Data is what the NoCloud volume holds at one boot.
type Data struct {
	// InstanceID decides whether cloud-init takes itself to be on a new machine.
	InstanceID  string
	UserData    string
	NetworkData string
}

// Effective returns the network data that this boot applies, and the disk after it. On a disk that has booted as the
// same instance, new network data is ignored unless user-data asks for the network to be updated at each boot.
func (d Disk) Effective(data Data) (string, Disk) {
	if d.instance == data.InstanceID && !updatesAtBoot(data.UserData) {
		return d.networkData, d
	}
	return data.NetworkData, Disk{instance: data.InstanceID, networkData: data.NetworkData}
}

// updatesAtBoot looks for `updates: {network: {when: [boot]}}` in any cloud-config part.
func updatesAtBoot(userData string) bool {
	return slices.ContainsFunc(parts(userData), func(part string) bool {
		var config struct {
			Updates struct {
				Network struct {
					When []string `json:"when"`
				} `json:"network"`
			} `json:"updates"`
		}
		if err := yaml.Unmarshal([]byte(part), &config); err != nil {
			return false
		}
		return slices.Contains(config.Updates.Network.When, "boot")
	})
}

// parts splits a MIME multi-part archive; anything else is one part.
func parts(userData string) []string {
	message, err := mail.ReadMessage(strings.NewReader(userData))
	if err != nil {
		return []string{userData}
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return []string{userData}
	}
	var found []string
	reader := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := reader.NextPart()
		if err != nil {
			return found
		}
		content := io.Reader(part)
		if part.Header.Get("Content-Transfer-Encoding") == "base64" {
			content = base64.NewDecoder(base64.StdEncoding, part)
		}
		var body bytes.Buffer
		if _, err := io.Copy(&body, content); err != nil {
			return found
		}
		found = append(found, body.String())
	}
}
