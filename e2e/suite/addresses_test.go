// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// through gives a network a gateway.
func through(gateway string, network vmv1alpha1.Network) vmv1alpha1.Network {
	network.IPConfig.Gateway = vmv1alpha1.IPAddress(gateway)
	return network
}

// withMAC gives a network a MAC.
func withMAC(mac string, network vmv1alpha1.Network) vmv1alpha1.Network {
	network.MACAddress = vmv1alpha1.MACAddress(mac)
	return network
}

// expectRefused waits until a machine is told why it cannot have what it declares, and checks that it was not made.
func (w *world) expectRefused(namespace, name, reason string, says ...string) {
	w.t.Helper()
	told := w.expect(namespace, name, vmv1alpha1.ConditionReady, metav1.ConditionFalse, reason)
	w.expectMessage(told, vmv1alpha1.ConditionNetworksReady, append(says, "write another")...)
	machine := &kubevirtv1.VirtualMachine{}
	if err := w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, machine); err == nil {
		w.t.Errorf("the machine %s/%s was made although its address is another's", namespace, name)
	}
	var attachments nadv1.NetworkAttachmentDefinitionList
	if err := w.Client.List(w.t.Context(), &attachments, client.InNamespace(namespace)); err != nil {
		w.t.Fatal(err)
	}
	for _, attachment := range namesOf(w.t, &attachments) {
		if strings.HasPrefix(attachment, name+"-") {
			w.t.Errorf("attachment %s was made although its address is another's", attachment)
		}
	}
}

// TestAddressConflict declares one address in two namespaces: the first machine has it, also while it is stopped; the second
// one is told who has it, and goes on by itself when the first one is gone.
func TestAddressConflict(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("other")
	w.create(newWukong("default", "first", static("192.168.1.10/24", bridged("lan", "br-lan", 100))))
	w.expectReady("default", "first")
	w.create(newWukong("other", "second", static("192.168.1.10/16", bridged("net", "br-lan", 100))))
	w.create(newWukong("other", "elsewhere", static("192.168.1.10/24", bridged("lan", "br-else", 200))))
	w.expectRefused("other", "second", vmv1alpha1.ReasonAddressConflict, "192.168.1.10", "network lan of Wukong default/first", "ens160/100")
	w.expectReady("other", "elsewhere")

	network := &vmv1alpha1.WukongNetwork{}
	if err := w.Client.Get(t.Context(), client.ObjectKey{Namespace: "other", Name: "second-net"}, network); err != nil {
		t.Fatal(err)
	}
	if condition := meta.FindStatusCondition(network.Status.Conditions, vmv1alpha1.ConditionAttachmentReady); condition == nil ||
		condition.Reason != vmv1alpha1.ReasonWaitingForAddresses || network.Status.HeldSegment != "" {
		t.Errorf("the second network holds %q and says%s", network.Status.HeldSegment, describe(network.Status.Conditions))
	}

	if err := w.KubeVirt.StopVM(t.Context(), "default", "first"); err != nil {
		t.Fatal(err)
	}
	w.expect("default", "first", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonStopped)
	w.create(newWukong("other", "third", static("192.168.1.10/24", bridged("lan", "br-lan", 100))))
	w.expectRefused("other", "third", vmv1alpha1.ReasonAddressConflict, "default/first")
	w.expectRefused("other", "second", vmv1alpha1.ReasonAddressConflict, "default/first")

	w.delete("default", "first")
	w.expectReady("other", "second")
	w.expectTold("other", "third", vmv1alpha1.ConditionReady, "other/second")
	w.change("other", "third", func(spec *vmv1alpha1.WukongSpec) { spec.Networks[0].IPConfig.Address = "192.168.1.11/24" })
	w.expectReady("other", "third")
	for _, name := range []string{"second", "third", "elsewhere"} {
		w.delete("other", name)
	}
	w.expectNothingLeft()
}

