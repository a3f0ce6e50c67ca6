// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package redact takes credentials out of what others say before it is passed on. It is pure: a text in, a text out.
package redact

import (
	"regexp"
	"strings"
)

// hidden stands in for what is taken out.
const hidden = "***"

var (
	// address is a URL as it stands in a sentence.
	address = regexp.MustCompile("[a-zA-Z][a-zA-Z0-9+.-]*://[^\\s\"'`<>]+")
	// login is user:password@ before a host and a path, as in an image reference, which has no scheme.
	login = regexp.MustCompile("(^|[\\s\"'`(=,])[^\\s\"'`<>()/@:=,]*:[^\\s\"'`<>/@]+@([a-zA-Z0-9.-]+(?::[0-9]+)?/)")
	// digest is how the digest of an image begins, which stands behind an @ as a host does.
	digest = regexp.MustCompile(`^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}`)
)

// Text returns a text without the credentials of the URLs and image references in it: neither a user, a password or a token before
// the host, nor a query, in which signed URLs carry theirs. It changes nothing in a text that it returned itself.
func Text(text string) string {
	if strings.Contains(text, "://") {
		text = address.ReplaceAllStringFunc(text, withoutCredentials)
	}
	if strings.Contains(text, "@") {
		text = login.ReplaceAllString(text, "${1}"+hidden+"@${2}")
	}
	return text
}

// withoutCredentials returns a URL with what it must not show replaced.
func withoutCredentials(url string) string {
	bare := strings.TrimRight(url, ".,:;!)]}")
	sentence := url[len(bare):]
	bare, _, asks := strings.Cut(bare, "?")
	if asks {
		bare += "?" + hidden
	}
	scheme, rest, _ := strings.Cut(bare, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	if at := strings.LastIndex(authority, "@"); at >= 0 && !digest.MatchString(authority[at+1:]) {
		authority = hidden + authority[at:]
	}
	return scheme + "://" + authority + path + sentence
}
