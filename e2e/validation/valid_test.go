// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestSeeds holds the product to the documents it was born from: what they show works as it stands.
func TestSeeds(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "seeds", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 7 {
		t.Fatalf("found %d manifests, want the 4 Wukongs and 3 lists of networks of the seeds", len(paths))
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			document, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			accept(t, string(document))
		})
	}
}

func TestValid(t *testing.T) {
	names := map[string]bool{}
	for _, row := range slices.Concat(valids, validUplinks) {
		if names[row.name] {
			t.Errorf("the name %q is used twice", row.name)
		}
		names[row.name] = true
		t.Run(row.name, func(t *testing.T) {
			object := accept(t, row.document)
			for path, want := range row.defaults {
				got, _, err := unstructured.NestedFieldNoCopy(object.Object, "spec", path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("spec.%s (-want +got):\n%s", path, diff)
				}
			}
		})
	}
}

// accept demands that both sides accept the document, and return it with the same defaults.
func accept(t *testing.T, document string) *unstructured.Unstructured {
	t.Helper()
	online, found := server.dryRunCreate(t, document)
	if len(found) > 0 {
		t.Errorf("the API server refuses it:\n%s", found)
	}
	object, errs := offline.Validate([]byte(document))
	if len(errs) > 0 {
		t.Errorf("the offline validator refuses it: %v", errs)
	}
	if t.Failed() {
		t.FailNow()
	}
	if diff := cmp.Diff(online.Object["spec"], object.Object["spec"]); diff != "" {
		t.Errorf("the offline validator and the API server fill in different defaults (-API server +offline):\n%s", diff)
	}
	if object.GetKind() == "Wukong" {
		if _, errs := offline.Wukong([]byte(document)); len(errs) > 0 {
			t.Errorf("the accepted object is no Go value: %v", errs)
		}
	}
	return object
}
