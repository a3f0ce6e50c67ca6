// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package manifest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/manifest"
)

// policies returns the names of the policies among objects, each with the bridge it makes.
func policies(objects []manifest.Object) []string {
	var names []string
	for _, object := range objects {
		if object.GetObjectKind().GroupVersionKind().Kind == "NodeNetworkConfigurationPolicy" {
			names = append(names, object.GetName()+" "+object.GetLabels()[vmv1alpha1.LabelBridge])
		}
	}
	return names
}

func in(namespace string, wukong *vmv1alpha1.Wukong) *vmv1alpha1.Wukong {
	wukong.Namespace = namespace
	return wukong
}

func made(second int64, wukong *vmv1alpha1.Wukong) *vmv1alpha1.Wukong {
	wukong.CreationTimestamp = metav1.Unix(second, 0)
	return wukong
}

func TestSharedBridges(t *testing.T) {
	const lan = "{name: lan, bridgeName: br-lan, vlanId: 100}"
	for _, row := range []struct {
		name    string
		wukongs []*vmv1alpha1.Wukong
		want    []string
	}{
		{"one policy, named after the first", []*vmv1alpha1.Wukong{declare(t, "b", lan), declare(t, "a", lan)}, []string{"b-lan-bridge br-lan"}},
		{"two networks of one machine", []*vmv1alpha1.Wukong{declare(t, "a", "{name: one, type: ovs, bridgeName: br, vlanId: 1}, {name: two, type: ovs, bridgeName: br, vlanId: 2}")}, []string{"a-one-bridge br"}},
		{"across namespaces", []*vmv1alpha1.Wukong{in("one", declare(t, "a", lan)), in("two", declare(t, "a", lan))}, []string{"a-lan-bridge br-lan"}},
		{
			"same name in two namespaces, other bridges",
			[]*vmv1alpha1.Wukong{in("one", declare(t, "a", lan)), in("two", declare(t, "a", "{name: lan, bridgeName: br-two, vlanId: 2}"))},
			[]string{"a-lan-bridge br-lan", "a-lan-bridge-s2hrmqbh br-two"},
		},
		{"the oldest names it", []*vmv1alpha1.Wukong{made(20, declare(t, "a", lan)), made(10, declare(t, "b", lan))}, []string{"b-lan-bridge br-lan"}},
		{"what exists is older than what is new", []*vmv1alpha1.Wukong{declare(t, "a", lan), made(10, declare(t, "b", lan))}, []string{"b-lan-bridge br-lan"}},
		{"tagged and untagged on one NIC", []*vmv1alpha1.Wukong{declare(t, "a", lan+", {name: wan}")}, []string{"a-lan-bridge br-lan", "a-wan-bridge br-wan"}},
		{"none for macvlan and existing attachments", []*vmv1alpha1.Wukong{declare(t, "a", "{name: one, type: macvlan}, {name: two, nadName: own}")}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			objects, err := manifest.RenderAll(row.wukongs, opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := policies(objects); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestConflicts(t *testing.T) {
	for _, row := range []struct {
		name    string
		wukongs []*vmv1alpha1.Wukong
		// want are parts of the error, which is one line for each problem.
		want []string
	}{
		{
			"another VLAN",
			[]*vmv1alpha1.Wukong{declare(t, "a", "{name: lan, vlanId: 100}"), declare(t, "b", "{name: default}, {name: lan, vlanId: 200}")},
			[]string{"Wukong default/b: spec.networks[1]: bridge br-lan already exists for default/a-lan as linux-bridge on ens160 VLAN 100"},
		},
		{
			"another MTU in one machine",
			[]*vmv1alpha1.Wukong{declare(t, "a", "{name: one, bridgeName: br}, {name: two, bridgeName: br, mtu: 9000}")},
			[]string{"Wukong default/a: spec.networks[1]: bridge br already exists for default/a-one"},
		},
		{
			"one NIC and VLAN in two bridges",
			[]*vmv1alpha1.Wukong{declare(t, "a", "{name: lan, vlanId: 100}"), declare(t, "b", "{name: wan, vlanId: 100}")},
			[]string{"Wukong default/b: spec.networks[0]: ens160.100 is already the port of bridge br-lan for default/a-lan"},
		},
		{
			"the oldest wins, wherever it stands",
			[]*vmv1alpha1.Wukong{made(20, declare(t, "a", "{name: lan, vlanId: 100}")), made(10, declare(t, "b", "{name: lan, vlanId: 200}"))},
			[]string{"Wukong default/a: spec.networks[0]: bridge br-lan already exists for default/b-lan"},
		},
		{
			"several",
			[]*vmv1alpha1.Wukong{declare(t, "a", "{name: lan, vlanId: 100}"), declare(t, "b", "{name: lan}"), declare(t, "c", "{name: wan, vlanId: 100}, {name: lan, uplink: ens161}")},
			[]string{"Wukong default/b: spec.networks[0]: bridge br-lan", "Wukong default/c: spec.networks[1]: bridge br-lan", "Wukong default/c: spec.networks[0]: ens160.100"},
		},
		{"declared twice", []*vmv1alpha1.Wukong{declare(t, "a", ""), in("default", declare(t, "a", ""))}, []string{"Wukong default/a: metadata.name: is declared twice"}},
		{"no name", []*vmv1alpha1.Wukong{parse(t, "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {generateName: a-}\n")}, []string{"metadata.name: must be set"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			objects, err := manifest.RenderAll(row.wukongs, opts)
			if err == nil || objects != nil {
				t.Fatalf("got %v, want an error", listOf(objects))
			}
			if problem, ok := errors.AsType[*manifest.WukongError](err); !ok {
				t.Errorf("%T names no Wukong", problem)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(row.want) {
				t.Fatalf("got %q, want %d problems", lines, len(row.want))
			}
			for _, want := range row.want {
				if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, want) }) {
					t.Errorf("got %q, want %q in it", lines, want)
				}
			}
		})
	}
}

// "a-b" with network "c" and "a" with network "b-c" want the same name.
func TestNamesDoNotMeet(t *testing.T) {
	objects, err := manifest.RenderAll([]*vmv1alpha1.Wukong{declare(t, "a-b", "{name: c, vlanId: 1}"), declare(t, "a", "{name: b-c, vlanId: 2}")}, opts)
	if err != nil {
		t.Fatal(err)
	}
	names := listOf(objects)
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) {
		t.Errorf("two objects have one name: %q", names)
	}
	if !slices.Contains(names, "WukongNetwork a-b-c") {
		t.Errorf("nobody has the preferred name: %q", names)
	}
}

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXBvR2k1OE9Ln4n2LkVZg2dVzXq1bKqVY2m0l1bS6pA me@host"

func withSecrets(t *testing.T) *vmv1alpha1.Wukong {
	wukong := declare(t, "vm", "")
	wukong.Spec.SSHKeySecret = "keys"
	wukong.Spec.CloudInitUser = &vmv1alpha1.CloudInitUser{Name: "ubuntu", PasswordHashSecretRef: &vmv1alpha1.SecretKeyReference{Name: "pw", Key: "hash"}}
	return wukong
}

func TestSecrets(t *testing.T) {
	opts := opts
	opts.Secrets = []*corev1.Secret{
		{ObjectMeta: metav1.ObjectMeta{Name: "keys"}, Data: map[string][]byte{"a": []byte("replaced by stringData")}, StringData: map[string]string{"a": key}},
		{ObjectMeta: metav1.ObjectMeta{Name: "pw", Namespace: "default"}, Data: map[string][]byte{"hash": []byte("$6$salt$hash\n")}},
	}
	wukong := withSecrets(t)
	if missing := manifest.MissingSecrets(wukong, opts.Secrets); missing != nil {
		t.Errorf("%v are missing", missing)
	}
	objects, err := manifest.Render(wukong, opts)
	if err != nil {
		t.Fatal(err)
	}
	data := objects[0].(*corev1.Secret).StringData["userdata"]
	for _, want := range []string{key, `"$6$salt$hash"`} {
		if !strings.Contains(data, want) {
			t.Errorf("%s is missing:\n%s", want, data)
		}
	}
	if opts.Secrets[0].StringData == nil {
		t.Error("the given Secret was changed")
	}
}

func TestSecretsThatAreMissing(t *testing.T) {
	wukong := withSecrets(t)
	opts := opts
	opts.Secrets = []*corev1.Secret{{ObjectMeta: metav1.ObjectMeta{Name: "keys", Namespace: "other"}, StringData: map[string]string{"a": key}}}
	if missing := manifest.MissingSecrets(wukong, opts.Secrets); len(missing) != 2 || missing[0].Name != "pw" || missing[1].Name != "keys" {
		t.Errorf("got %v, want pw and keys", missing)
	}
	objects, err := manifest.Render(wukong, opts)
	if err != nil {
		t.Fatal(err)
	}
	data := objects[0].(*corev1.Secret).StringData["userdata"]
	if strings.Contains(data, "hashed_passwd") || strings.Contains(data, "ssh_authorized_keys") {
		t.Errorf("content was made up:\n%s", data)
	}
}

func TestSecretsThatAreOfNoUse(t *testing.T) {
	wukong := withSecrets(t)
	opts := opts
	opts.Secrets = []*corev1.Secret{{ObjectMeta: metav1.ObjectMeta{Name: "pw"}, StringData: map[string]string{"hash": "in clear text"}}}
	_, err := manifest.Render(wukong, opts)
	problem, ok := errors.AsType[*manifest.WukongError](err)
	if !ok || problem.Field != "spec.cloudInitUser.passwordHashSecretRef" || strings.Contains(err.Error(), "in clear text") {
		t.Errorf("got %v", err)
	}
}

func TestCreationTimesAreNotRendered(t *testing.T) {
	wukong := made(time.Now().Unix(), declare(t, "vm", "{name: lan}"))
	objects, err := manifest.Render(wukong, opts)
	if err != nil {
		t.Fatal(err)
	}
	if text := yamlOf(t, objects); strings.Contains(text, "creationTimestamp") || strings.Contains(text, "status:") {
		t.Errorf("something of a cluster is in:\n%s", text)
	}
}
