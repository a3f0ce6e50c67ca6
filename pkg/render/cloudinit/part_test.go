// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

func TestParsePart(t *testing.T) {
	const mimeHeader = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
	for _, row := range []struct{ name, text, contentType, problem string }{
		{"cloud-config", "#cloud-config\npackages: [vim]\n", "text/cloud-config", ""},
		{"cloud-config as JSON", "#cloud-config\n{\"packages\": [\"vim\"]}", "text/cloud-config", ""},
		{"cloud-config with a key twice, as PyYAML takes it", "#cloud-config\na: 1\na: 2\n", "text/cloud-config", ""},
		{"script", "#!/usr/bin/env python3\n", "text/x-shellscript", ""},
		{"include", "#include\nhttps://example.org/a\n", "text/x-include-url", ""},
		{"include once", "#include-once\nhttps://example.org/a\n", "text/x-include-once-url", ""},
		{"boothook", "#cloud-boothook\n", "text/cloud-boothook", ""},
		{"archive", "#cloud-config-archive\n[]\n", "text/cloud-config-archive", ""},
		{"patch", "#cloud-config-jsonp\n[]\n", "text/cloud-config-jsonp", ""},
		{"handler", "#part-handler\n", "text/part-handler", ""},
		{"template", "## template: jinja\n#cloud-config\nx: {{ v }}\n", "text/jinja2", ""},
		{"MIME archive", mimeHeader + "--x\n\n#!/bin/sh\n--x--\n", "multipart/mixed", ""},
		{"MIME archive without its last line, as Python takes it", mimeHeader + "--x\n\n#!/bin/sh\n", "multipart/mixed", ""},
		{"MIME with one part", "MIME-Version: 1.0\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n", "text/x-shellscript", ""},

		{"nothing", "", "", "it is empty"},
		{"blanks", " \n\t\n", "", "it is empty"},
		{"no text", "\x1f\x8b\x08\x00", "", "it is not text in UTF-8; compressed"},
		{"NUL", "#!/bin/sh\n\x00", "", "it holds a NUL"},
		{"no first line", "packages: [vim]\n", "", "its first line is none that cloud-init knows; begin with #cloud-config"},
		{"blank before the first line", " #cloud-config\na: 1\n", "", "its first line"},
		{"cloud-config without settings", "#cloud-config\n", "", "it is #cloud-config and holds no settings"},
		{"cloud-config as a list", "#cloud-config\n- a\n", "", "it is #cloud-config and holds no settings"},
		{"cloud-config that is no YAML", "#cloud-config\na: 1\nb: [hunter2\n", "", "it is #cloud-config and no valid YAML: look at line"},
		{"MIME archive without a boundary", "MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n", "", "it is a MIME archive whose Content-Type names no boundary"},
		{"MIME archive without parts", mimeHeader + "hunter2\n", "", "it is a MIME archive that cannot be read from part 1 on"},
		{"MIME without a type", "MIME-Version: 1.0\n\nhunter2\n", "", "it is a MIME message without a valid Content-Type"},
	} {
		t.Run(row.name, func(t *testing.T) {
			part, err := cloudinit.ParsePart([]byte(row.text))
			switch {
			case row.problem == "" && err != nil, row.problem != "" && (err == nil || !strings.HasPrefix(err.Error(), row.problem)):
				t.Fatalf("got error %v, want %q", err, row.problem)
			case err != nil && strings.Contains(err.Error(), "hunter2"):
				t.Fatalf("the error repeats the content: %v", err)
			}
			if got := part.Header.Get("Content-Type"); !strings.HasPrefix(got, row.contentType) {
				t.Errorf("got type %q, want %q", got, row.contentType)
			}
		})
	}
}
