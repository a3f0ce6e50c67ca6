// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/config/crd"
	"github.com/novasphere/wukong/pkg/manifest"
	"github.com/novasphere/wukong/pkg/validation"
)

// input is what the documents hold.
type input struct {
	validator *validation.Validator

	wukongs []*vmv1alpha1.Wukong
	// places say for each Wukong where it stands.
	places  []string
	secrets []*corev1.Secret
	// uplinks say where each valid WukongUplink stands. Nothing is rendered from them.
	uplinks []string
	// ignored says what the other documents are.
	ignored []string
	// problems say what is not valid.
	problems []string
}

// head is what tells one kind of document from another.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

func (h head) group() string {
	return schema.FromAPIVersionAndKind(h.APIVersion, h.Kind).Group
}

func parse(documents []document) (*input, error) {
	crds, err := crd.All()
	if err != nil {
		return nil, fmt.Errorf("reading the definitions: %w", err)
	}
	validator, err := validation.New(crds...)
	if err != nil {
		return nil, fmt.Errorf("compiling the definitions: %w", err)
	}
	in := &input{validator: validator}
	for _, document := range documents {
		in.add(document)
	}
	return in, nil
}

// add takes one document. What cannot be read at all is left to the validation, which says why.
func (in *input) add(d document) {
	var h head
	err := yaml.Unmarshal(d.text, &h)
	ours := h.group() == vmv1alpha1.GroupVersion.Group
	switch {
	case err != nil, h.Kind == "", h.APIVersion == "":
		in.addWukong(d, h)
	case h.Kind == "List" && h.APIVersion == "v1", ours && slices.Contains([]string{"WukongList", "WukongUplinkList"}, h.Kind):
		for i, item := range h.Items {
			in.add(document{place: fmt.Sprintf("%s, item %d", d.place, i+1), text: item})
		}
	case h.Kind == "Secret" && h.APIVersion == "v1":
		in.addSecret(d, h)
	case ours && h.Kind == "WukongUplink":
		in.addUplink(d, h)
	case ours && !slices.Contains([]string{"WukongNetwork", "WukongNodeBridge"}, h.Kind):
		in.addWukong(d, h)
	default:
		in.ignored = append(in.ignored, fmt.Sprintf("%s: %s %q is ignored", d.place, h.Kind, h.Metadata.Name))
	}
}

func (in *input) addWukong(d document, h head) {
	wukong, errs := in.validator.Wukong(d.text)
	if in.refuse(d, h, errs) {
		return
	}
	in.wukongs = append(in.wukongs, wukong)
	in.places = append(in.places, d.place+h.named())
}

// addUplink validates a WukongUplink. Its fence depends on nodes and namespaces, which only a cluster has.
func (in *input) addUplink(d document, h head) {
	if _, errs := in.validator.Validate(d.text); !in.refuse(d, h, errs) {
		in.uplinks = append(in.uplinks, d.place+h.named())
	}
}

// refuse notes what is not valid in a document, and tells whether anything is.
func (in *input) refuse(d document, h head, errs field.ErrorList) bool {
	// The validation goes through maps, so its errors come in another order each time.
	slices.SortStableFunc(errs, func(a, b *field.Error) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Detail, b.Detail))
	})
	for _, err := range errs {
		in.problems = append(in.problems, fmt.Sprintf("%s%s: %s", d.place, h.named(), err))
	}
	return len(errs) > 0
}

// rank puts what is said of the whole document last: it is that not everything was checked.
func rank(err *field.Error) int {
	if err.Field == (*field.Path)(nil).String() {
		return 1
	}
	return 0
}

// named returns what a document calls itself, empty when it does not.
func (h head) named() string {
	switch {
	case h.Kind == "":
		return ""
	case h.Metadata.Name == "":
		return ": " + h.Kind
	default:
		return fmt.Sprintf(": %s %q", h.Kind, h.Metadata.Name)
	}
}

func (in *input) addSecret(d document, h head) {
	secret := &corev1.Secret{}
	if err := yaml.Unmarshal(d.text, secret); err != nil {
		in.problems = append(in.problems, fmt.Sprintf("%s%s: %s", d.place, h.named(), err))
		return
	}
	in.secrets = append(in.secrets, secret)
}

// locate returns what rendering found wrong, with the places of the Wukongs it is about.
func (in *input) locate(err error) []string {
	if err == nil {
		return nil
	}
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		var problems []string
		for _, part := range joined.Unwrap() {
			problems = append(problems, in.locate(part)...)
		}
		return problems
	}
	found, ok := errors.AsType[*manifest.WukongError](err)
	if !ok {
		return []string{err.Error()}
	}
	place := "Wukong " + found.Wukong.String()
	// The last one: where a Wukong is declared twice, that is the one too many.
	for i, wukong := range in.wukongs {
		if namespace := wukong.Namespace; wukong.Name == found.Wukong.Name && (namespace == found.Wukong.Namespace || namespace == "") {
			place = in.places[i]
		}
	}
	return []string{fmt.Sprintf("%s: %s: %s", place, found.Field, found.Message)}
}
