// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nmstate plays kubernetes-nmstate v0.86 on a number of nodes that exist only in memory, against a real API
// server.
//
// Modelled: Node objects, one handler per node with its pod, NodeNetworkStates, policies applied
// serially per node with enactments, retries, maxUnavailable, aborts, captures, the conditions of policies and
// enactments as the handlers compute them, and the network of each node (package host), which outlives handlers and
// even the CustomResourceDefinitions. NMState may be absent, arrive, go and arrive again while the actor runs: handlers
// and their pods live exactly while its three definitions are served.
//
// Modelled differently: a NodeNetworkState shows a change by hand at once instead of within a minute; back-off between
// attempts is a constant of the options; a queued node is woken when another one finishes instead of trying again on a
// timer; a handler that goes silent in the middle of an apply gives its place in maxUnavailable back.
//
// Not modelled: heartbeats (the cluster must run no node lifecycle controller), the NMState object and its operator, the
// mutating webhook and its annotation, the periodic refresh, nmstate's statistics, probes that cost minutes. The rule
// that a policy in progress cannot be changed is enforced by the cluster's own admission policy, which whoever prepares
// the cluster installs.
package nmstate
