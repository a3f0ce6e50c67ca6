// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

const (
	seeds   = "../../e2e/validation/testdata/seeds/"
	goldens = "../../pkg/manifest/testdata/"
	small   = "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm}\n"
	lan     = small + "spec: {networks: [{name: lan}]}\n"
	service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
	fence   = "apiVersion: vm.novasphere.dev/v1alpha1\nkind: WukongUplink\nmetadata: {name: physnet1}\n" +
		"spec: {nodeGroups: [{name: all, interface: ens160}], vlanRanges: [{first: 100, last: 199}]}\n"
	notEvaluated = "warning: WukongUplinks are not evaluated offline; what is rendered is as without it\n"
	key          = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXBvR2k1OE9Ln4n2LkVZg2dVzXq1bKqVY2m0l1bS6pA me@host"
)

// outcome is what one run of the command gave.
type outcome struct {
	code           int
	stdout, stderr string
}

func runWith(stdin string, args ...string) outcome {
	var stdout, stderr strings.Builder
	code := run(args, strings.NewReader(stdin), &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// renderOf renders standard input, and fails the test when that fails.
func renderOf(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	got := runWith(stdin, append([]string{"render", "-f", "-"}, args...)...)
	if got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	return got
}

func writeFile(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// kindsOf names the objects of a printed text.
func kindsOf(t *testing.T, text string) []string {
	t.Helper()
	var names []string
	for document := range strings.SplitSeq(strings.TrimPrefix(text, "---\n"), "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		names = append(names, object.Kind+"/"+object.Metadata.Name)
	}
	return names
}

func TestSeedsFromFiles(t *testing.T) {
	for _, row := range []struct {
		file, golden string
		args         []string
	}{
		{"nmstate-integration-4.1.yaml", "nmstate-integration-4.1.yaml", nil},
		{"vm-network-plan-5.1.yaml", "vm-network-plan-5.1.yaml", nil},
		{"vm-network-plan-5.1.yaml", "vm-network-plan-5.1-macvtap.yaml", []string{"--tap-binding", "macvtap"}},
	} {
		want, err := os.ReadFile(goldens + row.golden)
		if err != nil {
			t.Fatal(err)
		}
		got := runWith("", append([]string{"render", "-f", seeds + row.file}, row.args...)...)
		if got.code != 0 || got.stderr != "" || got.stdout != string(want) {
			t.Errorf("%s: exit code %d, %q; standard output is not %s:\n%s", row.file, got.code, got.stderr, row.golden, got.stdout)
		}
	}
}

func TestJSONIsOneList(t *testing.T) {
	got := renderOf(t, lan, "-o", "json")
	var list struct {
		APIVersion, Kind string
		Items            []json.RawMessage
	}
	if err := json.Unmarshal([]byte(got.stdout), &list); err != nil {
		t.Fatal(err)
	}
	if list.APIVersion != "v1" || list.Kind != "List" || len(list.Items) != 6 {
		t.Errorf("got %s %s with %d items", list.APIVersion, list.Kind, len(list.Items))
	}
}

func TestDefaultsOfFlags(t *testing.T) {
	for _, row := range []struct {
		name           string
		uplink, image  string
		args           []string
		inUplink, inVM string
	}{
		{"built in", "", "", nil, vmv1alpha1.DefaultUplink, vmv1alpha1.DefaultOSImage},
		{"environment", "eno1", "quay.io/env:1", nil, "eno1", "quay.io/env:1"},
		{"flags win", "eno1", "quay.io/env:1", []string{"--default-uplink", "eno2", "--default-os-image", "quay.io/flag:1"}, "eno2", "quay.io/flag:1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv(vmv1alpha1.EnvDefaultUplink, row.uplink)
			t.Setenv(vmv1alpha1.EnvDefaultOSImage, row.image)
			got := renderOf(t, lan, row.args...)
			for _, want := range []string{"uplink: " + row.inUplink + "\n", `image: "` + row.inVM + `"`} {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("%s is missing in\n%s", want, got.stdout)
				}
			}
		})
	}
}

func TestSeveralSources(t *testing.T) {
	folder := t.TempDir()
	second := strings.ReplaceAll(lan, "name: vm", "name: second")
	writeFile(t, folder, "b.yml", second)
	writeFile(t, folder, "a.json", `{"apiVersion":"vm.novasphere.dev/v1alpha1","kind":"Wukong","metadata":{"name":"first"}}
		{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}`)
	writeFile(t, folder, "notes.txt", "not: [yaml")
	if err := os.Mkdir(filepath.Join(folder, "c.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	got := runWith(lan, "render", "-f", folder, "-f", "-")
	names := strings.Join(kindsOf(t, got.stdout), " ")
	want := "Secret/first-cloudinit VirtualMachine/first " +
		"WukongNodeBridge/second-lan NodeNetworkConfigurationPolicy/second-lan-bridge WukongNetwork/second-lan NetworkAttachmentDefinition/second-lan-nad " +
		"Secret/second-cloudinit VirtualMachine/second " +
		"WukongNodeBridge/vm-lan WukongNetwork/vm-lan NetworkAttachmentDefinition/vm-lan-nad Secret/vm-cloudinit VirtualMachine/vm"
	if got.code != 0 || names != want {
		t.Errorf("exit code %d, %s\ngot  %s\nwant %s", got.code, got.stderr, names, want)
	}
}

func TestListOfACluster(t *testing.T) {
	list := `{"apiVersion": "v1", "kind": "List", "items": [
		{"apiVersion": "vm.novasphere.dev/v1alpha1", "kind": "Wukong", "status": {"networks": []},
		 "metadata": {"name": "vm", "namespace": "team", "uid": "4f2b6c8e-0000-4000-8000-000000000000", "generation": 3, "resourceVersion": "7", "managedFields": []}}]}`
	if got := renderOf(t, list); !strings.Contains(got.stdout, "namespace: team") || strings.Contains(got.stdout, "resourceVersion") {
		t.Errorf("got\n%s", got.stdout)
	}
	got := runWith(strings.Replace(list, `"status"`, `"spec": {"cpu": 0}, "status"`, 1), "render", "-f", "-")
	if want := `standard input, document 1, item 1: Wukong "vm": spec.cpu: Invalid value`; got.code != 1 || !strings.HasPrefix(got.stderr, want) {
		t.Errorf("got %q, want %q", got.stderr, want)
	}
}

func TestOtherDocuments(t *testing.T) {
	text := "# a comment alone\n---\n" + service + "---\n" + lan + "---\napiVersion: other.example/v1\nkind: Wukong\nmetadata: {name: theirs}\n---\n" +
		"apiVersion: vm.novasphere.dev/v1alpha1\nkind: WukongNetwork\nmetadata: {name: made-by-the-operator}\n"
	quiet, verbose := renderOf(t, text), renderOf(t, text, "-v")
	if quiet.stderr != "" || quiet.stdout != verbose.stdout {
		t.Errorf("got %q on standard error", quiet.stderr)
	}
	want := "standard input, document 1: Service \"web\" is ignored\n" +
		"standard input, document 3: Wukong \"theirs\" is ignored\n" +
		"standard input, document 4: WukongNetwork \"made-by-the-operator\" is ignored\n"
	if verbose.stderr != want {
		t.Errorf("got %q, want %q", verbose.stderr, want)
	}
}

// A fence in the same files must not keep Wukongs from being rendered, nor pass as if it had been looked at.
func TestUplinks(t *testing.T) {
	without := renderOf(t, lan)
	got := renderOf(t, fence+"---\n"+lan)
	if got.stdout != without.stdout {
		t.Errorf("the WukongUplink changes what is rendered:\n%s", got.stdout)
	}
	if want := "standard input, document 1: WukongUplink \"physnet1\": " + notEvaluated; got.stderr != want {
		t.Errorf("got %q, want %q", got.stderr, want)
	}
	list := `{"apiVersion":"vm.novasphere.dev/v1alpha1","kind":"WukongUplinkList","items":[{"apiVersion":"vm.novasphere.dev/v1alpha1",` +
		`"kind":"WukongUplink","metadata":{"name":"physnet2"},"spec":{"nodeGroups":[{"name":"all","interface":"ens160"}],"untagged":"Allow"}}]}` + "\n"
	got = renderOf(t, list+`{"apiVersion":"vm.novasphere.dev/v1alpha1","kind":"Wukong","metadata":{"name":"vm"},"spec":{"networks":[{"name":"lan"}]}}`)
	if want := "standard input, document 1, item 1: WukongUplink \"physnet2\": " + notEvaluated; got.stdout != without.stdout || got.stderr != want {
		t.Errorf("got %q and\n%s", got.stderr, got.stdout)
	}
}

func TestSecrets(t *testing.T) {
	wukong := small + "spec:\n  sshKeySecret: keys\n  cloudInitUser: {name: ubuntu, passwordHashSecretRef: {name: pw, key: hash}}\n"
	got := renderOf(t, wukong)
	want := `standard input, document 1: Wukong "vm": warning: spec.cloudInitUser.passwordHashSecretRef: Secret pw is not among the given documents; what it holds is left out
standard input, document 1: Wukong "vm": warning: spec.sshKeySecret: Secret keys is not among the given documents; what it holds is left out
`
	if got.stderr != want || strings.Contains(got.stdout, "hashed_passwd") {
		t.Errorf("got %q and\n%s", got.stderr, got.stdout)
	}
	secrets := "---\napiVersion: v1\nkind: Secret\nmetadata: {name: pw}\ndata: {hash: JDYkc2FsdCRoYXNo}\n---\n" +
		"apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {a: " + key + "}\n"
	got = renderOf(t, wukong+secrets)
	if got.stderr != "" || !strings.Contains(got.stdout, "$6$salt$hash") || !strings.Contains(got.stdout, key) {
		t.Errorf("got %q and\n%s", got.stderr, got.stdout)
	}
}

func TestVersion(t *testing.T) {
	if got := runWith("", "version"); got != (outcome{0, version + "\n", ""}) {
		t.Errorf("got %+v", got)
	}
}
