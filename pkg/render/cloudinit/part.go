// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"unicode/utf8"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Part is user-data of the user's own.
type Part struct {
	// Header is the part's header in an archive.
	Header textproto.MIMEHeader
	// Content is the user-data.
	Content string
	// Encoded tells that the content is as a message has it, and goes into the archive as it is.
	Encoded bool
}

// contentTypes are how user-data begins, and what cloud-init takes it for (cloudinit/handlers/__init__.py), with a
// longer beginning before a shorter one that it begins with.
var contentTypes = []struct{ beginning, contentType string }{
	{"#cloud-config-archive", "text/cloud-config-archive"},
	{"#cloud-config-jsonp", "text/cloud-config-jsonp"},
	{"## template: jinja", "text/jinja2"},
	{"#cloud-boothook", "text/cloud-boothook"},
	{"#include-once", "text/x-include-once-url"},
	{"#part-handler", "text/part-handler"},
	{"#cloud-config", "text/cloud-config"},
	{"#include", "text/x-include-url"},
	{"#!", "text/x-shellscript"},
}

// errUnknownContent is for user-data that cloud-init would leave aside.
var errUnknownContent = errors.New("its first line is none that cloud-init knows; begin with #cloud-config, #! or #include")

// ParsePart returns user-data as a part of an archive, with the type that cloud-init gives it. The error says what cloud-init
// could not read, and never repeats the content.
func ParsePart(content []byte) (Part, error) {
	text := string(content)
	switch {
	case strings.TrimSpace(text) == "":
		return Part{}, errors.New("it is empty")
	case !utf8.ValidString(text):
		return Part{}, errors.New("it is not text in UTF-8; compressed user-data is not supported")
	case strings.Contains(text, "\x00"):
		return Part{}, errors.New("it holds a NUL character")
	}
	if message, err := mail.ReadMessage(strings.NewReader(text)); err == nil && message.Header.Get("MIME-Version") != "" {
		return parseMessage(message)
	}
	for _, known := range contentTypes {
		if !strings.HasPrefix(text, known.beginning) {
			continue
		}
		if known.contentType == "text/cloud-config" {
			if err := checkCloudConfig(text); err != nil {
				return Part{}, err
			}
		}
		return Part{Header: textproto.MIMEHeader{
			"Content-Type":        {known.contentType + "; charset=utf-8"},
			"Content-Disposition": {`attachment; filename="user-data"`},
		}, Content: text}, nil
	}
	return Part{}, errUnknownContent
}

// keptHeaders are those of a message that cloud-init reads.
var keptHeaders = []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Merge-Type", "X-Merge-Type"}

// parseMessage returns user-data that is a MIME message itself, such as an archive.
func parseMessage(message *mail.Message) (Part, error) {
	part := Part{Header: textproto.MIMEHeader{}, Encoded: true}
	for _, name := range keptHeaders {
		if value := message.Header.Get(name); value != "" {
			part.Header[name] = []string{value}
		}
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return Part{}, errors.New("it is a MIME message that cannot be read")
	}
	part.Content = string(body)
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return Part{}, errors.New("it is a MIME message without a valid Content-Type")
	}
	if strings.HasPrefix(kind, "multipart/") {
		return part, checkArchive(part.Content, parameters["boundary"])
	}
	return part, nil
}

func checkArchive(body, boundary string) error {
	if boundary == "" {
		return errors.New("it is a MIME archive whose Content-Type names no boundary")
	}
	reader := multipart.NewReader(strings.NewReader(body), boundary)
	for count := 0; ; count++ {
		_, err := reader.NextRawPart()
		switch {
		case errors.Is(err, io.EOF) && count > 0:
			return nil
		case err != nil:
			return fmt.Errorf("it is a MIME archive that cannot be read from part %d on", count+1)
		}
	}
}

var yamlLine = regexp.MustCompile(`line [0-9]+`)

// checkCloudConfig refuses what cloud-init would leave aside with no more than a line in its log.
func checkCloudConfig(text string) error {
	var document yamlv3.Node
	if err := yamlv3.Unmarshal([]byte(text), &document); err != nil {
		where := yamlLine.FindString(err.Error())
		if where == "" {
			where = "somewhere"
		}
		return fmt.Errorf("it is #cloud-config and no valid YAML: look at %s", where)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yamlv3.MappingNode {
		return errors.New("it is #cloud-config and holds no settings; write them as YAML, such as: packages: [vim]")
	}
	return nil
}
