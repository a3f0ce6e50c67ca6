// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/ledger"
)

// book asks the ledger for one network after the other, and remembers what was granted until the cache shows it: a
// competitor that is looked at a moment later must see it. After a restart the networks' status is the memory.
type book struct {
	reader client.Reader

	mu      sync.Mutex
	granted map[client.ObjectKey]grant
}

// grant is what a network was given for one generation of its spec.
type grant struct {
	entry      ledger.Entry
	generation int64
	// told tells that the network's status was written with it.
	told bool
}

// decision is what a network was told.
type decision struct {
	// condition is AddressesReady.
	condition metav1.Condition
	// held is what the network holds from now on.
	held ledger.Claim
	// lookAgain is when to ask again, 0 for when something changes. One that goes first may turn out not to get what it
	// claims, and a grant that the cache does not show may be replaced before it ever does: nothing would tell of either.
	lookAgain time.Duration
}

// showing is longer than the cache takes to show what was granted.
const showing = 2 * time.Second

// granted reports whether the network has everything that it claims.
func (d decision) granted() bool { return d.condition.Status == metav1.ConditionTrue }

func newBook(reader client.Reader) *book {
	return &book{reader: reader, granted: map[client.ObjectKey]grant{}}
}

// decide tells whether a network has the addresses and the MAC that it is declared with, and gives them to it when they are
// free. The lock spans both, so that two networks that are looked at together are not given the same.
func (b *book) decide(ctx context.Context, network *vmv1alpha1.WukongNetwork) (decision, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.forget(ctx); err != nil {
		return decision{}, err
	}
	var uplinks vmv1alpha1.WukongUplinkList
	if err := b.reader.List(ctx, &uplinks); err != nil {
		return decision{}, fmt.Errorf("listing the WukongUplinks: %w", err)
	}
	named := func(segment string) string { return ledger.Segment(uplinks.Items, segment) }
	entry := b.entryOf(network)
	conflicts, err := b.judge(ctx, entry.In(named), named)
	if err != nil {
		return decision{}, err
	}
	held := ledger.Settle(entry, conflicts)
	if len(conflicts) > 0 {
		return b.refuse(conflicts, held), nil
	}
	entry.Held = held
	given := grant{entry: entry, generation: network.Generation}
	if before := b.granted[entry.Key]; !given.shownBy(network) && !given.same(before) {
		b.granted[entry.Key] = given
	}
	return decision{held: held, condition: conditions.True(vmv1alpha1.ConditionAddressesReady, vmv1alpha1.ReasonAddressesHeld,
		"the addresses and the MAC are this network's on "+network.Spec.Segment)}, nil
}

// judge asks the ledger for one entry. Segments are named as the function does.
func (b *book) judge(ctx context.Context, entry ledger.Entry, named func(string) string) ([]ledger.Conflict, error) {
	rivals, nodes, err := b.around(ctx, entry, named)
	if err != nil {
		return nil, err
	}
	var failed error
	conflicts := ledger.Judge(entry, rivals, ledger.Surroundings{Nodes: nodes, Stuck: func(rival ledger.Entry) bool {
		others, nodes, err := b.around(ctx, rival, named)
		failed = errors.Join(failed, err)
		return err == nil && ledger.Stuck(rival, others, nodes)
	}})
	return conflicts, failed
}

// around returns the rivals of an entry and the nodes that have one of its addresses.
func (b *book) around(ctx context.Context, entry ledger.Entry, named func(string) string) ([]ledger.Entry, map[netip.Addr]string, error) {
	rivals, err := b.rivals(ctx, entry)
	if err != nil {
		return nil, nil, err
	}
	for i := range rivals {
		rivals[i] = rivals[i].In(named)
	}
	nodes, err := b.nodes(ctx, entry.Claim.Addresses)
	return rivals, nodes, err
}

// refuse sums up conflicts. That of an address comes first, as the addresses do in a network.
func (b *book) refuse(conflicts []ledger.Conflict, held ledger.Claim) decision {
	told := decision{held: held}
	messages := make([]string, 0, len(conflicts))
	for _, conflict := range conflicts {
		messages = append(messages, conflict.Message)
		if _, found := b.granted[conflict.Holder]; found || !conflict.Settled {
			told.lookAgain = showing
		}
	}
	told.condition = conditions.False(vmv1alpha1.ConditionAddressesReady, conflicts[0].Reason, strings.Join(messages, "; "))
	return told
}

