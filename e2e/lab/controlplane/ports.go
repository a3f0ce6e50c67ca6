// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// loopback is the only address that anything here listens on.
const loopback = "127.0.0.1"

// errPortTaken says that a component found its port in use by somebody else.
var errPortTaken = errors.New("a port was taken before it could be bound")

type ports struct {
	etcdClient        int
	etcdPeer          int
	apiServer         int
	controllerManager int
}

// freePorts holds all ports at once while it picks, so that they differ.
func freePorts() (ports, error) {
	var picked ports
	for _, port := range []*int{&picked.etcdClient, &picked.etcdPeer, &picked.apiServer, &picked.controllerManager} {
		listener, err := net.Listen("tcp", address(0))
		if err != nil {
			return ports{}, fmt.Errorf("picking a free port: %w", err)
		}
		defer func() { _ = listener.Close() }()
		*port = listener.Addr().(*net.TCPAddr).Port
	}
	return picked, nil
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
