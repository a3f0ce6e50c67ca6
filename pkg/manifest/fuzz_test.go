// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package manifest_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/yaml"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/readback"
	"github.com/novasphere/wukong/pkg/manifest"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

// values are what a user may write anywhere.
type values struct {
	name, namespace, network, bridge, address, user, hash, other string
	flags                                                        uint16
}

var kinds = []vmv1alpha1.NetworkType{"", "bridge", "ovs", "macvlan", "ipvlan", "sriov"}

// wukong returns a Wukong with the values in each of its texts, without validation.
func (v values) wukong() *vmv1alpha1.Wukong {
	number := int32(v.flags)
	config := &vmv1alpha1.IPConfig{
		Mode: vmv1alpha1.IPModeStatic, Address: vmv1alpha1.InterfaceAddress(v.address), Gateway: vmv1alpha1.IPAddress(v.other), Metric: &number,
		DNSServers: []vmv1alpha1.IPAddress{vmv1alpha1.IPAddress(v.address)}, Routes: []vmv1alpha1.Route{{To: vmv1alpha1.CIDR(v.other), Via: vmv1alpha1.IPAddress(v.address)}},
	}
	network := vmv1alpha1.Network{
		Name: v.network, Type: kinds[int(v.flags)%len(kinds)], BridgeName: v.bridge, Uplink: vmv1alpha1.UplinkName(v.other), VLANID: &number, MTU: &number,
		MACAddress: vmv1alpha1.MACAddress(v.address), IPConfig: config,
	}
	if v.flags&64 != 0 {
		network.NADName = v.bridge
	}
	return &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: v.namespace, Name: v.name},
		Spec: vmv1alpha1.WukongSpec{
			CPU: 2, Memory: resource.MustParse("4Gi"), OSImage: v.other, RunStrategy: vmv1alpha1.RunStrategy(v.user),
			Networks: []vmv1alpha1.Network{{Name: "default"}, network},
			CloudInitUser: &vmv1alpha1.CloudInitUser{
				Name: v.user, PasswordHash: v.hash, Sudo: v.other, Shell: v.bridge, Groups: []string{v.user}, SSHAuthorizedKeys: []string{v.hash},
			},
			NodeSelector: map[string]string{v.other: v.user},
			Tolerations:  []corev1.Toleration{{Key: v.user, Value: v.other}},
			Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
				{TopologyKey: v.other, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{v.user: v.other}}},
			}}},
		},
	}
}

// readdress gives a network addresses that are some.
func readdress(network *vmv1alpha1.Network) {
	network.MACAddress = "02:00:00:00:00:01"
	network.IPConfig.Address, network.IPConfig.Gateway, network.IPConfig.DNSServers = "10.0.0.2/24", "10.0.0.1", []vmv1alpha1.IPAddress{"10.0.0.53"}
	network.IPConfig.Routes = []vmv1alpha1.Route{{To: "10.1.0.0/16", Via: "10.0.0.1"}}
}

// A user's value cannot become another object, another key or another type, whatever it is and without validation.
func FuzzManifest(f *testing.F) {
	hostile := func(i int) string { return readback.Hostile[i%len(readback.Hostile)] }
	for i := range readback.Hostile {
		f.Add(hostile(i), hostile(i+7), hostile(i+13), hostile(i+29), hostile(i+41), hostile(i+57), hostile(i+71), hostile(i+83), uint16(i))
	}
	f.Fuzz(func(t *testing.T, name, namespace, network, bridge, address, user, hash, other string, flags uint16) {
		v := values{name, namespace, network, bridge, address, user, hash, other, flags}
		for _, value := range []*string{&v.name, &v.namespace, &v.network, &v.bridge, &v.address, &v.user, &v.hash, &v.other} {
			*value = strings.ToValidUTF8(*value, "\ufffd")
		}
		if v.name == "" || v.network == vmv1alpha1.PodNetworkName {
			t.Skip("an API server has no objects without name, and the pod network has no attachment")
		}
		opts := opts
		if v.flags&128 != 0 {
			opts.TapBinding = v.user
		}
		wukong := v.wukong()
		objects, err := manifest.Render(wukong, opts)
		if _, refused := errors.AsType[*cloudinit.ValueError](err); refused {
			// An address that is none is refused where the guest's programs would read it. All else is looked at beside good ones.
			readdress(&wukong.Spec.Networks[1])
			objects, err = manifest.Render(wukong, opts)
		}
		if err != nil {
			t.Fatal(err)
		}
		v.checkObjects(t, objects)
		checkEncoding(t, objects)
	})
}

