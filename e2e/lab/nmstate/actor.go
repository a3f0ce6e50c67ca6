// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/crdwatch"
	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// Actor plays NMState on all its nodes.
type Actor struct {
	options Options
	client  client.Client
	slots   *slots
	// verdicts serialises the writers of policy conditions; upstream's handlers collide and try again.
	verdicts sync.Mutex

	ctx     context.Context //nolint:containedctx // the actor's life: nodes are scripted by calls that carry none.
	cancel  context.CancelFunc
	watcher *crdwatch.Watcher
	wg      sync.WaitGroup

	mu      sync.Mutex
	nodes   map[string]*Node
	created int
	serving map[schema.GroupVersionResource]bool
}

// Start creates the nodes and plays NMState on them until the context ends or Stop is called. It needs a configuration
// with all rights; NMState's definitions may be missing. When it returns, the nodes are there; handlers follow as soon as
// NMState's definitions are seen to be served.
func Start(ctx context.Context, config *rest.Config, options Options) (*Actor, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	api, err := newClient(config)
	if err != nil {
		return nil, fmt.Errorf("build the client: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &Actor{
		options: options.withDefaults(),
		client:  api,
		slots:   newSlots(),
		ctx:     ctx,
		cancel:  cancel,
		nodes:   map[string]*Node{},
		serving: map[schema.GroupVersionResource]bool{},
	}
	if err := a.start(config); err != nil {
		a.Stop()
		return nil, err
	}
	return a, nil
}

func (a *Actor) start(config *rest.Config) error {
	for _, spec := range a.options.Nodes {
		if err := a.AddNode(spec); err != nil {
			return err
		}
	}
	apis := []crdwatch.API{
		{Resource: policies}, {Resource: enactments}, {Resource: nodeStates}, {Resource: nodes, BuiltIn: true},
	}
	var err error
	a.watcher, err = crdwatch.Start(a.ctx, config, apis, crdwatch.Handler{
		Opened:  func(resource schema.GroupVersionResource) { a.serve(resource, true) },
		Closed:  func(resource schema.GroupVersionResource) { a.serve(resource, false) },
		Changed: a.changed,
	})
	return err
}

// Stop ends all handlers and watches and waits for them. Nodes, pods and enactments stay in the cluster, as they would
// if the machine the actor runs on lost power.
func (a *Actor) Stop() {
	a.cancel()
	if a.watcher != nil {
		a.watcher.Stop()
	}
	a.wg.Wait()
	for _, node := range a.list() {
		node.halt()
	}
}

// AddNode creates a node and, unless it says otherwise, starts the handler on it.
func (a *Actor) AddNode(spec NodeSpec) error {
	a.mu.Lock()
	if _, exists := a.nodes[spec.Name]; exists {
		a.mu.Unlock()
		return fmt.Errorf("node %s exists already", spec.Name)
	}
	a.created++
	node := newNode(a, spec, a.created)
	a.nodes[spec.Name] = node
	a.mu.Unlock()

	if err := node.install(a.ctx); err != nil {
		return fmt.Errorf("create node %s: %w", spec.Name, err)
	}
	return node.settle()
}

// RemoveNode takes a node out of the cluster: its handler stops and its object and pod are deleted; what it owned is
// left to the garbage collector.
func (a *Actor) RemoveNode(name string) error {
	a.mu.Lock()
	node, exists := a.nodes[name]
	delete(a.nodes, name)
	a.mu.Unlock()
	if !exists {
		return fmt.Errorf("there is no node %s", name)
	}
	return errors.Join(node.removeHandler(), node.uninstall(a.ctx))
}

// Node returns a node by name. Asking for one that does not exist is an error of the test, so it panics.
func (a *Actor) Node(name string) *Node {
	a.mu.Lock()
	defer a.mu.Unlock()
	node, exists := a.nodes[name]
	if !exists {
		panic("there is no node " + name)
	}
	return node
}

// Nodes returns the names of all nodes in order.
func (a *Actor) Nodes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.nodes))
}

// Foreign puts an interface on a node by hand, as somebody would outside of any policy, and reports it.
func (a *Actor) Foreign(node string, link host.Interface) error {
	return a.Node(node).edit(func(state host.State) host.State { return state.WithInterface(link) })
}

// installed is true while all of NMState's definitions are served.
func (a *Actor) installed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.serving[policies] && a.serving[enactments] && a.serving[nodeStates]
}

func (a *Actor) list() []*Node {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]*Node, 0, len(a.nodes))
	for _, name := range slices.Sorted(maps.Keys(a.nodes)) {
		list = append(list, a.nodes[name])
	}
	return list
}

// serve starts or stops the handlers when a definition came or went.
func (a *Actor) serve(resource schema.GroupVersionResource, open bool) {
	a.mu.Lock()
	a.serving[resource] = open
	a.mu.Unlock()
	for _, node := range a.list() {
		a.wg.Go(func() { node.settleSoon(a.ctx) })
	}
}

// changed passes an event on to the handlers that upstream would wake (kubernetes-nmstate, controllers/handler): all of them for a policy, its
// own for the labels of a node.
func (a *Actor) changed(resource schema.GroupVersionResource, meta *metav1.PartialObjectMetadata, gone bool) {
	switch resource {
	case policies:
		for _, node := range a.list() {
			node.enqueue(meta.Name)
		}
	case nodes:
		a.mu.Lock()
		node := a.nodes[meta.Name]
		a.mu.Unlock()
		if node != nil && !gone {
			node.relabelled(meta.Labels)
		}
	}
}

// wake lets every handler look at a policy again: a place became free, or enough nodes failed to give up.
func (a *Actor) wake(policy string) {
	for _, node := range a.list() {
		node.enqueue(policy)
	}
}

// complain logs what went wrong, unless the actor is going down or NMState has just been removed.
func (a *Actor) complain(err error, message string, keysAndValues ...any) {
	if a.ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		a.options.Log.V(1).Info(message, append(keysAndValues, "error", err.Error())...)
	}
}
