// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/novasphere/wukong/pkg/manifest"
)

// TestUserData has cloud-init check each guest's user-data by its schema, and read it.
func TestUserData(t *testing.T) {
	s := session(t)
	guests := append(seedGuests(t), generated(t)...)
	for name, text := range files(t, filepath.Join(goldens, "userdata")) {
		guests = append(guests, guest{name: name, userData: text})
	}
	checked := 0
	for _, g := range guests {
		path := file(t, t.TempDir(), "user-data", g.userData)
		if strings.HasPrefix(g.userData, "#cloud-config\n") {
			checked++
			if err := s.Schema(path); err != nil {
				t.Errorf("%s: %v\n%s", g.name, err, g.userData)
			}
		}
		read, err := s.Read(path)
		if err != nil {
			t.Errorf("%s: %v\n%s", g.name, err, g.userData)
			continue
		}
		if updates, _ := read.Config["updates"].(map[string]any); updates["network"] == nil {
			t.Errorf("%s: cloud-init reads no updates.network: %v", g.name, read.Config)
		}
	}
	t.Logf("%d documents by the schema, %d read", checked, len(guests))
}

// withOwn returns what cloud-init reads of a machine with user-data of its own.
func withOwn(own string) guestOf {
	return guestOf{`cloudInitUser: {name: ubuntu}, cloudInit: {secretName: own}, networks: [{name: default}, {name: lan, ipConfig: {mode: dhcp}}]`, own}
}

type guestOf struct{ spec, own string }

func (g guestOf) render(t *testing.T) guest {
	t.Helper()
	document := "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm, namespace: team}\nspec: {" + g.spec + "}\n"
	return rendered(t, "own", []byte(document), manifest.Options{Secrets: []*corev1.Secret{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "own"}, Data: map[string][]byte{"userdata": []byte(g.own)},
	}}})
}

// TestOwnCloudConfigLosesNothing has cloud-init merge a user's part with Wukong's, whatever the user's part says about merging:
// the account and the commands are there, lists are joined, and where both set a value the user's counts.
func TestOwnCloudConfigLosesNothing(t *testing.T) {
	s := session(t)
	const settings = "hostname: mine\npackages: [vim]\nusers: [default, {name: other}]\nbootcmd: [\"true\"]\nssh_pwauth: false\n"
	for name, own := range map[string]string{
		"plain":            "#cloud-config\n" + settings,
		"replaces lists":   "#cloud-config\n" + settings + "merge_how: \"list(replace)+dict(replace)+str()\"\n",
		"merge type":       "#cloud-config\n" + settings + "merge_type: \"list(no_replace)+dict(no_replace)+str()\"\n",
		"archive of YAML":  "#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    #cloud-config\n    " + strings.ReplaceAll(strings.TrimSpace(settings), "\n", "\n    ") + "\n",
		"archive by MIME":  "Content-Type: multipart/mixed; boundary=\"b\"\nMIME-Version: 1.0\n\n--b\nContent-Type: text/cloud-config\nMerge-Type: list(replace)+dict(replace)\n\n#cloud-config\n" + settings + "--b--\n",
		"other alphabets":  "#cloud-config\n# 日本\n" + settings,
		"windows newlines": strings.ReplaceAll("#cloud-config\n"+settings, "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			g := withOwn(own).render(t)
			read, err := s.Read(file(t, t.TempDir(), "user-data", g.userData))
			if err != nil {
				t.Fatalf("%v\n%s", err, g.userData)
			}
			config := read.Config
			if config["hostname"] != "mine" || config["ssh_pwauth"] != false {
				t.Errorf("the user's values do not count: %v", config)
			}
			if users, _ := config["users"].([]any); len(users) != 3 || users[0].(map[string]any)["name"] != "ubuntu" {
				t.Errorf("the users are %v", config["users"])
			}
			if packages, _ := config["packages"].([]any); len(packages) != 1 {
				t.Errorf("the packages are %v", config["packages"])
			}
			if commands, _ := config["bootcmd"].([]any); len(commands) != 7 || commands[6] != "true" {
				t.Errorf("there are %d commands: %v", len(commands), commands)
			}
			if updates, _ := config["updates"].(map[string]any); updates["network"] == nil {
				t.Errorf("networking is not configured at each boot: %v", config["updates"])
			}
		})
	}
}

// TestOwnPartArrives has cloud-init take user-data of other kinds out of the archive, byte by byte.
func TestOwnPartArrives(t *testing.T) {
	s := session(t)
	for own, kind := range map[string]string{
		"#!/bin/sh\necho \"$1\" 'a' 日本\n":                        "text/x-shellscript",
		"#!/bin/sh\r\n" + strings.Repeat("x", 2000) + "\r\n":     "text/x-shellscript",
		"#cloud-boothook\n#!/bin/sh\ntrue\n":                     "text/cloud-boothook",
		"#part-handler\ndef list_types():\n    return []\n":      "text/part-handler",
		"## template: jinja\n#cloud-config\nhostname: {{ a }}\n": "text/jinja2",
	} {
		g := withOwn(own).render(t)
		read, err := s.Read(file(t, t.TempDir(), "user-data", g.userData))
		if err != nil {
			t.Errorf("%q: %v", own, err)
			continue
		}
		if len(read.Parts) != 1 || read.Parts[0].Type != kind || read.Parts[0].Content != own {
			t.Errorf("cloud-init reads %v, want %s %q", read.Parts, kind, own)
		}
	}
}
