// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// plants are the secrets of a test: what each is, by the text that stands in for it.
type plants map[string]string

// plant returns a text that is found nowhere else, as a secret of a kind.
func (p plants) plant(kind string) string {
	marker := fmt.Sprintf("planted%02dsecret", len(p)+1)
	p[marker] = kind
	return marker
}

// found returns the secrets that are in a text, as they are or in base64, wherever they begin in it.
func (p plants) found(text string) []string {
	var found []string
	for _, marker := range slices.Sorted(maps.Keys(p)) {
		forms := []string{marker}
		for offset := range 3 {
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", offset) + marker))
			// The ends depend on what stands beside the secret.
			forms = append(forms, encoded[[]int{0, 2, 3}[offset]:len(encoded)-4])
		}
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, form) }) {
			found = append(found, marker)
		}
	}
	return found
}

// token is a service account's.
var token = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`)

// exceptions are the objects that have to carry secrets of a kind, by their kinds, with the reason.
var exceptions = map[string]struct {
	kinds  []string
	reason string
}{
	"Secret":                 {[]string{"guest"}, "cloud-init reads it in the guest; it is the one that Wukong makes"},
	"VirtualMachine":         {[]string{"disk", "image", "osImage"}, "KubeVirt makes the DataVolume of its template, and pulls the image"},
	"VirtualMachineInstance": {[]string{"osImage"}, "KubeVirt pulls the image"},
	"DataVolume":             {[]string{"disk", "CDI"}, "CDI fills the disk from there, and says what it met"},
	"Pod":                    {[]string{"osImage"}, "the kubelet pulls the image"},
}

// excepted reports whether an object of a kind may carry a secret.
func excepted(objectKind, secret string) bool {
	return slices.ContainsFunc(exceptions[objectKind].kinds, func(kind string) bool { return strings.HasPrefix(secret, kind+":") })
}

// expectHidden fails the test for each secret that is in the manager's log, in its metrics, in an event of Wukong or in an object that
// Wukong makes or writes to. It returns what the exceptions carry.
func (w *world) expectHidden(when string, p plants, scrape string) map[string]bool {
	w.t.Helper()
	carried := map[string]bool{}
	outputs := map[string]string{"the log": w.log.String()}
	text, err := w.metrics(scrape)
	w.must(err)
	outputs["the metrics"] = text
	for _, list := range []client.ObjectList{
		&vmv1alpha1.WukongList{}, &vmv1alpha1.WukongNetworkList{}, &vmv1alpha1.WukongNodeBridgeList{}, &vmv1alpha1.WukongUplinkList{},
		&nadv1.NetworkAttachmentDefinitionList{}, &nmstatev1.NodeNetworkConfigurationPolicyList{},
		&kubevirtv1.VirtualMachineList{}, &kubevirtv1.VirtualMachineInstanceList{}, &cdiv1.DataVolumeList{},
		&corev1.PersistentVolumeClaimList{}, &corev1.PodList{}, &corev1.SecretList{}, &corev1.EventList{}, &eventsv1.EventList{},
		&rbacv1.RoleBindingList{}, &coordinationv1.LeaseList{}, &corev1.NamespaceList{}, &corev1.ConfigMapList{},
	} {
		w.must(w.Client.List(w.t.Context(), list))
		w.must(meta.EachListItem(list, func(item runtime.Object) error {
			object := item.(client.Object)
			kind, err := apiutil.GVKForObject(object, w.Client.Scheme())
			if err != nil || isInput(object) {
				return err
			}
			text, err := json.Marshal(withoutInput(object))
			if err != nil {
				return err
			}
			for _, marker := range p.found(decoded(object, string(text))) {
				if excepted(kind.Kind, p[marker]) {
					carried[marker] = true
					continue
				}
				w.t.Errorf("%s, %s %s/%s shows the secret of %s", when, kind.Kind, object.GetNamespace(), object.GetName(), p[marker])
			}
			outputs["objects"] += string(text)
			return nil
		}))
	}
	for name, text := range outputs {
		if name != "objects" {
			for _, marker := range p.found(text) {
				w.t.Errorf("%s, %s shows the secret of %s: %s", when, name, p[marker], around(text, marker))
			}
		}
		if found := token.FindString(text); found != "" {
			w.t.Errorf("%s, %s shows a token", when, name)
		}
	}
	return carried
}

// around returns the line of a text that has a secret.
func around(text, marker string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, marker) {
			return line
		}
	}
	return "in base64"
}

// isInput reports whether an object is what somebody else says, or a Secret that Wukong did not make.
func isInput(object client.Object) bool {
	ours := object.GetLabels()[vmv1alpha1.LabelManagedBy] == vmv1alpha1.ManagedByWukong
	switch object := object.(type) {
	case *corev1.Secret, *nmstatev1.NodeNetworkConfigurationPolicy, *corev1.ConfigMap:
		return !ours
	case *corev1.Event:
		return !strings.HasPrefix(object.ReportingController, "wukong-") && !strings.HasPrefix(object.Source.Component, "wukong-")
	case *eventsv1.Event:
		return !strings.HasPrefix(object.ReportingController, "wukong-")
	}
	return false
}

// withoutInput returns an object without what a user wrote in it.
func withoutInput(object client.Object) client.Object {
	wukong, ok := object.(*vmv1alpha1.Wukong)
	if !ok {
		return object
	}
	bare := wukong.DeepCopy()
	bare.Spec, bare.Annotations, bare.Labels = vmv1alpha1.WukongSpec{}, nil, nil
	return bare
}

// decoded adds the content of a Secret, whose parts may be in base64 once more.
func decoded(object client.Object, text string) string {
	if secret, ok := object.(*corev1.Secret); ok {
		for _, value := range secret.Data {
			text += "\n" + string(value)
		}
	}
	return text
}

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1U0CkAGuJVVyvdu3vnpkBvpcNIyYNY21DqPbuD1Z0h"

// nodeWith8021X is a node's report with a password for 802.1X, which NMState hides and others may not.
func nodeWith8021X(name, mtu, password string) *nmstatev1beta1.NodeNetworkState {
	text := fmt.Sprintf(`{"interfaces":[{"name":"ens192","type":"ethernet","state":"up","mtu":%s,"802.1x":{"identity":"me","private-key-password":%q}}]}`, mtu, password)
	return &nmstatev1beta1.NodeNetworkState{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status:     shared.NodeNetworkStateStatus{CurrentState: shared.State{Raw: []byte(text)}},
	}
}

// TestPlantedSecrets plants a secret in every input that can hold one, leads Wukongs through refusals, corrections and changes to their
// end, and looks for each of them in everything that Wukong writes. Only the Secret for the guest has them, and what has to carry a
// disk's or an image's address.
func TestPlantedSecrets(t *testing.T) {
	w := newWorld(t, lab.Options{Neighbours: []neighbours.API{neighbours.NMState, neighbours.Multus, neighbours.KubeVirt, neighbours.CDI}}, "--log-level=debug")
	p := plants{}
	scrape := w.scraper()
	p[scrape] = "token: whoever reads the metrics"
	w.create(storageClass("standard", storagev1.VolumeBindingImmediate, true))
	w.namespace("elsewhere")

	// What nobody refers to.
	pull := secret("pull", corev1.DockerConfigJsonKey, `{"auths":{"quay.io":{"auth":"`+p.plant("other: a registry's login")+`"}}}`)
	pull.Type = corev1.SecretTypeDockerConfigJson
	abroad := secret("password", "hash", "$6$salt$"+p.plant("other: a Secret of the same name in another namespace"))
	abroad.Namespace = "elsewhere"
	w.create(pull, abroad, secret("unnamed", "password", p.plant("other: a Secret that no Wukong names")),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "settings"}, Data: map[string]string{"token": p.plant("other: a ConfigMap")}})

	// What nodes and the policies of others hold.
	for _, state := range []*nmstatev1beta1.NodeNetworkState{
		nodeWith8021X("elsewhere", "1500", p.plant("node: a password for 802.1X in a node's report")),
		nodeWith8021X("broken", fmt.Sprintf("%q", p.plant("node: a report that cannot be read")), p.plant("node: a password in a report that cannot be read")),
	} {
		current := state.Status
		w.create(state)
		state.Status = current
		w.must(w.Client.Status().Update(t.Context(), state))
	}
	w.create(&nmstatev1.NodeNetworkConfigurationPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "foreign"},
		Spec: shared.NodeNetworkConfigurationPolicySpec{
			NodeSelector: map[string]string{"kubernetes.io/hostname": "nowhere"},
			DesiredState: shared.NewState(`{"interfaces":[{"name":"ens999","type":"ethernet","state":"up","802.1x":{"private-key-password":"` +
				p.plant("node: a password for 802.1X in somebody else's policy") + `"}}]}`),
		},
	})
	words := "NmstateError: GET https://robot:" + p.plant("NMState: a URL in NMState's words") + "@proxy.example.org/ failed"
	for _, node := range w.NMState.Nodes() {
		w.NMState.Node(node).FailWith(words)
	}

	// A machine whose guest is configured from Secrets, with each of them wrong at first.
	user := &vmv1alpha1.CloudInitUser{
		Name: "ubuntu", PasswordHashSecretRef: &vmv1alpha1.SecretKeyReference{Name: "password", Key: "hash"},
		SSHAuthorizedKeys: []string{publicKey + " " + p.plant("guest: the comment of an inline key")},
	}
	machine := withDisks("a",
		vmv1alpha1.Disk{Name: "root", Size: "20Gi", Image: "docker://robot:" + p.plant("disk: a registry's token") + "@quay.io/containerdisks/debian:12", Boot: true},
		vmv1alpha1.Disk{Name: "data", Size: "5Gi", Image: "https://me:" + p.plant("disk: a password in a URL") + "@example.org/data.qcow2"},
		vmv1alpha1.Disk{Name: "signed", Size: "5Gi", Image: "https://example.org/data.qcow2?X-Amz-Signature=" + p.plant("disk: a signed URL")})
	machine.Spec.Networks = []vmv1alpha1.Network{bridged("lan", "br-lan", 100)}
	machine.Spec.CloudInitUser, machine.Spec.SSHKeySecret, machine.Spec.CloudInit = user, "keys", &vmv1alpha1.CloudInit{SecretName: "own"}
	machine.Annotations = map[string]string{"example.org/token": p.plant("Wukong: an annotation")}
	machine.Labels = map[string]string{"example.org/token": p.plant("Wukong: a label")}
	w.create(machine)
	w.expect("default", "a", vmv1alpha1.ConditionCloudInitReady, no, vmv1alpha1.ReasonSecretNotFound)
	w.expectClaim("a-lan", vmv1alpha1.ReasonNodesFailed, "https://***@proxy.example.org/")
	w.expectHidden("with failed nodes", p, scrape)
	for _, node := range w.NMState.Nodes() {
		w.NMState.Node(node).Succeed()
	}
	w.must(w.Client.Delete(t.Context(), w.onlyPolicyOf("br-lan")))

	password := secret("password", "hash", p.plant("guest's input: a password in clear"))
	password.Data["next"] = []byte(p.plant("other: a key of a named Secret that is not named"))
	keySecret := secret("keys", "mistake", "-----BEGIN OPENSSH PRIVATE KEY-----\n"+p.plant("guest's input: a private key")+"\n")
	own := secret("own", "userdata", "#cloud-config\npassword: *"+p.plant("guest's input: user-data that is no YAML"))
	own.Data["spare"] = []byte(p.plant("other: a spare key of the user-data's Secret"))
	own.Labels = map[string]string{"example.org/token": p.plant("other: a label of a Secret")}
	w.create(password, keySecret, own)
	const cloudInit = vmv1alpha1.ConditionCloudInitReady
	w.expectTold("default", "a", cloudInit, "key hash of Secret password is not a crypt(3) hash")
	password.Data["hash"] = []byte("$6$salt$" + p.plant("guest: a hash from a Secret"))
	w.replace(password)
	w.expectTold("default", "a", cloudInit, "key mistake of Secret keys")
	keySecret.Data = map[string][]byte{"malformed": []byte(p.plant("guest's input: a text that is no key"))}
	w.replace(keySecret)
	w.expectTold("default", "a", cloudInit, "key malformed of Secret keys")
	keySecret.Data = map[string][]byte{"keys": []byte(
		publicKey + " " + p.plant("guest: the comment of a key in a Secret") + "\n" +
			`environment="TOKEN=` + p.plant("guest: an option of a key") + `" ` + publicKey + "\n")}
	w.replace(keySecret)
	for _, wrong := range []struct{ userData, told string }{
		{"", "no valid YAML"},
		{"password=" + p.plant("guest's input: user-data of no kind"), "its first line is none"},
		{"MIME-Version: 1.0\nContent-Type: " + p.plant("guest's input: a MIME type") + ";;\n\nx\n", "without a valid Content-Type"},
		{"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=" + p.plant("guest's input: a MIME boundary") + "\n\nx\n", "cannot be read from part 1"},
	} {
		if wrong.userData != "" {
			own.Data["userdata"] = []byte(wrong.userData)
			w.replace(own)
		}
		w.expectTold("default", "a", cloudInit, wrong.told)
	}
	w.expectHidden("with refused Secrets", p, scrape)

	// CDI and a kubelet repeat an address that they were given.
	w.CDI.Disk("default", "a-data").Fail("Unable to connect to https://me:" + p.plant("CDI: a URL in CDI's words") + "@example.org/data.qcow2: 401")
	own.Data["userdata"] = []byte("#!/bin/sh\nlogin --password " + p.plant("guest: a password in a script") + "\n")
	w.replace(own)
	w.expectTold("default", "a", disksAre, "https://***@example.org/data.qcow2: 401")
	w.CDI.Disk("default", "a-data").Heal()
	w.expectReady("default", "a")
	inline := newWukong("default", "b")
	inline.Spec.CloudInitUser = &vmv1alpha1.CloudInitUser{Name: "ubuntu", PasswordHash: "$6$salt$" + p.plant("guest: an inline hash")}
	inline.Spec.OSImage = "robot:" + p.plant("osImage: a registry's token") + "@quay.io/containerdisks/debian:12"
	w.KubeVirt.VM("default", "b").FailSandbox("GET https://robot:" + p.plant("kubelet: a URL in a CNI plugin's words") + "@ipam.example.org failed")
	w.create(inline)
	w.expect("default", "b", vmv1alpha1.ConditionReady, no, vmv1alpha1.ReasonPodNotStarting)
	w.KubeVirt.VM("default", "b").FailSandbox("")
	w.expectReady("default", "b")
	carried := w.expectHidden("when the machines run", p, scrape)

	// The manager's own environment, and changes under a manager that has just started.
	w.must(w.manager.Stop())
	manager, err := w.StartManager(t.Context(), lab.ManagerOptions{Log: w.log, Arguments: []string{"--log-level=debug"}, Environment: []string{
		"HTTPS_PROXY=http://me:" + p.plant("environment: a proxy's password") + "@127.0.0.1:9", "VAULT_TOKEN=" + p.plant("environment: a token"),
	}})
	w.must(err)
	w.manager = manager
	own.Data["userdata"] = []byte("#cloud-config\nchpasswd: {list: 'root:" + p.plant("guest: a password in cloud-config") + "'}\n")
	w.replace(own)
	w.expect("default", "a", vmv1alpha1.ConditionRestartRequired, metav1.ConditionTrue, vmv1alpha1.ReasonGuestDataChanged)
	w.change("default", "b", func(spec *vmv1alpha1.WukongSpec) {
		spec.OSImage = "robot:" + p.plant("osImage: another token") + "@quay.io/containerdisks/debian:13"
	})
	w.expectTold("default", "b", vmv1alpha1.ConditionRestartRequired, "osImage ***@quay.io/containerdisks/debian:12 → ***@quay.io/containerdisks/debian:13")
	var taken vmv1alpha1.Disk
	w.edit("a", func(spec *vmv1alpha1.WukongSpec) {
		taken = spec.Disks[1]
		spec.Disks = slices.Delete(spec.Disks, 1, 2)
	})
	w.eventually("the disk is taken out", func(ctx context.Context) error {
		for _, volume := range w.machine("a").Spec.Template.Spec.Volumes {
			if volume.Name == taken.Name {
				return fmt.Errorf("the machine has it")
			}
		}
		return nil
	})
	w.edit("a", func(spec *vmv1alpha1.WukongSpec) {
		taken.Image = "https://me:" + p.plant("image: the password of another image for a disk") + "@example.org/other.qcow2"
		spec.Disks = append(spec.Disks, taken)
	})
	w.expectTold("default", "a", disksAre, "was filled from https://***@example.org/data.qcow2 and not from https://***@example.org/other.qcow2")
	maps.Copy(carried, w.expectHidden("after the changes", p, scrape))

	for _, name := range []string{"a", "b"} {
		w.delete("default", name)
		w.expectGone("default", name)
	}
	w.expectHidden("at the end", p, scrape)

	// Each secret that the guest, a disk or an image needs did get there: the search finds what is there.
	for marker, kind := range p {
		needed := slices.ContainsFunc([]string{"guest:", "disk:", "osImage:"}, func(prefix string) bool { return strings.HasPrefix(kind, prefix) })
		if needed && !carried[marker] {
			t.Errorf("nothing carries the secret of %s", kind)
		}
	}
	if len(p) < 20 {
		t.Errorf("only %d secrets were planted", len(p))
	}
	t.Logf("%d kinds of secrets, %d of them where they have to be", len(p), len(carried))
}

// onlyPolicyOf returns our policy of a bridge.
func (w *world) onlyPolicyOf(bridge string) *nmstatev1.NodeNetworkConfigurationPolicy {
	w.t.Helper()
	var list nmstatev1.NodeNetworkConfigurationPolicyList
	w.must(w.Client.List(w.t.Context(), &list, client.MatchingLabels{vmv1alpha1.LabelBridge: bridge}))
	if len(list.Items) != 1 {
		w.t.Fatalf("bridge %s has %d policies", bridge, len(list.Items))
	}
	return &list.Items[0]
}
