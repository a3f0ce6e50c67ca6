// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const refusal = "Error: nothing is rendered; correct what is named above\n"

func TestRefusals(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{
			"invalid, beside a valid one",
			lan + "---\n" + strings.ReplaceAll(small, "name: vm", "name: second") + "spec: {cpu: 0, networks: [{name: lan, vlanId: 5000}]}\n",
			"standard input, document 2: Wukong \"second\": spec.cpu: Invalid value: 0: must be between 1 and 512\n" +
				"standard input, document 2: Wukong \"second\": spec.networks[0].vlanId: Invalid value: 5000: must be between 1 and 4094; leave it out for an untagged network\n" + refusal,
		},
		{
			"invalid WukongUplink, beside a valid Wukong", lan + "---\n" + strings.Replace(fence, "last: 199", "last: 99", 1),
			"standard input, document 2: WukongUplink \"physnet1\": spec.vlanRanges[0].last: Invalid value: " +
				"must not be below first; for a single VLAN write it twice\n" + refusal,
		},
		{
			"WukongUplink alone", fence,
			"standard input, document 1: WukongUplink \"physnet1\": " + notEvaluated + "Error: there is no Wukong in what was given with -f\n",
		},
		{"unknown field", small + "spec: {cpus: 2}\n", "standard input, document 1: Wukong \"vm\": spec.cpus: Invalid value: unknown field \"spec.cpus\"\n" + refusal},
		{
			"another type, so that not everything is checked", small + "spec: {cpu: two}\n",
			"standard input, document 1: Wukong \"vm\": spec.cpu: Invalid value: \"string\": spec.cpu in body must be of type integer: \"string\"\n" +
				"standard input, document 1: Wukong \"vm\": <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; " +
				"correct the existing errors to complete validation\n" + refusal,
		},
		{"no kind", "metadata: {name: vm}\n", "standard input, document 1: apiVersion: Required value: write for example vm.novasphere.dev/v1alpha1\n" + refusal},
		{
			"misspelt kind", strings.Replace(lan, "kind: Wukong", "kind: wukong", 1),
			"standard input, document 1: wukong \"vm\": kind: Unsupported value: \"wukong\": supported values: \"Wukong\", \"WukongNetwork\", \"WukongNodeBridge\", \"WukongUplink\"\n" + refusal,
		},
		{
			"version that is not served", strings.Replace(lan, "v1alpha1", "v1", 1),
			"standard input, document 1: Wukong \"vm\": apiVersion: Unsupported value: \"vm.novasphere.dev/v1\": supported values: \"vm.novasphere.dev/v1alpha1\"\n" + refusal,
		},
		{"no YAML", lan + "---\na: b: c\n", "standard input, document 2: document: Invalid value: yaml: mapping values are not allowed in this context\n" + refusal},
		{
			"bridges that contradict each other", lan + "---\n" + strings.Replace(lan, "name: vm", "name: b", 1) + "---\n" +
				"apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: c, namespace: team}\nspec: {networks: [{name: default}, {name: lan, vlanId: 5}]}\n",
			"standard input, document 3: Wukong \"c\": spec.networks[1]: bridge br-lan already exists for default/vm-lan as linux-bridge on ens160; " +
				"this claim wants linux-bridge on ens160 VLAN 5: use the same settings, or another bridgeName\n" + refusal,
		},
		{"declared twice", small + "---\n" + small, "standard input, document 2: Wukong \"vm\": metadata.name: is declared twice; remove one of the two\n" + refusal},
		{
			"a Secret that is no Secret", "apiVersion: v1\nkind: Secret\nmetadata: {name: pw}\ndata: {hash: '%'}\n",
			"standard input, document 1: Secret \"pw\": error unmarshaling JSON: while decoding JSON: illegal base64 data at input byte 0\n" + refusal,
		},
		{
			"a Secret of no use", small + "spec: {sshKeySecret: keys}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {a: hunter2}\n",
			"standard input, document 1: Wukong \"vm\": spec.sshKeySecret: key a of Secret keys: line 1 is not a public key in OpenSSH's format; " +
				"each line has to be a public key such as: ssh-ed25519 AAAAC3Nza... me@host\n" + refusal,
		},
		{"nothing", "", "Error: there is no Wukong in what was given with -f\n"},
		{"only others", service, "Error: there is no Wukong in what was given with -f\n"},
		{"separator with something behind it", "--- {a: b}\n", "Error: standard input: invalid Yaml document separator: {a: b}\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := runWith(row.text, "render", "-f", "-")
			if got != (outcome{1, "", row.want}) {
				t.Errorf("exit code %d, standard output %q, standard error\n%s\nwant\n%s", got.code, got.stdout, got.stderr, row.want)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"no file", []string{"render"}, "no file is given"},
		{"file as argument", []string{"render", "vm.yaml"}, "unknown command"},
		{"missing file", []string{"render", "-f", filepath.Join(t.TempDir(), "vm.yaml")}, "no such file"},
		{"output", []string{"render", "-f", "-", "-o", "xml"}, "must be yaml or json"},
		{"uplink", []string{"render", "-f", "-", "--default-uplink", "a-name-with-16-ch"}, "must be the name of a NIC"},
		{"image", []string{"render", "-f", "-", "--default-os-image", ""}, "must not be empty"},
		{"flag", []string{"render", "--cluster"}, "unknown flag"},
		{"command", []string{"apply"}, "unknown command"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := runWith(lan, row.args...)
			if got.code != 1 || got.stdout != "" || !strings.HasPrefix(got.stderr, "Error: ") || !strings.Contains(got.stderr, row.want) {
				t.Errorf("got %+v, want %q", got, row.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	got := runWith("", "render", "--help")
	if got.code != 0 || !strings.Contains(got.stdout, "kubectl wukong render -f FILE") {
		t.Errorf("got %+v", got)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, filepath.ErrBadPattern }

func TestOutputThatCannotBeWritten(t *testing.T) {
	var stderr strings.Builder
	if code := run([]string{"render", "-f", "-"}, strings.NewReader(lan), brokenPipe{}, &stderr); code != 1 || !strings.Contains(stderr.String(), "writing the objects") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
