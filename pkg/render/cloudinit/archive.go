// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// mergeType makes cloud-init join lists, Wukong's first, and keep a single value that an earlier part set
// (cloudinit/mergers). By default a later part's list takes the place of an earlier one's.
const mergeType = "list(prepend)+dict(no_replace,recurse_list)+str()"

// archive returns a MIME multi-part archive of the user's own part and Wukong's cloud-config. cloud-init merges
// in this order, and by the rules of what comes later; so Wukong's comes last, and nothing of it is lost whatever the
// user's part says about merging or fetches from elsewhere. The error is that of writing.
func archive(own Part, config string) (string, error) {
	var body strings.Builder
	writer := multipart.NewWriter(&body)
	if err := writer.SetBoundary(boundary(own.Content, config)); err != nil {
		return "", fmt.Errorf("writing the archive of user-data: %w", err)
	}
	wukong := Part{Header: textproto.MIMEHeader{
		"Content-Type":        {"text/cloud-config; charset=utf-8"},
		"Content-Disposition": {`attachment; filename="wukong"`},
		"Merge-Type":          {mergeType},
	}, Content: config}
	for _, part := range []Part{own, wukong} {
		if err := part.write(writer); err != nil {
			return "", fmt.Errorf("writing the archive of user-data: %w", err)
		}
	}
	if err := writer.Close(); err != nil {
		return "", fmt.Errorf("writing the archive of user-data: %w", err)
	}
	return "Content-Type: multipart/mixed; boundary=\"" + writer.Boundary() + "\"\r\nMIME-Version: 1.0\r\n\r\n" + body.String(), nil
}

// boundary returns what separates the parts: the same for the same parts, and in none of them.
func boundary(parts ...string) string {
	for salt := 0; ; salt++ {
		sum := sha256.Sum256(fmt.Append(nil, salt, parts))
		candidate := "wukong-" + hex.EncodeToString(sum[:16])
		if !strings.Contains(strings.Join(parts, "\n"), candidate) {
			return candidate
		}
	}
}

func (p Part) write(writer *multipart.Writer) error {
	header, content := p.Header, p.Content
	if !p.Encoded && !sevenBit(content) {
		header = maps.Clone(p.Header)
		header["Content-Transfer-Encoding"] = []string{"base64"}
		content = wrapped(base64.StdEncoding.EncodeToString([]byte(content)))
	}
	part, err := writer.CreatePart(header)
	if err != nil {
		return err
	}
	_, err = io.WriteString(part, content)
	return err
}

// sevenBit reports whether a text may stand in a message as it is (RFC 2045, section 2.7), so that a person can read it.
func sevenBit(text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r == 0 || r == '\r' || r > '~' }) {
			return false
		}
	}
	return true
}

// wrapped returns a text in lines of the length that RFC 2045 allows for base64.
func wrapped(text string) string {
	var lines strings.Builder
	for len(text) > 76 {
		lines.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	return lines.String() + text + "\n"
}
