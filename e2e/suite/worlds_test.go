// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

const (
	// envWorlds is how many random worlds TestWorlds goes through; a few where it is not set.
	envWorlds = "WUKONG_WORLDS"
	// envSeed is the seed of the first of them.
	envSeed = "WUKONG_WORLDS_SEED"
)

func fromEnvironment(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return number
}

// worldFlags let every node heal before it is given up.
var worldFlags = []string{"--node-deadline=1m", "--retry-interval=1s", "--progress-interval=1s"}

// TestWorlds goes through random worlds in one lab: machines of two namespaces on bridges that they share or contest, edited
// and deleted while nodes fail, handlers restart and the manager crashes. At the end of each everything heals: every machine
// is ready or told why not, no NIC and VLAN has two owners, the nodes' own NIC was never touched, and when the machines are
// gone nothing is left.
func TestWorlds(t *testing.T) {
	count, seed := fromEnvironment(t, envWorlds, 8), fromEnvironment(t, envSeed, 1)
	w := newWorld(t, lab.Options{}, worldFlags...)
	w.namespace("red")
	for i := range count {
		story := &story{world: w, random: rand.New(rand.NewPCG(uint64(seed+i), 7))} //nolint:gosec // a seed is no secret.
		story.play()
		if t.Failed() {
			t.Fatalf("world %d:\n%s", seed+i, strings.Join(story.told, "\n"))
		}
	}
}

// story is one random world.
type story struct {
	*world
	random   *rand.Rand
	machines []client.ObjectKey
	fenced   bool
	told     []string
}

func (s *story) tell(format string, args ...any) {
	s.told = append(s.told, fmt.Sprintf(format, args...))
}

func (s *story) play() {
	if s.fenced = s.random.IntN(2) == 0; s.fenced {
		s.tell("with a fence")
		s.create(fence())
	}
	for range 2 + s.random.IntN(3) {
		s.addMachine()
	}
	for range 2 + s.random.IntN(4) {
		s.something()
	}
	s.heal()
	s.settled()
	s.expectOneOwner()
	for _, machine := range s.machines {
		s.delete(machine.Namespace, machine.Name)
	}
	if s.fenced {
		// In any order with the machines.
		if err := s.Client.Delete(s.t.Context(), fence()); err != nil {
			s.t.Fatal(err)
		}
	}
	s.expectNothingLeft()
}

// fence is a WukongUplink on one of the NICs.
func fence() *vmv1alpha1.WukongUplink {
	uplink := &vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: "dc"}}
	uplink.Spec = vmv1alpha1.WukongUplinkSpec{
		NodeGroups: []vmv1alpha1.UplinkNodeGroup{
			{Name: "one", Interface: "ens160", NodeSelector: map[string]vmv1alpha1.LabelValue{"kubernetes.io/hostname": "node-1"}},
			{Name: "two", Interface: "ens161", NodeSelector: map[string]vmv1alpha1.LabelValue{"kubernetes.io/hostname": "node-2"}},
		},
		VLANRanges: []vmv1alpha1.VLANRange{{First: 100, Last: 102}},
		Untagged:   vmv1alpha1.UntaggedAllow,
	}
	return uplink
}

func (s *story) network() vmv1alpha1.Network {
	network := bridged("lan", "br-"+string(rune('a'+s.random.IntN(3))), []int32{0, 100, 101, 102, 999}[s.random.IntN(5)])
	nics := []string{"", "ens160", "ens161", nmstate.ManagementNIC}
	if s.fenced {
		nics = []string{"dc", "ens160", "dc"}
	}
	if nic := nics[s.random.IntN(len(nics))]; nic != "" {
		network = on(nic, network)
	}
	return network
}

func (s *story) addMachine() {
	namespace := []string{"default", "red"}[s.random.IntN(2)]
	wukong := newWukong(namespace, fmt.Sprintf("vm-%d", len(s.machines)), s.network())
	s.tell("%s/%s: %s VLAN %d on %q", namespace, wukong.Name, wukong.Spec.Networks[0].BridgeName, wukong.Spec.Networks[0].EffectiveVLANID(), wukong.Spec.Networks[0].Uplink)
	s.create(wukong)
	s.machines = append(s.machines, client.ObjectKeyFromObject(wukong))
}

