// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/story"
)

// hosts reads what NMState reports of the nodes, and parses each report once.
type hosts struct {
	mu     sync.Mutex
	parsed map[string]parsedState
}

type parsedState struct {
	resourceVersion string
	network         hostnet.Network
	readable        bool
}

// read returns the networks of the nodes that NMState has reported.
func (h *hosts) read(ctx context.Context, reader client.Reader) (map[string]hostnet.Network, error) {
	var states nmstatev1beta1.NodeNetworkStateList
	if err := reader.List(ctx, &states, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the NodeNetworkStates: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	fresh := make(map[string]parsedState, len(states.Items))
	networks := make(map[string]hostnet.Network, len(states.Items))
	for i := range states.Items {
		state := &states.Items[i]
		known, ok := h.parsed[state.Name]
		if !ok || known.resourceVersion != state.ResourceVersion {
			known = parse(ctx, state)
		}
		fresh[state.Name] = known
		if known.readable {
			networks[state.Name] = known.network
		}
	}
	h.parsed = fresh
	return networks, nil
}

// parse reads one report. A node whose report is empty or cannot be read counts as not reported: nothing is made there
// on a guess.
func parse(ctx context.Context, state *nmstatev1beta1.NodeNetworkState) parsedState {
	parsed := parsedState{resourceVersion: state.ResourceVersion}
	if len(state.Status.CurrentState.Raw) == 0 {
		return parsed
	}
	network, err := hostnet.Parse(state.Status.CurrentState.Raw)
	if err != nil {
		ctrl.LoggerFrom(ctx).Info("NodeNetworkState cannot be read", story.KeyNode, state.Name, story.KeyProblem, err.Error())
		return parsed
	}
	parsed.network, parsed.readable = network, len(network.Interfaces) > 0
	return parsed
}

// hostOf puts a node's network and its own addresses together.
func hostOf(node *corev1.Node, network hostnet.Network) *hostnet.Node {
	host := &hostnet.Node{Name: node.Name, Network: network}
	for _, address := range node.Status.Addresses {
		if address.Type != corev1.NodeInternalIP {
			continue
		}
		if parsed, err := netip.ParseAddr(address.Address); err == nil {
			host.InternalIPs = append(host.InternalIPs, parsed)
		}
	}
	return host
}
