// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// What is the same in every release.
const (
	title    = "Wukong"
	source   = "https://github.com/novasphere/wukong"
	licence  = "Apache-2.0"
	supplier = "The Wukong Authors"
)

// versionForm is a semantic version that is a tag of an image too, which a "+" cannot be in.
var versionForm = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// release is what the artifacts of one release have in common. All of it comes from the commit, so that whoever builds the commit
// again gets the same bytes.
type release struct {
	version  string
	revision string
	time     time.Time
}

func newRelease(version, revision string, epoch int64) (release, error) {
	if !versionForm.MatchString(version) {
		return release{}, fmt.Errorf("the version of a release looks like v1.2.3 or v1.2.3-rc.1, not like %q", version)
	}
	if revision == "" || strings.ContainsAny(revision, " \n") {
		return release{}, fmt.Errorf("%q is no revision", revision)
	}
	if epoch <= 0 {
		return release{}, errors.New("a release has the time of its commit, in seconds since 1970")
	}
	return release{version: version, revision: revision, time: time.Unix(epoch, 0).UTC()}, nil
}

// created is the time as SPDX and OCI want it.
func (r release) created() string { return r.time.Format(time.RFC3339) }

// labels are those of the image, by the names that OCI gave them.
func (r release) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":    title,
		"org.opencontainers.image.source":   source,
		"org.opencontainers.image.version":  r.version,
		"org.opencontainers.image.revision": r.revision,
		"org.opencontainers.image.licenses": licence,
		"org.opencontainers.image.created":  r.created(),
	}
}