// something happens.
func (s *story) something() {
	node := s.NMState.Node([]string{"node-1", "node-2", "node-3"}[s.random.IntN(3)])
	switch s.random.IntN(7) {
	case 0:
		s.tell("%s fails", node.Name())
		node.FailWith("the switch port says no")
	case 1:
		s.tell("%s restarts its handler", node.Name())
		s.must(node.RestartHandler())
	case 2:
		s.tell("the manager crashes")
		s.must(s.manager.Kill())
		s.startManager(worldFlags...)
	case 3:
		machine := s.machines[s.random.IntN(len(s.machines))]
		s.tell("%s is deleted", machine)
		s.delete(machine.Namespace, machine.Name)
	case 4:
		machine, network := s.machines[s.random.IntN(len(s.machines))], s.network()
		s.tell("%s moves to %s VLAN %d on %q", machine, network.BridgeName, network.EffectiveVLANID(), network.Uplink)
		s.move(machine, network)
	case 5:
		s.tell("%s is not ready for a while", node.Name())
		s.must(node.SetReady(false))
	case 6:
		s.addMachine()
	}
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// move gives a machine another network, if it is still there.
func (s *story) move(machine client.ObjectKey, network vmv1alpha1.Network) {
	s.eventually("changing "+machine.String(), func(ctx context.Context) error {
		wukong, err := s.wukong(ctx, machine.Namespace, machine.Name)
		if err != nil || !wukong.DeletionTimestamp.IsZero() {
			return client.IgnoreNotFound(err)
		}
		wukong.Spec.Networks[0] = network
		return client.IgnoreNotFound(s.Client.Update(ctx, wukong))
	})
}

func (s *story) heal() {
	for _, name := range s.NMState.Nodes() {
		s.NMState.Node(name).Succeed()
		s.must(s.NMState.Node(name).SetReady(true))
	}
}

// waits are the reasons for which a machine may wait for a person.
var waits = []string{
	vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonUplinkConflict, vmv1alpha1.ReasonHostIPAtRisk, vmv1alpha1.ReasonVLANNotAllowed,
	vmv1alpha1.ReasonUplinkNotFound, vmv1alpha1.ConditionRestartRequired, vmv1alpha1.ReasonNodesFailed,
}

// settled waits until each machine that is left is ready, or says what a person has to do.
func (s *story) settled() {
	for _, machine := range s.machines {
		s.eventually(machine.String()+" is ready or told why not", func(ctx context.Context) error {
			wukong, err := s.wukong(ctx, machine.Namespace, machine.Name)
			if err != nil {
				return client.IgnoreNotFound(err)
			}
			ready := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionReady)
			switch {
			case ready == nil || ready.ObservedGeneration != wukong.Generation:
			case ready.Status == metav1.ConditionTrue, slices.Contains(waits, ready.Reason):
				return nil
			case !wukong.DeletionTimestamp.IsZero():
			}
			return fmt.Errorf("conditions are %s", describe(wukong.Status.Conditions))
		})
	}
}

// expectOneOwner fails the test when a node has a NIC and VLAN in two bridges, or its own NIC in one.
func (s *story) expectOneOwner() {
	for _, name := range s.NMState.Nodes() {
		owners := map[string]string{}
		for _, link := range s.NMState.Node(name).Interfaces() {
			for _, port := range link.PortNames() {
				if other := owners[port]; other != "" {
					s.t.Errorf("%s is in %s and %s on %s", port, other, link.Name, name)
				}
				owners[port] = link.Name
			}
		}
		if bridge := owners[nmstate.ManagementNIC]; bridge != "" {
			s.t.Errorf("the NIC of %s's own address is in bridge %s", name, bridge)
		}
	}
}
