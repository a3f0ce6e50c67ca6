// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// metaData is what KubeVirt tells cloud-init of the machine (KubeVirt 1.9, pkg/cloud-init/cloud-init.go).
type metaData struct {
	InstanceID    string `json:"instance-id"`
	LocalHostname string `json:"local-hostname"`
}

// writeSeed writes the machine's NoCloud disk into the folder and returns its path.
func writeSeed(ctx context.Context, folder string, machine Machine) (string, error) {
	meta, err := json.Marshal(metaData{InstanceID: machine.UUID, LocalHostname: machine.Hostname})
	if err != nil {
		return "", err
	}
	content := filepath.Join(folder, "seed")
	if err := os.MkdirAll(content, 0o755); err != nil {
		return "", err
	}
	for name, data := range map[string][]byte{"meta-data": meta, "user-data": machine.UserData, "network-config": machine.NetworkData} {
		if err := os.WriteFile(filepath.Join(content, name), data, 0o600); err != nil {
			return "", err
		}
	}
	disk := filepath.Join(folder, "seed.iso")
	said, err := exec.CommandContext(ctx, "xorrisofs", "-quiet", "-volid", "cidata", "-joliet", "-rock", "-output", disk, content).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("writing the NoCloud disk: %w\n%s", err, said)
	}
	return disk, nil
}