// forget drops the grants that the cache shows by now, and those of networks that are gone.
func (b *book) forget(ctx context.Context) error {
	for key, given := range b.granted {
		network := &vmv1alpha1.WukongNetwork{}
		err := b.reader.Get(ctx, key, network)
		switch {
		case apierrors.IsNotFound(err):
			delete(b.granted, key)
		case err != nil:
			return fmt.Errorf("reading WukongNetwork %s: %w", key, err)
		case network.UID != given.entry.UID, given.shownBy(network):
			delete(b.granted, key)
		}
	}
	return nil
}

// shownBy reports whether the status of the network tells of the grant. The generation counts too: a network that goes back
// to an earlier address would else be taken for one that never left it.
func (g grant) shownBy(network *vmv1alpha1.WukongNetwork) bool {
	told := meta.FindStatusCondition(network.Status.Conditions, vmv1alpha1.ConditionAddressesReady)
	return told != nil && told.ObservedGeneration >= g.generation && ledger.EntryOf(network).Held.Equal(g.entry.Held)
}

func (g grant) same(other grant) bool {
	return g.entry.UID == other.entry.UID && g.generation == other.generation && g.entry.Held.Equal(other.entry.Held)
}

// toldOf reports whether the network's status says what it holds, as far as it is known: the cache may not show it yet.
func (b *book) toldOf(network *vmv1alpha1.WukongNetwork, held ledger.Claim) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	given, found := b.granted[client.ObjectKeyFromObject(network)]
	if found && given.entry.UID == network.UID && given.entry.Held.Equal(held) {
		return given.told
	}
	return ledger.EntryOf(network).Held.Equal(held)
}

// tell notes that the network's status was written.
func (b *book) tell(network *vmv1alpha1.WukongNetwork) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := client.ObjectKeyFromObject(network)
	if given, found := b.granted[key]; found && given.entry.UID == network.UID && given.generation == network.Generation {
		given.told = true
		b.granted[key] = given
	}
}

// entryOf returns the entry of a network, with what it was given and the cache does not show yet.
func (b *book) entryOf(network *vmv1alpha1.WukongNetwork) ledger.Entry {
	entry := ledger.EntryOf(network)
	if given, found := b.granted[entry.Key]; found && given.entry.UID == entry.UID {
		entry.Held = given.entry.Held
	}
	return entry
}

// rivals returns the entries of all networks, other than the entry's own, that may have a stake in its addresses or its MAC.
func (b *book) rivals(ctx context.Context, entry ledger.Entry) ([]ledger.Entry, error) {
	found := map[client.ObjectKey]ledger.Entry{}
	// Those whose grant the cache does not show may be indexed under what they had before.
	for key, given := range b.granted {
		found[key] = given.entry
	}
	look := func(field, value string) error {
		var networks vmv1alpha1.WukongNetworkList
		if err := b.reader.List(ctx, &networks, client.MatchingFields{field: value}); err != nil {
			return fmt.Errorf("listing WukongNetworks by %s: %w", field, err)
		}
		for i := range networks.Items {
			rival := b.entryOf(&networks.Items[i])
			found[rival.Key] = rival
		}
		return nil
	}
	for _, address := range entry.Claim.Addresses {
		for _, field := range []string{indexAddress, indexGateway} {
			if err := look(field, address.String()); err != nil {
				return nil, err
			}
		}
	}
	if entry.Claim.MAC != "" {
		if err := look(indexMAC, entry.Claim.MAC); err != nil {
			return nil, err
		}
	}
	delete(found, entry.Key)
	rivals := make([]ledger.Entry, 0, len(found))
	for _, rival := range found {
		rivals = append(rivals, rival)
	}
	return rivals, nil
}

// nodes returns the names of the nodes that have one of the addresses.
func (b *book) nodes(ctx context.Context, addresses []netip.Addr) (map[netip.Addr]string, error) {
	names := map[netip.Addr]string{}
	for _, address := range addresses {
		var nodes corev1.NodeList
		if err := b.reader.List(ctx, &nodes, client.MatchingFields{indexAddress: address.String()}); err != nil {
			return nil, fmt.Errorf("listing the nodes with address %s: %w", address, err)
		}
		for i := range nodes.Items {
			if name := names[address]; name == "" || nodes.Items[i].Name < name {
				names[address] = nodes.Items[i].Name
			}
		}
	}
	return names, nil
}
