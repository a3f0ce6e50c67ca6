// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"
)

// credentialID is the key under which the apiserver tells which token a request came with (Kubernetes,
// staging/src/k8s.io/apiserver/pkg/authentication/user).
const credentialID = "authentication.kubernetes.io/credential-id"

// Write is a request that changed something, or was meant to.
type Write struct {
	User string
	// Credential identifies the token of a service account: processes of one user have different ones.
	Credential string
	// Verb is create, update, patch, delete or deletecollection, of a request also get, list or watch.
	Verb        string
	APIGroup    string
	Resource    string
	Subresource string
	Namespace   string
	Name        string
	// Code is the HTTP status that the request was answered with.
	Code      int
	Time      time.Time
	UserAgent string
	// FieldManager is there if the request named one, which server-side apply must and others may.
	FieldManager string
	// DryRun requests are checked like others and change nothing.
	DryRun bool
	// Forbidden tells that the user lacks the right, which is not all that a code 403 can mean.
	Forbidden bool
}

// Writes returns the writes that the apiserver has answered so far, oldest first, of which keep is true; nil keeps all. A write
// is recorded about when its answer is sent, so a test that expects one has to look until it is there.
func (p *ControlPlane) Writes(keep func(Write) bool) ([]Write, error) {
	return p.Requests(func(write Write) bool {
		return write.Verb != "get" && write.Verb != "list" && write.Verb != "watch" && (keep == nil || keep(write))
	})
}

// Requests is Writes with the reads of service accounts in it. A watch is there when it begins, and again when it ends.
func (p *ControlPlane) Requests(keep func(Write) bool) ([]Write, error) {
	log, err := os.Open(p.files.auditLog())
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	return readWrites(log, keep)
}

func readWrites(log io.Reader, keep func(Write) bool) ([]Write, error) {
	var writes []Write
	for lines := bufio.NewReader(log); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// What follows the last newline is still being written.
			return writes, nil
		}
		if err != nil {
			return nil, err
		}
		var event auditEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if event.Stage == "ResponseStarted" && event.Verb != "watch" {
			continue
		}
		if write := event.write(); keep == nil || keep(write) {
			writes = append(writes, write)
		}
	}
}

// auditEvent is the part of an audit.k8s.io/v1 Event that says who wrote what.
type auditEvent struct {
	Stage      string
	Verb       string
	RequestURI string
	UserAgent  string
	User       struct {
		Username string
		Extra    map[string][]string
	}
	ObjectRef struct{ APIGroup, Resource, Subresource, Namespace, Name string }
	// An event without an answer has no status.
	ResponseStatus           struct{ Code int }
	Annotations              map[string]string
	RequestReceivedTimestamp time.Time
}

func (e auditEvent) write() Write {
	write := Write{
		User:        e.User.Username,
		Credential:  strings.Join(e.User.Extra[credentialID], ","),
		Verb:        e.Verb,
		APIGroup:    e.ObjectRef.APIGroup,
		Resource:    e.ObjectRef.Resource,
		Subresource: e.ObjectRef.Subresource,
		Namespace:   e.ObjectRef.Namespace,
		Name:        e.ObjectRef.Name,
		Code:        e.ResponseStatus.Code,
		Time:        e.RequestReceivedTimestamp,
		UserAgent:   e.UserAgent,
		Forbidden:   e.Annotations["authorization.k8s.io/decision"] == "forbid",
	}
	if requested, err := url.ParseRequestURI(e.RequestURI); err == nil {
		write.FieldManager = requested.Query().Get("fieldManager")
		write.DryRun = requested.Query().Has("dryRun")
	}
	return write
}
