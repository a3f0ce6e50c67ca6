// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// cached returns a client that stands for the cache: it shows what the test puts there.
func cached(t *testing.T, objects ...client.Object) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{vmv1alpha1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&vmv1alpha1.WukongNetwork{}).
		WithIndex(&corev1.Node{}, indexAddress, addressesOf)
	for field, extract := range claimIndexes {
		builder = builder.WithIndex(&vmv1alpha1.WukongNetwork{}, field, extract)
	}
	return builder.Build()
}

// lan returns a network on VLAN 100.
func lan(namespace, name string, addresses ...string) *vmv1alpha1.WukongNetwork {
	return &vmv1alpha1.WukongNetwork{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name), Generation: 1},
		Spec:       vmv1alpha1.WukongNetworkSpec{Network: "lan", Segment: "ens160/100", Addresses: addresses},
	}
}

// show puts into the cache what a network was told.
func show(t *testing.T, cache client.Client, network *vmv1alpha1.WukongNetwork, told decision) {
	t.Helper()
	network.Status.HeldSegment, network.Status.HeldAddresses = told.held.Segment, nil
	for _, address := range told.held.Addresses {
		network.Status.HeldAddresses = append(network.Status.HeldAddresses, address.String())
	}
	network.Status.Conditions = conditions.Own(nil, network.Generation, told.condition)
	if err := cache.Status().Update(t.Context(), network); err != nil {
		t.Fatal(err)
	}
}

func mustDecide(t *testing.T, b *book, network *vmv1alpha1.WukongNetwork) decision {
	t.Helper()
	told, err := b.decide(t.Context(), network)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// TestRacedGrants asks for one address from two sides at the same moment, a thousand times, while the cache shows nothing of
// what was granted: each time exactly one gets it.
func TestRacedGrants(t *testing.T) {
	for round := range 1000 {
		networks := []*vmv1alpha1.WukongNetwork{lan("a", "vm-lan", "10.0.0.5/24"), lan("b", "vm-lan", "10.0.0.5/24")}
		if round%2 == 0 {
			networks[0], networks[1] = networks[1], networks[0]
		}
		b := newBook(cached(t, networks[0], networks[1]))
		var wait sync.WaitGroup
		var told [2]decision
		var errs [2]error
		for side := range networks {
			wait.Go(func() { told[side], errs[side] = b.decide(t.Context(), networks[side]) })
		}
		wait.Wait()
		if errs[0] != nil || errs[1] != nil {
			t.Fatal(errs)
		}
		if told[0].granted() == told[1].granted() {
			t.Fatalf("round %d: granted to %t and %t", round, told[0].granted(), told[1].granted())
		}
	}
}

// TestGrantIsRememberedUntilItIsShown follows one address from grant to grant.
func TestGrantIsRememberedUntilItIsShown(t *testing.T) {
	first, second := lan("b", "vm-lan", "10.0.0.5/24"), lan("a", "vm-lan", "10.0.0.5/16")
	cache := cached(t, first)
	b := newBook(cache)
	told := mustDecide(t, b, first)
	if !told.granted() {
		t.Fatal("one that was alone in asking did not get it")
	}
	// The other goes first by its name, and the cache does not show the grant: what is remembered refuses it.
	if err := cache.Create(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	refused := mustDecide(t, b, second)
	if refused.granted() || refused.lookAgain == 0 {
		t.Fatalf("got %+v, want a refusal that is looked at again", refused)
	}
	if !strings.Contains(refused.condition.Message, "b/vm-lan") {
		t.Errorf("%q does not name the holder", refused.condition.Message)
	}
	show(t, cache, first, told)
	if refused = mustDecide(t, b, second); refused.granted() || refused.lookAgain != 0 || len(b.granted) != 0 {
		t.Errorf("got %+v with %d grants remembered, want a refusal by what the cache shows", refused, len(b.granted))
	}
	// Another book is a manager that was restarted.
	if mustDecide(t, newBook(cache), second).granted() {
		t.Error("after a restart the address was given to another")
	}
	if err := cache.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if told = mustDecide(t, b, second); !told.granted() {
		t.Errorf("got %+v although the holder is gone", told)
	}
	// The holder is gone before the cache ever showed what it was granted.
	if err := cache.Delete(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	third := lan("c", "vm-lan", "10.0.0.5/24")
	if err := cache.Create(t.Context(), third); err != nil {
		t.Fatal(err)
	}
	if told = mustDecide(t, b, third); !told.granted() {
		t.Errorf("got %+v although the holder is gone", told)
	}
}

// TestBackAndForth lets a network leave its address and come back to it before the cache shows anything: it is not taken for
// one that never left.
func TestBackAndForth(t *testing.T) {
	network, rival := lan("b", "vm-lan", "10.0.0.5/24"), lan("a", "vm-lan", "10.0.0.5/24")
	cache := cached(t, network)
	b := newBook(cache)
	show(t, cache, network, mustDecide(t, b, network))
	shown := network.DeepCopy()
	shown.Generation, shown.Spec.Addresses = 2, []string{"10.0.0.6/24"}
	mustDecide(t, b, shown)
	shown.Generation, shown.Spec.Addresses = 3, []string{"10.0.0.5/24"}
	mustDecide(t, b, shown)
	if err := cache.Create(t.Context(), rival); err != nil {
		t.Fatal(err)
	}
	if mustDecide(t, b, rival).granted() {
		t.Error("the address was given away")
	}
	if given, found := b.granted[client.ObjectKeyFromObject(network)]; !found || given.generation != 3 {
		t.Errorf("got %+v, want the grant of generation 3 to be remembered", b.granted)
	}
}

func TestNodeAddress(t *testing.T) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1"}, Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{
		{Type: corev1.NodeHostName, Address: "10.0.0.7"}, {Type: corev1.NodeInternalIP, Address: "10.0.0.5"}, {Type: corev1.NodeExternalIP, Address: "2001:DB8::5"},
	}}}
	for address, free := range map[string]bool{"10.0.0.5/24": false, "2001:db8:0::5/64": false, "10.0.0.7/24": true} {
		network := lan("a", "vm-lan", address)
		if told := mustDecide(t, newBook(cached(t, node, network)), network); told.granted() != free {
			t.Errorf("%s: got %+v", address, told)
		}
	}
}