// checkObjects looks at what each value became.
func (v values) checkObjects(t *testing.T, objects []manifest.Object) {
	t.Helper()
	wanted := map[string]int{"WukongNetwork": 1, "Secret": 1, "VirtualMachine": 1}
	if v.flags&64 == 0 || v.bridge == "" {
		wanted["NetworkAttachmentDefinition"] = 1
		if kind := kinds[int(v.flags)%len(kinds)]; kind == "" || kind == "bridge" || kind == "ovs" {
			wanted["WukongNodeBridge"], wanted["NodeNetworkConfigurationPolicy"] = 1, 1
		}
	}
	for _, object := range objects {
		wanted[object.GetObjectKind().GroupVersionKind().Kind]--
		switch typed := object.(type) {
		case *nmstatev1.NodeNetworkConfigurationPolicy:
			v.checkPolicy(t, typed)
		case *nadv1.NetworkAttachmentDefinition:
			keys(t, typed.Spec.Config, "cniVersion name type bridge master mode vlan mtu preserveDefaultVlan macspoofchk disableContainerInterface capabilities")
		case *corev1.Secret:
			v.checkGuest(t, typed)
		case *kubevirtv1.VirtualMachine:
			v.checkMachine(t, typed)
		}
	}
	for kind, missing := range wanted {
		if missing != 0 {
			t.Fatalf("%d of kind %s are missing among %q", missing, kind, listOf(objects))
		}
	}
}

func (v values) checkPolicy(t *testing.T, policy *nmstatev1.NodeNetworkConfigurationPolicy) {
	t.Helper()
	bridge := v.bridge
	if bridge == "" {
		bridge = strings.ToValidUTF8(naming.Bridge(v.network), "\ufffd")
	}
	var state struct {
		Interfaces []struct{ Name, Type string }
	}
	sent, err := policy.Spec.DesiredState.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sent, &state); err != nil {
		t.Fatal(err)
	}
	last := state.Interfaces[len(state.Interfaces)-1]
	if len(state.Interfaces) > 2 || v.bridge != "" && last.Name != bridge || last.Type != "linux-bridge" && last.Type != "ovs-bridge" {
		t.Fatalf("got %v, want bridge %q", state.Interfaces, bridge)
	}
}

func (v values) checkGuest(t *testing.T, secret *corev1.Secret) {
	t.Helper()
	account := map[string]any{
		"name": v.user, "lock_passwd": v.hash == "", "groups": []string{v.user}, "ssh_authorized_keys": []string{v.hash},
	}
	for key, value := range map[string]string{"hashed_passwd": v.hash, "sudo": v.other, "shell": v.bridge} {
		if value != "" {
			account[key] = value
		}
	}
	data := map[string]any{
		"hostname": strings.ToValidUTF8(naming.VirtualMachine(v.name), "\ufffd"), "preserve_hostname": false, "manage_etc_hosts": "localhost",
		"updates": map[string]any{"network": map[string]any{"when": []string{"boot-new-instance", "boot"}}}, "users": []any{account},
	}
	if v.hash != "" {
		data["ssh_pwauth"] = true
	}
	// What these hold, package cloudinit fuzzes.
	var read struct {
		Commands []any `json:"bootcmd"`
	}
	if err := yaml.Unmarshal([]byte(secret.StringData["userdata"]), &read); err != nil {
		t.Fatal(err)
	}
	if read.Commands != nil {
		data["bootcmd"] = read.Commands
	}
	readback.Check(t, secret.StringData["userdata"], data)
}

func (v values) checkMachine(t *testing.T, machine *kubevirtv1.VirtualMachine) {
	t.Helper()
	spec := machine.Spec.Template.Spec
	image := v.other
	if image == "" {
		image = opts.DefaultImage
	}
	if spec.Volumes[0].ContainerDisk.Image != image || spec.NodeSelector[v.other] != v.user || spec.Tolerations[0].Key != v.user ||
		len(spec.Networks) != 2 || spec.Networks[1].Name != v.network || len(spec.Volumes) != 2 {
		t.Fatalf("got %v", spec)
	}
}

// keys checks that a JSON object has no other keys than those.
func keys(t *testing.T, text, known string) {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	for key := range object {
		if !strings.Contains(" "+known+" ", " "+key+" ") {
			t.Fatalf("there is a key %q in %s", key, text)
		}
	}
}

// checkEncoding reads the printed text as kubectl does, and compares it with the objects.
func checkEncoding(t *testing.T, objects []manifest.Object) {
	t.Helper()
	wanted := make([]any, 0, len(objects))
	for _, object := range objects {
		wanted = append(wanted, declared(t, object))
	}
	text := yamlOf(t, objects)
	reader := yamlstream.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for _, want := range wanted {
		document, err := reader.Read()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		readback.Check(t, string(document), want)
	}
	if rest, err := reader.Read(); !errors.Is(err, io.EOF) {
		t.Fatalf("there is another document (%v):\n%s", err, rest)
	}
	list, err := manifest.JSON(objects)
	if err != nil {
		t.Fatal(err)
	}
	readback.CheckJSON(t, list, map[string]any{"apiVersion": "v1", "kind": "List", "items": wanted})
}

// declared returns an object without status, and without what is null.
func declared(t *testing.T, object manifest.Object) any {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var content map[string]any
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	delete(content, "status")
	return withoutNulls(content)
}

func withoutNulls(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		clean := map[string]any{}
		for key, element := range typed {
			if element != nil {
				clean[key] = withoutNulls(element)
			}
		}
		return clean
	case []any:
		for i := range typed {
			typed[i] = withoutNulls(typed[i])
		}
	}
	return value
}
