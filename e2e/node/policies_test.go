// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// document is a document of a golden file: a policy, or a list that may have some.
type document struct {
	metav1.TypeMeta `json:",inline"`
	Items           []json.RawMessage `json:"items"`
}

// TestGoldenPolicies has NMState check each policy that the golden files show.
func TestGoldenPolicies(t *testing.T) {
	current, err := os.ReadFile(filepath.Join("testdata", "current.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, folder := range []string{"pkg/render/nncp/testdata", "pkg/manifest/testdata"} {
		for _, file := range goldenFiles(t, folder) {
			for _, policy := range policiesOf(t, file) {
				checked++
				t.Run(filepath.Base(file)+"/"+policy.Name, func(t *testing.T) { checkPolicy(t, policy, current) })
			}
		}
	}
	t.Logf("nmstatectl checked %d policies", checked)
	if checked == 0 {
		t.Error("no golden file has a policy")
	}
}

// TestRefusals has NMState refuse what it must, so that the silence about the golden files means something.
func TestRefusals(t *testing.T) {
	for name, state := range map[string]string{
		"unknown key":       `{"interfaces": [{"name": "br0", "type": "linux-bridge", "bridge": {"uplink": "ens160"}}]}`,
		"VLAN without base": `{"interfaces": [{"name": "v0", "type": "vlan", "state": "up", "vlan": {"id": 7}}]}`,
		"address on a port": `{"interfaces": [{"name": "br0", "type": "linux-bridge", "state": "up", "bridge": {"port": [{"name": "ens160"}]}},
			{"name": "ens160", "type": "ethernet", "state": "up", "ipv4": {"enabled": true, "dhcp": true}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := tool.Check(t.Context(), []byte(state)); err == nil {
				t.Error("NMState accepts it")
			}
		})
	}
}

func checkPolicy(t *testing.T, policy nmstatev1.NodeNetworkConfigurationPolicy, current []byte) {
	state := policy.Spec.DesiredState.Raw
	if len(policy.Spec.Capture) != 0 {
		source, err := sourceOf(&policy)
		if err != nil {
			t.Fatal(err)
		}
		if state, err = tool.Fill(t.Context(), source, current); err != nil {
			t.Fatalf("the captures find nothing on the node of testdata/current.yaml: %v\n%s", err, source)
		}
	}
	if err := tool.Check(t.Context(), state); err != nil {
		t.Errorf("%v\n%s", err, state)
	}
}

func goldenFiles(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("%s is empty", folder)
	}
	return files
}

// policiesOf returns the policies among the documents of a file, also those in a list.
func policiesOf(t *testing.T, file string) []nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var policies []nmstatev1.NodeNetworkConfigurationPolicy
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return policies
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		policies = append(policies, policiesIn(t, file, raw)...)
	}
}

// policiesIn decodes the specs of policies alone: those of other kinds have other shapes.
func policiesIn(t *testing.T, file string, raw json.RawMessage) []nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	var outer document
	if err := json.Unmarshal(raw, &outer); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var policies []nmstatev1.NodeNetworkConfigurationPolicy
	for _, item := range outer.Items {
		policies = append(policies, policiesIn(t, file, item)...)
	}
	if outer.Kind != "NodeNetworkConfigurationPolicy" || !strings.HasPrefix(outer.APIVersion, "nmstate.io/") {
		return policies
	}
	var policy nmstatev1.NodeNetworkConfigurationPolicy
	if err := json.Unmarshal(raw, &policy); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return append(policies, policy)
}
