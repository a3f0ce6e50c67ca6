// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"text/template"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func loadNMState() (definition, error) {
	folder, err := download(nmstateModule)
	if err != nil {
		return definition{}, err
	}
	var loaded definition
	for _, plural := range []string{
		"nodenetworkconfigurationpolicies", "nodenetworkconfigurationenactments", "nodenetworkstates", "nmstates",
	} {
		crd, err := readCRD(filepath.Join(folder, "deploy", "crds", "nmstate.io_"+plural+".yaml"))
		if err != nil {
			return definition{}, err
		}
		loaded.crds = append(loaded.crds, crd)
	}
	loaded.policies, err = readNMStatePolicies(filepath.Join(folder, "deploy", "handler", "operator.yaml"))
	return loaded, err
}

var (
	documentEnd = regexp.MustCompile(`(?m)^---\s*$`)
	kindLine    = regexp.MustCompile(`(?m)^kind:\s*(\S+)\s*$`)
)

// readNMStatePolicies takes the admission policies out of the template of everything that NMState's operator installs.
func readNMStatePolicies(path string) ([]*unstructured.Unstructured, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	documents := documentEnd.Split(string(content), -1)
	// The templates that the others use are defined before the first of them.
	definitions := documents[0]
	var policies []*unstructured.Unstructured
	for _, document := range documents[1:] {
		if !isPolicy(document) {
			continue
		}
		policy, err := renderPolicy(definitions + document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		policies = append(policies, policy)
	}
	if len(policies) == 0 {
		return nil, errors.New(path + " has no admission policy any more")
	}
	return policies, nil
}

// isPolicy looks for the kind in the text, since most of the documents are no YAML before they are rendered.
func isPolicy(document string) bool {
	kind := kindLine.FindStringSubmatch(document)
	return kind != nil && (kind[1] == "ValidatingAdmissionPolicy" || kind[1] == "ValidatingAdmissionPolicyBinding")
}

// renderPolicy renders a document as NMState's operator does by default: without a prefix to its names.
func renderPolicy(source string) (*unstructured.Unstructured, error) {
	parsed, err := template.New("").Option("missingkey=error").Parse(source)
	if err != nil {
		return nil, err
	}
	var rendered bytes.Buffer
	if err := parsed.Execute(&rendered, map[string]string{"HandlerPrefix": ""}); err != nil {
		return nil, err
	}
	policy := &unstructured.Unstructured{}
	return policy, yaml.Unmarshal(rendered.Bytes(), policy)
}
