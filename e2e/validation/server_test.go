// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// dryRunCreate is what "kubectl create --dry-run=server" does. It returns the object with its defaults, or
// what the API server finds wrong with it.
func (s *apiServer) dryRunCreate(t *testing.T, document string) (*unstructured.Unstructured, findings) {
	t.Helper()
	return s.write(t, http.MethodPost, collectionOf(document), "dryRun=All&fieldValidation=Strict", document)
}

// create stores the object.
func (s *apiServer) create(t *testing.T, document string) *unstructured.Unstructured {
	t.Helper()
	object, found := s.write(t, http.MethodPost, collectionOf(document), "fieldValidation=Strict", document)
	if len(found) > 0 {
		t.Fatalf("the API server refuses the object:\n%s", found)
	}
	return object
}

// update replaces the stored object.
func (s *apiServer) update(t *testing.T, object *unstructured.Unstructured) (*unstructured.Unstructured, findings) {
	t.Helper()
	document, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return s.write(t, http.MethodPut, collectionOf(object.GetKind())+"/"+object.GetName(), "", string(document))
}

// delete removes a stored object. Its context is not the test's, which has ended when the test cleans up.
func (s *apiServer) delete(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	url := s.host + path.Join("/apis", vmv1alpha1.GroupVersion.String(), collectionOf(object.GetKind()), object.GetName())
	request, err := http.NewRequestWithContext(context.Background(), http.MethodDelete, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Errorf("deleting %s %s: %s", object.GetKind(), object.GetName(), response.Status)
	}
}

func (s *apiServer) write(t *testing.T, method, at, query, document string) (*unstructured.Unstructured, findings) {
	t.Helper()
	url := s.host + "/apis/" + vmv1alpha1.GroupVersion.String() + "/" + at + "?" + query
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	// YAML goes out as it stands, since a conversion would lose what is given twice.
	request.Header.Set("Content-Type", "application/yaml")
	if strings.HasPrefix(document, "{") {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode == http.StatusCreated || response.StatusCode == http.StatusOK {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(body); err != nil {
			t.Fatal(err)
		}
		return object, nil
	}
	status := &metav1.Status{}
	if err := json.Unmarshal(body, status); err != nil {
		t.Fatalf("%s: %s", response.Status, body)
	}
	found := findingsOfStatus(status)
	if len(found) == 0 {
		t.Fatalf("the API server's answer names no field: %s", status.Message)
	}
	return nil, found
}

// collectionOf finds where objects of a document's kind, or of the kind of this name, are kept. What is no known
// kind is sent as a Wukong.
func collectionOf(document string) string {
	if strings.Contains(document, "WukongUplink") {
		return "wukonguplinks"
	}
	for _, kind := range []string{"WukongNetwork", "WukongNodeBridge"} {
		if strings.Contains(document, kind) {
			return "namespaces/default/" + strings.ToLower(kind) + "s"
		}
	}
	return "namespaces/default/wukongs"
}