// TestAddressesThatAreTaken declares addresses that are somebody else's in other ways than letter by letter.
func TestAddressesThatAreTaken(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("other")
	node := &corev1.Node{}
	if err := w.Client.Get(t.Context(), client.ObjectKey{Name: "node-1"}, node); err != nil {
		t.Fatal(err)
	}
	const mac = "02:00:5e:10:00:01"
	lan := bridged("lan", "br-lan", 100)
	w.create(
		newWukong("default", "six", static("2001:db8::10/64", lan)),
		newWukong("default", "user", through("192.168.1.1", static("192.168.1.10/24", lan))),
		newWukong("default", "mac", withMAC(mac, lan)),
	)
	for _, name := range []string{"six", "user", "mac"} {
		w.expectReady("default", name)
	}
	w.create(
		newWukong("other", "six", static("2001:0db8:0:0::0010/64", lan)),
		newWukong("other", "node", static(node.Status.Addresses[0].Address+"/24", bridged("lan", "br-other", 200))),
		newWukong("other", "router", static("192.168.1.1/24", lan)),
		newWukong("other", "mac", withMAC(strings.ToUpper(mac), lan)),
		// A machine may be the router of its own namespace, and anybody may use a router that is there.
		newWukong("default", "router", static("192.168.1.1/24", lan)),
		newWukong("other", "user", through("192.168.1.10", static("192.168.1.20/24", lan))),
		newWukong("other", "elsewhere", withMAC(mac, bridged("lan", "br-other", 200))),
	)
	w.expectRefused("other", "six", vmv1alpha1.ReasonAddressConflict, "2001:db8::10", "default/six")
	w.expectRefused("other", "node", vmv1alpha1.ReasonAddressConflict, "node node-1's own")
	w.expectReady("default", "router")
	told := w.expect("other", "router", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonAddressConflict)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "192.168.1.1 is")
	w.expectRefused("other", "mac", vmv1alpha1.ReasonMACAddressConflict, mac, "default/mac")
	w.expectReady("other", "user")
	w.expectReady("other", "elsewhere")

	// What they wait for goes in other ways than by a deletion of its machine.
	w.change("default", "mac", func(spec *vmv1alpha1.WukongSpec) { spec.Networks[0].MACAddress = "02:00:5e:10:00:02" })
	w.expectReady("other", "mac")
	w.change("default", "six", func(spec *vmv1alpha1.WukongSpec) { spec.Networks[0].IPConfig.Address = "2001:db8::11/64" })
	w.expectReady("other", "six")
	node.Status.Addresses[0].Address = "10.255.255.1"
	if err := w.Client.Status().Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	w.expectReady("other", "node")
}

// TestGatewayOfAnotherNamespace has a machine claim the address that others use as their router.
func TestGatewayOfAnotherNamespace(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("other")
	lan := bridged("lan", "br-lan", 100)
	w.create(newWukong("default", "user", through("192.168.1.1", static("192.168.1.10/24", lan))))
	w.expectReady("default", "user")
	w.create(newWukong("other", "router", static("192.168.1.1/24", lan)))
	w.expectRefused("other", "router", vmv1alpha1.ReasonAddressConflict, "192.168.1.1 is the gateway of network lan of Wukong default/user")
	w.delete("default", "user")
	w.expectReady("other", "router")
	w.expectGone("default", "user")
	// Who comes later uses a router that is there.
	w.create(newWukong("default", "user", through("192.168.1.1", static("192.168.1.10/24", lan))))
	w.expectReady("default", "user")
	w.expectReady("other", "router")
}

