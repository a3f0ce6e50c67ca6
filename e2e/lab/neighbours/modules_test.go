// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"strings"
	"testing"
)

func TestModuleThatIsNotWhatWasPinnedIsRefused(t *testing.T) {
	changed := multusModule
	changed.sum = nmstateModule.sum
	if _, err := changed.download(t.Context()); err == nil || !strings.Contains(err.Error(), "was pinned") {
		t.Errorf("got error %v, want that the checksum differs", err)
	}
}

func TestModuleThatDoesNotExistSaysSo(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	_, err := module{path: multusModule.path, version: "v0.0.0-not-there"}.download(t.Context())
	if err == nil || !strings.Contains(err.Error(), "v0.0.0-not-there") {
		t.Errorf("got error %v, want the version in it", err)
	}
}

func TestDownloadIgnoresFlagsAboutTheCallersModule(t *testing.T) {
	t.Setenv("GOFLAGS", "-mod=vendor -modfile=other.mod -v=false")
	if got, want := withoutModFlags("-mod=vendor --modfile=other.mod -trimpath"), "-trimpath"; got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
	if _, err := multusModule.download(t.Context()); err != nil {
		t.Error(err)
	}
}