// TestUpgrade looks at networks that got their attachments before there was a ledger: the oldest one of an address holds it,
// whichever is looked at first, and what is not contested stays with its machine.
func TestUpgrade(t *testing.T) {
	before := func(network *vmv1alpha1.WukongNetwork, second int64) *vmv1alpha1.WukongNetwork {
		network.CreationTimestamp = metav1.Unix(second, 0)
		network.Status.NetworkAttachmentDefinition = network.Namespace + "/" + network.Name + "-nad"
		return network
	}
	older, younger := before(lan("b", "older", "10.0.0.5/24"), 1), before(lan("a", "younger", "10.0.0.5/24", "10.0.0.6/24"), 2)
	fresh := lan("c", "fresh", "10.0.0.6/24")
	cache := cached(t, older, younger, fresh)
	b := newBook(cache)
	told := mustDecide(t, b, younger)
	if told.granted() || len(told.held.Addresses) != 1 || told.held.Addresses[0].String() != "10.0.0.6" {
		t.Errorf("got %+v for the younger one", told)
	}
	show(t, cache, younger, told)
	if !mustDecide(t, b, older).granted() {
		t.Error("the older one does not hold its address")
	}
	if mustDecide(t, b, fresh).granted() {
		t.Error("a new network got an address that a machine may use")
	}
}

func TestSameSegmentByWukongUplink(t *testing.T) {
	holder, other := lan("a", "holder", "10.0.0.5/24"), lan("b", "other", "10.0.0.5/24")
	holder.Spec.Segment = "dc/100"
	cache := cached(t, holder, other)
	b := newBook(cache)
	show(t, cache, holder, mustDecide(t, b, holder))
	if !mustDecide(t, b, other).granted() {
		t.Error("two NICs are taken for one segment")
	}
	uplink := &vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: "dc"}}
	uplink.Spec.NodeGroups = []vmv1alpha1.UplinkNodeGroup{{Name: "all", Interface: "ens160"}}
	if err := cache.Create(t.Context(), uplink); err != nil {
		t.Fatal(err)
	}
	third := lan("c", "third", "10.0.0.5/24")
	if mustDecide(t, b, third).granted() {
		t.Error("a NIC and its WukongUplink are taken for two segments")
	}
}

func TestStakesThatAreGivenUp(t *testing.T) {
	before := lan("a", "vm", "10.0.0.5/24")
	before.Spec.Gateways = []string{"10.0.0.1"}
	after := before.DeepCopy()
	after.Status.HeldSegment, after.Status.HeldAddresses = "ens160/100", []string{"10.0.0.5"}
	if free := stakesOf(before).Difference(stakesOf(after)); free.Len() > 0 {
		t.Errorf("a grant gives up %v", free)
	}
	moved := after.DeepCopy()
	moved.Spec.Addresses, moved.Spec.Gateways = []string{"10.0.0.6/24"}, nil
	if got := fmt.Sprint(stakesOf(after).Difference(stakesOf(moved)).UnsortedList()); got != "[{address 10.0.0.1 ens160/100}]" {
		t.Errorf("a declared change gives up %s, want the gateway alone: the address is held until the new one is granted", got)
	}
	moved.Status.HeldAddresses = []string{"10.0.0.6"}
	if !stakesOf(after).Difference(stakesOf(moved)).Has(stake{indexAddress, "10.0.0.5", "ens160/100"}) {
		t.Error("the address that was left is not given up")
	}
}