// TestAddressChangedToATakenOne gives a running machine an address that another one has: nothing of it reaches the guest, not
// even at a restart, and the machine keeps what it had.
func TestAddressChangedToATakenOne(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("other")
	w.create(newWukong("default", "vm", static("192.168.1.10/24", bridged("lan", "br-lan", 100))))
	w.create(newWukong("other", "holder", static("192.168.1.20/24", bridged("lan", "br-lan", 100))))
	w.expectReady("default", "vm")
	w.expectReady("other", "holder")
	w.change("default", "vm", func(spec *vmv1alpha1.WukongSpec) { spec.Networks[0].IPConfig.Address = "192.168.1.20/24" })
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonAddressConflict)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "192.168.1.20", "other/holder")
	w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionTrue, vmv1alpha1.ReasonRunning)
	w.create(newWukong("other", "vulture", static("192.168.1.10/24", bridged("lan", "br-lan", 100))))
	w.expectRefused("other", "vulture", vmv1alpha1.ReasonAddressConflict, "default/vm")
	if data := w.networkData("default", "vm"); !strings.Contains(data, "192.168.1.10/24") || strings.Contains(data, "192.168.1.20") {
		t.Errorf("the guest was told of an address that is another's:\n%s", data)
	}
	before := w.instance("vm")
	if err := w.KubeVirt.RestartVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	w.eventually("the machine was started anew", func(ctx context.Context) error {
		instance := &kubevirtv1.VirtualMachineInstance{}
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(before), instance); err != nil {
			return err
		}
		if instance.UID == before.UID || instance.Status.Phase != kubevirtv1.Running {
			return fmt.Errorf("instance %s is %s", instance.UID, instance.Status.Phase)
		}
		return nil
	})
	w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionTrue, vmv1alpha1.ReasonRunning)

	w.delete("other", "holder")
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ConditionRestartRequired)
	if data := w.networkData("default", "vm"); !strings.Contains(data, "192.168.1.20/24") {
		t.Errorf("the next start would not have the new address:\n%s", data)
	}
	w.expectReady("other", "vulture")
}

// networkData returns what the guest's network is configured with at its next start.
func (w *world) networkData(namespace, name string) string {
	w.t.Helper()
	data := &corev1.Secret{}
	if err := w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: name + "-cloudinit"}, data); err != nil {
		w.t.Fatal(err)
	}
	return string(data.Data["networkdata"])
}

const (
	raceRounds  = 1000
	raceRunners = 8
)

// TestAddressRace claims one address from two namespaces at the same moment, a thousand times, and kills the manager in
// between: each time exactly one network holds it, and the other one is told which. When the holders go, the others hold.
func TestAddressRace(t *testing.T) {
	// Without Multus the networks get no further than to their addresses, which is what is raced for.
	w := newWorld(t, lab.Options{Neighbours: []neighbours.API{neighbours.NMState}})
	namespaces := []string{"left", "right"}
	for _, namespace := range namespaces {
		w.namespace(namespace)
	}
	began := time.Now()
	if err := w.race(namespaces, 0, raceRounds/2); err != nil {
		t.Fatal(err)
	}
	// Some of what was just claimed is granted and not written yet, or written and not seen.
	if err := w.manager.Kill(); err != nil {
		t.Fatal(err)
	}
	w.startManager()
	if err := w.race(namespaces, raceRounds/2, raceRounds); err != nil {
		t.Fatal(err)
	}
	losers := w.expectOneHolderEach(raceRounds)
	t.Logf("%d races, in %s", raceRounds, time.Since(began).Round(time.Second))

	const going = 100
	for round := range going {
		for _, namespace := range namespaces {
			key := client.ObjectKey{Namespace: namespace, Name: raceName(round)}
			if key != losers[round] {
				w.remove(&vmv1alpha1.WukongNetwork{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}})
			}
		}
	}
	w.eventually("those that waited hold the addresses", func(ctx context.Context) error {
		for _, loser := range losers[:going] {
			network := &vmv1alpha1.WukongNetwork{}
			if err := w.Client.Get(ctx, loser, network); err != nil {
				return err
			}
			if len(network.Status.HeldAddresses) != 1 {
				return fmt.Errorf("%s does not:%s", loser, describe(network.Status.Conditions))
			}
		}
		return nil
	})
}

func raceName(round int) string { return fmt.Sprintf("vm-%d-lan", round) }

