// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet_test

import (
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

// What cannot be read is not repeated: it may hold a password, and its errors are logged.
func TestUnreadableIsNotRepeated(t *testing.T) {
	for name, text := range map[string]string{
		"an anchor":        "interfaces:\n- 802.1x:\n    password: *hunter2",
		"a key twice":      "hunter2: 1\nhunter2: 2",
		"an escape":        "password: \"hunter2\\z\"",
		"no document":      "hunter2",
		"JSON cut off":     `{"password": "hunter2"`,
		"another type":     `{"interfaces": "hunter2"}`,
		"a number":         `{"interfaces": [{"name": 20260102}]}`,
		"a tab":            "password:\n\thunter2",
		"a bond's port":    `{"interfaces": [{"name": "b", "link-aggregation": {"port": [["hunter2"]]}}]}`,
		"a number in YAML": "interfaces:\n- name: [20260102]\n",
	} {
		for parser, read := range map[string]func([]byte) error{
			"the state":  func(raw []byte) error { _, err := hostnet.Parse(raw); return err },
			"the policy": func(raw []byte) error { _, err := hostnet.Foreign(raw); return err },
		} {
			err := read([]byte(text))
			if err == nil {
				if parser == "the state" {
					t.Errorf("%s is read as a state", name)
				}
				continue
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "20260102") {
				t.Errorf("%s of %s: %v", name, parser, err)
			}
		}
	}
}
