// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package qemu

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
)

// control is a connection to QEMU's own socket (QMP).
type control struct {
	connection net.Conn
	decoder    *json.Decoder
}

type command struct {
	Execute   string `json:"execute"`
	Arguments any    `json:"arguments,omitempty"`
}

type answer struct {
	// Return is there when the command was executed; answers without both are events.
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Description string `json:"desc"`
	} `json:"error"`
}

func dialControl(ctx context.Context, socket string) (*control, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("reaching QEMU: %w", err)
	}
	c := &control{connection: connection, decoder: json.NewDecoder(connection)}
	// QEMU's greeting is an answer without result, and takes no command before this one.
	if err := c.execute("qmp_capabilities", nil); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *control) execute(name string, arguments any) error {
	if err := json.NewEncoder(c.connection).Encode(command{Execute: name, Arguments: arguments}); err != nil {
		return fmt.Errorf("telling QEMU %s: %w", name, err)
	}
	for {
		var got answer
		if err := c.decoder.Decode(&got); err != nil {
			return fmt.Errorf("waiting for QEMU's answer to %s: %w", name, err)
		}
		if got.Error != nil {
			return fmt.Errorf("QEMU refuses %s: %s", name, got.Error.Description)
		}
		if got.Return != nil {
			return nil
		}
	}
}

func (c *control) close() error { return c.connection.Close() }