// race creates the networks of some rounds: those of every other round at the same moment, and those of the rest one just
// after the other, with the one first that would lose of two which are seen together.
func (w *world) race(namespaces []string, from, to int) error {
	rounds := make(chan int)
	var wait sync.WaitGroup
	errs := make([]error, raceRunners)
	for runner := range raceRunners {
		wait.Go(func() {
			for round := range rounds {
				errs[runner] = errors.Join(errs[runner], w.raceOnce(namespaces, round))
			}
		})
	}
	for round := from; round < to; round++ {
		rounds <- round
	}
	close(rounds)
	wait.Wait()
	return errors.Join(errs...)
}

func (w *world) raceOnce(namespaces []string, round int) error {
	var wait sync.WaitGroup
	errs := make([]error, len(namespaces))
	for i, namespace := range slices.Backward(namespaces) {
		if i == 0 && round%2 == 1 {
			wait.Wait()
		}
		wait.Go(func() {
			errs[i] = w.Client.Create(w.t.Context(), &vmv1alpha1.WukongNetwork{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: raceName(round)},
				Spec: vmv1alpha1.WukongNetworkSpec{
					Network: "lan", Type: vmv1alpha1.NetworkTypeBridge, BridgeName: "br-lan", Segment: "ens160/100",
					Addresses:  []string{fmt.Sprintf("10.%d.%d.1/8", round/256, round%256)},
					MACAddress: fmt.Sprintf("02:00:00:%02x:%02x:%02x", i, round/256, round%256),
				},
			})
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// expectOneHolderEach waits until each network was told, checks that each address has exactly one holder, and returns the
// networks that wait, by round.
func (w *world) expectOneHolderEach(rounds int) []client.ObjectKey {
	w.t.Helper()
	var networks vmv1alpha1.WukongNetworkList
	w.eventually("each network was told whether it holds its address", func(ctx context.Context) error {
		if err := w.Client.List(ctx, &networks); err != nil {
			return err
		}
		untold := slices.IndexFunc(networks.Items, func(network vmv1alpha1.WukongNetwork) bool {
			return meta.FindStatusCondition(network.Status.Conditions, vmv1alpha1.ConditionAddressesReady) == nil
		})
		if untold >= 0 {
			return fmt.Errorf("%s was not", client.ObjectKeyFromObject(&networks.Items[untold]))
		}
		return nil
	})
	holders, waiting := map[string][]client.ObjectKey{}, map[string]*vmv1alpha1.WukongNetwork{}
	for i := range networks.Items {
		network := &networks.Items[i]
		held := meta.IsStatusConditionTrue(network.Status.Conditions, vmv1alpha1.ConditionAddressesReady)
		if held != (len(network.Status.HeldAddresses) == 1) {
			w.t.Errorf("%s/%s holds %v and says%s", network.Namespace, network.Name, network.Status.HeldAddresses, describe(network.Status.Conditions))
		}
		if held {
			holders[network.Name] = append(holders[network.Name], client.ObjectKeyFromObject(network))
		} else {
			waiting[network.Name] = network
		}
	}
	losers, left := make([]client.ObjectKey, rounds), 0
	for round := range rounds {
		name := raceName(round)
		if len(holders[name]) != 1 || waiting[name] == nil {
			w.t.Fatalf("round %d has the holders %v", round, holders[name])
		}
		if holders[name][0].Namespace == "left" {
			left++
		}
		losers[round] = client.ObjectKeyFromObject(waiting[name])
		told := meta.FindStatusCondition(waiting[name].Status.Conditions, vmv1alpha1.ConditionAddressesReady)
		if told.Reason != vmv1alpha1.ReasonAddressConflict || !strings.Contains(told.Message, holders[name][0].String()) {
			w.t.Errorf("round %d: the holder is %s, and the other is told: %s", round, holders[name][0], told.Message)
		}
	}
	w.t.Logf("exactly one holder in each of %d rounds, %d times the left one", rounds, left)
	return losers
}

func (w *world) remove(object client.Object) {
	w.t.Helper()
	if err := client.IgnoreNotFound(w.Client.Delete(w.t.Context(), object)); err != nil {
		w.t.Fatal(err)
	}
}
